"""Old conversations in parcels that a model can take at once.

Turns are taken one after the other and given back, conversation by conversation, as soon as a parcel is full: what is
held at any time is one unfinished parcel for each conversation that is not at its end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter

from memx_core import inputs
from memx_core.errors import InvalidInputError
from memx_core.inputs.shapes import is_mapping
from memx_core.moving.chatgpt import read_chatgpt
from memx_core.moving.conversations import Conversation, times, turn_id
from memx_core.text import estimate_tokens
from memx_core.types import Message, Scope

OVERHEAD = 30
"""Tokens that a turn costs in a prompt besides its text."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Turns of one conversation that follow each other.

    Attributes:
        session: Their conversation.
        position: Of the first among the turns of the conversation.
        messages: With an id each, and a time if there is one to be told.
        tokens: Estimated, with what a turn costs besides its text.
        digest: Stands for what was given: the same turns at the same place have the same.
    """

    session: str
    position: int
    messages: tuple[Message, ...]
    tokens: int
    digest: str


@cache
def _as_json() -> TypeAdapter[Parcel]:
    return TypeAdapter(Parcel)


def packed(parcel: Parcel) -> bytes:
    """The parcel as JSON."""
    return _as_json().dump_json(parcel)


def unpacked(raw: bytes) -> Parcel:
    """What `packed` gave."""
    return _as_json().validate_json(raw)


@dataclass(frozen=True, slots=True)
class Given:
    """A conversation, or with `goes_on` a message by itself, of whose conversation more may come."""

    conversation: Conversation
    goes_on: bool = False


def conversations(given: object, now: datetime) -> Iterator[Given]:
    """What was given to `backfill`, one by one.

    Raises:
        InvalidInputError: If something in it is none.
    """
    if isinstance(given, Path):
        yield from map(Given, read_chatgpt(given))
        return
    if isinstance(given, Conversation | Message) or is_mapping(given) or not isinstance(given, Iterable):
        raise InvalidInputError(
            f"conversations must be an iterable of them or a path, not {inputs.show(given)}; put one alone in a list"
        )
    for number, one in enumerate(cast("Iterable[object]", given), 1):
        try:
            yield _conversation(one, now)
        except InvalidInputError as error:
            raise InvalidInputError(f"conversation {number}: {error}") from None


def _conversation(one: object, now: datetime) -> Given:
    if isinstance(one, Conversation):
        id = inputs.session(one.session_id)
        return Given(replace(one, messages=_messages(one.messages, now), session_id=id))
    if is_mapping(one) and "messages" in one:
        session, title = one.get("session_id"), one.get("title")
        said = _messages(one["messages"], now)
        return Given(Conversation(inputs.session(session), said, title if isinstance(title, str) else None))
    if isinstance(one, Message | str) or is_mapping(one):
        return Given(Conversation(None, _messages([one], now)), goes_on=True)
    return Given(Conversation(None, _messages(one, now)))


def _messages(given: object, now: datetime) -> tuple[Message, ...]:
    """Checked turns; those that give no time have none."""
    if isinstance(given, str | Message) or is_mapping(given) or not isinstance(given, Iterable):
        raise InvalidInputError(f"{inputs.show(given)} is no list of messages")
    found: list[Message] = []
    for at, raw in enumerate(cast("Iterable[object]", given)):
        try:
            (message,) = inputs.messages([raw], now=now, keep_blank=True)
        except InvalidInputError as error:
            raise InvalidInputError(f"turn {at}: {error}") from None
        if message.content.strip():
            found.append(message if _is_timed(raw) else replace(message, timestamp=None))
    return tuple(found)


def _is_timed(raw: object) -> bool:
    told = raw.timestamp if isinstance(raw, Message) else raw.get("timestamp") if is_mapping(raw) else None
    return told is not None


@dataclass(slots=True)
class _Open:
    """The unfinished parcel of a conversation, and what came before it."""

    position: int = 0
    tokens: int = 0
    messages: list[Message] = field(default_factory=list[Message])
    last: datetime | None = None
    started: datetime | None = None


def parcels(given: Iterable[Given], scope: Scope, *, most: int) -> Iterator[Parcel]:
    """The turns in parcels of about `most` tokens; a turn that is longer is one by itself."""
    unfinished: dict[str, _Open] = {}
    nameless = ""  # the conversation of messages by themselves that name none
    for one in given:
        conversation = one.conversation
        named = conversation.session_id or (nameless if one.goes_on and nameless else _named(conversation.messages))
        nameless = named if one.goes_on else nameless
        touched: dict[str, _Open] = {}
        for message in conversation.messages:
            session = conversation.session_id or message.session_id or named
            parcel = touched[session] = unfinished.setdefault(session, _Open(started=conversation.started))
            tokens = estimate_tokens(message.content) + OVERHEAD
            if parcel.tokens + tokens > most:
                yield from _closed(session, parcel, scope)
            parcel.messages.append(message)
            parcel.tokens += tokens
        for session, parcel in touched.items():
            if not one.goes_on:
                yield from _closed(session, parcel, scope)
    for session, parcel in unfinished.items():
        yield from _closed(session, parcel, scope)


def _named(messages: Iterable[Message]) -> str:
    """An id for a conversation without one: by its first two turns, so that it is the same when it has grown."""
    first = [_pictured(message) for message in tuple(messages)[:2]]
    return "backfill-" + hashlib.sha256(json.dumps(first).encode()).hexdigest()[:32]


def _pictured(message: Message) -> list[str | None]:
    time = None if message.timestamp is None else message.timestamp.isoformat()
    return [message.role, message.name, message.content, time]


def _closed(session: str, open_one: _Open, scope: Scope) -> Iterator[Parcel]:
    """The parcel, unless it is empty; it begins anew."""
    if not open_one.messages:
        return
    when = times(open_one.messages, open_one.last)
    turns = tuple(
        replace(
            message,
            id=turn_id(session, open_one.position + at, message),
            session_id=session,
            timestamp=time or open_one.started,
        )
        for at, (message, time) in enumerate(zip(open_one.messages, when, strict=True))
    )
    told = [
        [scope.user_id, scope.agent_id, scope.run_id],
        session,
        open_one.position,
        [_pictured(message) for message in open_one.messages],
    ]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    parcel = Parcel(session, open_one.position, turns, open_one.tokens, digest)
    open_one.position += len(turns)
    open_one.last = when[-1]
    open_one.messages, open_one.tokens = [], 0
    yield parcel
