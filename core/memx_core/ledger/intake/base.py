"""What every part of a load asks of the ledger: what is there, whose it is, and what may refer to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Row, Table, insert, select, update

from memx_core import addresses
from memx_core.errors import InvalidInputError, ScopeError
from memx_core.ledger import picturing, rows
from memx_core.ledger.identifiers import among
from memx_core.ledger.spaces import space
from memx_core.ledger.tables import messages, operations
from memx_core.ledger.values import Outdated, Write
from memx_core.ledger.writes import open_operation
from memx_core.moving.lines import ConflictLine, Line, MarkLine
from memx_core.moving.reports import LoadReport, Warnings
from memx_core.moving.texts import embedded_text
from memx_core.types import Scope

BATCH = 500
"""Lines that are taken in with one statement."""
VectorOf: TypeAlias = Callable[[int, Line], bytes | None]
"""The vector of a line, by its number; `None` if there is none."""
L = TypeVar("L", bound=Line)
Batch: TypeAlias = Sequence[tuple[int, L]]


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
class Intake:
    """The state of a load, and what is asked of it again and again."""

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
        if not around(limit, scope):
            raise ScopeError(f"line {number} belongs to another scope than {limit!r}; nothing was loaded")

    def _address(self, scope: Scope) -> dict[str, str | None]:
        return addresses.columns(self.load.write.namespace, scope)

    def _by_id(self, table: Table, ids: Iterable[str | None]) -> dict[str, Row[Any]]:
        wanted = {id for id in ids if id is not None}
        if not wanted:
            return {}
        return {row.id: row for row in self.connection.execute(select(table).where(table.c.id.in_(wanted)))}

    def _call(self, number: int, known: Mapping[str, Row[Any]], id: str, scope: Scope) -> int:
        """The number of an operation that a row of `scope` may refer to: one of that scope, or around it."""
        if id == self.load.write.id:
            return self._opened()
        row = known.get(id)
        if row is None or row.namespace != self.load.write.namespace:
            raise InvalidInputError(f"line {number} refers to operation {id!r}, which is not before it")
        here = self._reach.get(id, rows.scope_of(row))
        if not around(here, scope):
            if id not in self._reach:
                raise InvalidInputError(f"line {number} refers to operation {id!r}, which is not before it")
            self._widen(id, common(here, scope))
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

    def _made(self, table: Table, key: Any, fresh: Mapping[Any, dict[str, Any]]) -> Sequence[int]:  # noqa: ANN401  # a column
        if not fresh:
            return ()
        revision = self._opened()
        values = [{**row, "revision": revision} for row in fresh.values()]
        statement = insert(table).returning(key, sort_by_parameter_order=True)
        return self.connection.execute(statement, values).scalars().all()

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

    def _turns(self, places: Iterable[tuple[Scope, str, str]]) -> dict[tuple[str, str, str], Row[Any]]:
        """Turns by address, session and id."""
        wanted = {(addresses.digest(self.load.write.namespace, scope), session, id) for scope, session, id in places}
        if not wanted:
            return {}
        statement = picturing.select_messages().where(
            messages.c.address.in_({address for address, _, _ in wanted}),
            messages.c.session.in_({session for _, session, _ in wanted}),
            among(messages.c.id, "ids"),
        )
        ids = {"ids": list({id for _, _, id in wanted})}
        return {
            place: row
            for row in self.connection.execute(statement, ids)
            if (place := (row.address, row.session, row.id)) in wanted
        }

    def _period(
        self, number: int, line: ConflictLine | MarkLine, calls: Mapping[str, Row[Any]], scope: Scope
    ) -> dict[str, Any]:
        return {
            "opened": self._call(number, calls, line.opened, scope),
            "since": line.since,
            "closed": None if line.closed is None else self._call(number, calls, line.closed, scope),
            "until": line.until,
        }


def around(wide: Scope, narrow: Scope) -> bool:
    """Whether `wide` is `narrow`, or leaves some of its ids open."""
    return common(wide, narrow) == wide


def common(one: Scope, other: Scope) -> Scope:
    """The ids that both have."""
    pairs = ((one.user_id, other.user_id), (one.agent_id, other.agent_id), (one.run_id, other.run_id))
    return Scope(*(first if first == second else None for first, second in pairs))


def unseen(number: int, key: object, seen: Mapping[Any, object], name: object = None) -> None:
    """Refuses a line that says again what stands before it."""
    if key in seen:
        raise InvalidInputError(f"line {number} repeats {name or key!r}, which stands before it")


def standing_before(number: int, kind: str, id: str, known: Mapping[str, Row[Any]]) -> Row[Any]:
    """What a line refers to, which must be here by now."""
    if id not in known:
        raise InvalidInputError(f"line {number} refers to {kind} {id!r}, which is not before it")
    return known[id]


def checked_version(number: int, memory: str, version: int, there: Mapping[tuple[str, int], int]) -> int:
    """The row of a version that a line refers to, which must be here by now."""
    if (memory, version) not in there:
        raise InvalidInputError(
            f"line {number} refers to version {version} of memory {memory!r}, which is not before it"
        )
    return there[memory, version]


def checked_turn(number: int, id: str, turn: Row[Any] | None) -> Row[Any]:
    """The turn that a line refers to, which must be here by now."""
    if turn is None:
        raise InvalidInputError(f"line {number} refers to message {id!r}, which is not before it")
    return turn
