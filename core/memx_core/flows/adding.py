"""`add` and its kin: keep what was said, and learn from it now or later.

What a person said is kept whatever the model does: if learning fails, the messages are stored
with a job, and the error is raised.
"""

from __future__ import annotations

from dataclasses import replace

from memx_core._io import IO
from memx_core.errors import InvalidInputError, LedgerError
from memx_core.flows import learning
from memx_core.flows.learning import Batch
from memx_core.flows.room import Room
from memx_core.ledger import Attributes, Write
from memx_core.ports import Vector
from memx_core.types import AddResult, Evidence, Message, Operation, Usage


async def add(io: IO, room: Room, batch: Batch) -> AddResult:
    """Keeps the messages and learns from them.

    Raises:
        ExtractionError: If the model's answer is unusable; the messages are queued.
    """
    done = await _replayed(io, room, batch)
    if done is not None:
        return done
    try:
        committed = await learning.learn(io, room, batch)
    except (InvalidInputError, LedgerError):
        raise  # the call is wrong, or nothing can be kept
    except Exception as error:
        await _keep_after(io, room, batch, error)
        raise
    await learning.publish(io, room, batch.scope, committed.revision)
    return committed.result


async def _keep_after(
    io: IO, room: Room, batch: Batch, error: Exception, *, kind: str = "add", learn: bool = True
) -> None:
    """Keeps the messages without vectors, which a job may make later."""
    try:
        await learning.write(io, room, _keeping(room, batch, {}, kind=kind, learn=learn))
    except Exception as second:
        error.add_note(f"the messages could not be queued either: {second}")
        raise error from second


async def add_later(io: IO, room: Room, batch: Batch) -> AddResult:
    """Keeps the messages, findable at once, and queues the learning."""
    done = await _replayed(io, room, batch)
    if done is not None:
        return done
    return await keep(io, room, batch, kind="add", learn=True)


async def keep(io: IO, room: Room, batch: Batch, *, kind: str, learn: bool) -> AddResult:
    """Keeps the messages, findable at once; with `learn` for a job to learn from."""
    try:
        vectors = await learning.embed_messages(io, batch.messages)
    except InvalidInputError:
        raise
    except Exception as error:
        await _keep_after(io, room, batch, error, kind=kind, learn=learn)
        raise
    return await learning.write(io, room, _keeping(room, batch, vectors, kind=kind, learn=learn))


async def add_verbatim(io: IO, room: Room, batch: Batch) -> AddResult:
    """Every turn of user and assistant becomes a memory as it is; no model is asked."""
    done = await _replayed(io, room, batch)
    if done is not None:
        return done
    vectors = await learning.embed_messages(io, batch.messages)
    operations = tuple(_verbatim(room, at, batch.messages[at]) for at in vectors)
    request = replace(
        _keeping(room, batch, vectors, kind="add", learn=False),
        operations=operations,
        vectors={operation.memory_id: vectors[at] for at, operation in zip(vectors, operations, strict=True)},
        attributes=Attributes("verbatim", batch.request.metadata, False, batch.request.expires_at),
    )
    return await learning.write(io, room, request)


def _verbatim(room: Room, position: int, message: Message) -> Operation:
    return Operation(
        event="ADD",
        memory_id=room.new_id(),
        text=message.content,
        evidence=(Evidence(position, message.content, 0),),
        said_at=message.timestamp,
        subject=message.name,
        reason="kept as it was said",
    )


def _keeping(room: Room, batch: Batch, vectors: dict[int, Vector], *, kind: str, learn: bool) -> Write:
    waits = learn and any(map(learning.is_learned, batch.messages))
    return Write(
        id=room.new_id(),
        kind=kind,
        namespace=room.namespace,
        scope=batch.scope,
        at=room.clock(),
        actor="user",
        messages=batch.messages,
        message_vectors=vectors,
        key=batch.key,
        request=batch.digest,
        usage=Usage(embedding_calls=int(bool(vectors))),
        job=batch.request if waits else None,
        fingerprint=room.fingerprint,
    )


async def _replayed(io: IO, room: Room, batch: Batch) -> AddResult | None:
    """What the first call with this key came to."""
    if batch.key is None:
        return None
    return await io.call(room.ledger.replay, room.namespace, batch.scope, batch.key, batch.digest)
