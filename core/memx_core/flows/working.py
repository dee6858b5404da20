"""Working off the queues: what `add` and `put_messages` left to be learned from later.

One turn at a queue learns from its oldest batch, or notes why that failed; then the batch stays
first, and goes alone from then on. The worker takes turns where they are due, `flush` takes all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from memx_core._io import IO
from memx_core.errors import (
    BudgetExceededError,
    ExtractionError,
    IndexUnavailableError,
    InvalidInputError,
    LedgerError,
)
from memx_core.flows import learning, screening
from memx_core.flows.batches import Batch
from memx_core.flows.room import Room
from memx_core.ledger import Abandoned, Claim, Failure, OpenBatch, Queue, Taken
from memx_core.types import Job, Scope

Hold: TypeAlias = Callable[[OpenBatch], Callable[[], None]]
"""Begins to renew the lease of a batch; what it returns ends that. Neither blocks for long."""
_logger = logging.getLogger("memx_core")
_PAUSE, _LONGEST_PAUSE = 0.02, 0.5  # seconds between two looks at what others are at


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn at a queue.

    Attributes:
        batch: What it was about.
        error: Why it came to nothing, if it did.
        parked: It was the last try that nobody asks for.
    """

    batch: OpenBatch
    error: Exception | None = None
    parked: bool = False


async def take(io: IO, room: Room, hold: Hold, claim: Claim, *, down: bool = False) -> Turn | Taken | None:
    """Learns from the batch that is next; whatever comes of it is in the ledger.

    Args:
        io: Awaits or blocks.
        room: Where.
        hold: Keeps the lease while it is at work.
        claim: What to take.
        down: Everything has been failing lately, so this failing says little about the jobs.
    """
    now = room.clock()
    until = now + timedelta(seconds=room.background.lease)
    found = await io.call(room.ledger.claim, claim, lease=room.new_id(), now=now, until=until)
    if not isinstance(found, OpenBatch):
        return found
    let_go = await io.call(hold, found)
    try:
        return await _worked(io, room, found, down=down)
    finally:
        let_go()


async def _worked(io: IO, room: Room, batch: OpenBatch, *, down: bool) -> Turn:
    try:
        await _learn_from(io, room, batch)
    except Abandoned:
        await io.call(room.ledger.release, batch)  # it is taken up again, as it is now
        return Turn(batch)
    except Exception as error:  # noqa: BLE001  # noted with its jobs, and told to whoever asked
        failure = _failure(room, batch, error, await screening.told(io, room, error), down=down)
        await io.call(room.ledger.release, batch, failure)
        return Turn(batch, error, failure.parks)
    except BaseException:  # cancelled, or interrupted: whoever comes next need not wait for the lease to end
        await io.call(room.ledger.release, batch)
        raise
    return Turn(batch)


async def _learn_from(io: IO, room: Room, open_batch: OpenBatch) -> None:
    batch = Batch(
        scope=open_batch.scope,
        messages=tuple(stored.message for stored in open_batch.messages),
        session_id=open_batch.session,
        request=open_batch.request,
        stored=tuple(stored.row for stored in open_batch.messages),
        jobs=open_batch.seqs,
    )
    committed = await learning.learn(io, room, batch)
    if left_out := committed.result.warnings:  # of a call that returned long ago
        kinds = sorted({warning.partition(":")[0] for warning in left_out})  # and no texts
        _logger.info("learned from what was queued; left out: %s", ", ".join(kinds))
    await learning.publish(io, room, committed.revision)


def _failure(room: Room, batch: OpenBatch, error: Exception, told: str, *, down: bool) -> Failure:
    now = room.clock()
    if isinstance(error, BudgetExceededError):
        return Failure(told, error.resets_at, counts=False)
    first = batch.jobs[0]
    failures = first.attempts + 1
    alone = len(batch.jobs) == 1  # of several nobody knows yet whose fault it is
    gives_up = room.background.gives_up(failures, now - first.created_at, down=down and not is_unusable(error))
    if isinstance(error, LedgerError):  # no job's fault
        return Failure(told, now + room.background.pause(failures), counts=False)
    return Failure(told, now + room.background.pause(failures), parks=alone and gives_up)


def is_unusable(error: Exception) -> bool:
    """Whether it was the answer or the messages: the provider is there, and others may fare better."""
    return isinstance(error, ExtractionError | InvalidInputError)


async def pending(io: IO, room: Room, scope: Scope) -> list[Job]:
    """What of `scope` is still to be learned from or to be approved.

    What has failed too often is shown as parked, also while it is tried on because the provider
    answers nobody.
    """
    jobs = await io.call(room.ledger.jobs, room.namespace, scope)
    tries = room.background.tries
    return [replace(job, status="parked") if job.status == "queued" and job.attempts >= tries else job for job in jobs]


async def flush(io: IO, room: Room, hold: Hold, scope: Scope, *, seconds: float | None) -> None:
    """Learns from everything that waits in `scope`, and waits for what others are at.

    The first failure is raised when all queues have had their turn.
    """
    over = _deadline(seconds)
    lines = [_Line(queue) for queue in await io.call(room.ledger.queues, room.namespace, scope)]
    patience = _Patience(room.background.lease)
    failure: Exception | None = None
    pause = _PAUSE
    while lines and not over():
        busy: list[_Line] = []
        for line in lines:
            failed, taken = await _work_off(io, room, hold, line, over)
            failure = failure or failed
            if taken is not None:
                line.dead = patience.lost(taken)
                busy.append(line)
        if busy and len(busy) == len(lines) and not over():
            await io.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        lines = busy
    if failure is not None:
        raise failure


@dataclass(slots=True)
class _Line:
    """How far a flush has come with a queue.

    Attributes:
        after: The last job that was tried and passed over.
        dead: A lease that is no longer waited for.
    """

    queue: Queue
    after: int = 0
    dead: str | None = None


async def _work_off(
    io: IO, room: Room, hold: Hold, line: _Line, over: Callable[[], bool]
) -> tuple[Exception | None, Taken | None]:
    """The first failure in a queue, and who else is at it; when there is neither, nothing is left of it."""
    failure: Exception | None = None
    while not over():
        claim = Claim(line.queue, wanted=True, after=line.after, dead=line.dead)
        turn = await take(io, room, hold, claim)
        if not isinstance(turn, Turn):
            return failure, turn
        if turn.error is None:
            continue
        if isinstance(turn.error, BudgetExceededError):
            return failure, None
        failure = failure or turn.error
        if turn.parked:
            line.after = turn.batch.jobs[-1].seq
        elif not _goes_on(turn):
            return failure, None
    return failure, None


def _goes_on(turn: Turn) -> bool:
    """Whether the same queue has more to try now: what failed together by its answer is tried one by one."""
    assert turn.error is not None
    return isinstance(turn.error, IndexUnavailableError) or (is_unusable(turn.error) and len(turn.batch.jobs) > 1)


def _deadline(seconds: float | None) -> Callable[[], bool]:
    """Whether the time is over; real time, as somebody is waiting."""
    if seconds is None:
        return lambda: False
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


class _Patience:
    """Leases of others, and since when they have not been renewed.

    A lease is judged by the room's clock, which may stand still, or be another's. Real time decides
    then: who has not renewed a lease for as long as it lasts is not expected back.
    """

    def __init__(self, lease: float) -> None:
        self._lease = lease
        self._seen: dict[Taken, float] = {}

    def lost(self, taken: Taken) -> str | None:
        """The lease, if it is no longer waited for."""
        since = self._seen.setdefault(taken, time.monotonic())
        return taken.lease if time.monotonic() - since > self._lease else None
