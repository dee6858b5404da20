"""Taking memories out and in, and learning from old conversations."""

from __future__ import annotations

from os import PathLike
from typing import Literal, Unpack, overload

from memx_core.memory.arguments import BackfillArguments, BackfillOptions, ScopeIds
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import moving as calls
from memx_core.moving.formats import Format
from memx_core.moving.reports import BackfillEstimate, BackfillReport, LoadReport


class Moving(Base):
    """Taking memories out and in, and learning from old conversations."""

    def export(self, path: str | PathLike[str], *, embeddings: bool = False, **ids: Unpack[ScopeIds]) -> int:
        """Writes everything of the scope, or without ids of all, to a file; how many memories, deleted ones too.

        The file is JSON lines (see `memx_core.moving.jsonl`), gzipped if the path ends in `.gz`: all versions
        and their history, the turns of conversations, and what still waits. It shows one moment, and takes
        the place of a former file at once, when it is complete.

        Args:
            path: The file; its folder must be there.
            embeddings: Also the vectors, so that nothing has to be embedded where it is loaded.
            ids: Only what belongs to this scope.
        """
        return self._run(calls.export, path, embeddings=embeddings, **ids)

    async def aexport(self, path: str | PathLike[str], *, embeddings: bool = False, **ids: Unpack[ScopeIds]) -> int:
        """Like `export`, without blocking the loop."""
        return await self._arun(calls.export, path, embeddings=embeddings, **ids)

    def load(
        self,
        path: str | PathLike[str],
        *,
        format: Format | None = None,
        results: str | PathLike[str] | None = None,
        **ids: Unpack[ScopeIds],
    ) -> LoadReport:
        """Takes in a file, all of it or nothing; no model is asked. Loaded again, it changes nothing.

        Of memx's own exports everything is as it was: ids, history, times. What is here already is skipped;
        a memory that says what a living one says already is left out, with a warning. Of mem0's files come
        memories with their pasts, of ChatGPT's `conversations.json` the conversations: they are kept and found,
        and `backfill` learns from them.

        Args:
            path: The file, gzipped or not.
            format: `memx`, `mem0` (its results as JSON, or its history database), or `chatgpt`; `None` finds out.
            results: With mem0's history: the file of all results, which says whose the memories are.
            ids: Whose it is where the file does not say. What is somebody else's is refused.

        Raises:
            InvalidInputError: If a line is damaged, or an id is here already with other content or in another scope.
            ScopeError: If something belongs to another scope than the one given, or nobody says to which.
        """
        return self._run(calls.load, path, format=format, results=results, **ids)

    async def aload(
        self,
        path: str | PathLike[str],
        *,
        format: Format | None = None,
        results: str | PathLike[str] | None = None,
        **ids: Unpack[ScopeIds],
    ) -> LoadReport:
        """Like `load`, awaiting the embedder."""
        return await self._arun(calls.load, path, format=format, results=results, **ids)

    @overload
    def backfill(
        self, conversations: calls.Conversations, *, dry_run: Literal[True], **arguments: Unpack[BackfillArguments]
    ) -> BackfillEstimate: ...
    @overload
    def backfill(
        self,
        conversations: calls.Conversations,
        *,
        dry_run: Literal[False] = False,
        **arguments: Unpack[BackfillArguments],
    ) -> BackfillReport: ...
    def backfill(
        self, conversations: calls.Conversations, *, dry_run: bool = False, **arguments: Unpack[BackfillArguments]
    ) -> BackfillReport | BackfillEstimate:
        """Learns from old conversations, in the order of time over all of them.

        Run again after whatever stopped it, it goes on where it was: what was learned from costs no call. Turns
        without a time keep their place. Only where each batch begins is held in memory; the turns are put aside,
        on disk when there are many.

        Args:
            conversations: Values of `Conversation`, lists of messages, or messages one after the other, each with
                its `session_id`; or the path of ChatGPT's `conversations.json`.
            dry_run: Only estimate what it would take.
            arguments: `user_id`, `agent_id`, `run_id`: whose conversations. `instructions`, `metadata`: as of `add`.
                `tokens_per_call`: about how much a model sees at once, 100 to 2,000; by default 1,000. `progress`:
                show a bar (where `rich` is installed, in a terminal), or a function that is called with how many
                batches are done, and of how many; by default True.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If a conversation cannot be read; nothing was learned then.
            ExtractionError: Or what a provider raises, at the first batch that fails, with a note where that was.
                Its turns are kept and queued, as those of `add`.
        """
        return self._run(calls.backfill, conversations, dry_run=dry_run, **arguments)

    @overload
    async def abackfill(
        self, conversations: calls.Conversations, *, dry_run: Literal[True], **arguments: Unpack[BackfillArguments]
    ) -> BackfillEstimate: ...
    @overload
    async def abackfill(
        self,
        conversations: calls.Conversations,
        *,
        dry_run: Literal[False] = False,
        **arguments: Unpack[BackfillArguments],
    ) -> BackfillReport: ...
    async def abackfill(
        self, conversations: calls.Conversations, *, dry_run: bool = False, **arguments: Unpack[BackfillArguments]
    ) -> BackfillReport | BackfillEstimate:
        """Like `backfill`, awaiting the providers; `conversations` is read in a thread, before anything else."""
        return await self._arun(calls.backfill, conversations, dry_run=dry_run, **arguments)


