"""Hits as the lines that go into a prompt: dated, attributed, and as data.

Texts, names and wordings come from people and models, and may try to leave their line, close
the block or speak as somebody else. So all of them are written as JSON writes strings, with
everything escaped that a prompt, a template or a reader could take for more than a letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from memx_core.echoes import CLOSING, OPENING, blanked, is_echo, without_echoes
from memx_core.text import normal_form, sizes
from memx_core.time import describe, describe_day
from memx_core.types import MemoryItem, Recall, SearchHit

__all__ = ["CLOSING", "OPENING", "UNDATED", "blanked", "escaped", "is_echo", "pack", "without_echoes"]

UNDATED = datetime.min.replace(tzinfo=UTC)
"""The `created_at` of a memory that came back from elsewhere without a date: its line bears none."""
_CLOSING = sizes.weight(CLOSING)
_AS_JSON = json.JSONEncoder(ensure_ascii=False)
_LONGEST_NAME = 60
_WIDEST_TOKEN = 24  # characters; a text that is longer than so many tokens need not be looked at
# Markup, templates, controls, line separators, invisible and bidirectional characters, tags.
_UNSAFE = re.compile(
    "[<>&{}\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)


def pack(
    hits: Sequence[SearchHit], *, max_tokens: int, header: str | None = None, as_of: datetime | None = None
) -> Recall:
    """As many of `hits` as fit into `max_tokens`, best first, as one block; empty if none does.

    What says the same by the same speaker is written once. A text is cut only if nothing fits
    whole, and then only the best one.

    Args:
        hits: What was found, best first.
        max_tokens: What `text.estimate_tokens` may count for the whole block.
        header: A line of the application's own in front of the memories, written as it is.
        as_of: The moment that the reader is in, who knows of no end that came later; `None`: now.
    """
    head = "".join(f"{line}\n" for line in (OPENING, *([header] if header else [])))
    frame = sizes.weight(head) + _CLOSING
    room = sizes.heaviest(max_tokens) - frame
    lines = _filled(hits, room, as_of)
    if not lines and hits and (cut := _cut(hits[0], room, as_of)):
        lines = [(cut, hits[0])]
    if not lines:
        return Recall("")
    text = "".join([head, *(line.text for line, _ in lines), CLOSING])
    size = sizes.whole_tokens(frame + sum(line.weight for line, _ in lines))
    return Recall(text, tuple(hit for _, hit in lines), size)


class _Line(NamedTuple):
    """A line with its break, and what it weighs."""

    text: str
    weight: int


def _filled(hits: Sequence[SearchHit], room: int, as_of: datetime | None) -> list[tuple[_Line, SearchHit]]:
    """The lines that fit, best first, with what they are of."""
    lines: list[tuple[_Line, SearchHit]] = []
    said: dict[str, set[str | None]] = {}
    for hit in hits:
        text = _text(hit)
        if not _may_fit(text, room) or _is_repeated(hit, text, said):
            continue
        line = _line(hit, text, as_of)
        if line.weight <= room:
            lines.append((line, hit))
            room -= line.weight
    return lines


def _may_fit(text: str, room: int) -> bool:
    """Whether it is worth weighing: no word weighs less than a token, and no token is wider than so much."""
    tokens = sizes.whole_tokens(room)
    return len(text) <= _WIDEST_TOKEN * tokens and len(text.split(None, tokens)) <= tokens


def escaped(text: str) -> str:
    """`text` as a JSON string of visible characters that mean nothing anywhere else."""
    return _UNSAFE.sub(_escape, _AS_JSON.encode(text))


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _line(hit: SearchHit, text: str, as_of: datetime | None) -> _Line:
    """One memory as `- [8 May 2023] Rosa: "text"`."""
    speaker, stamp = _speaker(hit), _stamp(hit.memory, as_of)
    who = "" if speaker is None else f"{escaped(speaker)[1:-1]}: "
    line = f"- {stamp and f'[{stamp}] '}{who}{escaped(text)}\n"
    return _Line(line, sizes.weight(line))


def _stamp(item: MemoryItem, as_of: datetime | None) -> str:
    """When it was, when it was said, and whether it still holds."""
    at = item.said_at or item.valid_from or item.created_at
    parts = [] if at == UNDATED else [describe_day(at)]
    if item.when is not None:
        phrase = item.when.phrase
        wording = "" if phrase.casefold() in item.text.casefold() else f" ({escaped(_brief(phrase))})"
        parts = [f"{describe(item.when)}{wording}", *(f"said {said}" for said in parts)]
    if item.valid_to is not None and (as_of is None or item.valid_to <= as_of):
        parts.append(f"until {describe_day(item.valid_to)}")
    if item.kind == "message" and item.status == "superseded":
        parts.append("partly out of date")
    if item.status == "conflict":
        parts.append("in conflict with another memory")
    return "; ".join(parts)


def _speaker(hit: SearchHit) -> str | None:
    """Who said it, or whom it is about, unless the text says so itself."""
    if hit.message is not None:
        return _brief(hit.message.name or hit.message.role)
    about = hit.memory.subject
    if not about or about.casefold() in ("user", "assistant") or about.casefold() in hit.memory.text.casefold():
        return None
    return _brief(about)


def _brief(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}\u2026"


def _text(hit: SearchHit) -> str:
    return hit.memory.text if hit.message is None else hit.message.content


def _is_repeated(hit: SearchHit, text: str, said: dict[str, set[str | None]]) -> bool:
    """Whether its text was said before, unless somebody else says it; `said` is told of it."""
    name = hit.message.name if hit.message is not None else hit.memory.subject
    known = name and name.casefold()
    speakers = said.setdefault(normal_form(text), set())
    repeated = bool(speakers) and (name is None or bool(speakers & {known, None}))
    speakers.add(known)
    return repeated


def _cut(hit: SearchHit, room: int, as_of: datetime | None) -> _Line | None:
    """The line of `hit` with as many of its words as fit and an ellipsis; `None` if not even one does."""
    text = _text(hit)
    shortest, longest = 0, min(len(text), _WIDEST_TOKEN * max(sizes.whole_tokens(room), 0))
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        fits = _line(hit, _shortened(text, middle), as_of).weight <= room
        shortest, longest = (middle, longest) if fits else (shortest, middle - 1)
    return _line(hit, _shortened(text, shortest), as_of) if text[:shortest].strip() else None


def _shortened(text: str, length: int) -> str:
    """The first `length` characters, less a word that is cut."""
    start = text[:length]
    if length < len(text) and not text[length].isspace():
        whole = start.rsplit(maxsplit=1)
        start = whole[0] if len(whole) == 2 else start
    return start.rstrip() + "\u2026"
