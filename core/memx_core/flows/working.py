"""Working off the queue: what `add` and `put_messages` left to be learned from later."""

from __future__ import annotations

from datetime import timedelta

from memx_core import inputs
from memx_core._io import IO
from memx_core.flows import learning
from memx_core.flows.learning import Batch
from memx_core.flows.room import Room
from memx_core.ledger import Abandoned, OpenJob
from memx_core.types import Scope

LEASE = timedelta(minutes=10)
"""How long a job is left to whoever took it."""
LONGEST_ERROR = 1_000
"""Characters of a provider's error that are kept."""


async def flush(io: IO, room: Room, scope: Scope, *, seconds: float | None) -> None:
    """Does every waiting job of `scope`; the first failure is raised when all have had their turn."""
    started, failure, after = room.clock(), None, 0
    lease = room.new_id()  # ours in all that follows
    while seconds is None or room.clock() - started < timedelta(seconds=seconds):
        now = room.clock()
        job = await io.call(
            room.ledger.claim_job, room.namespace, scope, after=after, lease=lease, now=now, until=now + LEASE
        )
        if job is None:
            break
        try:
            await _learn_from(io, room, job)
        except Abandoned:
            await io.call(room.ledger.release_job, job.seq, lease)
            continue  # once more, from what is there now
        except Exception as error:  # noqa: BLE001  # raised below, when every job has had its turn
            await io.call(room.ledger.release_job, job.seq, lease, error=_told(error))
            failure = failure or error
        except BaseException:  # cancelled, or interrupted: whoever comes next need not wait for the lease to end
            await io.call(room.ledger.release_job, job.seq, lease)
            raise
        after = job.seq
    if failure is not None:
        raise failure


async def _learn_from(io: IO, room: Room, job: OpenJob) -> None:
    batch = Batch(
        scope=job.scope,
        messages=tuple(stored.message for stored in job.messages),
        session_id=job.session,
        request=job.request,
        stored=tuple(stored.row for stored in job.messages),
        jobs=(job.seq,),
    )
    committed = await learning.learn(io, room, batch)
    await learning.publish(io, room, job.scope, committed.revision)


def _told(error: Exception) -> str:
    return inputs.clean(f"{type(error).__name__}: {error}"[:LONGEST_ERROR])
