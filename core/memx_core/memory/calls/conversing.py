"""Transcripts and the queue, as flows."""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from typing import Any

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError
from memx_core.flows import adding, changing, working
from memx_core.flows.batches import Batch
from memx_core.flows.room import Room
from memx_core.memory.arguments import Messages
from memx_core.memory.calls.owners import owner
from memx_core.types import AddResult, Job, Message, Scope
from memx_core.worker import keeper


def put_messages(
    io: IO,
    room: Room,
    session_id: str,
    messages: Messages,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    learn: bool = True,
    complete: bool = True,
) -> Coroutine[Any, Any, AddResult]:
    """See `Memory.put_messages`."""
    session_id = _session(session_id)
    batch = Batch(
        scope=inputs.scope(user_id, agent_id, run_id),
        messages=inputs.messages(messages, now=room.clock(), session_id=session_id, keep_blank=True),
        session_id=session_id,
    )
    return adding.put(io, room, batch, learn=learn, complete=complete)


async def messages(
    io: IO,
    room: Room,
    session_id: str | None,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    limit: int | None = None,
) -> list[Message]:
    """See `Memory.messages`."""
    most = None if limit is None else inputs.limit(limit)
    scope = inputs.scope(user_id, agent_id, run_id)
    return await io.call(room.ledger.transcript, room.namespace, scope, inputs.session(session_id), most)


async def sessions(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> list[str]:
    """See `Memory.sessions`."""
    return await io.call(room.ledger.sessions, room.namespace, inputs.scope(user_id, agent_id, run_id))


def clear_messages(
    io: IO,
    room: Room,
    session_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    message_ids: Collection[str] | None = None,
) -> Coroutine[Any, Any, int]:
    """See `Memory.clear_messages`."""
    only = None if message_ids is None else inputs.message_ids(message_ids, "message_ids")
    scope = inputs.scope(user_id, agent_id, run_id)
    return changing.clear_messages(io, room, scope, _session(session_id), only=only)


def _session(session_id: str | None) -> str:
    if session_id is None:
        raise InvalidInputError("session_id=None names no conversation; pass the one that these messages belong to")
    return inputs.session(session_id)


def pending(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> Coroutine[Any, Any, list[Job]]:
    """See `Memory.pending`."""
    return working.pending(io, room, owner(user_id, agent_id, run_id) or Scope())


def flush(
    io: IO,
    room: Room,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    timeout: float | None = None,
) -> Coroutine[Any, Any, None]:
    """See `Memory.flush`."""
    scope = owner(user_id, agent_id, run_id) or Scope()
    return working.flush(io, room, keeper(room), scope, seconds=inputs.seconds(timeout))
