"""Which of the messages that are put again are the same ones, and what the others are called.

Chains put a person's message without an id; agents put the whole conversation every turn, and a
person's message that came without an id under a new one each time. What a model said keeps its
id. So a message is known by its id, or by what it says and which answer follows it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from memx_core import Message


def identified(new: Sequence[Message], kept: Sequence[Message]) -> list[Message]:
    """`new`, each with an id, without those that are there already under another.

    Args:
        new: What is put, in its order.
        kept: The conversation so far.
    """
    known = {message.id for message in kept}
    answered = {(after.id, _said(before)) for before, after in pairwise(kept)}
    named = {_said(message) for message in new if message.id}
    followers = _followers(new)
    found: list[Message] = []
    for message, follower in zip(new, followers, strict=True):
        said = _said(message)
        if message.id in known and message.id is not None:
            found.append(message)  # it replaces itself
        elif (follower, said) in answered or (message.id is None and said in named):
            continue  # it is there under another id, or comes with one
        else:
            found.append(replace(message, id=message.id or _derived(said, follower)))
    return found


def _followers(messages: Sequence[Message]) -> list[str | None]:
    """Per message the id of the next one, if that is an answer with an id."""
    after = [*messages[1:], None]
    return [message.id if message is not None and message.role == "assistant" else None for message in after]


def _said(message: Message) -> tuple[str, str | None, str]:
    return message.role, message.name, message.content


def _derived(said: tuple[str, str | None, str], follower: str | None) -> str:
    """The same for the same words before the same answer; else a new one."""
    if follower is None:
        return str(uuid.uuid4())
    return hashlib.sha256(json.dumps([*said, follower]).encode()).hexdigest()[:32]
