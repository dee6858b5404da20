"""Who is remembered: the addresses that have memories or turns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from memx_core.ledger import rows
from memx_core.ledger.tables import messages, versions
from memx_core.reports import ScopeReport
from memx_core.types import Scope

_IDS = ("user_id", "agent_id", "run_id")


def holdings(connection: Connection, namespace: str, scope: Scope, now: datetime) -> list[ScopeReport]:
    """What each address within `scope` holds, the one that was first remembered first."""
    known: Select[Any] = select(
        *(versions.c[name] for name in _IDS),
        func.count().label("memories"),
        func.min(versions.c.created_at).label("first"),
        func.max(versions.c.recorded_at).label("last"),
    ).where(rows.owned(versions, namespace, scope), rows.believed(now))
    said: Select[Any] = select(
        *(messages.c[name] for name in _IDS),
        func.count().label("messages"),
        func.min(messages.c.said_at).label("first"),
        func.max(messages.c.said_at).label("last"),
    ).where(rows.owned(messages, namespace, scope), ~messages.c.cleared)
    found: dict[Scope, ScopeReport] = {}
    for row in connection.execute(known.group_by(*(versions.c[name] for name in _IDS))):
        found[rows.scope_of(row)] = ScopeReport(rows.scope_of(row), row.memories, 0, row.first, row.last)
    for row in connection.execute(said.group_by(*(messages.c[name] for name in _IDS))):
        whose = rows.scope_of(row)
        known_there = found.get(whose)
        if known_there is None:
            found[whose] = ScopeReport(whose, 0, row.messages, row.first, row.last)
        else:
            found[whose] = ScopeReport(
                whose, known_there.memories, row.messages, known_there.created_at, known_there.updated_at
            )
    return sorted(found.values(), key=lambda each: (each.created_at, *map(_last_if_absent, _ids(each.scope))))


def _ids(scope: Scope) -> tuple[str | None, ...]:
    return scope.user_id, scope.agent_id, scope.run_id


def _last_if_absent(value: str | None) -> tuple[bool, str]:
    return value is None, value or ""
