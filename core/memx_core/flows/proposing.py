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
from memx_core.extraction import llm, pieces, prompts
from memx_core.flows import budgeting
from memx_core.flows.room import Room
from memx_core.ports import Completion
from memx_core.text import estimate_tokens
from memx_core.types import Message, Proposal, ProposalRequest, Scope, Usage


async def propose(io: IO, room: Room, scope: Scope, request: ProposalRequest) -> Proposal:
    """What is worth knowing of the request's messages, unchecked.

    Raises:
        BudgetExceededError: If the day's tokens are spent, and rules may not stand in.
        ExtractionError: If the model's answer is unusable.
    """
    if room.offline:
        return await io.call(_by_rules, request)
    parts = pieces.split(request.messages)
    requests = [replace(request, messages=part.messages, context=part.context or request.context) for part in parts]
    if len(requests) > 1 and room.budget is not None and room.budget.on_exceed != "rules":
        # What is cut off half-way is lost, and would be paid again every day that it does not fit in.
        await budgeting.check(io, room, scope, needed=sum(map(_size, requests)))
    merged = pieces.merge(parts, [await _ask(io, room, scope, each) for each in requests])
    return replace(merged, warnings=tuple(dict.fromkeys(merged.warnings)))  # what holds for several pieces, once


async def _ask(io: IO, room: Room, scope: Scope, request: ProposalRequest) -> Proposal:
    meter = _Meter(io, room, scope)
    try:
        return await llm.propose(meter, request)
    except BudgetExceededError as error:
        if room.budget is None or room.budget.on_exceed != "rules":
            raise
        proposal = await io.call(_by_rules, request)
        warnings = (budgeting.warning(error), *proposal.warnings)
        return replace(proposal, warnings=warnings, usage=proposal.usage + meter.spent)


def _by_rules(request: ProposalRequest) -> Proposal:
    from memx_core.extraction import rules  # a tenth of what importing memx costs

    return rules.propose(request)


def _size(request: ProposalRequest) -> int:
    """Tokens of what a model is asked; its answer comes on top, and the estimate is on the high side."""
    return sum(estimate_tokens(message.content) for message in prompts.build(request))


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
