"""What a call would change: candidates, proposal, reconciliation. Nothing is written here.

Whoever asks for a decision says what is made of it: `add` writes it, `plan` shows it. When somebody
else changed a memory meanwhile, the same proposal is weighed again against what is there now; the
model is not asked twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

import numpy as np

from memx_core import rendering, searchable
from memx_core._io import IO
from memx_core.errors import EmbeddingMismatchError, PlanConflictError
from memx_core.flows import candidates, folding, proposing, screening
from memx_core.flows.batches import (
    WRITING,
    Batch,
    Decided,
    embed_messages,
    embed_texts,
    entry_text,
    is_learned,
    of_operations,
)
from memx_core.flows.room import Room
from memx_core.ledger import Abandoned, Erased, Outdated
from memx_core.ports import Vector
from memx_core.reconciliation import Reconciled, reconcile
from memx_core.types import Evidence, MemoryItem, Message, Operation, Proposal, ProposalRequest, Scope, Usage

CONTEXT = 6
"""Earlier turns shown for understanding."""
TRIES = 16
"""How often a proposal is weighed again before a call gives up."""
T = TypeVar("T")
Act: TypeAlias = Callable[[Batch, Decided], Awaitable[T]]
"""What is made of a decision: it is written, or shown."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a proposer was shown and answered.

    Attributes:
        learned: Positions of the turns that it was shown, among all.
        heard: Vectors of the turns, by position.
    """

    request: ProposalRequest
    proposal: Proposal
    learned: tuple[int, ...]
    heard: Mapping[int, Vector]


async def decide(io: IO, room: Room, batch: Batch, act: Act[T]) -> T:
    """What `act` makes of what `batch` comes to.

    When `act` finds that it is `Outdated`, the same proposal is weighed again. What was erased while
    this was at work may be in the proposal: then it begins anew.
    """
    for _ in range(TRIES):
        begun = await io.call(room.ledger.revision, room.namespace)
        try:
            return await _decide(io, room, replace(batch, begun=begun), act)
        except Erased:
            if batch.stored is not None:  # then these turns are gone, and nobody is to see them again
                raise Abandoned from None
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)
    raise PlanConflictError(f"this scope was erased again and again through {TRIES} tries; call again")


async def _decide(io: IO, room: Room, batch: Batch, act: Act[T]) -> T:
    vectors = await embed_messages(io, batch.messages)
    if not batch.infer:
        return await act(batch, await _verbatim(io, room, batch, vectors))
    learned = [position for position in vectors if is_learned(batch.messages[position])]
    if not learned:
        return await act(batch, Decided(actor="none", heard=vectors, fingerprint=io.fingerprint))
    request = await _request(io, room, batch, learned, vectors)
    proposal = await proposing.propose(io, room, batch.scope, request)
    return await _settle(io, room, batch, Proposed(request, proposal, tuple(learned), vectors), act)


async def _verbatim(io: IO, room: Room, batch: Batch, vectors: Mapping[int, Vector]) -> Decided:
    """Every turn that somebody said, as a memory, but for what it only repeats."""
    operations = tuple(_as_said(room, at, batch.messages[at]) for at in vectors if is_learned(batch.messages[at]))
    embedded = {searchable.message_text(batch.messages[at]): vector for at, vector in vectors.items()}
    known = len(embedded)
    await embed_texts(io, operations, embedded)
    return Decided(
        operations,
        usage=Usage(embedding_calls=int(len(embedded) > known)),
        actor="user",
        kind="verbatim",
        heard=vectors,
        vectors=of_operations(operations, embedded),
        fingerprint=io.fingerprint,
    )


def _as_said(room: Room, position: int, message: Message) -> Operation:
    text = rendering.without_echoes(message.content)
    return Operation(
        event="ADD",
        memory_id=room.new_id(),
        text=text,
        evidence=(Evidence(position, text, message.content.find(text)),),
        said_at=message.timestamp,
        subject=message.name,
        reason="kept as it was said",
    )


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


async def _settle(io: IO, room: Room, batch: Batch, proposed: Proposed, act: Act[T]) -> T:
    """Weighs the proposal against what is there now, until `act` finds nothing outdated."""
    request, heard = proposed.request, proposed.heard
    said = await screening.warnings(io, room, proposed.proposal.warnings)
    proposal = replace(proposed.proposal, warnings=said)
    embedded: dict[str, Vector] = {}
    for _ in range(TRIES):
        weighed = await screening.weighed(io, room, reconcile(proposal, request, new_id=room.new_id))
        try:
            weighed = await _fold(io, room, batch.scope, weighed, embedded)
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)
            heard = await embed_messages(io, batch.messages)
            embedded.clear()
            continue
        operations = tuple(_placed(operation, proposed.learned) for operation in weighed.operations)
        decided = Decided(
            operations,
            warnings=(*proposal.warnings, *weighed.warnings),
            usage=proposal.usage + Usage(embedding_calls=bool(embedded)),
            actor=proposal.proposer,
            prompt=proposal.prompt,
            heard=heard,
            vectors=of_operations(operations, embedded),
            fingerprint=io.fingerprint,
        )
        try:
            return await act(batch, decided)
        except Outdated:
            request = await _refreshed(io, room, batch.scope, request)
    raise PlanConflictError(f"the memories of this scope kept changing through {TRIES} tries; call again")


def _placed(operation: Operation, learned: Sequence[int]) -> Operation:
    """Its evidence counted among all messages, not only those that were learned from."""
    evidence = tuple(replace(item, message=learned[item.message]) for item in operation.evidence)
    return replace(operation, evidence=evidence)


async def _fold(io: IO, room: Room, scope: Scope, weighed: Reconciled, embedded: dict[str, Vector]) -> Reconciled:
    """Turns what says the same as a known memory, or as each other, into evidence for it."""
    writing = {at: op for at, op in enumerate(weighed.operations) if op.event in WRITING}
    await embed_texts(io, list(writing.values()), embedded)
    vectors = {at: embedded[entry_text(operation)] for at, operation in writing.items()}
    return await folding.fold(io, room, scope, weighed, vectors) if vectors else weighed


async def _refreshed(io: IO, room: Room, scope: Scope, request: ProposalRequest) -> ProposalRequest:
    """The same handles, on what is there now; what is gone keeps its place, as no longer current."""
    ids = [item.id for item in request.candidates]
    now = await io.call(room.ledger.memories_by_id, room.namespace, scope, ids, room.clock())
    current = {item.id: item for item in now}
    return replace(request, candidates=tuple(current.get(item.id) or _gone(item) for item in request.candidates))


def _gone(item: MemoryItem) -> MemoryItem:
    return replace(item, status="deleted")
