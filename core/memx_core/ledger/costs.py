"""What calls cost: a row for each address, UTC day and model, added to as answers come.

A model's answers are booked at once and by themselves, not with the write that they lead to: a
write may be refused, repeated or never made, and the tokens are spent all the same. Embedding
calls are booked with their write, under the embedder's fingerprint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Insert, Row, func, select
from sqlalchemy.dialects import sqlite

from memx_core import addresses
from memx_core.ledger import rows
from memx_core.ledger.damage import damaged
from memx_core.ledger.tables import costs
from memx_core.reports import UsageReport
from memx_core.types import Scope, Usage

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_COUNTS = tuple(field.name for field in fields(Usage))
_SUMS = tuple(func.sum(costs.c[name]).label(name) for name in _COUNTS)


def record(connection: Connection, namespace: str, scope: Scope, *, at: datetime, model: str, usage: Usage) -> None:
    """Adds `usage` to what `model` cost this address on the day of `at`."""
    counts = {name: getattr(usage, name) for name in _COUNTS}
    if any(counts.values()):
        row = {**addresses.columns(namespace, scope), "day": _day(at).isoformat(), "model": model, **counts}
        connection.execute(_adding(connection.dialect.name), row)


@cache
def _adding(dialect: str) -> Insert:
    """One statement for whoever comes first and whoever comes after."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # 50 ms, for whoever has one

        return _added_up(postgresql.insert(costs))
    return _added_up(sqlite.insert(costs))


def _added_up(into: postgresql.Insert | sqlite.Insert) -> Insert:
    return into.on_conflict_do_update(
        index_elements=["address", "day", "model"],
        set_={name: costs.c[name] + into.excluded[name] for name in _COUNTS},
    )


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def spent(connection: Connection, namespace: str, scope: Scope | None, at: datetime) -> int:
    """Tokens booked on the day of `at`, of exactly this address; `None`: of the whole application."""
    owned = costs.c.namespace == namespace if scope is None else costs.c.address == addresses.digest(namespace, scope)
    tokens = func.sum(costs.c.input_tokens + costs.c.output_tokens)
    return int(connection.execute(select(tokens).where(owned, costs.c.day == _day(at).isoformat())).scalar() or 0)


def report(
    connection: Connection, namespace: str, scope: Scope, *, since: date | None, until: date | None
) -> UsageReport:
    """What `scope` and all that is in it cost on the days from `since` to `until`, both included."""
    wanted = [rows.owned(costs, namespace, scope)]
    if since is not None:
        wanted.append(costs.c.day >= since.isoformat())
    if until is not None:
        wanted.append(costs.c.day <= until.isoformat())
    c = costs.c
    by_model = {row.model: _usage(row) for row in _grouped(connection, wanted, c.model)}
    by_day = {_date(row.day): _usage(row) for row in _grouped(connection, wanted, c.day)}
    by_scope = {
        rows.scope_of(row): _usage(row) for row in _grouped(connection, wanted, c.user_id, c.agent_id, c.run_id)
    }
    total = sum(by_model.values(), Usage())
    return UsageReport(
        **{name: getattr(total, name) for name in _COUNTS}, by_model=by_model, by_day=by_day, by_scope=by_scope
    )


def _grouped(
    connection: Connection, wanted: list[ColumnElement[bool]], *columns: ColumnElement[Any]
) -> Sequence[Row[*tuple[Any, ...]]]:
    statement = select(*columns, *_SUMS).where(*wanted).group_by(*columns).order_by(*columns)
    return connection.execute(statement).all()


def _usage(row: Row[*tuple[Any, ...]]) -> Usage:
    return Usage(**{name: int(getattr(row, name)) for name in _COUNTS})  # PostgreSQL's sums are decimals


def _date(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise damaged("a day of costs is none") from None
