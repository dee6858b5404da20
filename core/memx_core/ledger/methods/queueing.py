"""What is still to be done: jobs, and who is at them."""

from __future__ import annotations

from datetime import datetime

from memx_core.ledger import queue, reviewing
from memx_core.ledger.methods.base import Base
from memx_core.ledger.refusals import repeated
from memx_core.ledger.values import Claim, Failure, OpenBatch, Queue, Taken
from memx_core.types import Job, Scope


class Queueing(Base):
    """What is still to be done: jobs, and who is at them."""

    def jobs(self, namespace: str, scope: Scope) -> list[Job]:
        """What is still to be learned from or to be approved, oldest first."""
        with self._database.reading() as connection:
            jobs = queue.waiting(connection, namespace, scope)
            held = map(reviewing.job, reviewing.waiting(connection, namespace, scope))
            return sorted([*jobs, *held], key=lambda job: job.created_at)

    def any_queued(self, namespace: str) -> bool:
        """Whether a worker has, or will have, something to do."""
        with self._database.reading() as connection:
            return queue.any_queued(connection, namespace)

    def queues(self, namespace: str, scope: Scope) -> list[Queue]:
        """The queues of `scope`, the one with the oldest job first."""
        with self._database.reading() as connection:
            return queue.queues(connection, namespace, scope)

    def due(self, namespace: str, *, now: datetime, quiet: datetime) -> list[Queue]:
        """Queues that nobody is at and whose oldest job may be tried; fresh jobs have to be quiet, or enough."""
        with self._database.reading() as connection:
            return queue.due(connection, namespace, now=now, quiet=quiet)

    @repeated
    def claim(self, asked: Claim, *, lease: str, now: datetime, until: datetime) -> OpenBatch | Taken | None:
        """The oldest jobs of a queue that go together, with their turns: the caller's until then.

        `Taken` while somebody else is at the queue; `None` if nothing in it may be tried.
        """
        with self._database.writing(None) as connection:
            return queue.claim(connection, asked, lease=lease, now=now, until=until)

    @repeated
    def renew(self, batch: OpenBatch, until: datetime) -> bool:
        """Whether the batch still is its lease's; it lasts until then now."""
        with self._database.writing(None) as connection:
            return queue.renew(connection, batch.lease, batch.seqs, until)

    @repeated
    def release(self, batch: OpenBatch, failure: Failure | None = None) -> None:
        """Leaves a batch to anybody, if it still is its lease's; with a `failure`, as what came of it."""
        with self._database.writing(None) as connection:
            queue.release(connection, batch.lease, batch.seqs, failure)
