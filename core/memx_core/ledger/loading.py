"""Taking in: lines of an export, or of another application's, in one writing transaction.

Everything is applied, or nothing. What is here already is skipped when it says the same; what says something else under
the same id, or belongs to somebody else, refuses the whole file. A memory that says what a living one at its address
says already is left out with a warning, with its versions and their evidence. No number of a row is taken from a file:
references are looked up here, batch by batch, so that the size of a file does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from memx_core import addresses
from memx_core.errors import InvalidInputError
from memx_core.ledger import rows
from memx_core.ledger.identifiers import among
from memx_core.ledger.intake.base import BATCH, Load, Loaded, VectorOf
from memx_core.ledger.intake.calls import Calls
from memx_core.ledger.intake.memories import Memories
from memx_core.ledger.intake.ties import Ties
from memx_core.ledger.intake.turns import Turns
from memx_core.ledger.tables import changes, jobs, memories, messages, operations, versions
from memx_core.moving import jsonl
from memx_core.moving.jsonl import Numbered
from memx_core.moving.lines import Line, MessageLine, VersionLine
from memx_core.moving.reports import LoadReport
from memx_core.moving.texts import embedded_text


def take_in(connection: Connection, request: Load, lines: Iterable[Numbered], vector: VectorOf) -> Loaded:
    """Takes in `lines`, inside the caller's transaction.

    Raises:
        InvalidInputError: If one cannot be taken in.
        ScopeError: If one is outside of the request's scope.
        Outdated: If `vector` lacks one: what was here when they were made is gone.
    """
    return _Loading(connection, request, vector).run(lines)


@dataclass(slots=True)
class _Loading(Calls, Turns, Memories, Ties):
    """One load, inside one writing transaction."""

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

    def _check(self) -> None:
        """What the lines say together: each new memory is whole, and its head is its only current version."""
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
        self._refuse_any(statement, "contradicts itself about the current version of")
        self._refuse_any(stray, "contradicts itself about the current version of")
        for table in (versions, changes):
            counts = [func.count(), func.count(table.c.version.distinct()), func.max(table.c.version)]
            of_memory = [
                select(func.coalesce(count, 0)).where(table.c.memory == memories.c.seq).scalar_subquery()
                for count in counts
            ]
            lacking = or_(*(count != memories.c.latest for count in of_memory))
            self._refuse_any(select(memories.c.id).where(new, lacking), "does not hold each version and change once of")

    def _refuse_any(self, broken: Select[str], why: str) -> None:
        found = self.connection.execute(broken.limit(1)).scalar()
        if found is not None:
            raise InvalidInputError(f"the file {why} memory {found!r}")


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
        messages.c.address.in_({place[0] for place in places}), among(messages.c.id, "ids")
    )
    return {tuple(row) for row in connection.execute(statement, {"ids": ids})}
