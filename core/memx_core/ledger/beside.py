"""Which turns stand beside which, for an index that does not hold conversations itself."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, ScalarSelect, Select, bindparam, select

from memx_core.ledger import rows
from memx_core.ledger.rows import SPOKEN
from memx_core.ledger.tables import messages
from memx_core.types import Scope

_MANY = 256


def rows_beside(connection: Connection, namespace: str, scope: Scope, turns: Collection[int]) -> dict[int, list[int]]:
    """By row of a turn, the rows of the current turns before and after it in its conversation."""
    found: dict[int, list[int]] = {}
    statement, values = _statement(rows.owners(scope)), rows.bound(namespace, scope)
    ordered = sorted(turns)
    for start in range(0, len(ordered), _MANY):
        wanted = ordered[start : start + _MANY]
        for row, *near in connection.execute(statement, {**values, "turns": wanted}):
            found[row] = [one for one in near if one is not None]
    return found


@cache
def _statement(owners: tuple[str, ...]) -> Select[Any, Any, Any]:
    return select(messages.c.row, _nearest(owners, before=True), _nearest(owners, before=False)).where(
        rows.checked_by(messages, owners), messages.c.row.in_(bindparam("turns", expanding=True, type_=BigInteger))
    )


def _nearest(owners: tuple[str, ...], *, before: bool) -> ScalarSelect[Any]:
    """The next current turn of the same conversation; of one index, so quick however long that is."""
    other = messages.alias("other_before" if before else "other_after")
    return (
        select(other.c.row)
        .where(
            rows.owned_by(other, owners),
            other.c.session == messages.c.session,
            other.c.row < messages.c.row if before else other.c.row > messages.c.row,
            other.c.role.in_(SPOKEN),
            ~other.c.cleared,
            ~other.c.withheld,
        )
        .order_by(other.c.row.desc() if before else other.c.row)
        .limit(1)
        .correlate(messages)
        .scalar_subquery()
    )
