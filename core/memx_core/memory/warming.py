"""Loading before anybody waits."""

from __future__ import annotations

from memx_core.memory.base import Base
from memx_core.memory.calls import warming as calls


class Warming(Base):
    """Loading before anybody waits."""

    def warm_up(self) -> None:
        """Loads the embedder, if it is one that runs in this process; for others there is nothing to do.

        Without it the first call that embeds loads it, and takes a second or more longer than the next.

        Raises:
            ImportError: If what it runs on is missing.
        """
        self._run(calls.warm_up)

    async def awarm_up(self) -> None:
        """Like `warm_up`, without blocking the loop."""
        await self._arun(calls.warm_up)
