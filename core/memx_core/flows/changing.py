"""`update`, `delete` and their kin: changes that a person or an application asks for by name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import EllipsisType

from memx_core import searchable
from memx_core._io import IO
from memx_core.errors import EmbeddingMismatchError, MemoryNotFoundError
from memx_core.flows import learning, screening
from memx_core.flows.room import Room
from memx_core.ledger import Attributes, Committed, Write
from memx_core.ports import Vector
from memx_core.types import MemoryItem, Metadata, Operation, Scope, Usage


@dataclass(frozen=True, slots=True)
class Update:
    """A checked call of `update`. `None` and `...` keep what is there."""

    memory_id: str
    scope: Scope | None
    text: str | None = None
    metadata: Metadata | None = None
    expires_at: datetime | EllipsisType | None = ...
    reason: str = ""


async def update(io: IO, room: Room, asked: Update) -> MemoryItem:
    """A new version of one memory.

    Raises:
        MemoryNotFoundError: If it is not there, or not in the scope.
        ScreenedError: If the screen refuses what it is to say.
    """
    asked = await _screened(io, room, asked)
    while True:
        vector: Vector | None = None
        if asked.text is not None:
            (vector,) = await io.embed_documents([searchable.memory_text(asked.text, None)])
        request = _by_name(room, "update", asked.scope, _attributes(asked))
        request = replace(request, usage=Usage(embedding_calls=int(vector is not None)), fingerprint=io.fingerprint)
        decide = partial(_updating, request, asked, vector)
        try:
            committed = await _changed(io, room, asked.memory_id, asked.scope, request.at, decide)
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)
            continue
        (change,) = committed.result.changes
        return await io.call(room.ledger.version, room.namespace, change.memory_id, change.version)


async def delete(io: IO, room: Room, memory_id: str, scope: Scope | None, *, reason: str) -> None:
    """Deletes one memory, softly.

    Raises:
        MemoryNotFoundError: If it is not there, or not in the scope.
    """
    reason = await screening.text(io, room, reason, "the reason")
    request = replace(_by_name(room, "delete", scope, Attributes(keep_expiry=True)), fingerprint=io.fingerprint)
    await _changed(io, room, memory_id, scope, request.at, partial(_deleting, request, reason))


async def _changed(
    io: IO, room: Room, memory_id: str, scope: Scope | None, now: datetime, decide: Callable[[MemoryItem], Write]
) -> Committed:
    """Reads and writes a memory in one transaction, so that of many who change it at once all get through.

    Raises:
        MemoryNotFoundError: If it is not there, or not in the scope.
    """
    committed = await io.call(room.ledger.change, room.namespace, scope, memory_id, now, decide)
    if committed is None:
        raise MemoryNotFoundError(memory_id)
    await learning.publish(io, room, committed.revision)
    return committed


async def _screened(io: IO, room: Room, asked: Update) -> Update:
    return replace(
        asked,
        text=None if asked.text is None else await screening.text(io, room, asked.text, "the text"),
        metadata=None if asked.metadata is None else await screening.metadata(io, room, asked.metadata, "metadata"),
        reason=await screening.text(io, room, asked.reason, "the reason"),
    )


def _updating(request: Write, asked: Update, vector: Vector | None, item: MemoryItem) -> Write:
    same = asked.text is None
    operation = Operation(
        event="UPDATE",
        memory_id=item.id,
        text=item.text if asked.text is None else asked.text,
        old_text=item.text,
        expected_version=item.version,
        said_at=item.said_at if same else None,
        when=item.when if same else None,
        since=item.valid_from if same else None,
        reason=asked.reason,
    )
    return _of(item, replace(request, operations=(operation,), vectors={} if vector is None else {item.id: vector}))


def _deleting(request: Write, reason: str, item: MemoryItem) -> Write:
    operation = Operation(
        "DELETE",
        item.id,
        item.text,
        old_text=item.text,
        expected_version=item.version,
        reason=reason,
        retracts=True,
    )
    return _of(item, replace(request, operations=(operation,)))


def _of(item: MemoryItem, request: Write) -> Write:
    """`request` at the memory's own address, which whoever names only its id need not know."""
    return replace(request, scope=Scope(item.user_id, item.agent_id, item.run_id))


def _attributes(asked: Update) -> Attributes:
    keep = asked.expires_at is ...
    return Attributes(
        metadata=asked.metadata,
        expires_at=None if isinstance(asked.expires_at, EllipsisType) else asked.expires_at,
        keep_expiry=keep,
    )


def _by_name(room: Room, kind: str, scope: Scope | None, attributes: Attributes) -> Write:
    return replace(_mark(room, scope or Scope(), kind), attributes=attributes, twins=True)


async def delete_all(io: IO, room: Room, scope: Scope) -> int:
    """Deletes every memory of `scope`, softly; how many there were."""
    removed = await io.call(room.ledger.delete_all, _mark(room, scope, "delete_all"))
    await learning.publish(io, room, removed.revision)
    return removed.count


async def clear_messages(
    io: IO, room: Room, scope: Scope, session_id: str, *, only: Collection[str] | None = None
) -> int:
    """Blanks a conversation, or `only` those turns of it; how many turns there were."""
    removed = await io.call(room.ledger.clear_messages, _mark(room, scope, "clear"), session_id, only)
    await learning.publish(io, room, removed.revision)
    return removed.count


def _mark(room: Room, scope: Scope, kind: str) -> Write:
    return Write(id=room.new_id(), kind=kind, namespace=room.namespace, scope=scope, at=room.clock(), actor="user")
