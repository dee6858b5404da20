"""What calls change, and what of it waits for approval."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from memx_core.ledger import (
    approving,
    history,
    purging,
    reads,
    removal,
    reverting,
    reviewing,
    settling,
    transcripts,
    undoing,
    writes,
)
from memx_core.ledger.methods.base import Base
from memx_core.ledger.refusals import repeated
from memx_core.ledger.values import Committed, Held, Removed, Reverted, Undone, Write
from memx_core.ports import Vector
from memx_core.types import AddResult, MemoryItem, Operation, Scope


class Writing(Base):
    """What calls change, and what of it waits for approval."""

    @repeated
    def write(self, request: Write) -> Committed:
        """Applies `request` whole; with a `key` or `plan` that was used before, nothing but the first result.

        Raises:
            Outdated: If a memory changed since the operation on it was decided.
            PlanConflictError: Likewise, if it is to be carried out exactly.
            Erased: If the scope was erased since the work for it began.
            Abandoned: If the turns of the jobs that it completes changed since they were read.
            InvalidInputError: If the key was used for something else.
        """
        with self._database.writing(request.namespace) as connection:
            found = history.done(connection, request)
            return writes.write(connection, request) if found is None else Committed(found, 0)

    @repeated
    def change(
        self, namespace: str, scope: Scope | None, memory_id: str, now: datetime, decide: Callable[[MemoryItem], Write]
    ) -> Committed | None:
        """Applies what `decide` makes of a memory, with nobody in between; `None` if it is not there.

        Args:
            namespace: Whose application's.
            scope: `None`: whoever it belongs to.
            memory_id: Which.
            now: When it has to be there.
            decide: Quick, and without a look at the ledger: all other writers wait.

        Raises:
            EmbeddingMismatchError: If the vectors are of another model than those kept.
        """
        with self._database.writing(namespace) as connection:
            item = reads.memory(connection, namespace, scope, memory_id, now)
            return None if item is None else writes.write(connection, decide(item))

    def done(self, request: Write) -> AddResult | None:
        """What the first `write` of this plan or with this key came to, if there was one.

        Raises:
            InvalidInputError: If that was something else.
            PlanConflictError: If it was undone.
        """
        with self._database.reading() as connection:
            return history.done(connection, request)

    def replay(self, namespace: str, scope: Scope, key: str, digest: str | None) -> AddResult | None:
        """What the call with this key came to, if there was one.

        Raises:
            InvalidInputError: If that was given something else than `digest` stands for.
        """
        with self._database.reading() as connection:
            return history.replay(connection, namespace, scope, key, digest)

    def settled(self, request: Write) -> tuple[tuple[Operation, ...], tuple[str, ...]]:
        """What the operations of `request` come to beside what is there now, and what of it is known already.

        Raises:
            Outdated: If a memory changed since the operation on it was decided.
        """
        with self._database.reading() as connection:
            settled = settling.settle(connection, request, settling.heads(connection, request))
            return tuple(step.operation for step in settled.steps), tuple(settled.warnings)

    def held(self, namespace: str, scope: Scope, ids: Sequence[str]) -> list[Held]:
        """What waits to be approved under `ids`, each its own or that of its call, oldest first.

        Raises:
            OperationNotFoundError: If nothing waits under one of them in `scope`.
        """
        with self._database.reading() as connection:
            return reviewing.find(connection, namespace, scope, ids)

    @repeated
    def approve(self, request: Write, held: Sequence[Held], vectors: Mapping[str, Vector]) -> Committed:
        """Carries out all of `held` exactly; `vectors` of their texts, by their ids.

        Raises:
            OperationNotFoundError: If one waits no more.
            PlanConflictError: If something changed that one rests on.
        """
        with self._database.writing(request.namespace) as connection:
            return approving.approve(connection, request, held, vectors)

    @repeated
    def reject(self, request: Write, ids: Sequence[str]) -> Removed:
        """Takes away what waits to be approved under `ids`.

        Raises:
            OperationNotFoundError: If nothing waits under one of them in the request's scope.
        """
        with self._database.writing(request.namespace) as connection:
            return approving.reject(connection, request, ids)

    @repeated
    def delete_all(self, request: Write) -> Removed:
        """Deletes, softly, every living memory of the request's scope."""
        with self._database.writing(request.namespace) as connection:
            operation = writes.open_operation(connection, request)
            return Removed(removal.delete_all(connection, request, operation), operation)

    @repeated
    def clear_messages(self, request: Write, session: str, only: Collection[str] | None = None) -> Removed:
        """Blanks a conversation, or `only` the turns with these ids."""
        with self._database.writing(request.namespace) as connection:
            operation = writes.open_operation(connection, request)
            removed = Removed(transcripts.clear(connection, request, session, only, operation), operation)
        purging.flush(self._database)
        return removed

    @repeated
    def revert(self, request: Write, memory_id: str, *, to: int, reason: str) -> Reverted:
        """Brings a version of a memory of the request's scope back.

        Raises:
            MemoryNotFoundError: If there is no such memory in the scope.
            InvalidInputError: If it has no such version, or that one is a deletion.
        """
        with self._database.writing(request.namespace) as connection:
            return reverting.revert(connection, request, memory_id, to, reason)

    @repeated
    def undo(self, request: Write, operation_id: str, *, cascade: bool, reason: str) -> Undone:
        """Takes back a call of the request's scope.

        Raises:
            OperationNotFoundError: If there is no such call in the scope.
            InvalidInputError: If it is of a kind that cannot be undone.
            PlanConflictError: If it was taken back already, or something that came later rests on it.
        """
        with self._database.writing(request.namespace) as connection:
            return undoing.undo(connection, request, operation_id, cascade=cascade, reason=reason)
