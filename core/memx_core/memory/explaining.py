"""Where a memory comes from."""

from __future__ import annotations

from typing import Unpack

from memx_core.memory.arguments import ScopeIds
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import explaining as calls
from memx_core.provenance import Provenance


class Explaining(Base):
    """Where a memory comes from."""

    def why(self, memory_id: str, **ids: Unpack[ScopeIds]) -> Provenance:
        """Every version of a memory, deleted or not, with the words it rests on and who proposed it.

        Raises:
            MemoryNotFoundError: If it never was, or not in the scope that is given.
        """
        return self._run(calls.why, memory_id, **ids)

    async def awhy(self, memory_id: str, **ids: Unpack[ScopeIds]) -> Provenance:
        """Like `why`, without blocking the loop."""
        return await self._arun(calls.why, memory_id, **ids)


class ScopedExplaining(ScopedBase):
    """The same for one scope."""

    def why(self, memory_id: str) -> Provenance:
        """See `Memory.why`."""
        return self._memory.why(memory_id, **self._ids)

    async def awhy(self, memory_id: str) -> Provenance:
        """See `Memory.why`."""
        return await self._memory.awhy(memory_id, **self._ids)
