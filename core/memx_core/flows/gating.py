"""The gate: which of the decided operations happen by themselves, and which wait to be approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError
from memx_core.flows.room import Room
from memx_core.ledger import Write
from memx_core.plans import Decision, Policy
from memx_core.types import Event, Operation

_REVIEW: Mapping[Event, Decision] = MappingProxyType({"UPDATE": "review", "DELETE": "review", "CONFLICT": "review"})
"""What `review` holds back; what is not named here happens."""


class Misjudged(InvalidInputError):
    """A policy that failed, or answered nothing we know: no fault of the call, so its messages are kept."""


class Gate:
    """A policy, asked once for each operation of a call however often that is weighed again."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._asked: dict[Operation, Decision] = {}

    async def sort(self, io: IO, room: Room, request: Write) -> Write:
        """`request` with what may happen, and what is held back.

        Raises:
            Misjudged: If the policy's answer is none.
            Outdated: If a memory changed since the operation on it was decided.
        """
        if self._policy == "auto" or not request.operations:
            return request
        # What a policy judges is what would happen, not what is known by another memory already.
        settled, known = await io.call(room.ledger.settled, request)
        judged = [(operation, await self._judge(io, operation)) for operation in settled]
        refused = [f"refused: {operation.event} {operation.text!r}" for operation, said in judged if said == "reject"]
        return replace(
            request,
            operations=tuple(operation for operation, said in judged if said == "apply"),
            held=tuple(operation for operation, said in judged if said == "review"),
            warnings=(*request.warnings, *known, *refused),
        )

    async def _judge(self, io: IO, operation: Operation) -> Decision:
        if operation.event == "NONE":
            return "apply"
        if not callable(self._policy):
            return _REVIEW.get(operation.event, "apply")
        # The id of a new memory is another one each time.
        same = replace(operation, memory_id="") if operation.event in ("ADD", "CONFLICT") else operation
        if same not in self._asked:
            try:
                answer: object = await io.call(self._policy, operation)
            except InvalidInputError as error:
                raise Misjudged(str(error)) from error
            self._asked[same] = _decision(answer)
        return self._asked[same]


def _decision(answer: object) -> Decision:
    match answer:
        case True | "apply":
            return "apply"
        case False | "review":
            return "review"
        case "reject":
            return "reject"
        case _:
            raise Misjudged(
                f"the policy answered {inputs.show(answer)}; it must say 'apply', 'review' or 'reject', "
                "or True for the first and False for the second"
            )
