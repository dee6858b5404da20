"""The budget: how many tokens a day of UTC may cost, looked up before a model is asked."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from memx_core._io import IO
from memx_core.errors import BudgetExceededError
from memx_core.flows.room import Room
from memx_core.types import Scope


async def check(io: IO, room: Room, scope: Scope, *, needed: int = 0) -> None:
    """Nothing, as long as a model may be asked for exactly this address.

    Args:
        io: Awaits or blocks.
        room: Whose budget.
        scope: The address.
        needed: Tokens that have to be left; one call needs but a single one.

    Raises:
        BudgetExceededError: If the day's tokens are spent, of the address or of the application.
    """
    if room.budget is None:
        return
    now = room.clock()
    for limit, whose in ((room.budget.tokens_per_day_per_scope, scope), (room.budget.tokens_per_day, None)):
        if limit is None:
            continue
        spent = await io.call(room.ledger.spent, room.namespace, whose, at=now)
        if spent >= limit:
            raise BudgetExceededError(limit, spent, whose, next_day(now))
        if spent + needed > limit:
            raise BudgetExceededError(limit, spent, whose, next_day(now), needed)


def next_day(now: datetime) -> datetime:
    """When a new day of UTC begins, and with it a new budget."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def warning(error: BudgetExceededError) -> str:
    """What a result says instead of the error."""
    return f"budget: {error}"
