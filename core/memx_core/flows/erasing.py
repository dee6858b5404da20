"""`erase` and `reset`: removing for good, first from the tables, then from the index and the files."""

from __future__ import annotations

from memx_core._io import IO
from memx_core.errors import IndexUnavailableError
from memx_core.flows.room import Room
from memx_core.ledger import Erasure, Write
from memx_core.reports import ErasureReport
from memx_core.types import Scope


async def erase(io: IO, room: Room, scope: Scope) -> ErasureReport:
    """Removes all of `scope` for good, and what was removed."""
    erasure = await io.call(room.ledger.erase, _mark(room, scope, "erase"))
    kept = await _drop(io, room, scope)
    purged = await io.call(room.ledger.purge, erasure)
    return _report(erasure, verified=not purged.found, remains=(*purged.found, *purged.beyond, *kept))


async def _drop(io: IO, room: Room, scope: Scope) -> tuple[str, ...]:
    """Has the index forget; what it may still hold."""
    try:
        await io.call(room.index.drop, room.namespace, scope)
    except IndexUnavailableError as error:
        return (f"index: it refused ({error}); erase again",)
    return () if not room.told else ("index: a server of vectors may keep deleted ones on its disk for a while",)


def _report(erasure: Erasure, *, verified: bool, remains: tuple[str, ...]) -> ErasureReport:
    return ErasureReport(
        memories=erasure.count("memories"),
        versions=erasure.count("versions"),
        changes=erasure.count("changes"),
        messages=erasure.count("messages"),
        evidence=erasure.count("evidence"),
        embeddings=erasure.count("version_vectors", "message_vectors"),
        jobs=erasure.count("jobs"),
        reviews=erasure.count("reviews"),
        operations=erasure.count("operations"),
        verified=verified,
        remains=remains,
    )


async def reset(io: IO, room: Room) -> None:
    """Removes everything of this application for good."""
    erasure = await io.call(room.ledger.reset, _mark(room, Scope(), "reset"))
    await io.call(room.index.drop, room.namespace)
    await io.call(room.ledger.purge, erasure)


def _mark(room: Room, scope: Scope, kind: str) -> Write:
    return Write(id=room.new_id(), kind=kind, namespace=room.namespace, scope=scope, at=room.clock(), actor="user")
