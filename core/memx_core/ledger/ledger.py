"""The ledger: the truth about every memory, message and change. One method, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from os import PathLike

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from memx_core.filters import Filter
from memx_core.ledger import (
    approving,
    costs,
    dumping,
    erasing,
    hearing,
    history,
    loading,
    lookups,
    provenance,
    purging,
    queue,
    reads,
    removal,
    reverting,
    reviewing,
    schema,
    settling,
    spaces,
    transcripts,
    undoing,
    writes,
)
from memx_core.ledger.engine import Database
from memx_core.ledger.erasing import Erasure
from memx_core.ledger.hearing import Late
from memx_core.ledger.intake.base import Load, Loaded, VectorOf
from memx_core.ledger.moments import Then
from memx_core.ledger.spaces import Unembedded
from memx_core.ledger.values import (
    Claim,
    Committed,
    Failure,
    Held,
    OpenBatch,
    Queue,
    Removed,
    Reverted,
    Taken,
    Undone,
    Write,
)
from memx_core.moving.jsonl import Numbered
from memx_core.moving.lines import Line
from memx_core.ports import EntryKind, IndexEntry, Vector
from memx_core.provenance import Provenance
from memx_core.reports import UsageReport
from memx_core.types import AddResult, Change, Job, MemoryItem, Message, Operation, Page, Scope, Usage


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
        """Applies `request` whole; with a `key` or `plan` that was used before, nothing but the first result.

        Raises:
            Outdated: If a memory changed since the operation on it was decided.
            PlanConflictError: Likewise, if it is to be carried out exactly.
            Erased: If the scope was erased since the work for it began.
            Abandoned: If the turns of the jobs that it completes changed since they were read.
            InvalidInputError: If the key was used for something else.
        """
        with self._database.writing() as connection:
            found = history.done(connection, request)
            return writes.write(connection, request) if found is None else Committed(found, 0)

    def done(self, request: Write) -> AddResult | None:
        """What the first `write` of this plan or with this key came to, if there was one.

        Raises:
            InvalidInputError: If that was something else.
            PlanConflictError: If it was undone.
        """
        with self._database.reading() as connection:
            return history.done(connection, request)

    def settled(self, request: Write) -> tuple[tuple[Operation, ...], tuple[str, ...]]:
        """What the operations of `request` come to beside what is there now, and what of it is known already.

        Raises:
            Outdated: If a memory changed since the operation on it was decided.
        """
        with self._database.reading() as connection:
            settled = settling.settle(connection, request, settling.heads(connection, request))
            return tuple(step.operation for step in settled.steps), tuple(settled.warnings)

    def held(self, namespace: str, scope: Scope, ids: Sequence[str]) -> list[Held]:
        """What waits to be approved under `ids`, each its own or that of its call, oldest first.

        Raises:
            OperationNotFoundError: If nothing waits under one of them in `scope`.
        """
        with self._database.reading() as connection:
            return reviewing.find(connection, namespace, scope, ids)

    def approve(self, request: Write, held: Sequence[Held], vectors: Mapping[str, Vector]) -> Committed:
        """Carries out all of `held` exactly; `vectors` of their texts, by their ids.

        Raises:
            OperationNotFoundError: If one waits no more.
            PlanConflictError: If something changed that one rests on.
        """
        with self._database.writing() as connection:
            return approving.approve(connection, request, held, vectors)

    def reject(self, request: Write, ids: Sequence[str]) -> Removed:
        """Takes away what waits to be approved under `ids`.

        Raises:
            OperationNotFoundError: If nothing waits under one of them in the request's scope.
        """
        with self._database.writing() as connection:
            return approving.reject(connection, request, ids)

    def delete_all(self, request: Write) -> Removed:
        """Deletes, softly, every living memory of the request's scope."""
        with self._database.writing() as connection:
            operation = writes.open_operation(connection, request)
            return Removed(removal.delete_all(connection, request, operation), operation)

    def revert(self, request: Write, memory_id: str, *, to: int, reason: str) -> Reverted:
        """Brings a version of a memory of the request's scope back.

        Raises:
            MemoryNotFoundError: If there is no such memory in the scope.
            InvalidInputError: If it has no such version, or that one is a deletion.
        """
        with self._database.writing() as connection:
            return reverting.revert(connection, request, memory_id, to, reason)

    def undo(self, request: Write, operation_id: str, *, cascade: bool, reason: str) -> Undone:
        """Takes back a call of the request's scope.

        Raises:
            OperationNotFoundError: If there is no such call in the scope.
            InvalidInputError: If it is of a kind that cannot be undone.
            PlanConflictError: If it was taken back already, or something that came later rests on it.
        """
        with self._database.writing() as connection:
            return undoing.undo(connection, request, operation_id, cascade=cascade, reason=reason)

    def clear_messages(self, request: Write, session: str) -> Removed:
        """Blanks a conversation."""
        with self._database.writing() as connection:
            operation = writes.open_operation(connection, request)
            removed = Removed(
                transcripts.clear(connection, request.namespace, request.scope, session, operation), operation
            )
        purging.flush(self._database)
        return removed

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

    def claim(self, asked: Claim, *, lease: str, now: datetime, until: datetime) -> OpenBatch | Taken | None:
        """The oldest jobs of a queue that go together, with their turns: the caller's until then.

        `Taken` while somebody else is at the queue; `None` if nothing in it may be tried.
        """
        with self._database.writing() as connection:
            return queue.claim(connection, asked, lease=lease, now=now, until=until)

    def renew(self, batch: OpenBatch, until: datetime) -> bool:
        """Whether the batch still is its lease's; it lasts until then now."""
        with self._database.writing() as connection:
            return queue.renew(connection, batch.lease, batch.seqs, until)

    def release(self, batch: OpenBatch, failure: Failure | None = None) -> None:
        """Leaves a batch to anybody, if it still is its lease's; with a `failure`, as what came of it."""
        with self._database.writing() as connection:
            queue.release(connection, batch.lease, batch.seqs, failure)

    def replay(self, namespace: str, scope: Scope, key: str, digest: str | None) -> AddResult | None:
        """What the call with this key came to, if there was one.

        Raises:
            InvalidInputError: If that was given something else than `digest` stands for.
        """
        with self._database.reading() as connection:
            return history.replay(connection, namespace, scope, key, digest)

    def revision(self, namespace: str) -> int:
        """Number of the newest write of `namespace`."""
        with self._database.reading() as connection:
            return lookups.revision(connection, namespace)

    def entries(self, namespace: str, scope: Scope, *, since: int) -> tuple[Iterable[IndexEntry], int]:
        """What was written to `scope` after revision `since`, and the revision reached."""
        with self._database.reading() as connection:
            reached = lookups.revision(connection, namespace)
            return list(lookups.entries(connection, namespace, scope, since)), reached

    def all_entries(self, namespace: str, *, after: IndexEntry | None, limit: int) -> list[IndexEntry]:
        """The next entries of the whole application."""
        with self._database.reading() as connection:
            return list(lookups.all_entries(connection, namespace, after, limit))

    def late(self, namespace: str, *, since: int | None = None) -> Late:
        """What an index that is told has not heard of; with `since` also what was written between that and now."""
        with self._database.reading() as connection:
            return hearing.late(connection, namespace, since)

    def hear(self, namespace: str, *, heard: int, reached: int) -> bool:
        """Notes that it was told up to `reached`; False if it has heard of something else than `heard` meanwhile."""
        with self._database.writing() as connection:
            return hearing.hear(connection, namespace, heard=heard, reached=reached)

    def unhear(self, namespace: str) -> None:
        """Notes that it is to be told of everything anew."""
        with self._database.writing() as connection:
            hearing.forget(connection, namespace)

    def fingerprint(self, namespace: str) -> str | None:
        """The embedder's whose vectors serve `namespace`; `None` before the first."""
        with self._database.reading() as connection:
            found = spaces.serving(connection, namespace)
            return None if found is None else str(found.fingerprint)

    def unembedded(self, namespace: str, fingerprint: str, *, after: Unembedded | None, limit: int) -> list[Unembedded]:
        """The next rows that have no vector of `fingerprint`."""
        with self._database.reading() as connection:
            return list(islice(spaces.missing(connection, namespace, fingerprint, after=after), limit))

    def count_unembedded(self, namespace: str, fingerprint: str) -> int:
        """How many rows have no vector of `fingerprint`, about."""
        with self._database.reading() as connection:
            return spaces.count_missing(connection, namespace, fingerprint)

    def embed(self, request: Write, vectors: Mapping[Unembedded, Vector], *, serves: bool) -> None:
        """Keeps vectors of rows that had none: with `serves` only if no other embedder's are searched.

        Raises:
            EmbeddingMismatchError: If another space serves, or they are of another size than those before.
        """
        with self._database.writing() as connection:
            filled = spaces.fill(connection, request.namespace, request.fingerprint, vectors, serves=serves)
            found = spaces.serving(connection, request.namespace)
            if found is not None and found.fingerprint == request.fingerprint:
                spaces.touch(connection, filled, writes.open_operation(connection, request))
            else:
                writes.book_embedding(connection, request)

    def serve(self, request: Write, *, lacking: int) -> bool:
        """Has the vectors of the request's embedder serve, if no more than `lacking` rows have none."""
        with self._database.writing() as connection:
            found = spaces.serving(connection, request.namespace)
            if found is not None and found.fingerprint == request.fingerprint:
                return True
            missing = spaces.missing(connection, request.namespace, request.fingerprint, after=None)
            if len(list(islice(missing, lacking + 1))) > lacking:
                return False
            operation = writes.open_operation(connection, request)
            spaces.serve(connection, request.namespace, request.fingerprint, operation)
            return True

    def abandon(self, namespace: str, fingerprint: str) -> None:
        """Removes vectors that were begun for any other embedder than `fingerprint` and do not serve."""
        with self._database.writing() as connection:
            spaces.abandon(connection, namespace, fingerprint)

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
            return history.history(connection, namespace, scope, memory_id)

    def diff(self, namespace: str, scope: Scope, since: datetime, until: datetime | None) -> list[Change]:
        """Every change of the scope's memories after `since`, up to and with `until`, oldest first."""
        with self._database.reading() as connection:
            return history.diff(connection, namespace, scope, since, until)

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

    @property
    def closed(self) -> bool:
        """Whether every further call raises."""
        return self._database.closed

    def why(self, namespace: str, scope: Scope | None, memory_id: str) -> Provenance | None:
        """Every version of one memory with what it rests on; `scope=None`: whoever it belongs to."""
        with self._database.reading() as connection:
            return provenance.why(connection, namespace, scope, memory_id)

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

    def dump(self, namespace: str, scope: Scope, take: Callable[[Line], None], *, embedder: str | None) -> None:
        """Gives everything of `scope` to `take`, line by line, as it is at one moment."""
        with self._database.reading() as connection:
            for line in dumping.dump(connection, namespace, scope, embedder=embedder):
                take(line)

    def load(self, request: Load, lines: Iterable[Numbered], vector: VectorOf) -> Loaded:
        """Takes in `lines`, all or none.

        Raises:
            InvalidInputError: If one cannot be taken in.
            ScopeError: If one is outside of the request's scope.
            Outdated: If `vector` lacks one: what was here when they were made is gone.
        """
        with self._database.writing() as connection:
            return loading.take_in(connection, request, lines, vector)

    def to_embed(self, namespace: str, lines: Sequence[Numbered]) -> list[tuple[int, str]]:
        """Of lines of one type those that are new and have a text to embed: number and text."""
        with self._database.reading() as connection:
            return list(loading.to_embed(connection, namespace, lines))

    def close(self) -> None:
        """Gives back the connections."""
        self._database.close()
