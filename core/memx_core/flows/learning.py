"""From messages to memories: candidates, proposal, reconciliation, and one write.

Whoever starts it has the messages either in hand (`add`) or in the ledger already (a job). All
work of models and embedders is done before the write begins. When somebody else changed a
memory meanwhile, the same proposal is weighed again against what is there now; the model is not
asked twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from memx_core import rendering, searchable
from memx_core._io import IO
from memx_core.errors import PlanConflictError
from memx_core.extraction import prompts
from memx_core.flows import candidates, proposing
from memx_core.flows.room import Room
from memx_core.ledger import Attributes, Committed, Erased, JobRequest, Outdated, Write
from memx_core.ports import IndexEntry, IndexHit, IndexQuery, Vector, Vectors
from memx_core.reconciliation import Reconciled, fold_duplicates, reconcile
from memx_core.types import (
    AddResult,
    MemoryItem,
    Message,
    Operation,
    Proposal,
    ProposalRequest,
    Scope,
    Usage,
)

CONTEXT = 6
"""Earlier turns shown for understanding."""
TRIES = 8
"""How often a proposal is weighed again before a call gives up."""
NEAR = 4
"""Nearest memories looked at for each new text."""
CLOSE = 0.9
"""Least cosine of what is looked at; what counts as the same is for `reconciliation` to say."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be learned from.

    Attributes:
        messages: The turns, oldest first.
        stored: Their rows, when the ledger has them already.
        jobs: The jobs that this completes.
        begun: Number of the newest write when the work on it began.
    """

    scope: Scope
    messages: tuple[Message, ...]
    session_id: str | None = None
    request: JobRequest = field(default_factory=JobRequest)
    key: str | None = None
    digest: str | None = None
    stored: tuple[int, ...] | None = None
    jobs: tuple[int, ...] = ()
    begun: int = 0


async def learn(io: IO, room: Room, batch: Batch) -> Committed:
    """Learns from `batch`, keeping its messages, in one write that the index has not heard of yet.

    What was erased while it was at work may be in its proposal: then it begins anew.
    """
    for _ in range(TRIES):
        begun = await io.call(room.ledger.revision, room.namespace)
        try:
            return await _learn(io, room, replace(batch, begun=begun))
        except Erased:
            continue
    raise PlanConflictError(f"this scope was erased again and again through {TRIES} tries; call again")


async def _learn(io: IO, room: Room, batch: Batch) -> Committed:
    heard = [position for position, message in enumerate(batch.messages) if is_heard(message)]
    vectors = await embed_messages(io, batch.messages)
    if not any(is_learned(batch.messages[position]) for position in heard):
        return await _commit(io, room, batch, _nothing(), vectors, {})
    learned = [position for position in heard if is_learned(batch.messages[position])]
    request = await _request(io, room, batch, learned, vectors)
    proposal = await proposing.propose(io, room, batch.scope, request)
    return await _settle(io, room, batch, request, proposal, learned, vectors)


def is_heard(message: Message) -> bool:
    """Whether somebody said it: worth embedding and finding again."""
    return message.role in ("user", "assistant") and bool(message.content.strip())


def is_learned(message: Message) -> bool:
    """Whether memories may come from it: not from what memx itself put into the prompt."""
    return is_heard(message) and message.origin != "recalled" and bool(rendering.blanked(message.content).strip())


async def embed_messages(io: IO, messages: Sequence[Message]) -> dict[int, Vector]:
    """Vectors of the turns that somebody said, by position."""
    positions = [position for position, message in enumerate(messages) if is_heard(message)]
    texts = [searchable.message_text(messages[position]) for position in positions]
    return dict(zip(positions, await io.embed_documents(texts), strict=True))


def _nothing() -> tuple[Proposal, Reconciled]:
    return Proposal(proposer="none"), Reconciled((), ())


async def _request(
    io: IO, room: Room, batch: Batch, learned: Sequence[int], vectors: Mapping[int, Vector]
) -> ProposalRequest:
    messages = tuple(_own_words(batch.messages[position]) for position in learned)
    before = batch.stored[0] if batch.stored else None
    context = await io.call(
        room.ledger.context, room.namespace, batch.scope, batch.session_id, limit=CONTEXT, before=before
    )
    nearby = np.stack([vectors[position] for position in learned])
    known = await candidates.find(io, room, batch.scope, messages, nearby, room.clock())
    earlier = tuple(_own_words(message) for message in context if is_learned(message))
    return ProposalRequest(messages, known, earlier, batch.request.instructions)


def _own_words(message: Message) -> Message:
    return replace(message, content=rendering.blanked(message.content))


async def _settle(
    io: IO,
    room: Room,
    batch: Batch,
    request: ProposalRequest,
    proposal: Proposal,
    learned: Sequence[int],
    vectors: Mapping[int, Vector],
) -> Committed:
    """Weighs the proposal against what is there now, until a write goes through."""
    embedded: dict[str, Vector] = {}
    for _ in range(TRIES):
        weighed = reconcile(proposal, request, new_id=room.new_id)
        weighed = await _fold(io, room, batch.scope, weighed, embedded)
        try:
            placed = replace(weighed, operations=tuple(_placed(op, learned) for op in weighed.operations))
            return await _commit(io, room, batch, (proposal, placed), vectors, embedded)
        except Outdated:
            request = await _refreshed(io, room, batch.scope, request)
    raise PlanConflictError(f"the memories of this scope kept changing through {TRIES} tries; call again")


def _placed(operation: Operation, learned: Sequence[int]) -> Operation:
    """Its evidence counted among all messages, not only those that were learned from."""
    evidence = tuple(replace(item, message=learned[item.message]) for item in operation.evidence)
    return replace(operation, evidence=evidence)


async def _fold(io: IO, room: Room, scope: Scope, weighed: Reconciled, embedded: dict[str, Vector]) -> Reconciled:
    """Turns what says the same as a known memory, or as each other, into evidence for it."""
    writing = [(at, op) for at, op in enumerate(weighed.operations) if op.event in ("ADD", "UPDATE", "CONFLICT")]
    if not writing:
        return weighed
    await embed_texts(io, [operation for _, operation in writing], embedded)
    matrix: Vectors = np.stack([embedded[entry_text(operation)] for _, operation in writing])
    query = IndexQuery(namespace=room.namespace, scope=scope, vectors=matrix, words=None, limit=NEAR)
    items, found = await candidates.confirmed(io, room, query, _close, room.clock())
    near = {
        at: [(items[hit.row], hit.dense) for hit in hits if hit.dense is not None and hit.row in items]
        for (at, _), hits in zip(writing, found, strict=True)
    }
    alike = {
        (writing[i][0], writing[j][0]): float(matrix[i] @ matrix[j])
        for i in range(len(writing))
        for j in range(i + 1, len(writing))
    }
    return fold_duplicates(weighed, near, alike)


def _close(found: Sequence[Sequence[IndexHit]]) -> list[int]:
    """Rows of what could be a near duplicate."""
    return [hit.row for hits in found for hit in hits if hit.dense is not None and hit.dense >= CLOSE]


async def embed_texts(io: IO, operations: Sequence[Operation], embedded: dict[str, Vector]) -> None:
    """Adds what is missing in `embedded`: the vector of each operation's text, in one call."""
    missing = list(dict.fromkeys(text for text in map(entry_text, operations) if text not in embedded))
    embedded.update(zip(missing, await io.embed_documents(missing), strict=True))


