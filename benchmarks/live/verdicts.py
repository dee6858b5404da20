"""What a judge said, read from answers that are not always what they were asked for. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_RIGHT = frozenset({"right", "correct", "yes", "true"})
_WRONG = frozenset({"wrong", "incorrect", "no", "false"})
_SCORES = (0.0, 0.5, 1.0)
_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_OBJECT = re.compile(r"\{[^{}]*\}")
_NUMBERS = re.compile(r"\[\s*\d{1,4}(?:\s*,\s*\d{1,4})*\s*\]")
_VERDICT = re.compile(r'"verdict"\s*:\s*"?(\w+)')
_SCORE = re.compile(r'"score"\s*:\s*"?(\d+(?:\.\d+)?)')


def verdict(answer: str) -> bool | None:
    """Whether the judge found it right; `None` if that cannot be told.

    The last `verdict` counts. Without one the first and the last word may say it, if they do not
    disagree and nothing is negated.
    """
    said = _THOUGHTS.sub("", answer)
    named = [str(one["verdict"]) for one in _objects(said) if "verdict" in one] or _VERDICT.findall(said)
    if named:
        return _meant(named[-1])
    words = re.findall(r"[a-z']+", said.lower())
    found = {meant for word in (*words[:1], *words[-1:]) if (meant := _meant(word)) is not None}
    negated = "not" in words or any(word.endswith("n't") for word in words)
    return found.pop() if len(found) == 1 and not negated else None


def score(answer: str) -> float | None:
    """The last `score`, or a bare number; `None` if it is none of 0, 0.5 and 1."""
    said = _THOUGHTS.sub("", answer).strip()
    named = [one["score"] for one in _objects(said) if "score" in one] or _SCORE.findall(said)
    try:
        value = float(named[-1] if named else said)
    except (TypeError, ValueError):
        return None
    return value if value in _SCORES else None


def places(answer: str, lines: int, events: int) -> list[int] | None:
    """Of each line the event that it tells, counted from 1, or 0; `None` if that cannot be told.

    An event that several lines are said to tell is the first one's.
    """
    lists = _NUMBERS.findall(_THOUGHTS.sub("", answer))
    if not lists:
        return None
    named = [int(number) for number in re.findall(r"\d+", lists[-1])]
    if len(named) != lines or any(not 0 <= one <= events for one in named):
        return None
    return [one if one not in named[:place] else 0 for place, one in enumerate(named)]


def _meant(word: str) -> bool | None:
    word = word.strip().lower()
    return True if word in _RIGHT else False if word in _WRONG else None


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    for found in _OBJECT.findall(text):
        try:
            yield json.loads(found)
        except ValueError:
            continue
