"""Plans that come back: from a person, a file or another process, and so perhaps not as they went.

Only what would do harm or break something is looked for here. Whether a plan still fits what is
remembered is seen when it is applied.
"""

from __future__ import annotations

from collections.abc import Sequence

from memx_core.errors import InvalidInputError
from memx_core.inputs.chat import MAX_MESSAGES, messages
from memx_core.inputs.ids import MAX_ID, key, memory_id, namespace, scope, session
from memx_core.inputs.showing import show
from memx_core.inputs.texts import storable, text, within
from memx_core.inputs.values import metadata
from memx_core.plans import Plan
from memx_core.text import fingerprint
from memx_core.types import Operation

_LONGEST_ID = 36
_LARGEST = 2**31 - 1
_WRITING = ("ADD", "UPDATE", "CONFLICT")


def plan(value: object) -> Plan:
    """A plan that can be applied, as far as it alone can tell.

    Raises:
        InvalidInputError: If it is none, or was tampered with.
    """
    if not isinstance(value, Plan):
        raise InvalidInputError(f"plan must be a Plan, as `plan` and `Plan.from_json` give it, not {show(value)}")
    read = Plan.from_json(value.to_json())
    _check_call(read)
    _check_messages(read)
    for at, operation in enumerate(read.operations):
        _check_operation(operation, f"plan.operations[{at}]", turns=len(read.messages))
    _check_together(read.operations)
    return read


def _check_call(plan: Plan) -> None:
    _short_id(plan.id, "plan.id")
    namespace(plan.namespace)
    scope(plan.scope.user_id, plan.scope.agent_id, plan.scope.run_id)
    session(plan.session_id)
    key(plan.key)
    if metadata(plan.metadata, "plan.metadata") != plan.metadata:
        raise InvalidInputError("plan.metadata is not as memx keeps it")
    for name, label in {"proposer": plan.proposer, "prompt": plan.prompt, "digest": plan.digest}.items():
        if label is not None and (len(label) > MAX_ID or not storable(label)):
            raise InvalidInputError(f"plan.{name} is no label: {show(label)}")
    if plan.kind == "message":
        raise InvalidInputError("plan.kind='message' is no kind of memory")
    if (plan.key is None) != (plan.digest is None):
        raise InvalidInputError("plan.digest says what plan.key stands for: give both or neither")
    if not 0 <= plan.revision < 2**63:
        raise InvalidInputError(f"plan.revision={show(plan.revision)} is no number of a write")
    within(sum(map(len, plan.warnings)), "plan.warnings")
    if not all(map(storable, plan.warnings)):
        raise InvalidInputError("plan.warnings hold NUL or a lone surrogate, which no database keeps")


def _check_messages(plan: Plan) -> None:
    if plan.messages and messages(plan.messages, now=plan.created_at) != plan.messages:
        raise InvalidInputError("plan.messages are not as memx keeps them; plan again instead of changing them")


def _check_operation(operation: Operation, where: str, *, turns: int) -> None:
    _short_id(operation.memory_id, f"{where}.memory_id")
    if text(operation.text, f"{where}.text") != operation.text:
        raise InvalidInputError(f"{where}.text holds NUL or a lone surrogate, which no database keeps")
    quotes = [item.quote for item in operation.evidence]
    phrase = operation.when.phrase if operation.when else None
    said = (operation.subject, operation.slot, operation.reason, phrase, operation.old_text, *quotes)
    if not all(each is None or storable(each) for each in said):
        raise InvalidInputError(f"{where} holds NUL or a lone surrogate, which no database keeps")
    within(sum(len(each) for each in said if each), where)
    for item in operation.evidence:
        if not (0 <= item.message < turns and -1 <= item.start <= _LARGEST):
            raise InvalidInputError(f"{where}.evidence points to no message of the plan")
    _check_event(operation, where)


def _check_event(operation: Operation, where: str) -> None:
    new = operation.event == "ADD"
    fits = (
        operation.expected_version == 0 if new else 1 <= operation.expected_version <= _LARGEST,
        (operation.conflicts_with is not None) == (operation.event == "CONFLICT"),
        not operation.ended or operation.event == "UPDATE",
        not operation.retracts or operation.event == "DELETE",
    )
    if not all(fits):
        raise InvalidInputError(f"{where} is no {operation.event} that memx would plan")


def _check_together(operations: Sequence[Operation]) -> None:
    if len(operations) > MAX_MESSAGES:
        raise InvalidInputError(f"plan.operations are more than {MAX_MESSAGES:,}")
    within(sum(len(operation.text) for operation in operations), "plan.operations")
    changed = [operation.memory_id for operation in operations if operation.event != "NONE"]
    written = [fingerprint(each.text) for each in operations if each.event in _WRITING and not each.ended]
    if len(set(changed)) < len(changed) or len(set(written)) < len(written):
        raise InvalidInputError("plan.operations change one memory twice, or write one text twice")


def _short_id(value: str, name: str) -> None:
    memory_id(value)
    if len(value) > _LONGEST_ID:
        raise InvalidInputError(f"{name} is no id that memx made: {show(value)}")
