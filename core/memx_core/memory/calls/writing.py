"""Adding and changing, as flows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime
from types import EllipsisType
from typing import Any

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError
from memx_core.flows import adding, changing
from memx_core.flows.batches import Batch
from memx_core.flows.room import Room
from memx_core.ledger import JobRequest
from memx_core.memory.arguments import Messages
from memx_core.memory.calls.owners import owner
from memx_core.types import AddResult, MemoryItem, Metadata


def add(
    io: IO,
    room: Room,
    messages: Messages,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    session_id: str | None = None,
    metadata: Metadata | None = None,
    timestamp: datetime | None = None,
    expires_at: datetime | None = None,
    infer: bool = True,
    instructions: str | None = None,
    key: str | None = None,
    wait: bool = True,
) -> Coroutine[Any, Any, AddResult]:
    """See `Memory.add`."""
    batch = learned_from(
        room,
        messages,
        user_id=user_id,
        agent_id=agent_id,
        run_id=run_id,
        session_id=session_id,
        metadata=metadata,
        timestamp=timestamp,
        expires_at=expires_at,
        infer=infer,
        instructions=instructions,
        key=key,
    )
    return adding.add(io, room, batch) if wait or not infer else adding.add_later(io, room, batch)


def learned_from(
    room: Room,
    messages: Messages,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    session_id: str | None = None,
    metadata: Metadata | None = None,
    timestamp: datetime | None = None,
    expires_at: datetime | None = None,
    infer: bool = True,
    instructions: str | None = None,
    key: str | None = None,
) -> Batch:
    """What a call of `add` or `plan` gives to learn from, checked."""
    request = JobRequest(
        metadata=inputs.metadata(metadata),
        expires_at=inputs.moment(expires_at, "expires_at"),
        instructions=None if instructions is None else inputs.text(instructions, "instructions"),
    )
    session_id = inputs.session(session_id)
    batch = Batch(
        scope=inputs.scope(user_id, agent_id, run_id),
        messages=inputs.messages(
            messages, now=room.clock(), timestamp=timestamp, session_id=session_id, metadata=request.metadata
        ),
        session_id=session_id,
        request=request,
        key=inputs.key(key),
        infer=bool(infer),
    )
    return batch if batch.key is None else replace(batch, digest=_digest(batch))


def _digest(batch: Batch) -> str:
    """What its key stands for: the same key for something else is a mistake of the caller's."""
    said = [[message.role, message.name, message.content] for message in batch.messages]
    return hashlib.sha256(json.dumps([said, batch.infer]).encode()).hexdigest()


def update(
    io: IO,
    room: Room,
    memory_id: str,
    text: str | None = None,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    metadata: Metadata | None = None,
    expires_at: datetime | EllipsisType | None = ...,
    reason: str | None = None,
) -> Coroutine[Any, Any, MemoryItem]:
    """See `Memory.update`."""
    if text is None and metadata is None and expires_at is ...:
        raise InvalidInputError("nothing to update: pass a text, metadata or expires_at")
    asked = changing.Update(
        memory_id=inputs.memory_id(memory_id),
        scope=owner(user_id, agent_id, run_id),
        text=None if text is None else inputs.text(text, "text"),
        metadata=None if metadata is None else inputs.metadata(metadata),
        expires_at=... if isinstance(expires_at, EllipsisType) else inputs.moment(expires_at, "expires_at"),
        reason=_reason(reason),
    )
    return changing.update(io, room, asked)


def delete(
    io: IO,
    room: Room,
    memory_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    reason: str | None = None,
) -> Coroutine[Any, Any, None]:
    """See `Memory.delete`."""
    scope = owner(user_id, agent_id, run_id)
    return changing.delete(io, room, inputs.memory_id(memory_id), scope, reason=_reason(reason))


def _reason(reason: str | None) -> str:
    return "" if reason is None else inputs.text(reason, "reason")


def delete_all(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> Coroutine[Any, Any, int]:
    """See `Memory.delete_all`."""
    return changing.delete_all(io, room, inputs.scope(user_id, agent_id, run_id))
