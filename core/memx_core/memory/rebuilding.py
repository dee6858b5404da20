"""Deriving the index anew, and changing the embedder."""

from __future__ import annotations

from memx_core.memory.base import Base
from memx_core.memory.calls import rebuilding as calls
from memx_core.memory.calls.rebuilding import Progress
from memx_core.ports import AsyncEmbedder, Embedder


class Rebuilding(Base):
    """Deriving the index anew, and changing the embedder."""

    def rebuild_index(self, *, embedder: Embedder | AsyncEmbedder | None = None, progress: Progress = False) -> int:
        """Derives the index anew, perhaps with another embedder; how many texts were embedded. No model is asked.

        Without an embedder, texts that have no vector yet are embedded (the embedder had failed),
        and the index is filled again from the database.

        With one, all texts are embedded anew while the old vectors serve and writes go on; then
        the new ones take their place at once, and this memory goes on with the new embedder. Other
        handles on the database raise `EmbeddingMismatchError` from then on. What is interrupted
        changes nothing; called again, it goes on where it was.

        Args:
            embedder: Takes the place of the present one.
            progress: Show a bar (where `rich` is installed, in a terminal), or a function that is
                called with how many texts are done, and of how many.

        Raises:
            EmbeddingMismatchError: If the database was changed to another embedder, and none is given.
        """
        return self._run(calls.rebuild_index, embedder=embedder, progress=progress)

    async def arebuild_index(
        self, *, embedder: Embedder | AsyncEmbedder | None = None, progress: Progress = False
    ) -> int:
        """Like `rebuild_index`, awaiting the embedder."""
        return await self._arun(calls.rebuild_index, embedder=embedder, progress=progress)
