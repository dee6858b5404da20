"""`revert` and `undo`: no model is asked and nothing embedded, so each is one write and its publishing."""

from __future__ import annotations

from memx_core._io import IO
from memx_core.flows import learning, screening
from memx_core.flows.room import Room
from memx_core.ledger import Write
from memx_core.types import Change, MemoryItem, Scope


async def revert(io: IO, room: Room, memory_id: str, scope: Scope | None, *, to: int, reason: str) -> MemoryItem:
    """The memory with version `to` as its current one.

    Raises:
        MemoryNotFoundError: If it is not there, or not in the scope.
        InvalidInputError: If it has no such version, or that one is a deletion.
    """
    reason = await screening.text(io, room, reason, "the reason")
    request = _request(room, scope, "revert")
    reverted = await io.call(room.ledger.revert, request, memory_id, to=to, reason=reason)
    item = reverted.item
    await learning.publish(io, room, reverted.revision)
    return item


async def undo(
    io: IO, room: Room, operation_id: str, scope: Scope | None, *, cascade: bool, reason: str
) -> list[Change]:
    """Takes back a call, and what it changed.

    Raises:
        OperationNotFoundError: If it is not there, or not in the scope.
        InvalidInputError: If it is of a kind that cannot be undone.
        PlanConflictError: If it was taken back already, or something that came later rests on it.
    """
    reason = await screening.text(io, room, reason, "the reason")
    request = _request(room, scope, "undo")
    undone = await io.call(room.ledger.undo, request, operation_id, cascade=cascade, reason=reason)
    await learning.publish(io, room, undone.revision)
    return list(undone.changes)


def _request(room: Room, scope: Scope | None, kind: str) -> Write:
    return Write(
        id=room.new_id(), kind=kind, namespace=room.namespace, scope=scope or Scope(), at=room.clock(), actor="user"
    )
