"""What was spent and who is remembered, as flows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TypeGuard

from memx_core import inputs
from memx_core._io import IO
from memx_core.flows.room import Room
from memx_core.memory.calls.owners import owner
from memx_core.reports import ScopeReport, UsageReport
from memx_core.types import Scope

_MOMENT = timedelta(microseconds=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC) + _MOMENT


async def usage(
    io: IO,
    room: Room,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    since: date | datetime | None = None,
    until: date | datetime | None = None,
) -> UsageReport:
    """See `Memory.usage`."""
    return await io.call(
        room.ledger.usage,
        room.namespace,
        owner(user_id, agent_id, run_id) or Scope(),
        since=_first_day(since),
        until=_last_day(until),
    )


async def scopes(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> list[ScopeReport]:
    """See `Memory.scopes`."""
    scope = owner(user_id, agent_id, run_id) or Scope()
    return await io.call(room.ledger.holdings, room.namespace, scope, room.clock())


def _first_day(since: object) -> date | None:
    if _is_day(since):
        return since
    start = inputs.moment(since, "since")
    return None if start is None else start.date()


def _last_day(until: object) -> date | None:
    """The last day that has begun before `until`; a day itself is meant whole."""
    if _is_day(until):
        return until
    end = inputs.moment(until, "until")
    return None if end is None else (max(end, _EARLIEST) - _MOMENT).date()


def _is_day(value: object) -> TypeGuard[date]:
    """Whether it is a day and not a moment, which is a `date` too."""
    return isinstance(value, date) and not isinstance(value, datetime)
