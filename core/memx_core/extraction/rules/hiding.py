"""What a message holds besides its author's own plain statements, blanked out.

Code, links, quotations and pasted text speak in the first person too, but not the author's.
Blanking keeps every character's place, so that what is found can be quoted from the original.
"""

from __future__ import annotations

import re
from functools import cache

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})
_WORK_ON_TEXT = (
    "translate|rewrite|re-write|rephrase|reword|paraphrase|proofread|summari[sz]e|correct|fix|edit|improve|polish|"
    "shorten|analy[sz]e|explain|continue|complete|repeat|format|classify|parse|convert|debug|review|respond to|reply to"
)


@cache
def _pasted() -> re.Pattern[str]:
    """A request to work on a text, up to where that text begins."""
    return re.compile(
        rf"^[ \t]*(?:(?:please|can you|could you|would you|help me|now|hi|hey|hello|ok|okay)[,!]?[ \t]+){{0,4}}"
        rf"(?:{_WORK_ON_TEXT})\b[^\n:]{{0,200}}[:\n]",
        re.IGNORECASE | re.MULTILINE,
    )


@cache
def _foreign() -> re.Pattern[str]:
    return re.compile(
        r"```[\s\S]*?(?:```|\Z)"  # fenced code
        r"|`[^`\n]+`"
        r"|^[ \t]*>[^\n]*$"  # a quoted line
        r"|\bhttps?://\S+|\bwww\.\S+"
        r'|"[^"\n]+"'
        r"|(?<!\w)'(?:[^'\n]|'(?=\w)){1,200}'(?!\w)"
        r"|<[^<>\n]{1,80}>",
        re.MULTILINE,
    )


@cache
def _marks() -> re.Pattern[str]:
    return re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d\u2b50]|[*~#|\x00-\x09\x0b-\x1f]|\b_|_\b")


def own_words(text: str) -> str:
    """`text` at the same length, where what is not its author's own statement is blank.

    Pictures become line breaks: people end sentences with them. A quoted word or two stays,
    without its quotes: it is a name more often than a quotation.
    """
    text = text.translate(_APOSTROPHES)
    if pasted := _pasted().search(text):
        text = text[: pasted.end()] + _blank(text[pasted.end() :])
    return _marks().sub(_mark, _foreign().sub(_quoted, text))


def _mark(match: re.Match[str]) -> str:
    return "\n" if match[0] > "\u2000" else " "


def _quoted(match: re.Match[str]) -> str:
    words = match[0]
    if words[0] in "\"'" and len(words.split()) < 3:
        return f" {words[1:-1]} "
    return _blank(words)


def _blank(text: str) -> str:
    return "\n" * len(text)
