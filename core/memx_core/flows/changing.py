"""`update`, `delete` and their kin: changes that a person or an application asks for by name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from types import EllipsisType

from memx_core import searchable
from memx_core._io import IO
from memx_core.errors import MemoryNotFoundError, PlanConflictError
from memx_core.flows import deciding, learning, screening
from memx_core.flows.room import Room
from memx_core.ledger import Attributes, Outdated, Write
from memx_core.ports import Vector
from memx_core.types import AddResult, MemoryItem, Metadata, Operation, Scope, Usage


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
    vector: Vector | None = None
    if asked.text is not None:
        (vector,) = await io.embed_documents([searchable.memory_text(asked.text, None)])
    for _ in range(deciding.TRIES):
        item = await existing(io, room, asked.memory_id, asked.scope)
        try:
            result = await _write(io, room, item, _updated(asked, item), _attributes(asked), vector)
        except Outdated:
            continue
        (change,) = result.changes
        return await io.call(room.ledger.version, room.namespace, item.id, change.version)
    raise _changing(asked.memory_id)


async def delete(io: IO, room: Room, memory_id: str, scope: Scope | None, *, reason: str) -> None:
    """Deletes one memory, softly.

    Raises:
        MemoryNotFoundError: If it is not there, or not in the scope.
    """
    reason = await screening.text(io, room, reason, "the reason")
    for _ in range(deciding.TRIES):
        item = await existing(io, room, memory_id, scope)
        operation = Operation(
            "DELETE",
            item.id,
            item.text,
            old_text=item.text,
            expected_version=item.version,
            reason=reason,
            retracts=True,
        )
        try:
            await _write(io, room, item, operation, Attributes(keep_expiry=True), None)
        except Outdated:
            continue
        return
    raise _changing(memory_id)


async def existing(io: IO, room: Room, memory_id: str, scope: Scope | None) -> MemoryItem:
    """The current version.

    Raises:
        MemoryNotFoundError: If it is not there, or not in the scope.
    """
    item = await io.call(room.ledger.memory, room.namespace, scope, memory_id, room.clock())
    if item is None:
        raise MemoryNotFoundError(memory_id)
    return item


async def _screened(io: IO, room: Room, asked: Update) -> Update:
    return replace(
        asked,
        text=None if asked.text is None else await screening.text(io, room, asked.text, "the text"),
        metadata=None if asked.metadata is None else await screening.metadata(io, room, asked.metadata, "metadata"),
        reason=await screening.text(io, room, asked.reason, "the reason"),
    )


def _updated(asked: Update, item: MemoryItem) -> Operation:
    same = asked.text is None
    return Operation(
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


def _attributes(asked: Update) -> Attributes:
    keep = asked.expires_at is ...
    return Attributes(
        metadata=asked.metadata,
        expires_at=None if isinstance(asked.expires_at, EllipsisType) else asked.expires_at,
        keep_expiry=keep,
    )


async def _write(
    io: IO, room: Room, item: MemoryItem, operation: Operation, attributes: Attributes, vector: Vector | None
) -> AddResult:
    request = Write(
        id=room.new_id(),
        kind=operation.event.lower(),
        namespace=room.namespace,
        scope=Scope(item.user_id, item.agent_id, item.run_id),
        at=room.clock(),
        actor="user",
        operations=(operation,),
        vectors={} if vector is None else {item.id: vector},
        attributes=attributes,
        twins=True,
        usage=Usage(embedding_calls=int(vector is not None)),
        fingerprint=io.fingerprint,
    )
    return await learning.write(io, room, request)


def _changing(memory_id: str) -> PlanConflictError:
    return PlanConflictError(f"memory {memory_id!r} kept changing through {deciding.TRIES} tries; call again")


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