def entry_text(operation: Operation) -> str:
    """What of an operation's text is embedded."""
    return searchable.memory_text(operation.text, operation.when)


async def _refreshed(io: IO, room: Room, scope: Scope, request: ProposalRequest) -> ProposalRequest:
    """The same handles, on what is there now; what is gone keeps its place, as no longer current."""
    ids = [item.id for item in request.candidates]
    now = await io.call(room.ledger.memories_by_id, room.namespace, scope, ids, room.clock())
    current = {item.id: item for item in now}
    return replace(request, candidates=tuple(current.get(item.id) or _gone(item) for item in request.candidates))


def _gone(item: MemoryItem) -> MemoryItem:
    return replace(item, status="deleted")


async def _commit(
    io: IO,
    room: Room,
    batch: Batch,
    decided: tuple[Proposal, Reconciled],
    vectors: Mapping[int, Vector],
    embedded: Mapping[str, Vector],
) -> Committed:
    proposal, reconciled = decided
    request = Write(
        id=room.new_id(),
        kind="add",
        namespace=room.namespace,
        scope=batch.scope,
        at=room.clock(),
        actor=proposal.proposer,
        messages=batch.messages,
        stored=batch.stored,
        message_vectors=vectors,
        operations=reconciled.operations,
        vectors=of_operations(reconciled.operations, embedded),
        attributes=_attributes(batch.request),
        key=batch.key,
        request=batch.digest,
        prompt=None if room.offline else prompts.FINGERPRINT,
        usage=proposal.usage + Usage(embedding_calls=bool(vectors) + bool(embedded)),
        warnings=(*proposal.warnings, *reconciled.warnings),
        fingerprint=room.fingerprint,
        done=batch.jobs,
        begun=batch.begun,
    )
    return await io.call(room.ledger.write, request)


def of_operations(operations: Sequence[Operation], embedded: Mapping[str, Vector]) -> dict[str, Vector]:
    """Vectors by memory id, for the operations that write a text."""
    return {
        operation.memory_id: embedded[entry_text(operation)]
        for operation in operations
        if operation.event in ("ADD", "UPDATE", "CONFLICT")
    }


def _attributes(request: JobRequest) -> Attributes:
    return Attributes(
        metadata=request.metadata or None,
        merge=True,
        expires_at=request.expires_at,
        keep_expiry=request.expires_at is None,
    )


async def write(io: IO, room: Room, request: Write) -> AddResult:
    """Writes, and tells the index."""
    committed = await io.call(room.ledger.write, request)
    await publish(io, room, request.scope, committed.revision)
    return committed.result


async def publish(io: IO, room: Room, scope: Scope, revision: int) -> None:
    """Tells the index that something was written, and what, if it does not look by itself.

    Raises:
        IndexUnavailableError: If it refuses; the ledger has the write all the same.
    """
    if not revision:
        return
    entries: Iterable[IndexEntry] = ()
    if not room.index.pulls:
        entries, _ = await io.call(room.ledger.entries, room.namespace, scope, since=revision - 1)
    await io.call(room.index.apply, room.namespace, tuple(entries))
