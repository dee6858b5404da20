"""The ledger: the truth about every memory, message and change. One method, one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from os import PathLike

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select
from sqlalchemy.engine import URL

from memx_core.filters import Filter
from memx_core.ledger import costs, erasing, lookups, purging, queue, reads, removal, schema, transcripts, writes
from memx_core.ledger.engine import Database
from memx_core.ledger.erasing import Erasure
from memx_core.ledger.moments import Then
from memx_core.ledger.tables import spaces
from memx_core.ledger.values import Committed, OpenJob, Removed, Write
from memx_core.ports import EntryKind, IndexEntry
from memx_core.reports import UsageReport
from memx_core.types import AddResult, Change, Job, MemoryItem, Message, Page, Scope, Usage


class Ledger:
    """Reads and writes of one application's memories. Thread-safe; an `IndexSource`.

    Args:
        database: A path, `":memory:"`, a SQLAlchemy URL or an engine.

    Raises:
        LedgerError: From every method, if the database refuses.
    """

    def __init__(self, database: str | PathLike[str] | URL | Engine) -> None:
        self._database = Database(database)
        schema.prepare(self._database)

    def write(self, request: Write) -> Committed:
        """Applies `request` whole; with a `key` that was used before, nothing but the first result.

        Raises:
            Outdated: If a memory changed since the operation on it was decided.
            Erased: If the scope was erased since the work for it began.
            Abandoned: If the turns of the jobs that it completes changed since they were read.
            InvalidInputError: If the key was used for something else.
        """
        with self._database.writing() as connection:
            if request.key is not None:
                found = reads.replay(connection, request.namespace, request.scope, request.key, request.request)
                if found is not None:
                    return Committed(found, 0)
            return writes.write(connection, request)

    def delete_all(self, request: Write) -> Removed:
        """Deletes, softly, every living memory of the request's scope."""
        with self._database.writing() as connection:
            operation = writes.open_operation(connection, request)
            return Removed(removal.delete_all(connection, request, operation), operation)

    def clear_messages(self, request: Write, session: str) -> Removed:
        """Blanks a conversation."""
        with self._database.writing() as connection:
            operation = writes.open_operation(connection, request)
            count = transcripts.clear(connection, request.namespace, request.scope, session, operation)
        purging.flush(self._database)
        return Removed(count, operation)

    def reset(self, request: Write) -> Erasure:
        """Removes every row of the namespace for good; `purge` sees to the files."""
        with self._database.writing() as connection:
            return erasing.reset(connection, request.namespace, erasing.mark(writes.operation_row(request)))

    def erase(self, request: Write) -> Erasure:
        """Removes every row of the request's scope for good; `purge` sees to the files."""
        with self._database.writing() as connection:
            mark = erasing.mark(writes.operation_row(request))
            return erasing.erase(connection, request.namespace, request.scope, mark, purging.collector(connection))

    def purge(self, erasure: Erasure) -> tuple[str, ...]:
        """Overwrites what is left in the files, of this and earlier erasures; what remains, each `code: detail`."""
        with self._database.reading() as connection:
            rows = erasing.left(connection, erasure)
            rebuild = erasure.blocks is None or erasing.unverified(connection, before=erasure.mark)
        remains = purging.purge(self._database, erasure.blocks, rebuild=rebuild)
        if rows:
            remains = (f"rows: {rows} rows are still there; erase again", *remains)
        if not remains:
            with self._database.writing() as connection:
                erasing.verify(connection, until=erasure.mark)
        return remains

    def removed(self, namespace: str, scope: Scope, *, since: int) -> bool:
        """Whether something was removed for good after revision `since`, of `scope` or beside it."""
        with self._database.reading() as connection:
            return erasing.removed(connection, namespace, since)

    def release_job(self, job: int, lease: str, *, error: str | None = None) -> None:
        """Leaves a job to anybody; with an `error`, as a try that came to nothing."""
        with self._database.writing() as connection:
            queue.release(connection, job, lease, error)

    def replay(self, namespace: str, scope: Scope, key: str, digest: str | None) -> AddResult | None:
        """What the call with this key came to, if there was one.

        Raises:
            InvalidInputError: If that was given something else than `digest` stands for.
        """
        with self._database.reading() as connection:
            return reads.replay(connection, namespace, scope, key, digest)

    def revision(self, namespace: str) -> int:
        """Number of the newest write of `namespace`."""
        with self._database.reading() as connection:
            return lookups.revision(connection, namespace)

    def entries(self, namespace: str, scope: Scope, *, since: int) -> tuple[Iterable[IndexEntry], int]:
        """What was written to `scope` after revision `since`, and the revision reached."""
        with self._database.reading() as connection:
            reached = lookups.revision(connection, namespace)
            return list(lookups.entries(connection, namespace, scope, since)), reached

    def fingerprint(self, namespace: str) -> str | None:
        """The embedder's whose vectors serve `namespace`; `None` before the first."""
        with self._database.reading() as connection:
            statement = select(spaces.c.fingerprint).where(spaces.c.namespace == namespace, spaces.c.serving)
            return connection.execute(statement).scalar()

    def memory(
        self, namespace: str, scope: Scope | None, memory_id: str, now: datetime, then: Then | None = None
    ) -> MemoryItem | None:
        """One memory, as it is or as it was `then`; `scope=None`: whoever it belongs to."""
        with self._database.reading() as connection:
            return reads.memory(connection, namespace, scope, memory_id, now, then)

    def numbered(self, namespace: str, scope: Scope | None, memory_id: str, number: int) -> MemoryItem | None:
        """The version of one memory that has this number, whatever became of it."""
        with self._database.reading() as connection:
            return reads.numbered(connection, namespace, scope, memory_id, number)

    def version(self, namespace: str, memory_id: str, version: int) -> MemoryItem:
        """One version of a memory that is known to be there."""
        with self._database.reading() as connection:
            return reads.version(connection, namespace, memory_id, version)

    def memories_by_id(self, namespace: str, scope: Scope, ids: Collection[str], now: datetime) -> list[MemoryItem]:
        """The current versions of `ids` at exactly this address."""
        with self._database.reading() as connection:
            return reads.memories_by_id(connection, namespace, scope, ids, now)

    def by_slot(
        self, namespace: str, scope: Scope, slots: Collection[str], now: datetime, limit: int
    ) -> dict[int, MemoryItem]:
        """Current memories at exactly this address that fill one of `slots`, by row, newest first."""
        with self._database.reading() as connection:
            return reads.by_slot(connection, namespace, scope, slots, now, limit)

    def found(
        self,
        namespace: str,
        scope: Scope,
        *,
        memories: Collection[int],
        messages: Collection[int],
        now: datetime,
        then: Then | None = None,
    ) -> tuple[dict[int, MemoryItem], dict[int, tuple[MemoryItem, Message]]]:
        """What an index found, by row, as far as the ledger confirms it."""
        with self._database.reading() as connection:
            return (
                lookups.memories_by_row(connection, namespace, scope, memories, now, then) if memories else {},
                lookups.messages_by_row(connection, namespace, scope, messages, then) if messages else {},
            )

    def rows_left(
        self,
        namespace: str,
        scope: Scope,
        *,
        kinds: Sequence[EntryKind],
        condition: Filter | None,
        now: datetime,
        then: Then | None = None,
        exact: bool = False,
    ) -> dict[EntryKind, NDArray[np.int64]]:
        """Per kind, the rows to look at that a filter leaves; `exact`: of this very address only."""
        with self._database.reading() as connection:
            return reads.rows_left(
                connection, namespace, scope, kinds=kinds, condition=condition, now=now, then=then, exact=exact
            )

    def page(
        self,
        namespace: str,
        scope: Scope,
        *,
        condition: Filter | None,
        limit: int,
        after: tuple[int, int] | None,
        superseded: bool,
        now: datetime,
        then: Then | None = None,
    ) -> Page:
        """Memories of `scope`, newest first, beginning behind the memory and version `after`."""
        with self._database.reading() as connection:
            return reads.page(
                connection,
                namespace,
                scope,
                condition=condition,
                limit=limit,
                after=after,
                superseded=superseded,
                now=now,
                then=then,
            )

    def history(self, namespace: str, scope: Scope | None, memory_id: str) -> list[Change]:
        """Every change of one memory, oldest first."""
        with self._database.reading() as connection:
            return reads.history(connection, namespace, scope, memory_id)

    def diff(self, namespace: str, scope: Scope, since: datetime, until: datetime | None) -> list[Change]:
        """Every change of the scope's memories after `since`, up to and with `until`, oldest first."""
        with self._database.reading() as connection:
            return reads.diff(connection, namespace, scope, since, until)

    def transcript(self, namespace: str, scope: Scope, session: str | None, limit: int | None) -> list[Message]:
        """A conversation in its order; with a limit its last turns."""
        with self._database.reading() as connection:
            return transcripts.read(connection, namespace, scope, session, limit)

    def context(
        self, namespace: str, scope: Scope, session: str | None, *, limit: int, before: int | None = None
    ) -> list[Message]:
        """The last turns of a conversation at exactly this address, up to the row `before`."""
        with self._database.reading() as connection:
            return transcripts.before(connection, namespace, scope, session, limit, before)

    def jobs(self, namespace: str, scope: Scope) -> list[Job]:
        """What is still to be learned from, oldest first."""
        with self._database.reading() as connection:
            return queue.waiting(connection, namespace, scope)

    def claim_job(
        self, namespace: str, scope: Scope, *, after: int, lease: str, now: datetime, until: datetime
    ) -> OpenJob | None:
        """The oldest job behind `after` that nobody else is at, with its messages; ours until `until`."""
        with self._database.writing() as connection:
            return queue.claim(connection, namespace, scope, after=after, lease=lease, now=now, until=until)

    def spend(self, namespace: str, scope: Scope, *, at: datetime, model: str, usage: Usage) -> None:
        """Books what a model's answer cost, whatever becomes of it.

        `flows.proposing` does so for every answer; a write books only embedding calls.
        """
        with self._database.writing() as connection:
            costs.record(connection, namespace, scope, at=at, model=model, usage=usage)

    def spent(self, namespace: str, scope: Scope | None, *, at: datetime) -> int:
        """Tokens booked on the UTC day of `at`, of exactly this address; `None`: of the whole application."""
        with self._database.reading() as connection:
            return costs.spent(connection, namespace, scope, at)

    def usage(self, namespace: str, scope: Scope, *, since: date | None, until: date | None) -> UsageReport:
        """What `scope` cost on the UTC days from `since` to `until`, both included."""
        with self._database.reading() as connection:
            return costs.report(connection, namespace, scope, since=since, until=until)

    def close(self) -> None:
        """Gives back the connections."""
        self._database.close()
