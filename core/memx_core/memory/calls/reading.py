"""Reading, as flows."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Sequence
from datetime import datetime
from typing import Any

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError, MemoryNotFoundError
from memx_core.filters import compile_filter
from memx_core.flows import searching
from memx_core.flows.room import Room
from memx_core.flows.searching import Search
from memx_core.memory.arguments import Filters
from memx_core.memory.calls.moments import then
from memx_core.memory.calls.owners import owner
from memx_core.types import Change, MemoryItem, Page, Recall, SearchHit

RECALLED = 200
"""Hits that `recall` packs at most; the budget is usually reached before."""
_LAST_VERSION = 2**31 - 1


async def get(
    io: IO,
    room: Room,
    memory_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    known_at: datetime | None = None,
    as_of: datetime | None = None,
    version: int | None = None,
) -> MemoryItem | None:
    """See `Memory.get`."""
    scope, memory_id, now = owner(user_id, agent_id, run_id), inputs.memory_id(memory_id), room.clock()
    moment = then(known_at, as_of, now=now)
    if version is None:
        return await io.call(room.ledger.memory, room.namespace, scope, memory_id, now, moment)
    if known_at is not None or as_of is not None:
        raise InvalidInputError("a version is what it is at every moment; pass version=, or known_at= and as_of=")
    number = inputs.limit(version, "version", most=_LAST_VERSION)
    return await io.call(room.ledger.numbered, room.namespace, scope, memory_id, number)


async def revision(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> int:
    """See `Memory.revision`."""
    return await io.call(room.ledger.changed, room.namespace, inputs.scope(user_id, agent_id, run_id))


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
    known_at: datetime | None = None,
    as_of: datetime | None = None,
    include_superseded: bool = False,
) -> Page:
    """See `Memory.get_all`."""
    if as_of is not None and include_superseded:
        raise InvalidInputError("as_of= picks one version of each memory; pass it, or include_superseded=True")
    now = room.clock()
    return await io.call(
        room.ledger.page,
        room.namespace,
        inputs.scope(user_id, agent_id, run_id),
        condition=compile_filter(filters),
        limit=inputs.limit(limit),
        after=position(cursor),
        superseded=include_superseded,
        now=now,
        then=then(known_at, as_of, now=now),
    )


def position(cursor: object) -> tuple[int, int] | None:
    """The memory and version that a cursor names.

    Raises:
        InvalidInputError: If it is none.
    """
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
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    include_messages: bool = False,
    explain: bool = False,
    embedding: Sequence[float] | None = None,
) -> Coroutine[Any, Any, list[SearchHit]]:
    """See `Memory.search`."""
    asked = Search(
        query=inputs.text(query, "query"),
        scope=inputs.scope(user_id, agent_id, run_id),
        limit=inputs.limit(limit),
        condition=compile_filter(filters),
        threshold=inputs.threshold(threshold),
        kinds=("memory", "message") if include_messages else ("memory",),
        then=then(known_at, as_of, now=room.clock()),
        explain=explain,
        vector=inputs.embedding(embedding),
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
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    include_messages: bool = True,
    exclude_messages: Collection[str] = (),
) -> Coroutine[Any, Any, Recall]:
    """See `Memory.recall`."""
    asked = Search(
        query=inputs.text(query, "query"),
        scope=inputs.scope(user_id, agent_id, run_id),
        limit=inputs.limit(limit),
        condition=compile_filter(filters),
        threshold=inputs.threshold(threshold),
        kinds=("memory", "message") if include_messages else ("memory",),
        then=then(known_at, as_of, now=room.clock()),
        excluded=inputs.message_ids(exclude_messages, "exclude_messages"),
    )
    return searching.recall(io, room, asked, max_tokens=inputs.max_tokens(max_tokens))


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
    scope = owner(user_id, agent_id, run_id)
    found = await io.call(room.ledger.history, room.namespace, scope, inputs.memory_id(memory_id))
    if not found:
        raise MemoryNotFoundError(memory_id)
    return found
