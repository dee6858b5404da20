"""The proposer that asks a language model: one call, and one more if the answer is unusable.

What the provider raises passes through: whether to try again later is the caller's to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel

from memx_core.errors import ExtractionError
from memx_core.extraction import prompts
from memx_core.extraction.parsing import Answer, parse
from memx_core.extraction.schema import MemoryOperations
from memx_core.ports import Completion
from memx_core.types import Message, Proposal, ProposalRequest, Usage

UNNAMED = "llm"
"""What a model is called that does not tell its name."""


class Asks(Protocol):
    """All that proposing needs of an IO."""

    async def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """The model's answer; its usage counts the call."""
        ...


async def propose(io: Asks, request: ProposalRequest) -> Proposal:
    """What the model would change, given `request`.

    Raises:
        ExtractionError: If the answer is unusable, and the repaired one too.
    """
    prompt = prompts.build(request)
    first = await io.complete(prompt, MemoryOperations)
    answer = parse(first)
    if answer.verdict != "unusable":
        return _proposal(answer, first, first.usage)
    again = prompts.repair(prompt, answer=first.shown, problem=answer.problem)
    second = await io.complete(again, MemoryOperations)
    answer = parse(second)
    if answer.verdict == "unusable":
        raise ExtractionError(
            f"the model's answer could not be used ({answer.problem}), nor the one before it; try again, or give "
            "another model",
            answer=second.shown[: prompts.LONGEST_ANSWER],
        )
    return _proposal(answer, second, first.usage + second.usage)


def _proposal(answer: Answer, completion: Completion, usage: Usage) -> Proposal:
    return Proposal(answer.operations, answer.warnings, usage, completion.model or UNNAMED, prompts.FINGERPRINT)
