"""Has indexes read memories again whose evidence changed: they are found by its words too (see `entries`)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from memx_core.ledger.tables import evidence, messages, versions

# Built once: building a statement costs more than running it.
_TOUCH = update(versions).where(versions.c.memory == bindparam("of")).values(revision=bindparam("by"))


def touch(connection: Connection, memories: Collection[int], operation: int) -> None:
    """All versions of `memories`: several may say the same."""
    if memories:
        connection.execute(_TOUCH, [{"of": memory, "by": operation} for memory in sorted(set(memories))])


def touch_behind(connection: Connection, turns: ColumnElement[bool], operation: int) -> None:
    """All versions of the memories that rest on `turns`."""
    resting = select(evidence.c.memory).join(messages, messages.c.row == evidence.c.message).where(turns)
    connection.execute(update(versions).where(versions.c.memory.in_(resting)).values(revision=operation))
