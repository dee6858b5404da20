"""Taking in: lines of an export, or of another application's, in one writing transaction.

Everything is applied, or nothing. What is here already is skipped when it says the same; what says something else under
the same id, or belongs to somebody else, refuses the whole file. A memory that says what a living one at its address
says already is left out with a warning, with its versions and their evidence. No id of a row is taken from a file:
references are looked up here, batch by batch, so that the size of a file does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Row, Table, func, insert, or_, select, update

from memx_core import addresses
from memx_core.errors import InvalidInputError, ScopeError
from memx_core.ledger import merging, picturing, rows
from memx_core.ledger.spaces import space
from memx_core.ledger.tables import (
    changes,
    conflicts,
    evidence,
    jobs,
    marks,
    memories,
    message_vectors,
    messages,
    operations,
    reviews,
    version_vectors,
    versions,
)
from memx_core.ledger.values import Outdated, Write
from memx_core.ledger.writes import open_operation
from memx_core.moving import jsonl
from memx_core.moving.jsonl import Numbered
from memx_core.moving.lines import (
    ChangeLine,
    ConflictLine,
    EvidenceLine,
    JobLine,
    Line,
    MarkLine,
    MemoryLine,
    MessageLine,
    OperationLine,
    ReviewLine,
    TurnLine,
    VersionLine,
)
from memx_core.moving.reports import LoadReport, Warnings
from memx_core.moving.texts import embedded_text
from memx_core.text import fingerprint
from memx_core.types import Scope

BATCH = 500
"""Lines that are taken in with one statement."""
VectorOf: TypeAlias = Callable[[int, Line], bytes | None]
"""The vector of a line, by its number; `None` if there is none."""
_L = TypeVar("_L", bound=Line)
_Batch: TypeAlias = Sequence[tuple[int, _L]]
_NO_SCOPE = Scope()


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be taken in.

    Attributes:
        write: The load itself; its scope is the limit that no line may exceed.
        foreign: The lines were made of another application's file: what is here already may have gone on, or
            lack metadata, and what is new was done by the load itself.
        warnings: Where to say what was left out.
    """

    write: Write
    foreign: bool = False
    warnings: Warnings = field(default_factory=Warnings)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to.

    Attributes:
        report: For the caller.
        revision: Its number; 0 if nothing was new.
    """

    report: LoadReport
    revision: int


@dataclass(slots=True)
class _Loading:
    """One load, inside one writing transaction."""

    connection: Connection
    load: Load
    vector: VectorOf
    revision: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    _before: dict[str, int] = field(default_factory=dict[str, int])
    _instead: dict[str, str] = field(default_factory=dict[str, str])  # left out: the id of what says the same
    _reach: dict[str, Scope] = field(default_factory=dict[str, Scope])  # of operations that came as parts
    _later: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])  # operations to refer to
    _space: tuple[int, int] | None = None

    def run(self, lines: Iterable[Numbered]) -> Loaded:
        """Takes in all of them, in their order.

        Raises:
            InvalidInputError: If one cannot be.
            ScopeError: If one is outside of the scope.
            Outdated: If a vector is missing: what was here when they were made is gone.
        """
        for table, column in ((operations, "seq"), (jobs, "seq"), (messages, "row"), (memories, "seq")):
            self._before[table.name] = self.connection.execute(select(func.max(table.c[column]))).scalar() or 0
        takers: dict[str, Callable[[Any], None]] = {
            "operation": self._operations,
            "job": self._jobs,
            "message": self._messages,
            "memory": self._memories,
            "version": self._versions,
            "change": self._changes,
            "evidence": self._evidence,
            "conflict": self._conflicts,
            "mark": self._marks,
            "review": self._reviews,
        }
        for batch in jsonl.batches(lines, BATCH):
            takers[batch[0][1].type](batch)
        self._refer()
        if self.revision:
            self._check()
        report = LoadReport(
            operation_id=self.load.write.id if self.revision else None,
            warnings=self.load.warnings.all(),
            **self.counts,
        )
        return Loaded(report, self.revision)

    # What there is

    def _count(self, name: str, number: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + number

    def _is_new(self, table: Table, seq: int) -> bool:
        return seq > self._before[table.name]

    def _opened(self) -> int:
        """The revision of all that is written; the load's own row is made by whatever comes first."""
        if not self.revision:
            self.revision = open_operation(self.connection, self.load.write)
        return self.revision

    def _allow(self, number: int, scope: Scope) -> None:
        limit = self.load.write.scope
        if not _around(limit, scope):
            raise ScopeError(f"line {number} belongs to another scope than {limit!r}; nothing was loaded")

    def _address(self, scope: Scope) -> dict[str, str | None]:
        return addresses.columns(self.load.write.namespace, scope)

    def _by_id(self, table: Table, ids: Iterable[str | None]) -> dict[str, Row[Any]]:
        wanted = {id for id in ids if id is not None}
        if not wanted:
            return {}
        return {row.id: row for row in self.connection.execute(select(table).where(table.c.id.in_(wanted)))}

    def _calls(self, ids: Iterable[str | None]) -> dict[str, Row[Any]]:
        """Operations by id."""
        return self._by_id(operations, ids)

    def _call(self, number: int, known: Mapping[str, Row[Any]], id: str, scope: Scope) -> int:
        """The number of an operation that a row of `scope` may refer to: one of that scope, or around it."""
        if id == self.load.write.id:
            return self._opened()
        row = known.get(id)
        if row is None or row.namespace != self.load.write.namespace:
            raise InvalidInputError(f"line {number} refers to operation {id!r}, which is not before it")
        here = self._reach.get(id, rows.scope_of(row))
        if not _around(here, scope):
            if id not in self._reach:
                raise InvalidInputError(f"line {number} refers to operation {id!r}, which is not before it")
            self._widen(id, _common(here, scope))
        seq: int = row.seq
        return seq

    def _widen(self, id: str, scope: Scope) -> None:
        """An operation that came as part of a scope proves to have reached further."""
        self._opened()
        self._reach[id] = scope
        self.connection.execute(update(operations).where(operations.c.id == id).values(self._address(scope)))

    def _mine(self, number: int, kind: str, row: Row[Any], scope: Scope) -> None:
        """Whether what is here under an id belongs to whom the file says."""
        if row.namespace != self.load.write.namespace or rows.scope_of(row) != scope:
            raise InvalidInputError(
                f"line {number}: {kind} {row.id!r} is here already and belongs to another scope; nothing was loaded"
            )

    def _insert(self, table: Table, values: Sequence[dict[str, Any]]) -> None:
        if values:
            self.connection.execute(insert(table), values)

    # Operations and jobs

    def _operations(self, batch: _Batch[OperationLine]) -> None:
        known = self._by_id(operations, (line.id for _, line in batch))
        keys = self._used_keys(batch)
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.kind in ("erase", "reset"):
                raise InvalidInputError(f"line {number} is the mark of an erasure, which cannot be loaded")
            if line.id in known:
                self._same_call(number, line, known[line.id])
                continue
            _unseen(number, line.id, fresh)
            values = self._operation_values(line)
            key = (values["address"], line.key)
            if line.key is not None and key in keys:
                self.load.warnings.add(f"key: operation {line.id} lost its key, which another call has used here")
                values |= {"key": None, "request": None}
            keys.add(key)
            fresh[line.id] = values
        if not fresh:
            return
        self._opened()
        self._insert(operations, list(fresh.values()))
        made = self._by_id(operations, fresh)
        for _, line in batch:
            if line.id in fresh:
                self._refer_later(made[line.id].seq, line)

    def _operation_values(self, line: OperationLine) -> dict[str, Any]:
        return {
            "id": line.id,
            **self._address(line.scope),
            "kind": line.kind,
            "status": line.status,
            "key": line.key,
            "request": line.request,
            "plan": line.plan,
            "actor": line.actor,
            "prompt": line.prompt,
            "usage": {**_NO_USAGE, **line.usage},
            "warnings": line.warnings,
            "at": line.at,
        }

    def _used_keys(self, batch: _Batch[OperationLine]) -> set[tuple[str, str | None]]:
        keys = {line.key for _, line in batch if line.key is not None}
        if not keys:
            return set()
        statement = select(operations.c.address, operations.c.key).where(
            operations.c.namespace == self.load.write.namespace, operations.c.key.in_(keys)
        )
        return {(row.address, row.key) for row in self.connection.execute(statement)}

    def _same_call(self, number: int, line: OperationLine, row: Row[Any]) -> None:
        """What is here under the id must be the same call, though either may be known only as part of a scope."""
        here = rows.scope_of(row)
        same = (row.namespace, row.kind, row.actor, row.at) == (
            self.load.write.namespace,
            line.kind,
            line.actor,
            line.at,
        )
        if not same or not (line.partial or _around(line.scope, here)):
            raise InvalidInputError(f"line {number}: operation {line.id!r} is here already, and is another one")
        if line.partial:
            self._reach[line.id] = here
        elif line.scope != here:
            self._widen(line.id, line.scope)

    def _refer_later(self, seq: int, line: OperationLine) -> None:
        for column, id in (("learned_by", line.learned_by), ("undone_by", line.undone_by)):
            if id is not None:
                self._later.append((seq, column, id))

    def _refer(self) -> None:
        """Sets what operations say of later ones, now that all are there."""
        for start in range(0, len(self._later), BATCH):
            part = self._later[start : start + BATCH]
            known = self._by_id(operations, (id for _, _, id in part))
            for seq, column, id in part:
                if id in known and known[id].namespace == self.load.write.namespace:
                    self.connection.execute(
                        update(operations).where(operations.c.seq == seq).values({column: known[id].seq})
                    )

    def _jobs(self, batch: _Batch[JobLine]) -> None:
        known = self._by_id(jobs, (line.id for _, line in batch))
        calls = self._calls(line.operation for _, line in batch)
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.id in known:
                self._mine(number, "job", known[line.id], line.scope)
                continue
            operation = self._call(number, calls, line.operation, line.scope)
            if not self._is_new(operations, operation):
                continue  # it was here, and is done
            _unseen(number, line.id, fresh)
            fresh[line.id] = {
                "id": line.id,
                "operation": operation,
                **self._address(line.scope),
                "session": line.session,
                "status": line.status,
                "request": line.request.model_dump(mode="json"),
                "attempts": line.attempts,
                "error": line.error,
                "tokens": line.tokens,
                "created_at": line.created_at,
                "not_before": line.not_before,
            }
        self._insert(jobs, list(fresh.values()))

    # Turns

    def _turns(self, places: Iterable[tuple[Scope, str, str]]) -> dict[tuple[str, str, str], Row[Any]]:
        """Turns by address, session and id."""
        wanted = {(addresses.digest(self.load.write.namespace, scope), session, id) for scope, session, id in places}
        if not wanted:
            return {}
        statement = picturing.select_messages().where(
            messages.c.address.in_({address for address, _, _ in wanted}),
            messages.c.session.in_({session for _, session, _ in wanted}),
            messages.c.id.in_({id for _, _, id in wanted}),
        )
        return {
            place: row
            for row in self.connection.execute(statement)
            if (place := (row.address, row.session, row.id)) in wanted
        }

    def _messages(self, batch: _Batch[MessageLine]) -> None:
        known = self._turns((line.scope, line.session, line.id) for _, line in batch)
        calls = self._calls(line.operation for _, line in batch)
        waiting = self._by_id(jobs, (line.job for _, line in batch))
        fresh: dict[tuple[Any, ...], dict[str, Any]] = {}
        numbers: list[tuple[int, MessageLine]] = []
        for number, line in batch:
            self._allow(number, line.scope)
            place = (addresses.digest(self.load.write.namespace, line.scope), line.session, line.id)
            if place in known:
                self._same_turn(number, line, known[place])
                continue
            _unseen(number, place, fresh, line.id)
            fresh[place] = self._message_values(number, line, calls, waiting)
            numbers.append((number, line))
        made = self._made(messages, messages.c.row, fresh)
        self._vectors(message_vectors, zip(made, numbers, strict=True))
        self._count("messages", len(fresh))

    def _made(self, table: Table, key: Any, fresh: Mapping[Any, dict[str, Any]]) -> Sequence[int]:  # noqa: ANN401  # a column
        if not fresh:
            return ()
        revision = self._opened()
        values = [{**row, "revision": revision} for row in fresh.values()]
        statement = insert(table).returning(key, sort_by_parameter_order=True)
        return self.connection.execute(statement, values).scalars().all()

    def _message_values(
        self, number: int, line: MessageLine, calls: Mapping[str, Row[Any]], waiting: Mapping[str, Row[Any]]
    ) -> dict[str, Any]:
        job = waiting.get(line.job or "")
        if job is not None and rows.scope_of(job) != line.scope:
            raise InvalidInputError(f"line {number} refers to job {line.job!r}, which belongs to another scope")
        return {
            **self._address(line.scope),
            "id": line.id,
            "session": line.session,
            "role": line.role,
            "name": line.name,
            "content": line.content,
            "metadata": line.metadata,
            "origin": line.origin,
            "raw": line.raw,
            "said_at": line.said_at,
            "recorded_at": line.recorded_at,
            "cleared": line.cleared,
            "withheld": line.withheld,
            "overtaken": line.overtaken,
            "job": None if job is None else job.seq,
            "operation": self._call(number, calls, line.operation, line.scope),
        }

    def _same_turn(self, number: int, line: MessageLine, row: Row[Any]) -> None:
        if self._is_new(messages, row.row):
            raise InvalidInputError(f"line {number} repeats message {line.id!r} of session {line.session!r}")
        here = picturing.message_line(row)
        fields = ("role", "content") if self.load.foreign else _SAID
        if all(getattr(here, name) == getattr(line, name) for name in fields):
            self._count("skipped", 1)
        elif self.load.foreign:
            self._count("skipped", 1)
            self.load.warnings.add(
                f"changed: message {line.id} of session {line.session} says something else here; kept"
            )
        else:
            raise InvalidInputError(
                f"line {number}: message {line.id!r} of session {line.session!r} is here already, with other content"
            )

    # Memories

    def _memories(self, batch: _Batch[MemoryLine]) -> None:
        known = self._by_id(memories, (line.id for _, line in batch))
        same = self._saying(batch)
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.id in known:
                self._same_memory(number, line, known[line.id])
                continue
            values = self._memory_values(line)
            _unseen(number, line.id, fresh)
            twin = same.get((values["address"], line.fingerprint))
            if line.fingerprint is not None and twin is not None:
                self._instead[line.id] = twin
                self._count("skipped", 1)
                self.load.warnings.add(f"known: memory {line.id} says what {twin} says already; left out")
                continue
            same[values["address"], line.fingerprint] = line.id
            fresh[line.id] = values
        if fresh:
            self._opened()
            self._insert(memories, list(fresh.values()))
            self._count("memories", len(fresh))

    def _memory_values(self, line: MemoryLine) -> dict[str, Any]:
        return {
            "id": line.id,
            **self._address(line.scope),
            "head": line.head,
            "latest": line.latest,
            "alive": line.alive,
            "fingerprint": line.fingerprint if line.alive else None,
            "created_at": line.created_at,
        }

    def _same_memory(self, number: int, line: MemoryLine, row: Row[Any]) -> None:
        self._mine(number, "memory", row, line.scope)
        if self._is_new(memories, row.seq):
            raise InvalidInputError(f"line {number} repeats memory {line.id!r}")
        if not self.load.foreign and (row.created_at != line.created_at or row.latest < line.latest):
            raise InvalidInputError(
                f"line {number}: memory {line.id!r} is here already, with other content; nothing was loaded"
            )
        self._count("skipped", 1)

    def _saying(self, batch: _Batch[MemoryLine]) -> dict[tuple[str | None, str | None], str]:
        """Ids of the living memories with the fingerprints of `batch`, by address and fingerprint."""
        wanted = {line.fingerprint for _, line in batch if line.fingerprint is not None}
        if not wanted:
            return {}
        at = self.load.write.at
        head = (versions.c.memory == memories.c.seq) & (versions.c.version == memories.c.head)
        statement = (
            select(memories, versions.c.expires_at)
            .outerjoin(versions, head)
            .where(memories.c.namespace == self.load.write.namespace, memories.c.fingerprint.in_(wanted))
        )
        found = self.connection.execute(statement).all()
        expired = [row.seq for row in found if row.expires_at is not None and row.expires_at <= at]
        if expired:  # nobody sees them any more, so the text may be said anew
            self.connection.execute(update(memories).where(memories.c.seq.in_(expired)).values(fingerprint=None))
        return {(row.address, row.fingerprint): row.id for row in found if row.seq not in expired}

    def _versions(self, batch: _Batch[VersionLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        here = self._here(owners, batch)
        fresh: dict[tuple[str, int], dict[str, Any]] = {}
        numbers: list[tuple[int, VersionLine]] = []
        for number, line in batch:
            if line.memory in self._instead:
                continue
            owner = _found(number, "memory", line.memory, owners)
            if not self._is_new(memories, owner.seq):
                self._same_version(number, line, owner, here)
                continue
            place = (line.memory, line.version)
            _unseen(number, place, {**fresh, **here}, line.memory)
            if line.version == owner.head and owner.fingerprint not in (None, fingerprint(line.text)):
                raise InvalidInputError(f"line {number} is not the text that memory {line.memory!r} is known by")
            fresh[place] = self._version_values(line, owner)
            numbers.append((number, line))
        made = self._made(versions, versions.c.row, fresh)
        self._vectors(version_vectors, zip(made, numbers, strict=True))
        self._count("versions", len(fresh))

    def _here(self, owners: Mapping[str, Row[Any]], batch: _Batch[VersionLine]) -> dict[tuple[str, int], Row[Any]]:
        """The versions that the batch is about and that are there, by memory and number."""
        statement = select(versions).where(
            versions.c.memory.in_([row.seq for row in owners.values()]),
            versions.c.version.in_({line.version for _, line in batch}),
        )
        return {(row.id, row.version): row for row in self.connection.execute(statement)}

    def _version_values(self, line: VersionLine, owner: Row[Any]) -> dict[str, Any]:
        rival = line.conflicts_with
        when = line.when
        return {
            "memory": owner.seq,
            "id": line.memory,
            **self._address(rows.scope_of(owner)),
            "version": line.version,
            "restores": line.restores,
            "status": line.status,
            "kind": line.kind,
            "text": line.text,
            "metadata": line.metadata,
            "subject": line.subject,
            "slot": line.slot,
            "when_start": when.start if when else None,
            "when_end": when.end if when else None,
            "when_precision": when.precision if when else None,
            "when_phrase": when.phrase if when else None,
            "conflicts_with": rival if rival is None else self._instead.get(rival, rival),
            "said_at": line.said_at,
            "valid_from": line.valid_from,
            "valid_to": line.valid_to,
            "expires_at": line.expires_at,
            "created_at": owner.created_at,
            "recorded_at": line.recorded_at,
            "known_until": line.known_until,
        }

    def _same_version(
        self, number: int, line: VersionLine, owner: Row[Any], here: Mapping[tuple[str, int], Row[Any]]
    ) -> None:
        """What is here must say the same; what became of it since is not the file's to say."""
        row = here.get((line.memory, line.version))
        if self.load.foreign:
            if merging.merge(self.connection, self.load.write, self._opened, line, owner):
                self._count("changes", 1)
            return
        pictured = None if row is None else picturing.version_line(row)
        if pictured is None or any(getattr(pictured, name) != getattr(line, name) for name in _FIXED):
            raise InvalidInputError(
                f"line {number}: version {line.version} of memory {line.memory!r} has other content here"
            )

    def _vectors(self, table: Table, made: Iterable[tuple[int, tuple[int, Line]]]) -> None:
        values: list[dict[str, Any]] = []
        for row, (number, line) in made:
            vector = self.vector(number, line)
            if vector is not None:
                values.append({"row": row, "space": self._serving(number, len(vector)), "vector": vector})
            elif embedded_text(line) is not None:
                raise Outdated([str(number)])
        self._insert(table, values)

    def _serving(self, number: int, size: int) -> int:
        """The space of the vectors, which all have `size` bytes."""
        if self._space is None:
            write = self.load.write
            self._space = space(self.connection, write.namespace, write.fingerprint, dimensions=size // 4), size
        if self._space[1] != size:
            raise InvalidInputError(f"line {number} has a vector of another size than the first")
        return self._space[0]

    # What hangs on them

    def _owner(self, number: int, line: Any, owners: Mapping[str, Row[Any]]) -> Row[Any] | None:  # noqa: ANN401  # a line
        """The memory that a line is about; `None` if it was here, or was left out."""
        if line.memory in self._instead:
            return None
        owner = _found(number, "memory", line.memory, owners)
        return owner if self._is_new(memories, owner.seq) else None

    def _version_rows(self, owners: Mapping[str, Row[Any]]) -> dict[tuple[str, int], int]:
        """Rows of all versions of the new ones among `owners`, by memory and number."""
        new = [row.seq for row in owners.values() if self._is_new(memories, row.seq)]
        statement = select(versions.c.id, versions.c.version, versions.c.row).where(versions.c.memory.in_(new))
        return {(row.id, row.version): row.row for row in self.connection.execute(statement)}

    def _changes(self, batch: _Batch[ChangeLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        there = self._version_rows(owners)
        calls = self._calls(line.operation for _, line in batch)
        values: list[dict[str, Any]] = []
        for number, line in batch:
            owner = self._owner(number, line, owners)
            if owner is None:
                continue
            for version in (line.version, *([] if line.before is None else [line.before])):
                _version(number, line.memory, version, there)
            values.append(
                {
                    "operation": self._call(number, calls, line.operation, rows.scope_of(owner)),
                    "memory": owner.seq,
                    "event": line.event,
                    "version": line.version,
                    "before": line.before,
                    "reason": line.reason,
                    "actor": line.actor,
                    "at": line.at,
                }
            )
        self._insert(changes, values)
        self._count("changes", len(values))

    def _evidence(self, batch: _Batch[EvidenceLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        there = self._version_rows(owners)
        calls = self._calls(line.operation for _, line in batch)
        told = [(number, line, owner) for number, line in batch if (owner := self._owner(number, line, owners))]
        turns = self._turns((rows.scope_of(owner), line.session, line.message) for _, line, owner in told)
        values: list[dict[str, Any]] = []
        for number, line, owner in told:
            _version(number, line.memory, line.version, there)
            turn = turns.get((owner.address, line.session, line.message))
            values.append(
                {
                    "memory": owner.seq,
                    "version": line.version,
                    "message": _turn(number, line.message, turn).row,
                    "operation": self._call(number, calls, line.operation, rows.scope_of(owner)),
                    "quote": line.quote,
                    "start": line.start,
                }
            )
        self._insert(evidence, values)

    def _period(
        self, number: int, line: ConflictLine | MarkLine, calls: Mapping[str, Row[Any]], scope: Scope
    ) -> dict[str, Any]:
        return {
            "opened": self._call(number, calls, line.opened, scope),
            "since": line.since,
            "closed": None if line.closed is None else self._call(number, calls, line.closed, scope),
            "until": line.until,
        }

    def _conflicts(self, batch: _Batch[ConflictLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        there = self._version_rows(owners)
        calls = self._calls(id for _, line in batch for id in (line.opened, line.closed))
        values: list[dict[str, Any]] = []
        for number, line in batch:
            owner = self._owner(number, line, owners)
            if owner is not None:
                values.append(
                    {
                        "version": _version(number, line.memory, line.version, there),
                        "rival": self._instead.get(line.rival, line.rival),
                        **self._period(number, line, calls, rows.scope_of(owner)),
                    }
                )
        self._insert(conflicts, values)

    def _marks(self, batch: _Batch[MarkLine]) -> None:
        turns = self._turns((line.scope, line.session, line.message) for _, line in batch)
        calls = self._calls(id for _, line in batch for id in (line.opened, line.closed))
        values: list[dict[str, Any]] = []
        for number, line in batch:
            self._allow(number, line.scope)
            address = addresses.digest(self.load.write.namespace, line.scope)
            turn = _turn(number, line.message, turns.get((address, line.session, line.message)))
            if self._is_new(messages, turn.row):
                period = self._period(number, line, calls, line.scope)
                values.append({"message": turn.row, "mark": line.mark, **period})
        self._insert(marks, values)

    def _reviews(self, batch: _Batch[ReviewLine]) -> None:
        known = self._by_id(reviews, (line.id for _, line in batch))
        calls = self._calls(line.operation for _, line in batch)
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.id in known:
                self._mine(number, "review", known[line.id], line.scope)
                continue
            operation = self._call(number, calls, line.operation, line.scope)
            if not self._is_new(operations, operation):
                continue  # it was here, and is decided
            _unseen(number, line.id, fresh)
            fresh[line.id] = {
                "id": line.id,
                "operation": operation,
                **self._address(line.scope),
                "session": line.session,
                "proposal": self._proposal(number, line),
                "created_at": line.created_at,
            }
        self._insert(reviews, list(fresh.values()))

    def _proposal(self, number: int, line: ReviewLine) -> dict[str, Any]:
        """With its turns by row, as the ledger keeps it."""
        named = [turn for _, turn in line.proposal.rows] + line.proposal.replies
        turns = self._turns((line.scope, turn.session, turn.id) for turn in named)
        address = addresses.digest(self.load.write.namespace, line.scope)

        def row(turn: TurnLine) -> int:
            seq: int = _turn(number, turn.id, turns.get((address, turn.session, turn.id))).row
            return seq

        kept = line.proposal.model_dump(mode="json")
        return {
            **kept,
            "rows": [[position, row(turn)] for position, turn in line.proposal.rows],
            "replies": [row(turn) for turn in line.proposal.replies],
        }

    def _check(self) -> None:
        """What the lines say together: each new memory has the head that it names, and no other current version."""
        new = memories.c.seq > self._before[memories.name]
        head = (versions.c.memory == memories.c.seq) & (versions.c.version == memories.c.head)
        current = versions.c.status.in_(rows.CURRENT)
        statement = (
            select(memories.c.id)
            .outerjoin(versions, head)
            .where(new, or_(versions.c.row.is_(None), memories.c.alive != current))
        )
        stray = (
            select(memories.c.id)
            .join(versions, versions.c.memory == memories.c.seq)
            .where(new, current, versions.c.version != memories.c.head)
        )
        for broken in (statement, stray):
            found = self.connection.execute(broken.limit(1)).scalar()
            if found is not None:
                raise InvalidInputError(f"the file contradicts itself about the current version of memory {found!r}")


def take_in(connection: Connection, request: Load, lines: Iterable[Numbered], vector: VectorOf) -> Loaded:
    """Takes in `lines`, inside the caller's transaction.

    Raises:
        InvalidInputError: If one cannot be taken in.
        ScopeError: If one is outside of the request's scope.
        Outdated: If `vector` lacks one: what was here when they were made is gone.
    """
    return _Loading(connection, request, vector).run(lines)


_NO_USAGE = {"calls": 0, "input_tokens": 0, "output_tokens": 0, "embedding_calls": 0}
_SAID = ("role", "name", "content", "metadata", "origin", "raw", "said_at", "recorded_at", "cleared")
_TIMES = ("said_at", "valid_from", "expires_at", "recorded_at")
_FIXED = ("kind", "text", "metadata", "subject", "slot", "when", "restores", *_TIMES)


def _around(wide: Scope, narrow: Scope) -> bool:
    """Whether `wide` is `narrow`, or leaves some of its ids open."""
    return _common(wide, narrow) == wide


def _common(one: Scope, other: Scope) -> Scope:
    pairs = ((one.user_id, other.user_id), (one.agent_id, other.agent_id), (one.run_id, other.run_id))
    return Scope(*(first if first == second else None for first, second in pairs))


def _unseen(number: int, key: object, seen: Mapping[Any, object], name: object = None) -> None:
    if key in seen:
        raise InvalidInputError(f"line {number} repeats {name or key!r}, which stands before it")


def _found(number: int, kind: str, id: str, known: Mapping[str, Row[Any]]) -> Row[Any]:
    if id not in known:
        raise InvalidInputError(f"line {number} refers to {kind} {id!r}, which is not before it")
    return known[id]


def _version(number: int, memory: str, version: int, there: Mapping[tuple[str, int], int]) -> int:
    if (memory, version) not in there:
        raise InvalidInputError(
            f"line {number} refers to version {version} of memory {memory!r}, which is not before it"
        )
    return there[memory, version]


def _turn(number: int, id: str, turn: Row[Any] | None) -> Row[Any]:
    if turn is None:
        raise InvalidInputError(f"line {number} refers to message {id!r}, which is not before it")
    return turn


def to_embed(connection: Connection, namespace: str, batch: Sequence[Numbered]) -> Iterator[tuple[int, str]]:
    """Of the lines of one type those that are new and have a text to embed: number and text."""
    texts = {number: text for number, line in batch if (text := embedded_text(line)) is not None}
    if not texts:
        return
    here = _here(connection, namespace, [line for number, line in batch if number in texts])
    for number, line in batch:
        if number in texts and _place(namespace, line) not in here:
            yield number, texts[number]


def _place(namespace: str, line: Line) -> tuple[object, ...]:
    if isinstance(line, VersionLine):
        return (line.memory,)
    assert isinstance(line, MessageLine)
    return addresses.digest(namespace, line.scope), line.session, line.id


def _here(connection: Connection, namespace: str, lines: Sequence[Line]) -> set[tuple[object, ...]]:
    places = {_place(namespace, line) for line in lines}
    ids = [place[-1] for place in places]
    if isinstance(lines[0], VersionLine):
        return {tuple(row) for row in connection.execute(select(memories.c.id).where(memories.c.id.in_(ids)))}
    statement = select(messages.c.address, messages.c.session, messages.c.id).where(
        messages.c.address.in_({place[0] for place in places}), messages.c.id.in_(ids)
    )
    return {tuple(row) for row in connection.execute(statement)}
