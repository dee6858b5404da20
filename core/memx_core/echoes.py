"""Finding in a text what memx itself put into a prompt, so that it is never learned again.

A model repeats its prompt, an application logs it, a person pastes it. So a block is found also in a
quotation or a code fence, and as JSON or HTML escape it; and when only its beginning or its end is
there (a text was cut, or a block divided between two turns), its lines are known by their form. The
words around it stay.
"""

from __future__ import annotations

import re

OPENING, CLOSING = "<memories>", "</memories>"
"""The lines that a block begins and ends with."""

_LESS, _GREATER = r"(?:<|&lt;|\\+u003c)", r"(?:>|&gt;|\\+u003e)"
_OPENING = f"{_LESS}memories{_GREATER}"
_CLOSING = rf"{_LESS}\\*/memories{_GREATER}"
_MARGIN = r"[ \t>|]*"  # of a quotation
_LINE = rf"{_MARGIN}- \[[^\n]{{0,200}}?\d{{4}}[^\n]{{0,200}}?\] [^\n]*"
_ESCAPED_BREAK = r"(?:\\+r)?\\+n"
_IN_STRING = r'(?:\\.|[^"\\\n])*'

_ANY = re.compile(rf"{_OPENING}|{_CLOSING}", re.IGNORECASE)
_WHOLE = re.compile(rf"{_OPENING}(?:(?!{_OPENING}).)*?{_CLOSING}", re.IGNORECASE | re.DOTALL)
_BEGINNING = re.compile(
    rf"{_OPENING}(?:"
    rf"{_ESCAPED_BREAK}{_IN_STRING}|"
    r"[ \t]*\r?\n"
    rf"(?:(?!{_MARGIN}- )[^\n]*\n(?={_MARGIN}- ))?"  # the application's own header
    rf"(?:{_LINE}(?:\n|\Z))*"
    rf"(?:{_MARGIN}- ?[^\n]*\Z)?)?",  # a line that was cut
    re.IGNORECASE,
)
_END = re.compile(_CLOSING, re.IGNORECASE)
_IS_LINE = re.compile(_LINE)
_IS_MARGIN = re.compile(_MARGIN)
_AFTER_ESCAPED_BREAK = re.compile(rf"{_ESCAPED_BREAK}\Z")


def blanked(text: str) -> str:
    """`text` with spaces for every block of memories: what was recalled is nobody's news.

    Of the same length, so that offsets stay right.
    """
    if _ANY.search(text) is None:
        return text
    text = _BEGINNING.sub(_spaces, _WHOLE.sub(_spaces, text))
    for end in _END.finditer(text):
        start = _start_of_block(text, end.start())
        text = f"{text[:start]}{' ' * (end.end() - start)}{text[end.end() :]}"
    return text


def is_echo(text: str) -> bool:
    """Whether `text` is blocks of memories, with nothing around them but signs: a code fence, quotation marks."""
    left = blanked(text)
    return left != text and not any(map(str.isalnum, left))


def without_echoes(text: str) -> str:
    """`text` without its blocks of memories, and without the lines that they leave blank; else as it is."""
    left = blanked(text)
    if left == text:
        return text
    return "\n".join(line.rstrip() for line in left.split("\n") if not line.isspace()).strip()


def _spaces(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _start_of_block(text: str, end: int) -> int:
    """Where the lines begin that lead to the end mark at `end`."""
    begin = text.rfind("\n", 0, end) + 1
    if _AFTER_ESCAPED_BREAK.search(text, begin, end):
        return _start_of_string(text, begin, end)
    if not _IS_MARGIN.fullmatch(text, begin, end):
        return end
    while begin:
        before = text.rfind("\n", 0, begin - 1) + 1
        line = text[before : begin - 1].rstrip()
        if not _IS_LINE.fullmatch(line) and (before or not line.endswith('"')):
            return begin
        begin = before
    return begin


def _start_of_string(text: str, begin: int, end: int) -> int:
    """Where the JSON string begins that reaches to `end`."""
    quote = end
    while (quote := text.rfind('"', begin, quote)) >= begin:
        escapes = len(text[begin:quote]) - len(text[begin:quote].rstrip("\\"))
        if not escapes % 2:
            return quote + 1
    return begin
