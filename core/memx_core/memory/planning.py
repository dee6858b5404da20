"""Showing what a call would do before it does it, and holding back what a policy wants to see first."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from memx_core.memory.arguments import Messages, PlanArguments, PlanOptions, RejectArguments, ScopeIds
from memx_core.memory.base import Base, ScopedBase
from memx_core.memory.calls import planning as calls
from memx_core.plans import Plan
from memx_core.types import AddResult, Metadata


class Planning(Base):
    """Showing what a call would do before it does it, and holding back what a policy wants to see first."""

    def plan(
        self,
        messages: Messages,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        session_id: str | None = None,
        metadata: Metadata | None = None,
        timestamp: datetime | None = None,
        expires_at: datetime | None = None,
        infer: bool = True,
        instructions: str | None = None,
        key: str | None = None,
    ) -> Plan:
        """What `add` would do with the same arguments; nothing is kept or changed. See `add` for them.

        The model is asked, and its tokens are counted. The policy is not: `apply` is the approval.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If the messages are blank or no messages.
            ExtractionError: If the model's answer is unusable.
            BudgetExceededError: If the day's tokens are spent.
        """
        return self._run(
            calls.plan,
            messages,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            session_id=session_id,
            metadata=metadata,
            timestamp=timestamp,
            expires_at=expires_at,
            infer=infer,
            instructions=instructions,
            key=key,
        )

    async def aplan(self, messages: Messages, **arguments: Unpack[PlanArguments]) -> Plan:
        """Like `plan`, awaiting the providers."""
        return await self._arun(calls.plan, messages, **arguments)

    def apply(self, plan: Plan, **ids: Unpack[ScopeIds]) -> AddResult:
        """Does exactly what `plan` says, and keeps its messages; the model is not asked again.

        Applied a second time, also by another process, it does nothing and returns the first result.

        Raises:
            PlanConflictError: If anything that it rests on has changed since, or it was undone; nothing
                is written.
            ScopeError: If it was made for another scope than the one given.
            InvalidInputError: If it is no plan, of another namespace, or was tampered with.
        """
        return self._run(calls.apply, plan, **ids)

    async def aapply(self, plan: Plan, **ids: Unpack[ScopeIds]) -> AddResult:
        """Like `apply`, awaiting the embedder."""
        return await self._arun(calls.apply, plan, **ids)

    def approve(self, *operation_ids: str, **ids: Unpack[ScopeIds]) -> AddResult:
        """Does what a policy held back, all of it in one transaction; `pending` shows what waits.

        Args:
            operation_ids: Of operations that wait, or of calls: then all that wait of each.
            ids: Only what waits in this scope.

        Raises:
            OperationNotFoundError: If nothing waits under one of the ids in this scope.
            PlanConflictError: If anything that one rests on has changed since; all go on waiting.
        """
        return self._run(calls.approve, operation_ids, **ids)

    async def aapprove(self, *operation_ids: str, **ids: Unpack[ScopeIds]) -> AddResult:
        """Like `approve`, awaiting the embedder."""
        return await self._arun(calls.approve, operation_ids, **ids)

    def reject(self, *operation_ids: str, reason: str | None = None, **ids: Unpack[ScopeIds]) -> int:
        """How many operations waited under these ids; they are gone, and nothing is kept of what they said.

        Args:
            operation_ids: See `approve`.
            reason: Kept with the rejection, so better without what was proposed.
            ids: Only what waits in this scope.

        Raises:
            OperationNotFoundError: If nothing waits under one of the ids in this scope.
        """
        return self._run(calls.reject, operation_ids, reason=reason, **ids)

    async def areject(self, *operation_ids: str, **arguments: Unpack[RejectArguments]) -> int:
        """Like `reject`, without blocking the loop."""
        return await self._arun(calls.reject, operation_ids, **arguments)


class ScopedPlanning(ScopedBase):
    """The same for one scope."""

    def plan(self, messages: Messages, **options: Unpack[PlanOptions]) -> Plan:
        """See `Memory.plan`."""
        return self._memory.plan(messages, **options, **self._ids)

    async def aplan(self, messages: Messages, **options: Unpack[PlanOptions]) -> Plan:
        """See `Memory.plan`."""
        return await self._memory.aplan(messages, **options, **self._ids)

    def apply(self, plan: Plan) -> AddResult:
        """See `Memory.apply`."""
        return self._memory.apply(plan, **self._ids)

    async def aapply(self, plan: Plan) -> AddResult:
        """See `Memory.apply`."""
        return await self._memory.aapply(plan, **self._ids)

    def approve(self, *operation_ids: str) -> AddResult:
        """See `Memory.approve`."""
        return self._memory.approve(*operation_ids, **self._ids)

    async def aapprove(self, *operation_ids: str) -> AddResult:
        """See `Memory.approve`."""
        return await self._memory.aapprove(*operation_ids, **self._ids)

    def reject(self, *operation_ids: str, reason: str | None = None) -> int:
        """See `Memory.reject`."""
        return self._memory.reject(*operation_ids, reason=reason, **self._ids)

    async def areject(self, *operation_ids: str, reason: str | None = None) -> int:
        """See `Memory.reject`."""
        return await self._memory.areject(*operation_ids, reason=reason, **self._ids)
