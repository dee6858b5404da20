"""Removing for good."""

from __future__ import annotations

from typing import Unpack

from memx_core.flows import erasing
from memx_core.memory.arguments import ScopeIds
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import erasing as calls
from memx_core.reports import ErasureReport


class Erasing(Base):
    """Removing for good."""

    def erase(self, **ids: Unpack[ScopeIds]) -> ErasureReport:
        """What was removed: everything of the scope, for good, whatever it is kept in.

        Memories with all their versions, history, messages, evidence, vectors, what waits to be learned or
        approved, and the calls themselves; of what they cost only whose it was. Ids that are not
        given are open: `erase(user_id="ada")` takes what Ada told any agent in any run. All of it
        goes in one transaction; work that is under way begins anew on what is left, so an `add`
        at the same time is either erased whole or comes after.

        Then the database's files are rid of it and looked through. If somebody is reading from
        them just then the report says so (`verified` is false); erasing again later finishes it.
        Of a PostgreSQL server the tables are read again; what its files, its log, replicas and
        backups may keep for a while is in `remains`.

        Raises:
            ScopeError: If no id is given.
        """
        return self._run(calls.erase, **ids)

    async def aerase(self, **ids: Unpack[ScopeIds]) -> ErasureReport:
        """Like `erase`, without blocking the loop."""
        return await self._arun(calls.erase, **ids)

    def reset(self) -> None:
        """Removes everything of this namespace for good, also from the database's files.

        If somebody is reading from those just then, the next `erase` or `reset` finishes it.
        """
        self._run(erasing.reset)

    async def areset(self) -> None:
        """Like `reset`, without blocking the loop."""
        await self._arun(erasing.reset)


class ScopedErasing(ScopedBase):
    """The same for one scope."""

    def erase(self) -> ErasureReport:
        """See `Memory.erase`."""
        return self._memory.erase(**self._ids)

    async def aerase(self) -> ErasureReport:
        """See `Memory.erase`."""
        return await self._memory.aerase(**self._ids)
