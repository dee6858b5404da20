"""Asking the proposer: the model, or rules where there is none."""

from __future__ import annotations

from dataclasses import replace

from memx_core._io import IO
from memx_core.extraction import llm, pieces, rules
from memx_core.flows.room import Room
from memx_core.types import Proposal, ProposalRequest, Scope


async def propose(io: IO, room: Room, scope: Scope, request: ProposalRequest) -> Proposal:
    """What is worth knowing of the request's messages, unchecked."""
    if room.offline:
        return await io.call(rules.propose, request)
    parts = pieces.split(request.messages)
    proposals = [
        await llm.propose(io, replace(request, messages=part.messages, context=part.context or request.context))
        for part in parts
    ]
    return pieces.merge(parts, proposals)
