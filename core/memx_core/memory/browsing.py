"""Looking through what is kept: for people who look after a whole database."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict, Unpack

from memx_core.memory.arguments import ScopeIds
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import browsing as calls
from memx_core.provenance import Learned
from memx_core.reports import OwnerKind, OwnerReport
from memx_core.types import Page, Status


class OwnerOptions(TypedDict, total=False):
    """See `Memory.owners`."""

    containing: str
    after: str | None
    limit: int


class OwnerArguments(ScopeIds, OwnerOptions):
    """All of `Memory.owners`'."""


class VersionOptions(TypedDict, total=False):
    """See `Memory.versions`."""

    statuses: Collection[Status]
    containing: str
    limit: int
    cursor: str | None


class VersionArguments(ScopeIds, VersionOptions):
    """All of `Memory.versions`'."""


class Browsing(Base):
    """Looking through what is kept."""

    def owners(
        self,
        kind: OwnerKind,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        containing: str = "",
        after: str | None = None,
        limit: int = 100,
    ) -> list[OwnerReport]:
        """The users, the agents or the runs that something is kept of, by their ids, a page at a time.

        Also those of which nothing holds any more. `scopes` tells the addresses, in which ids stand together.

        Args:
            kind: `user`, `agent` or `run`.
            user_id: Only those that occur together with this id.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            containing: Only ids with this in them, whatever the case of its letters, if they are ASCII.
            after: The last id of the page before.
            limit: How many at most, 1 to 10,000.

        Raises:
            InvalidInputError: If `kind` is none of the three.
        """
        return self._run(
            calls.owners,
            kind,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            containing=containing,
            after=after,
            limit=limit,
        )

    async def aowners(self, kind: OwnerKind, **arguments: Unpack[OwnerArguments]) -> list[OwnerReport]:
        """Like `owners`, without blocking the loop."""
        return await self._arun(calls.owners, kind, **arguments)

    def versions(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        statuses: Collection[Status] = (),
        containing: str = "",
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page:
        """Every version that is kept of the scope's memories, the newest memory first.

        As they are now, also what was superseded, deleted or has expired; a deletion is a version too, without a text.

        Args:
            user_id: Whose memories; ids not given are unconstrained.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            statuses: Only versions of which this became; all, if there is none.
            containing: Only texts with this in them, whatever the case of its letters, if they are ASCII.
            limit: Versions on the page, 1 to 10,000.
            cursor: The `next_cursor` of the page before.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If there is no such status.
        """
        return self._run(
            calls.versions,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            statuses=statuses,
            containing=containing,
            limit=limit,
            cursor=cursor,
        )

    async def aversions(self, **arguments: Unpack[VersionArguments]) -> Page:
        """Like `versions`, without blocking the loop."""
        return await self._arun(calls.versions, **arguments)

    def learned(self, session_id: str | None, **ids: Unpack[ScopeIds]) -> list[Learned]:
        """What the turns of a conversation led to, in their order: `why`, asked from the other end.

        `session_id=None` asks for the messages that were added without one.

        Raises:
            ScopeError: If no id is given.
        """
        return self._run(calls.learned, session_id, **ids)

    async def alearned(self, session_id: str | None, **ids: Unpack[ScopeIds]) -> list[Learned]:
        """Like `learned`, without blocking the loop."""
        return await self._arun(calls.learned, session_id, **ids)


class ScopedBrowsing(ScopedBase):
    """The same for one scope."""

    def owners(self, kind: OwnerKind, **options: Unpack[OwnerOptions]) -> list[OwnerReport]:
        """See `Memory.owners`."""
        return self._memory.owners(kind, **options, **self._ids)

    async def aowners(self, kind: OwnerKind, **options: Unpack[OwnerOptions]) -> list[OwnerReport]:
        """See `Memory.owners`."""
        return await self._memory.aowners(kind, **options, **self._ids)

    def versions(self, **options: Unpack[VersionOptions]) -> Page:
        """See `Memory.versions`."""
        return self._memory.versions(**options, **self._ids)

    async def aversions(self, **options: Unpack[VersionOptions]) -> Page:
        """See `Memory.versions`."""
        return await self._memory.aversions(**options, **self._ids)

    def learned(self, session_id: str | None) -> list[Learned]:
        """See `Memory.learned`."""
        return self._memory.learned(session_id, **self._ids)

    async def alearned(self, session_id: str | None) -> list[Learned]:
        """See `Memory.learned`."""
        return await self._memory.alearned(session_id, **self._ids)
