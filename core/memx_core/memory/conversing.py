"""The methods of `Memory` for verbatim conversations and what is still to be learned from them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Unpack

from memx_core.memory.arguments import ClearArguments, Messages, PutArguments, ScopeIds, TranscriptArguments
from memx_core.memory.base import Base
from memx_core.memory.calls import conversing as calls
from memx_core.types import AddResult, Job, Message


class Conversing(Base):
    """Transcripts, and the queue of what is still to be learned from."""

    def messages(self, session_id: str | None, *, limit: int | None = None, **ids: Unpack[ScopeIds]) -> list[Message]:
        """The verbatim transcript of a conversation, oldest first; with a limit its last turns.

        `session_id=None` gives the messages that were added without one.
        """
        return self._run(calls.messages, session_id, limit=limit, **ids)

    async def amessages(self, session_id: str | None, **arguments: Unpack[TranscriptArguments]) -> list[Message]:
        """Like `messages`, without blocking the loop."""
        return await self._arun(calls.messages, session_id, **arguments)

    def sessions(self, **ids: Unpack[ScopeIds]) -> list[str]:
        """The conversations of the scope that have messages, the one that began first at the beginning."""
        return self._run(calls.sessions, **ids)

    async def asessions(self, **ids: Unpack[ScopeIds]) -> list[str]:
        """Like `sessions`, without blocking the loop."""
        return await self._arun(calls.sessions, **ids)

    def put_messages(
        self,
        session_id: str,
        messages: Messages,
        *,
        learn: bool = True,
        complete: bool = True,
        **ids: Unpack[ScopeIds],
    ) -> AddResult:
        """Keeps messages of a conversation; one whose id is known replaces the former.

        They are findable at once. With `learn` a durable job is queued to learn from them, and neither
        the model nor the embedder is asked before this returns.

        Args:
            session_id: The conversation.
            messages: A text, a message, or several, oldest first.
            learn: Learn from them in the background.
            complete: False while the turn goes on: then the job waits for the put that completes it, so that
                question and answer are learned from together; but no longer than ten minutes, or a `flush`.
            ids: Whose they are.
        """
        return self._run(calls.put_messages, session_id, messages, learn=learn, complete=complete, **ids)

    async def aput_messages(self, session_id: str, messages: Messages, **arguments: Unpack[PutArguments]) -> AddResult:
        """Like `put_messages`, awaiting the embedder."""
        return await self._arun(calls.put_messages, session_id, messages, **arguments)

    def clear_messages(
        self, session_id: str, *, message_ids: Collection[str] | None = None, **ids: Unpack[ScopeIds]
    ) -> int:
        """How many turns the conversation had; they are gone for good, what was learned stays.

        Args:
            session_id: The conversation.
            message_ids: Only these turns of it.
            ids: Whose it is.
        """
        return self._run(calls.clear_messages, session_id, message_ids=message_ids, **ids)

    async def aclear_messages(self, session_id: str, **arguments: Unpack[ClearArguments]) -> int:
        """Like `clear_messages`, without blocking the loop."""
        return await self._arun(calls.clear_messages, session_id, **arguments)

    def pending(self, **ids: Unpack[ScopeIds]) -> list[Job]:
        """What is still to be learned from or to be approved, oldest first, with the error of the last try.

        What is `parked` has failed too often: it waits for a `flush`. If the provider answered nobody meanwhile,
        it is also tried again now and then.
        """
        return self._run(calls.pending, **ids)

    async def apending(self, **ids: Unpack[ScopeIds]) -> list[Job]:
        """Like `pending`, without blocking the loop."""
        return await self._arun(calls.pending, **ids)

    def flush(self, timeout: float | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Learns from everything that is queued or parked, and waits for what others are at.

        A conversation is learned from in its order: when one of its jobs fails, those behind it
        stay queued, and the first error is raised when all conversations have had their turn. What
        waits for a new day's budget is no error.

        Args:
            timeout: Seconds after which nothing further is begun or waited for; that is no error either.
            ids: Only jobs of this scope.
        """
        self._run(calls.flush, timeout=timeout, **ids)

    async def aflush(self, timeout: float | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Like `flush`, awaiting the providers."""
        await self._arun(calls.flush, timeout=timeout, **ids)