class ScopedMoving(ScopedBase):
    """The same for one scope."""

    def export(self, path: str | PathLike[str], *, embeddings: bool = False) -> int:
        """See `Memory.export`."""
        return self._memory.export(path, embeddings=embeddings, **self._ids)

    async def aexport(self, path: str | PathLike[str], *, embeddings: bool = False) -> int:
        """See `Memory.export`."""
        return await self._memory.aexport(path, embeddings=embeddings, **self._ids)

    def load(
        self,
        path: str | PathLike[str],
        *,
        format: Format | None = None,
        results: str | PathLike[str] | None = None,
    ) -> LoadReport:
        """See `Memory.load`."""
        return self._memory.load(path, format=format, results=results, **self._ids)

    async def aload(
        self,
        path: str | PathLike[str],
        *,
        format: Format | None = None,
        results: str | PathLike[str] | None = None,
    ) -> LoadReport:
        """See `Memory.load`."""
        return await self._memory.aload(path, format=format, results=results, **self._ids)

    @overload
    def backfill(
        self, conversations: calls.Conversations, *, dry_run: Literal[True], **options: Unpack[BackfillOptions]
    ) -> BackfillEstimate: ...
    @overload
    def backfill(
        self, conversations: calls.Conversations, *, dry_run: Literal[False] = False, **options: Unpack[BackfillOptions]
    ) -> BackfillReport: ...
    def backfill(
        self, conversations: calls.Conversations, *, dry_run: bool = False, **options: Unpack[BackfillOptions]
    ) -> BackfillReport | BackfillEstimate:
        """See `Memory.backfill`."""
        if dry_run:
            return self._memory.backfill(conversations, dry_run=True, **options, **self._ids)
        return self._memory.backfill(conversations, **options, **self._ids)

    @overload
    async def abackfill(
        self, conversations: calls.Conversations, *, dry_run: Literal[True], **options: Unpack[BackfillOptions]
    ) -> BackfillEstimate: ...
    @overload
    async def abackfill(
        self, conversations: calls.Conversations, *, dry_run: Literal[False] = False, **options: Unpack[BackfillOptions]
    ) -> BackfillReport: ...
    async def abackfill(
        self, conversations: calls.Conversations, *, dry_run: bool = False, **options: Unpack[BackfillOptions]
    ) -> BackfillReport | BackfillEstimate:
        """See `Memory.backfill`."""
        if dry_run:
            return await self._memory.abackfill(conversations, dry_run=True, **options, **self._ids)
        return await self._memory.abackfill(conversations, **options, **self._ids)
