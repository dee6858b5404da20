"""What was spent, and on whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict, Unpack

from memx_core.memory.arguments import ScopeIds
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import counting as calls
from memx_core.reports import ScopeReport, UsageReport


class UsageOptions(TypedDict, total=False):
    """See `Memory.usage`."""

    since: date | datetime | None
    until: date | datetime | None


class UsageArguments(ScopeIds, UsageOptions):
    """All of `Memory.usage`'s."""


class Counting(Base):
    """What was spent, and who is remembered."""

    def scopes(self, **ids: Unpack[ScopeIds]) -> list[ScopeReport]:
        """Every address that something is remembered of, the one that was first remembered first.

        Args:
            ids: Only addresses with these ids; without any, all of the application's.
        """
        return self._run(calls.scopes, **ids)

    async def ascopes(self, **ids: Unpack[ScopeIds]) -> list[ScopeReport]:
        """Like `scopes`, without blocking the loop."""
        return await self._arun(calls.scopes, **ids)

    def usage(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        since: date | datetime | None = None,
        until: date | datetime | None = None,
    ) -> UsageReport:
        """What the calls of a scope cost, in all and by model, day and address; without ids, of all scopes.

        Every answer of the model is counted, also one that nothing came of. Embedding calls are
        counted where something was written (under the embedder's fingerprint, as its model), not
        for searches. Numbers are kept by the day of UTC.

        Args:
            user_id: Whose; an id that is not given is open.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            since: The first day, or an aware moment of it.
            until: The last day, or the aware moment before which it ends.

        Raises:
            InvalidInputError: If a moment is naive.
        """
        return self._run(calls.usage, user_id=user_id, agent_id=agent_id, run_id=run_id, since=since, until=until)

    async def ausage(self, **arguments: Unpack[UsageArguments]) -> UsageReport:
        """Like `usage`, without blocking the loop."""
        return await self._arun(calls.usage, **arguments)


class ScopedCounting(ScopedBase):
    """The same for one scope."""

    def scopes(self) -> list[ScopeReport]:
        """See `Memory.scopes`."""
        return self._memory.scopes(**self._ids)

    async def ascopes(self) -> list[ScopeReport]:
        """See `Memory.scopes`."""
        return await self._memory.ascopes(**self._ids)

    def usage(self, **options: Unpack[UsageOptions]) -> UsageReport:
        """See `Memory.usage`."""
        return self._memory.usage(**options, **self._ids)

    async def ausage(self, **options: Unpack[UsageOptions]) -> UsageReport:
        """See `Memory.usage`."""
        return await self._memory.ausage(**options, **self._ids)
