"""Flags with their past: which version was in conflict with whom, and which turn was withheld or overtaken.

`versions.conflicts_with`, `messages.withheld` and `messages.overtaken` say how it is now, the
tables `conflicts` and `marks` from which operation to which it was so. Who sets or clears such a
flag does it by these functions, so that the two never disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, bindparam, insert, literal, select, update

from memx_core.ledger.tables import conflicts, marks, messages, operations, versions
from memx_core.ledger.touching import touch_behind

Mark: TypeAlias = Literal["withheld", "overtaken"]

# Built once: building a statement costs more than running it.
_AT = select(operations.c.at).where(operations.c.seq == bindparam("of")).scalar_subquery()
_OPEN = insert(conflicts).values(since=_AT, opened=bindparam("of"))
_END = (
    update(conflicts)
    .where(conflicts.c.version == bindparam("row"), conflicts.c.closed.is_(None))
    .values(closed=bindparam("of"), until=_AT)
)
_SET = (
    update(versions)
    .where(versions.c.row == bindparam("r"))
    .values(status="conflict", conflicts_with=bindparam("rival"), revision=bindparam("of"))
)
_CLEAR = (
    update(versions)
    .where(versions.c.row == bindparam("r"))
    .values(status="active", conflicts_with=None, revision=bindparam("of"))
)


def note_conflicts(connection: Connection, rivals: Mapping[int, str], operation: int) -> None:
    """Notes what the versions, new with `operation`, say already: row and the rival's id."""
    if rivals:
        rows = [{"version": row, "rival": rival, "of": operation} for row, rival in rivals.items()]
        connection.execute(_OPEN, rows)


def set_conflict(connection: Connection, row: int, rival: str, operation: int) -> None:
    """A current version contradicts `rival`, and nobody else any more."""
    connection.execute(_END, {"row": row, "of": operation})
    connection.execute(_SET, {"r": row, "rival": rival, "of": operation})
    note_conflicts(connection, {row: rival}, operation)


def clear_conflicts(connection: Connection, rows: Iterable[int], operation: int) -> None:
    """Current versions contradict nobody any more."""
    concerned = list(rows)
    if concerned:
        connection.execute(_CLEAR, [{"r": row, "of": operation} for row in concerned])
        end_conflicts(connection, concerned, operation)


def end_conflicts(connection: Connection, rows: Collection[int], operation: int) -> None:
    """Versions that were closed: what they say of their rival is how it was in the end."""
    if rows:
        connection.execute(_END, [{"row": row, "of": operation} for row in rows])


def mark(connection: Connection, name: Mark, concerned: ColumnElement[bool], operation: int) -> None:
    """Marks the turns that are `concerned` and not marked yet."""
    fresh = and_(concerned, ~messages.c[name])
    rows = select(messages.c.row, literal(name), literal(operation), _at(operation)).where(fresh)
    connection.execute(insert(marks).from_select(["message", "mark", "opened", "since"], rows))
    if name == "withheld":
        touch_behind(connection, fresh, operation)
    connection.execute(update(messages).where(fresh).values({name: True, "revision": operation}))


def unmark(connection: Connection, name: Mark, concerned: ColumnElement[bool], operation: int) -> None:
    """Takes the mark from the turns that are `concerned`."""
    marked = select(messages.c.row).where(concerned, messages.c[name])
    connection.execute(
        update(marks)
        .where(marks.c.message.in_(marked), marks.c.mark == name, marks.c.closed.is_(None))
        .values(closed=operation, until=_at(operation))
    )
    if name == "withheld":
        touch_behind(connection, and_(concerned, messages.c.withheld), operation)
    connection.execute(update(messages).where(concerned, messages.c[name]).values({name: False, "revision": operation}))


def _at(operation: int) -> ScalarSelect[object]:
    return select(operations.c.at).where(operations.c.seq == operation).scalar_subquery()
