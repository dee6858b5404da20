"""`add` and its kin: keep what was said, and learn from it now or later.

What a person said is kept whatever the model does: if learning fails, the messages are stored
with a job, and the error is raised.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from memx_core._io import IO
from memx_core.errors import BudgetExceededError, InvalidInputError, LedgerError, ScreenedError
from memx_core.flows import budgeting, learning, screening
from memx_core.flows.batches import Batch, embed_messages, is_heard
from memx_core.flows.gating import Misjudged
from memx_core.flows.room import Room
from memx_core.ledger import Write
from memx_core.ports import Vector
from memx_core.types import AddResult, Usage

LONGEST_TURN = timedelta(minutes=10)
"""After that a turn that nobody completed is learned from as it is."""


async def add(io: IO, room: Room, batch: Batch) -> AddResult:
    """Keeps the messages and learns from them; when the budget is spent, perhaps on a later day.

    Raises:
        ExtractionError: If the model's answer is unusable; the messages are queued.
        BudgetExceededError: If the day's tokens are spent, likewise.
        ScreenedError: If the screen fails: at a message, nothing is kept; at a memory, the messages are.
    """
    batch = await screening.batch(io, room, batch)
    done = await replayed(io, room, batch)
    if done is not None:
        return done
    try:
        committed = await learning.learn(io, room, batch)
    except (Misjudged, ScreenedError) as error:  # the call is right, only the policy or the screen is not
        await _keep_after(io, room, batch, error)
        raise
    except (InvalidInputError, LedgerError):
        raise  # the call is wrong, or nothing can be kept
    except BudgetExceededError as error:
        queued = await keep(io, room, batch, kind="add", learn=True, spent=error)
        if room.budget is not None and room.budget.on_exceed == "messages_only":
            return queued
        raise
    except Exception as error:
        await _keep_after(io, room, batch, error)
        raise
    await learning.publish(io, room, committed.revision)
    return committed.result


async def _keep_after(
    io: IO, room: Room, batch: Batch, error: Exception, *, kind: str = "add", learn: bool = True
) -> None:
    """Keeps the messages without vectors, which a job may make later; not where a job has nothing to learn."""
    if not batch.infer:
        return
    request = _keeping(io, room, batch, {}, kind=kind, learn=learn)
    again = room.clock() + room.background.pause(1)
    try:
        await learning.write(io, room, replace(request, failed=await screening.told(io, room, error), not_before=again))
    except Exception as second:
        error.add_note(f"the messages could not be queued either: {second}")
        raise error from second


async def add_later(io: IO, room: Room, batch: Batch) -> AddResult:
    """Keeps the messages, findable at once, and queues the learning."""
    batch = await screening.batch(io, room, batch)
    done = await replayed(io, room, batch)
    if done is not None:
        return done
    return await keep(io, room, batch, kind="add", learn=True)


async def put(io: IO, room: Room, batch: Batch, *, learn: bool, complete: bool) -> AddResult:
    """Keeps turns of a transcript, findable at once; what is to be learned from waits until they are `complete`."""
    batch = await screening.batch(io, room, replace(batch, request=replace(batch.request, complete=complete)))
    return await keep(io, room, batch, kind="put", learn=learn)


async def keep(
    io: IO, room: Room, batch: Batch, *, kind: str, learn: bool, spent: BudgetExceededError | None = None
) -> AddResult:
    """Keeps the messages, findable at once; with `learn` for a job to learn from: tomorrow, if the budget is spent.

    Until the job embeds them they are found by their words, so that nobody waits for an embedder.
    """
    soon = spent is None and _waits(batch, learn=learn)
    try:
        vectors = {} if soon else await embed_messages(io, batch.messages)
    except InvalidInputError:
        raise
    except Exception as error:
        await _keep_after(io, room, batch, error, kind=kind, learn=learn)
        raise
    request = _keeping(io, room, batch, vectors, kind=kind, learn=learn)
    if spent is not None:
        request = replace(request, not_before=spent.resets_at, warnings=(*batch.warnings, budgeting.warning(spent)))
    elif soon and room.no_worker:
        request = replace(request, warnings=(*batch.warnings, room.no_worker))
    if not batch.request.complete and request.not_before is None:
        request = replace(request, not_before=room.clock() + LONGEST_TURN)
    return await learning.write(io, room, request)


def _keeping(io: IO, room: Room, batch: Batch, vectors: dict[int, Vector], *, kind: str, learn: bool) -> Write:
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
        warnings=batch.warnings,
        usage=Usage(embedding_calls=int(bool(vectors))),
        job=batch.request if _waits(batch, learn=learn) else None,
        fingerprint=io.fingerprint,
    )


def _waits(batch: Batch, *, learn: bool) -> bool:
    """Whether a job has something to do: to embed it, if not to learn from it."""
    return learn and any(map(is_heard, batch.messages))


async def replayed(io: IO, room: Room, batch: Batch) -> AddResult | None:
    """What the first call with this key came to."""
    if batch.key is None:
        return None
    return await io.call(room.ledger.replay, room.namespace, batch.scope, batch.key, batch.digest)
