"""What changed between two moments."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from memx_core.memory.arguments import ScopeIds
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import comparing as calls
from memx_core.types import Change


class Comparing(Base):
    """What changed between two moments."""

    def diff(self, since: datetime, until: datetime | None = None, **ids: Unpack[ScopeIds]) -> list[Change]:
        """Every change of the scope's memories after `since`, in the order they were made.

        Also of memories that were deleted. Replayed, but for those that are `ended`, they turn what
        `get_all(known_at=since)` gave into what `get_all(known_at=until)` gives, expired ones apart.

        Args:
            since: An aware moment; what was recorded at it is not among the changes.
            until: The last moment that counts; `None`: up to now.
            ids: Whose memories.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If a moment is naive, or `since` is the later one.
        """
        return self._run(calls.diff, since, until, **ids)

    async def adiff(self, since: datetime, until: datetime | None = None, **ids: Unpack[ScopeIds]) -> list[Change]:
        """Like `diff`, without blocking the loop."""
        return await self._arun(calls.diff, since, until, **ids)


class ScopedComparing(ScopedBase):
    """The same for one scope."""

    def diff(self, since: datetime, until: datetime | None = None) -> list[Change]:
        """See `Memory.diff`."""
        return self._memory.diff(since, until, **self._ids)

    async def adiff(self, since: datetime, until: datetime | None = None) -> list[Change]:
        """See `Memory.diff`."""
        return await self._memory.adiff(since, until, **self._ids)
