"""Taking changes back, by new changes."""

from __future__ import annotations

from typing import Unpack

from memx_core.memory.arguments import RejectArguments, UndoArguments, UndoOptions
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import undoing as calls
from memx_core.types import Change, MemoryItem


class Undoing(Base):
    """Taking changes back, by new changes."""

    def revert(
        self,
        memory_id: str,
        *,
        to: int,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        reason: str | None = None,
    ) -> MemoryItem:
        """The memory as it was in version `to`, which is brought back as a new version; also if it was deleted.

        Nothing is embedded anew, and if that version is the current one nothing is written. Turns that
        were withheld when the memory was deleted stay so; `undo` of the deletion brings them back too.

        Args:
            memory_id: The memory.
            to: Number of the version, as `history` shows it.
            user_id: Whose it has to be; optional.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            reason: For the history.

        Raises:
            MemoryNotFoundError: If there never was one, or not in the scope that is given.
            InvalidInputError: If it has no such version, or that one is a deletion.
        """
        return self._run(
            calls.revert,
            memory_id,
            to=to,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            reason=reason,
        )

    async def arevert(self, memory_id: str, *, to: int, **arguments: Unpack[RejectArguments]) -> MemoryItem:
        """Like `revert`, without blocking the loop."""
        return await self._arun(calls.revert, memory_id, to=to, **arguments)

    def undo(
        self,
        operation_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        cascade: bool = False,
        reason: str | None = None,
    ) -> list[Change]:
        """The changes by which everything that a call changed is as it was before.

        Memories go back, and so do their conflicts and what was withheld with them. Turns that the call
        brought stay in the transcript but are not found any more, what it queued is not learned, and
        its evidence no longer counts. What it held back waits no more, and what it approved
        waits again. An undo is a call too: undone in turn, it is as if it had never been.

        Args:
            operation_id: Id of the call: `AddResult.operation_id`, or a change's. If the call was
                queued and learned from meanwhile, what was learned is undone.
            user_id: Whose everything it touched has to be; optional.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            cascade: Take back later changes of the same memories too, rather than refuse.
            reason: For the history.

        Raises:
            OperationNotFoundError: If there is no such call, or it reached beyond the scope that is given.
            PlanConflictError: If later changes stand in the way (its `conflicts`: of the same memories, or
                what was held back of it and approved), it was undone already, or it was learned from
                together with other calls.
            InvalidInputError: If such calls cannot be undone (`clear_messages`, `reject`, `load`).
        """
        return self._run(
            calls.undo,
            operation_id,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            cascade=cascade,
            reason=reason,
        )

    async def aundo(self, operation_id: str, **arguments: Unpack[UndoArguments]) -> list[Change]:
        """Like `undo`, without blocking the loop."""
        return await self._arun(calls.undo, operation_id, **arguments)


class ScopedUndoing(ScopedBase):
    """The same for one scope."""

    def revert(self, memory_id: str, *, to: int, reason: str | None = None) -> MemoryItem:
        """See `Memory.revert`."""
        return self._memory.revert(memory_id, to=to, reason=reason, **self._ids)

    async def arevert(self, memory_id: str, *, to: int, reason: str | None = None) -> MemoryItem:
        """See `Memory.revert`."""
        return await self._memory.arevert(memory_id, to=to, reason=reason, **self._ids)

    def undo(self, operation_id: str, **options: Unpack[UndoOptions]) -> list[Change]:
        """See `Memory.undo`."""
        return self._memory.undo(operation_id, **options, **self._ids)

    async def aundo(self, operation_id: str, **options: Unpack[UndoOptions]) -> list[Change]:
        """See `Memory.undo`."""
        return await self._memory.aundo(operation_id, **options, **self._ids)
