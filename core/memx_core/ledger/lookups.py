"""What an index reads of the ledger, and the reading back of what it found.

These run at every search, so each statement is built once for each combination of given ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import cache, partial
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from memx_core.ledger import erasing, moments, rows, spaces
from memx_core.ledger.entries import OF_MEMORIES, OF_MESSAGES, Reader
from memx_core.ledger.moments import Then
from memx_core.ledger.prepared import Question
from memx_core.ledger.rows import SPOKEN as SPOKEN
from memx_core.ledger.tables import message_vectors, messages, operations, version_vectors, versions
from memx_core.ports import KINDS, EntryKind, IndexEntry, News
from memx_core.types import Scope

_SIZES = (12, 24, 64, 256)  # rows that one statement may ask for; few sizes, so that few statements are compiled
_NO_ROW = -1
_FETCHED = 1_000


def newest(namespace: str) -> Question:
    """The number of the newest write, as the one value of one row."""
    return Question(_revision(), {"given_namespace": namespace})


def revision(connection: Connection, namespace: str) -> int:
    """Number of the newest write."""
    return connection.execute(_revision(), {"given_namespace": namespace}).scalar() or 0


@cache
def _revision() -> Select[Any]:
    return select(func.max(operations.c.seq)).where(operations.c.namespace == bindparam("given_namespace"))


def changed(connection: Connection, namespace: str, scope: Scope) -> int:
    """Number of the newest write that touched a memory of `scope`."""
    return connection.execute(_changed(rows.owners(scope)), rows.bound(namespace, scope)).scalar() or 0


@cache
def _changed(owners: tuple[str, ...]) -> Select[Any]:
    return select(func.max(versions.c.revision)).where(rows.owned_by(versions, owners))


def entries(
    connection: Connection, namespace: str, scope: Scope, since: int, kinds: Collection[EntryKind] = KINDS
) -> News:
    """What an index has to know of `scope` that was written after `since`, with the vectors that serve."""
    asked = {"of": namespace, "given_namespace": namespace, "erased_of": namespace, "erased_since": since}
    state = connection.execute(_state(), asked).one()
    reached = state.reached or 0
    if reached == since:
        return News((), reached)
    reader = Reader(spaces.beside(state))
    values = {**rows.bound(namespace, scope), "since": since, "space": reader.space}
    owners, memories, turns = rows.owners(scope), list[IndexEntry](), list[IndexEntry]()
    if "memory" in kinds:
        for part in _read(connection, _version_entries(owners), values):
            memories += reader.memories(part)
    if "message" in kinds:
        for part in _read(connection, _message_entries(owners, cleared=since > 0), values):
            turns += reader.messages(part)
    for found in (memories, turns):
        found.sort(key=attrgetter("row"))  # here: a database would carry the vectors around
    return News(memories + turns, reached, state.removed is not None and since > 0)


@cache
def _state() -> Select[Any]:
    """What a search asks first, and alone if nothing is new: the newest write, erasures, the space that serves."""
    reached, removed = _revision().scalar_subquery(), erasing.REMOVED.scalar_subquery()
    return spaces.BEFORE.add_columns(reached.label("reached"), removed.label("removed"))


def _read(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> Iterator[Sequence[Row[Any]]]:
    """The rows, many at a time: one by one costs more than reading them."""
    return connection.execute(statement, values).partitions(_FETCHED)


@cache
def _version_entries(owners: tuple[str, ...]) -> Select[Any]:
    return (
        select(*OF_MEMORIES, version_vectors.c.vector)
        .outerjoin(version_vectors, _serves(version_vectors, versions))
        .where(
            rows.owned_by(versions, owners),
            versions.c.revision > bindparam("since"),
            versions.c.status != "deleted",
        )
    )


@cache
def _message_entries(owners: tuple[str, ...], *, cleared: bool) -> Select[Any]:
    """With those that were `cleared`, for who knows what they said."""
    return (
        select(*OF_MESSAGES, message_vectors.c.vector)
        .outerjoin(message_vectors, _serves(message_vectors, messages))
        .where(
            rows.owned_by(messages, owners),
            messages.c.revision > bindparam("since"),
            rows.spoken(),
            *(() if cleared else (~messages.c.cleared,)),
        )
    )


def _serves(vectors: Table, table: Table) -> ColumnElement[bool]:
    """Of the vectors of a row, the one in the space that serves: another space may be being filled."""
    return and_(vectors.c.row == table.c.row, vectors.c.space == bindparam("space", type_=BigInteger))


def holds_more(connection: Connection, namespace: str, scope: Scope, than: int) -> bool:
    """Whether an index has to know of more rows than so many; no more than those are looked at."""
    values, owners = rows.bound(namespace, scope), rows.owners(scope)
    for table in (versions, messages):
        found = select(table.c.row).where(rows.owned_by(table, owners)).limit(than + 1).subquery()
        than -= connection.execute(select(func.count()).select_from(found), values).scalar_one()
        if than < 0:
            return True
    return False


def all_entries(connection: Connection, namespace: str, after: IndexEntry | None, limit: int) -> Iterator[IndexEntry]:
    """The next entries of the whole application, memories first, in the order of their rows."""
    reader = Reader(spaces.serving(connection, namespace))
    values = {**rows.bound(namespace, Scope()), "since": 0, "space": reader.space}
    left = limit
    if after is None or after.kind == "memory":
        begin = 0 if after is None else after.row
        statement = _version_entries(()).where(versions.c.row > begin).order_by(versions.c.row).limit(limit)
        for part in _read(connection, statement, values):
            left -= len(part)
            yield from reader.memories(part)
    if left:
        begin = after.row if after is not None and after.kind == "message" else 0
        statement = _message_entries((), cleared=False).where(messages.c.row > begin).order_by(messages.c.row)
        for part in _read(connection, statement.limit(left), values):
            yield from reader.messages(part)


def memories_by_row(
    namespace: str, scope: Scope, wanted: Collection[int], now: datetime, then: Then | None = None
) -> list[Question]:
    """For the current memories among `wanted` rows, or those to look at `then`: rows of `memory_item`."""
    owners = rows.owners(scope)
    statement = partial(_memories, owners) if then is None else partial(_memories_then, owners, then.timed)
    values = {**rows.bound(namespace, scope), **({"now": now} if then is None else then.bound)}
    return _by_row(statement, values, wanted)


@cache
def _memories(owners: tuple[str, ...], size: int) -> Select[Any]:
    return rows.select_items().where(
        versions.c.row.in_(_places(size)),
        rows.checked_by(versions, owners),
        rows.current(),
        or_(
            versions.c.expires_at.is_(None), versions.c.expires_at > bindparam("now", type_=versions.c.expires_at.type)
        ),
    )


@cache
def _memories_then(owners: tuple[str, ...], timed: bool, size: int) -> Select[Any]:
    return moments.select_items().where(
        versions.c.row.in_(_places(size)), rows.checked_by(versions, owners), moments.shown(timed=timed)
    )


def messages_by_row(namespace: str, scope: Scope, wanted: Collection[int], then: Then | None = None) -> list[Question]:
    """For the turns among `wanted` rows: rows of `turn`."""
    owners = rows.owners(scope)
    statement = partial(_messages, owners) if then is None else partial(_messages_then, owners, then.timed)
    values = {**rows.bound(namespace, scope), **({} if then is None else then.bound)}
    return _by_row(statement, values, wanted)


@cache
def _messages(owners: tuple[str, ...], size: int) -> Select[Any]:
    return rows.select_turns().where(
        messages.c.row.in_(_places(size)),
        rows.checked_by(messages, owners),
        rows.spoken(),
        ~messages.c.cleared,
        ~messages.c.withheld,
    )


@cache
def _messages_then(owners: tuple[str, ...], timed: bool, size: int) -> Select[Any]:
    return moments.select_messages(timed=timed).where(
        messages.c.row.in_(_places(size)),
        rows.checked_by(messages, owners),
        rows.spoken(),
        moments.heard(timed=timed),
    )


def _by_row(statement: Callable[[int], Select[Any]], values: dict[str, Any], wanted: Collection[int]) -> list[Question]:
    ordered, asked = sorted(wanted), list[Question]()
    for start in range(0, len(ordered), _SIZES[-1]):
        part = ordered[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if len(part) <= size)
        places = {f"row_{place}": row for place, row in enumerate(part + [_NO_ROW] * (size - len(part)))}
        asked.append(Question(statement(size), {**values, **places}))
    return asked


def _places(size: int) -> list[BindParameter[int]]:
    return [bindparam(f"row_{place}", type_=BigInteger) for place in range(size)]
