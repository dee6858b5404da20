"""Old conversations, in the shape that they are learned from."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memx_core.types import Message


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it was.

    Attributes:
        session_id: Its id; `None` lets one be made of its first message.
        messages: Its turns, oldest first; those without a time keep their place between the others.
        title: What it was called.
        started: When it began, if that is known; for turns without a time.
    """

    session_id: str | None
    messages: tuple[Message, ...]
    title: str | None = None
    started: datetime | None = None


_FAMILY = uuid.UUID("0f0a6b1e-3f0c-5a53-9c8e-8a3f4f6d2b11")


def turn_id(session: str, position: int, message: Message) -> str:
    """The message's id; for one without always the same, so that it is known when it comes again."""
    if message.id is not None:
        return message.id
    named = json.dumps([session, position, message.role, message.name, message.content])
    return str(uuid.uuid5(_FAMILY, named))


def times(messages: Sequence[Message], before: datetime | None = None) -> list[datetime | None]:
    """When each was said: of one without a time, when the last one before it was, else the first one behind it.

    Args:
        messages: In their order.
        before: When the turn before them was said.
    """
    told = [message.timestamp for message in messages]
    last = before or next((time for time in told if time is not None), None)
    found: list[datetime | None] = []
    for time in told:
        last = time or last
        found.append(last)
    return found
