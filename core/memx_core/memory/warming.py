"""Loading before anybody waits."""

from __future__ import annotations

from memx_core.memory.base import Base
from memx_core.memory.calls import warming as calls


class Warming(Base):
    """Loading before anybody waits."""

    def warm_up(self) -> None:
        """Loads the embedder, if it is one that runs in this process, and looks at an index that is on a server.

        Without it the first call that embeds loads the embedder, and takes a second or more longer than the
        next; and an index that does not fit shows in the log alone, while the database is searched instead.

        Raises:
            ImportError: If what the embedder runs on is missing.
            EmbeddingMismatchError: If the index holds another embedder's vectors.
            IndexMismatchError: If the index can never be used as it is. One whose server does not answer is
                reported to the log: memory goes on without it.
        """
        self._run(calls.warm_up)

    async def awarm_up(self) -> None:
        """Like `warm_up`, without blocking the loop."""
        await self._arun(calls.warm_up)
