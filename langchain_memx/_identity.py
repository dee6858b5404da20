"""Which of the messages that are put again are the same ones, and what the others are called.

Chains put a person's message without an id. Agents put the whole conversation every turn, and a
person's message that came without an id under a new one each time. What a model said keeps its
id. So a message is known by its id, or by what it says and its place before an answer.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import zip_longest
from typing import TypeAlias

from memx_core import Message

_Said: TypeAlias = tuple[str, str | None, str]
_Place: TypeAlias = tuple[str, int]
"""The id of the next answer, and how many messages before it."""


def identified(new: Sequence[Message], kept: Sequence[Message]) -> list[Message]:
    """What is to be kept of `new`, each with an id: what is not there yet, or says something else than it did.

    Args:
        new: What is put, in its order.
        kept: The conversation so far.
    """
    known = {message.id: message for message in kept}
    settled = {(place, _said(message)) for message, place in zip(kept, _places(kept), strict=True) if place}
    doubles = _doubles(new, known.keys())
    found: list[Message] = []
    for at, (message, place) in enumerate(zip(new, _places(new), strict=True)):
        former = known.get(message.id) if message.id else None
        if former is not None:
            found += _renewed(message, former)
        elif at not in doubles and (place, _said(message)) not in settled:
            found.append(replace(message, id=message.id or _derived(message, place)))
    return found


def _renewed(message: Message, former: Message) -> list[Message]:
    """The message in the place of the former, if anything is new; it keeps its time unless its words are."""
    if _said(message) != _said(former):
        return [message]
    raw = {**(former.raw or {}), **(message.raw or {})}  # also what other frameworks know of it
    return [] if raw == (former.raw or {}) else [replace(message, timestamp=former.timestamp, raw=raw)]


def _places(messages: Sequence[Message]) -> list[_Place | None]:
    """Per message its place; `None` if no answer with an id follows."""
    places: list[_Place | None] = []
    answer: str | None = None
    away = 0
    for message in reversed(messages):
        away += 1
        places.append(None if answer is None else (answer, away))
        if message.id and message.role == "assistant":
            answer, away = message.id, 0
    return places[::-1]


def _doubles(new: Sequence[Message], known: Set[str | None]) -> set[int]:
    """Which messages without an id are there again with one: an agent's input is, before its output.

    One whose own answer follows at once is in its place already.
    """
    named = Counter(_said(message) for message in new if message.id)
    doubles = set[int]()
    for at, (message, after) in enumerate(zip_longest(new, new[1:])):
        answered = after is not None and after.role == "assistant" and after.id and after.id not in known
        if message.id is None and not answered and named[_said(message)]:
            named[_said(message)] -= 1
            doubles.add(at)
    return doubles


def _said(message: Message) -> _Said:
    return message.role, message.name, message.content


def _derived(message: Message, place: _Place | None) -> str:
    """The same id for the same words in the same place; else a new one."""
    if place is None:
        return str(uuid.uuid4())
    return hashlib.sha256(json.dumps([*_said(message), *place]).encode()).hexdigest()[:32]
