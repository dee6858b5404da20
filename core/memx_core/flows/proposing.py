"""Asking the proposer: the model, or rules where there is none or its budget is spent.

Every answer of a model is booked as soon as it is there, by itself: whatever fails later, the
tokens are counted, and once. So each call sees what all the others have cost, and a budget can
be passed by one model call for each of several callers at the same time, not by more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from memx_core._io import IO
from memx_core.errors import BudgetExceededError
from memx_core.extraction import llm, pieces, rules
from memx_core.flows import budgeting
from memx_core.flows.room import Room
from memx_core.ports import Completion
from memx_core.types import Message, Proposal, ProposalRequest, Scope, Usage


async def propose(io: IO, room: Room, scope: Scope, request: ProposalRequest) -> Proposal:
    """What is worth knowing of the request's messages, unchecked.

    Raises:
        BudgetExceededError: If the day's tokens are spent, and rules may not stand in.
        ExtractionError: If the model's answer is unusable.
    """
    if room.offline:
        return await io.call(rules.propose, request)
    parts = pieces.split(request.messages)
    proposals = [
        await _ask(io, room, scope, replace(request, messages=part.messages, context=part.context or request.context))
        for part in parts
    ]
    merged = pieces.merge(parts, proposals)
    return replace(merged, warnings=tuple(dict.fromkeys(merged.warnings)))  # what holds for several pieces, once


async def _ask(io: IO, room: Room, scope: Scope, request: ProposalRequest) -> Proposal:
    meter = _Meter(io, room, scope)
    try:
        return await llm.propose(meter, request)
    except BudgetExceededError as error:
        if room.budget is None or room.budget.on_exceed != "rules":
            raise
        proposal = await io.call(rules.propose, request)
        warnings = (budgeting.warning(error), *proposal.warnings)
        return replace(proposal, warnings=warnings, usage=proposal.usage + meter.spent)


@dataclass(slots=True)
class _Meter:
    """The model, asked within the budget, its answers booked."""

    io: IO
    room: Room
    scope: Scope
    spent: Usage = field(default_factory=Usage)

    async def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """See `IO`."""
        await budgeting.check(self.io, self.room, self.scope)
        completion = await self.io.complete(messages, schema)
        self.spent += completion.usage
        await self.io.call(
            self.room.ledger.spend,
            self.room.namespace,
            self.scope,
            at=self.room.clock(),
            model=completion.model or llm.UNNAMED,
            usage=completion.usage,
        )
        return completion
