"""Calls of tools beside a message's words, in a form that every framework reads.

A framework's own form of a message is read by itself alone. So what others need to tell the same
conversation to a model stands beside it in `Message.raw`: a result without its call is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from memx_core.types import Metadata

_CALLS, _ANSWERS = "tool_calls", "tool_call_id"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """An assistant's wish that a tool be run.

    Attributes:
        id: By which the result names it; empty if it has none.
        name: The tool's.
        args: By name.
    """

    id: str
    name: str
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])


def noted(calls: Iterable[ToolCall] = (), *, answers: object = None) -> dict[str, Any]:
    """What goes into `Message.raw`.

    Args:
        calls: Of the message.
        answers: Id of the call that the message is the result of.
    """
    listed = [asdict(call) for call in calls]
    found: dict[str, Any] = {_CALLS: listed} if listed else {}
    return {**found, _ANSWERS: answers} if isinstance(answers, str) and answers else found


def calls(raw: Metadata | None) -> list[ToolCall]:
    """The calls that a message makes."""
    found: object = (raw or {}).get(_CALLS)
    given = cast("list[object]", found) if isinstance(found, list) else []
    return [_call(cast("Mapping[str, Any]", one)) for one in given if isinstance(one, Mapping)]


def answered(raw: Metadata | None) -> str:
    """Id of the call that a message is the result of; empty if it does not say."""
    found: object = (raw or {}).get(_ANSWERS)
    return found if isinstance(found, str) else ""


def _call(given: Mapping[str, Any]) -> ToolCall:
    args: object = given.get("args")
    known = cast("Mapping[str, Any]", args) if isinstance(args, Mapping) else dict[str, Any]()
    return ToolCall(str(given.get("id") or ""), str(given.get("name") or ""), dict(known))
