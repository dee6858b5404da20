"""The JSON values in a model's text: past its reasoning, its prose and its fences.

Clean JSON goes through `json`; anything else is searched for values, which the tolerant reader
takes one by one. What a model thought aloud is never read as its answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from memx_core.extraction.tolerant import Cut, MalformedError, Reader, join

LONGEST = 1_000_000
"""Characters that are read of an answer that is not clean JSON."""
_ATTEMPTS = 200

_BLANK = " \t\r\n\f\v\ufeff\u200b\u2060\xa0\x00"
_TAG = r"(?:think(?:ing)?|reasoning|thoughts?|scratchpad|reflection)"
_REASONING = re.compile(rf"<\s*({_TAG})\b[^<>]*>[^<]*+(?:<(?!/?\s*{_TAG}\b)[^<]*+)*+</\s*\1\s*>", re.IGNORECASE)
_OPENED = re.compile(rf"<\s*{_TAG}\b[^<>]*>", re.IGNORECASE)
_CLOSED = re.compile(rf"</\s*{_TAG}\s*>", re.IGNORECASE)
_START = re.compile(r"[{\[]")
_OBJECT = re.compile(r"\{\s*[\"'\u201c]|\[\s*[\"'{\u201c]")  # Braces in prose, or doubled, are none.
_SEPARATOR = re.compile(r"[\s,;`\ufeff\u200b]*+(?:json[5lc]?|python)?[\s,;`\ufeff\u200b]*+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a text.

    Attributes:
        values: The values, in order.
        apart: Prose stands between them.
        followed: Prose follows the last one.
        damaged: Something that began like an object could not be read.
    """

    values: tuple[object, ...] = ()
    apart: bool = False
    followed: bool = False
    damaged: bool = False


def read(text: str) -> Reading:
    """The JSON values in `text`, outermost ones, in order; none if there is only prose."""
    for candidate in (text.strip(_BLANK), answer := _without_reasoning(text)):
        clean, value = _strict(candidate)
        if clean:
            return Reading((value,))
    opened = _OPENED.search(answer)
    if opened is None or _within_value(answer, opened.start()):
        return _scan(answer[:LONGEST])
    return _last_word(answer[opened.end() :][-LONGEST:]) or _scan(answer[: opened.start()][:LONGEST])


def _strict(text: str) -> tuple[bool, object]:
    """Whether `text` is one clean JSON value, and that value."""
    try:
        return True, json.loads(text, parse_constant=lambda _: None, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return False, None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        join(found, key, value)
    return found


def _without_reasoning(text: str) -> str:
    """`text` without what the model thought aloud, as far as that was closed."""
    mark = _OPENED.search(text) or _CLOSED.search(text)
    if mark is None or _within_value(text, mark.start()):
        return text.strip(_BLANK)
    text = _REASONING.sub(" ", text)
    closers = list(_CLOSED.finditer(text))
    return text[closers[-1].end() if closers else 0 :].strip(_BLANK)


def _within_value(text: str, mark: int) -> bool:
    """Whether what stands at `mark` is part of a string in the answer itself."""
    start = _START.search(text, 0, mark)
    if not start:
        return False
    reader = Reader(text[:LONGEST])
    try:
        return not isinstance(reader.value_at(start.start()), Cut) and reader.position > mark
    except MalformedError:
        return False


def _scan(text: str) -> Reading:
    """Every value in `text`; what cannot be read is passed over, but not what is complete within."""
    text = text.rstrip(_BLANK + "`")  # A closing fence would hide that the answer is cut.
    reader, values, position, end = Reader(text), list[object](), 0, 0
    apart, damaged, failures = False, False, 0
    while failures < _ATTEMPTS and (start := _START.search(text, position)):
        try:
            value = reader.value_at(start.start())
        except MalformedError:
            failures += 1
            damaged = damaged or _OBJECT.match(text, start.start()) is not None
            position = start.end()
            continue
        apart = apart or (bool(values) and not _SEPARATOR.fullmatch(text, end, start.start()))
        values.append(value)
        position = end = reader.position
    followed = bool(text[end:].strip())
    return Reading(tuple(values), apart=apart, followed=followed, damaged=damaged)


def _last_word(text: str) -> Reading | None:
    """The value that ends unfinished reasoning; whatever stands before it is only a thought."""
    found = _scan(text)
    if not found.values or found.followed or isinstance(found.values[-1], Cut):
        return None
    return Reading(found.values[-1:])
