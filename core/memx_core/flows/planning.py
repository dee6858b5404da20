"""`plan` and `apply`, and what waits to be approved.

A plan is what `add` would write, shown instead. Applying it, and approving an operation that was
held back, is exact: if anything it rests on has changed, nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from memx_core import searchable
from memx_core._io import IO
from memx_core.errors import EmbeddingMismatchError, PlanConflictError
from memx_core.flows import adding, deciding, learning, screening
from memx_core.flows.batches import WRITING, Batch, Decided, embed_messages, embed_texts, entry_text, of_operations
from memx_core.flows.room import Room
from memx_core.ledger import Erased, JobRequest, Write
from memx_core.plans import Plan
from memx_core.ports import Vector
from memx_core.types import AddResult, Scope, Usage


async def plan(io: IO, room: Room, batch: Batch) -> Plan:
    """What `add` would do with `batch`; nothing is written."""
    batch = await screening.batch(io, room, batch)
    if await adding.replayed(io, room, batch) is not None:
        known = Decided(warnings=("known: this key was used before, so applying this gives the first result",))
        return _plan(room, batch, known)
    return await deciding.decide(io, room, batch, partial(_settled, io, room))


async def _settled(io: IO, room: Room, batch: Batch, decided: Decided) -> Plan:
    """The plan, once it is seen what the transaction would make of it."""
    request = learning.writing(room, batch, decided)
    operations, known = await io.call(room.ledger.settled, request)
    # Tokens were booked when the model answered; embedding calls are booked with a write, and there is none.
    embedding = Usage(embedding_calls=request.usage.embedding_calls)
    await io.call(room.ledger.spend, room.namespace, batch.scope, at=request.at, model=io.fingerprint, usage=embedding)
    decided = replace(decided, operations=operations, warnings=(*decided.warnings, *known), usage=request.usage)
    return _plan(room, batch, decided)


def _plan(room: Room, batch: Batch, decided: Decided) -> Plan:
    return Plan(
        id=room.new_id(),
        operations=decided.operations,
        warnings=(*batch.warnings, *decided.warnings),
        usage=decided.usage,
        scope=batch.scope,
        created_at=room.clock(),
        messages=batch.messages,
        session_id=batch.session_id,
        metadata=batch.request.metadata,
        expires_at=batch.request.expires_at,
        kind=decided.kind,
        key=batch.key,
        digest=batch.digest,
        proposer=decided.actor,
        prompt=decided.prompt,
        namespace=room.namespace,
        revision=batch.begun,
    )


async def apply(io: IO, room: Room, plan: Plan) -> AddResult:
    """Does exactly what `plan` says; the second time nothing, with the first result.

    Raises:
        PlanConflictError: If anything that it rests on has changed.
        ScreenedError: If the screen would change any of it.
    """
    await screening.check_plan(io, room, plan)
    request = _writing(room, plan, Decided())
    done = await io.call(room.ledger.done, request)
    if done is not None:
        return done
    request = _writing(room, plan, await _embedded(io, plan))
    try:
        return await learning.write(io, room, request)
    except Erased:
        raise PlanConflictError("what was remembered in this scope was erased since; plan again") from None


async def _embedded(io: IO, plan: Plan) -> Decided:
    """What was decided, with the vectors that a plan does not carry."""
    heard = await embed_messages(io, plan.messages)
    embedded = {searchable.message_text(plan.messages[position]): vector for position, vector in heard.items()}
    known = len(embedded)
    await embed_texts(io, [each for each in plan.operations if each.event in WRITING], embedded)
    return Decided(
        usage=Usage(embedding_calls=int(len(embedded) > known)),
        heard=heard,
        vectors=of_operations(plan.operations, embedded),
        fingerprint=io.fingerprint,
    )


def _writing(room: Room, plan: Plan, embedded: Decided) -> Write:
    batch = Batch(
        scope=plan.scope,
        messages=plan.messages,
        session_id=plan.session_id,
        request=JobRequest(metadata=plan.metadata, expires_at=plan.expires_at),
        key=plan.key,
        digest=plan.digest,
        begun=plan.revision,
    )
    decided = replace(
        embedded,
        operations=plan.operations,
        warnings=plan.warnings,
        actor=plan.proposer,
        prompt=plan.prompt,
        kind=plan.kind,
    )
    digest = hashlib.sha256(plan.to_json().encode()).hexdigest()
    return replace(learning.writing(room, batch, decided), id=plan.id, kind="apply", exact=True, plan=digest)


async def approve(io: IO, room: Room, scope: Scope, ids: Sequence[str]) -> AddResult:
    """Does what waits under `ids`, all of it exactly, or nothing.

    Raises:
        OperationNotFoundError: If nothing waits under one of them in `scope`.
        PlanConflictError: If anything that it rests on has changed; all of it goes on waiting.
    """
    held = await io.call(room.ledger.held, room.namespace, scope, ids)
    await screening.check_operations(io, room, [each.operation for each in held])
    writing = {each.id: each.operation for each in held if each.operation.event in WRITING}
    while True:
        embedded: dict[str, Vector] = {}
        await embed_texts(io, list(writing.values()), embedded)
        request = replace(
            _by_person(room, scope, "approve"),
            usage=Usage(embedding_calls=int(bool(embedded))),
            fingerprint=io.fingerprint,
        )
        vectors = {id: embedded[entry_text(operation)] for id, operation in writing.items()}
        try:
            committed = await io.call(room.ledger.approve, request, held, vectors)
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)
            continue
        await learning.publish(io, room, committed.revision)
        return committed.result


async def reject(io: IO, room: Room, scope: Scope, ids: Sequence[str], *, reason: str) -> int:
    """Takes away what waits under `ids`; how much that was.

    Raises:
        OperationNotFoundError: If nothing waits under one of them in `scope`.
    """
    reason = await screening.text(io, room, reason, "the reason")
    request = replace(_by_person(room, scope, "reject"), warnings=(f"rejected: {reason}",) if reason else ())
    removed = await io.call(room.ledger.reject, request, ids)
    await learning.publish(io, room, removed.revision)
    return removed.count


def _by_person(room: Room, scope: Scope, kind: str) -> Write:
    return Write(id=room.new_id(), kind=kind, namespace=room.namespace, scope=scope, at=room.clock(), actor="user")
