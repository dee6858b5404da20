"""The public methods once more, as flows: arguments are checked here, before anything happens.

Each function has a method's arguments and defaults and returns the flow to run in either colour.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Coroutine
from datetime import datetime
from types import EllipsisType
from typing import Any

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError, MemoryNotFoundError
from memx_core.filters import compile_filter
from memx_core.flows import adding, changing, searching
from memx_core.flows.learning import Batch
from memx_core.flows.room import Room
from memx_core.flows.searching import Search
from memx_core.ledger import JobRequest
from memx_core.memory.arguments import Filters, Messages
from memx_core.types import AddResult, Change, Job, MemoryItem, Message, Metadata, Page, Recall, Scope, SearchHit

RECALLED = 200
"""Hits that `recall` packs at most; the budget is usually reached before."""


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
    )
    batch = _digested(batch, infer=infer)
    if not infer:
        return adding.add_verbatim(io, room, batch)
    return adding.add(io, room, batch) if wait else adding.add_later(io, room, batch)


def _digested(batch: Batch, *, infer: bool) -> Batch:
    """With what its key stands for: the same key for something else is a mistake of the caller's."""
    if batch.key is None:
        return batch
    said = [[message.role, message.name, message.content] for message in batch.messages]
    digest = hashlib.sha256(json.dumps([said, infer]).encode()).hexdigest()
    return Batch(batch.scope, batch.messages, batch.session_id, batch.request, batch.key, digest)


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
) -> Coroutine[Any, Any, AddResult]:
    """See `Memory.put_messages`."""
    session_id = _session(session_id)
    batch = Batch(
        scope=inputs.scope(user_id, agent_id, run_id),
        messages=inputs.messages(messages, now=room.clock(), session_id=session_id, keep_blank=True),
        session_id=session_id,
    )
    return adding.keep(io, room, batch, kind="put", learn=learn)


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


def clear_messages(
    io: IO,
    room: Room,
    session_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> Coroutine[Any, Any, int]:
    """See `Memory.clear_messages`."""
    return changing.clear_messages(io, room, inputs.scope(user_id, agent_id, run_id), _session(session_id))


def _session(session_id: str | None) -> str:
    if session_id is None:
        raise InvalidInputError("session_id=None names no conversation; pass the one that these messages belong to")
    return inputs.session(session_id)


async def get(
    io: IO,
    room: Room,
    memory_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> MemoryItem | None:
    """See `Memory.get`."""
    scope = _owner(user_id, agent_id, run_id)
    return await io.call(room.ledger.memory, room.namespace, scope, inputs.memory_id(memory_id), room.clock())


def _owner(user_id: str | None, agent_id: str | None, run_id: str | None) -> Scope | None:
    """The scope of a call that already names its memory: optional, exact when given."""
    if user_id is None and agent_id is None and run_id is None:
        return None
    return inputs.scope(user_id, agent_id, run_id)


async def get_all(
    io: IO,
    room: Room,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    filters: Filters | None = None,
    limit: int = 100,
    cursor: str | None = None,
    include_superseded: bool = False,
) -> Page:
    """See `Memory.get_all`."""
    return await io.call(
        room.ledger.page,
        room.namespace,
        inputs.scope(user_id, agent_id, run_id),
        condition=compile_filter(filters),
        limit=inputs.limit(limit),
        after=_position(cursor),
        superseded=include_superseded,
        now=room.clock(),
    )


def _position(cursor: object) -> tuple[int, int] | None:
    if cursor is None:
        return None
    memory, dot, version = cursor.partition(".") if isinstance(cursor, str) else ("", "", "")
    if not dot or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (memory, version)):
        raise InvalidInputError(f"cursor={cursor!r} is not one; pass the `next_cursor` of a page, or None")
    return int(memory), int(version)


def search(
    io: IO,
    room: Room,
    query: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    limit: int = 10,
    filters: Filters | None = None,
    threshold: float | None = None,
    include_messages: bool = False,
    explain: bool = False,
) -> Coroutine[Any, Any, list[SearchHit]]:
    """See `Memory.search`."""
    asked = Search(
        query=inputs.text(query, "query"),
        scope=inputs.scope(user_id, agent_id, run_id),
        limit=inputs.limit(limit),
        condition=compile_filter(filters),
        threshold=inputs.threshold(threshold),
        kinds=("memory", "message") if include_messages else ("memory",),
        explain=explain,
    )
    return searching.search(io, room, asked)


def recall(
    io: IO,
    room: Room,
    query: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    max_tokens: int = 1000,
    limit: int = RECALLED,
    filters: Filters | None = None,
    threshold: float | None = None,
    include_messages: bool = True,
) -> Coroutine[Any, Any, Recall]:
    """See `Memory.recall`."""
    asked = Search(
        query=inputs.text(query, "query"),
        scope=inputs.scope(user_id, agent_id, run_id),
        limit=inputs.limit(limit),
        condition=compile_filter(filters),
        threshold=inputs.threshold(threshold),
        kinds=("memory", "message") if include_messages else ("memory",),
    )
    return searching.recall(io, room, asked, max_tokens=inputs.max_tokens(max_tokens))


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
        scope=_owner(user_id, agent_id, run_id),
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
    scope = _owner(user_id, agent_id, run_id)
    return changing.delete(io, room, inputs.memory_id(memory_id), scope, reason=_reason(reason))


def _reason(reason: str | None) -> str:
    return "" if reason is None else inputs.text(reason, "reason")


def delete_all(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> Coroutine[Any, Any, int]:
    """See `Memory.delete_all`."""
    return changing.delete_all(io, room, inputs.scope(user_id, agent_id, run_id))


async def history(
    io: IO,
    room: Room,
    memory_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> list[Change]:
    """See `Memory.history`."""
    scope = _owner(user_id, agent_id, run_id)
    found = await io.call(room.ledger.history, room.namespace, scope, inputs.memory_id(memory_id))
    if not found:
        raise MemoryNotFoundError(memory_id)
    return found


async def pending(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> list[Job]:
    """See `Memory.pending`."""
    return await io.call(room.ledger.jobs, room.namespace, _owner(user_id, agent_id, run_id) or Scope())


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
    scope = _owner(user_id, agent_id, run_id) or Scope()
    return adding.flush(io, room, scope, seconds=timeout)
