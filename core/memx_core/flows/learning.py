"""From messages to memories, in one write; and the index hears of it.

Whoever starts it has the messages either in hand (`add`) or in the ledger already (a job). All
work of models and embedders is done before the write begins.
"""

from __future__ import annotations

import logging
from functools import partial

from memx_core._io import IO
from memx_core.errors import IndexUnavailableError
from memx_core.flows import deciding
from memx_core.flows.batches import Batch, Decided
from memx_core.flows.committing import commit
from memx_core.flows.gating import Gate
from memx_core.flows.room import Room
from memx_core.ledger import Attributes, Committed, JobRequest, Write
from memx_core.types import AddResult, Kind, Usage

_logger = logging.getLogger("memx_core")


async def learn(io: IO, room: Room, batch: Batch) -> Committed:
    """Learns from `batch`, keeping its messages, in one write that the index has not heard of yet."""
    return await deciding.decide(io, room, batch, partial(_commit, io, room, Gate(room.policy)))


async def _commit(io: IO, room: Room, gate: Gate, batch: Batch, decided: Decided) -> Committed:
    request = writing(room, batch, decided)
    gated = await gate.sort(io, room, request)
    return await commit(io, room, gated)


def writing(room: Room, batch: Batch, decided: Decided) -> Write:
    """The write of `decided`."""
    return Write(
        id=room.new_id(),
        kind="add",
        namespace=room.namespace,
        scope=batch.scope,
        at=room.clock(),
        actor=decided.actor,
        messages=batch.messages,
        stored=batch.stored,
        message_vectors=decided.heard,
        operations=decided.operations,
        vectors=decided.vectors,
        attributes=_attributes(decided.kind, batch.request),
        key=batch.key,
        request=batch.digest,
        prompt=decided.prompt,
        usage=decided.usage + Usage(embedding_calls=bool(decided.heard)),
        warnings=(*batch.warnings, *decided.warnings),
        fingerprint=decided.fingerprint,
        done=batch.jobs,
        begun=batch.begun,
    )


def _attributes(kind: Kind, request: JobRequest) -> Attributes:
    return Attributes(
        kind=kind,
        metadata=request.metadata or None,
        merge=True,
        expires_at=request.expires_at,
        keep_expiry=request.expires_at is None,
    )


async def write(io: IO, room: Room, request: Write) -> AddResult:
    """Writes, and tells the index."""
    committed = await commit(io, room, request)
    await publish(io, room, committed.revision)
    return committed.result


async def publish(io: IO, room: Room, revision: int) -> None:
    """Tells the index that something was written.

    If it refuses, the write is none the less done: the ledger knows what the index has not heard,
    and whoever searches next, or the worker, tells it. Until then the ledger is searched.
    """
    if not revision:
        return
    try:
        await io.call(room.index.apply, room.namespace, ())
    except IndexUnavailableError as error:
        _logger.warning("the index has not heard of the last write yet: %s", error)
