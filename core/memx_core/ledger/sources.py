"""What becomes of the turns that a memory came from, once it no longer holds.

The transcript keeps them all. But a turn whose news was taken back is no longer found or
recalled, and one whose news is no longer so is marked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from memx_core.ledger import periods
from memx_core.ledger.tables import changes, evidence, messages, versions
from memx_core.types import Message, Operation

# Built once: building a statement costs more than running it.
_FORMER = versions.alias()
_CARRIED = (
    select(func.coalesce(versions.c.restores, _FORMER.c.version))
    .join(changes, and_(changes.c.memory == versions.c.memory, changes.c.version == versions.c.version))
    .outerjoin(
        _FORMER,
        and_(
            _FORMER.c.memory == versions.c.memory,
            _FORMER.c.version == changes.c.before,
            _FORMER.c.text == versions.c.text,
        ),
    )
    .where(versions.c.memory == bindparam("memory"), versions.c.version == bindparam("version"))
)


def withhold(connection: Connection, retracted: Collection[int], replies: Sequence[int], operation: int) -> None:
    """The turns behind the memories `retracted`, the asking ones too, and the rows `replies` to those."""
    if retracted:
        sources = select(evidence.c.message).where(evidence.c.memory.in_(retracted))
        concerned = or_(messages.c.row.in_(sources), messages.c.row.in_(replies))
        periods.mark(connection, "withheld", concerned, operation)


def overtake(connection: Connection, closed: Collection[tuple[int, int]], operation: int) -> None:
    """The turns behind the versions `closed`: memory and version."""
    if closed:
        concerned = or_(*(_behind(connection, memory, version) for memory, version in closed))
        sources = select(evidence.c.message).where(concerned)
        periods.mark(connection, "overtaken", messages.c.row.in_(sources), operation)


def renew(connection: Connection, memory: int, version: int, operation: int) -> None:
    """The turns behind a version that holds again, unless something else in them is out of date."""
    sources = select(evidence.c.message).where(_behind(connection, memory, version))
    current = versions.alias()
    holds = select(current.c.row).where(
        current.c.memory == versions.c.memory, current.c.text == versions.c.text, current.c.known_until.is_(None)
    )
    past = (
        select(evidence.c.seq)
        .join(versions, and_(versions.c.memory == evidence.c.memory, versions.c.version == evidence.c.version))
        .where(evidence.c.message == messages.c.row, ~holds.exists())
    )
    periods.unmark(connection, "overtaken", and_(messages.c.row.in_(sources), ~past.exists()), operation)


def _behind(connection: Connection, memory: int, version: int) -> ColumnElement[bool]:
    """The evidence of a version, and of those from which it took its text over."""
    found: list[int] = []
    carried: int | None = version
    while carried:
        found.append(carried)
        carried = connection.execute(_CARRIED, {"memory": memory, "version": carried}).scalar()
    return and_(evidence.c.memory == memory, evidence.c.version.in_(found))


def replies(operations: Iterable[Operation], turns: Sequence[Message], kept: Sequence[int]) -> list[int]:
    """Rows of what the assistant said right after something was taken back, usually by repeating it."""
    asked = {item.message for op in operations if op.retracts for item in op.evidence}
    after = [at + 1 for at in asked if at + 1 < len(turns)]
    return [kept[at] for at in after if turns[at].role == "assistant"]
