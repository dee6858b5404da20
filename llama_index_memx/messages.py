"""LlamaIndex's messages as memx's, and back.

Only what a person said and what the assistant answered is learned from. An agent's way to its
answer (calls of tools, their results, a trace of its reasoning) is kept as what it is.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from llama_index.core.base.llms.types import ChatMessage, MessageRole, ToolCallBlock
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from llama_index_memx.contents import content_text
from memx_core import Message, toolcalls
from memx_core.toolcalls import ToolCall

RAW = "llama_index"
"""Under which name of `Message.raw` a message's own form is kept."""
_ROLES = {
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.TOOL: "tool",
    MessageRole.FUNCTION: "tool",
}
_TRACE = re.compile(r"\s*(?:Thought|Action|Observation):")
_ANSWER = re.compile(r"^Answer(?: \(Starts With\))?:[ \t]*", re.MULTILINE)
_RUN = "Result of executing the code given:\n\n"
_LARGEST = 2**63 - 1


def to_messages(messages: Sequence[ChatMessage], *, tool_results: bool = False) -> list[Message]:
    """The messages as memx keeps them, in their order, each with an id of its own.

    Args:
        messages: As an engine or an agent puts them, those that belong together in one call.
        tool_results: Also learn from what tools returned.
    """
    tools = {call.tool_call_id: call.tool_name for message in messages for call in _calls(message)}
    kept: list[Message] = []
    for at, message in enumerate(messages):
        if _is_run(messages, at):
            kept.append(_message(message, "tool", "code"))
        elif _is_run(messages, at + 1):
            kept.append(replace(_message(message), origin="scratchpad"))
        else:
            kept.append(_message(message, tool=tools.get(_kwargs(message).get("tool_call_id"))))
    return [_heard(message) for message in kept] if tool_results else kept


def from_message(message: Message) -> ChatMessage:
    """The message as LlamaIndex has it: a new one each time, just as it was kept, or made from another door's."""
    kept = (message.raw or {}).get(RAW)
    if isinstance(kept, Mapping):
        try:
            return ChatMessage.model_validate(kept)
        except ValidationError:
            pass  # a picture's file is gone, or another version of LlamaIndex kept it: its words are there
    beside = {"name": message.name, "tool_call_id": toolcalls.answered(message.raw)}
    made = ChatMessage(role=message.role, content=message.content)
    made.additional_kwargs = {name: value for name, value in beside.items() if value}
    made.blocks += [
        ToolCallBlock(tool_call_id=call.id, tool_name=call.name, tool_kwargs=dict(call.args))
        for call in toolcalls.calls(message.raw)
    ]
    return made


def said(message: ChatMessage) -> tuple[str, str]:
    """What makes two messages the same: who says what."""
    kept = _message(message)
    return kept.role, kept.content or json.dumps(own_form(message)["blocks"], sort_keys=True)


def completes(messages: Sequence[ChatMessage]) -> bool:
    """Whether these end a turn: with an answer, and not with the call of a tool."""
    return bool(messages) and _ROLES[messages[-1].role] == "assistant" and not calls_tools(messages[-1])


def calls_tools(message: ChatMessage) -> bool:
    """Whether it asks for tools to be run."""
    return bool(_calls(message) or _kwargs(message).get("tool_calls"))


def own_form(message: ChatMessage) -> dict[str, Any]:
    """The message as JSON; what JSON has no form for as its text."""
    try:
        form: dict[str, Any] = message.model_dump(mode="json")
    except (PydanticSerializationError, UnicodeDecodeError):
        form = message.model_dump()
    whole = _json(form)
    whole.get("additional_kwargs", {}).pop("images", None)  # they are blocks already, and would become them again
    return whole


def _json(form: dict[str, Any]) -> dict[str, Any]:
    """The values as JSON has them, and every database."""
    whole: dict[str, Any] = json.loads(json.dumps(form, default=str), parse_constant=str, parse_int=_int)
    return whole


def _int(digits: str) -> int | str:
    number = int(digits)
    return number if -_LARGEST <= number <= _LARGEST else digits


def _is_run(messages: Sequence[ChatMessage], at: int) -> bool:
    """Whether it is what a code agent's program printed: that comes in a person's name, and is no person's word."""
    if not 0 < at < len(messages) or messages[at].role != MessageRole.USER:
        return False
    return (messages[at].content or "").startswith(_RUN) and "<execute>" in (messages[at - 1].content or "")


def _message(message: ChatMessage, role: str | None = None, tool: str | None = None) -> Message:
    text, role, origin = content_text(message.blocks), role or _ROLES[message.role], None
    if role == "assistant":
        text, on_the_way = _answer(text)
        origin = "scratchpad" if on_the_way or calls_tools(message) else None
    name = _kwargs(message).get("name") or tool
    return Message(
        role=role,
        content=text,
        name=name if isinstance(name, str) and name.strip() else None,
        id=str(uuid.uuid4()),
        origin=origin,
        raw={RAW: own_form(message), **_noted(message)},
    )


def _heard(message: Message) -> Message:
    """A tool's result as words of the assistant, under the tool's name: memx learns from nobody else's."""
    return replace(message, role="assistant", name=message.name or "tool") if message.role == "tool" else message


def _answer(text: str) -> tuple[str, bool]:
    """What an assistant's words answer, and whether they are only on the way to it: of a trace its last answer."""
    if not _TRACE.match(text):
        return text, False
    answers = list(_ANSWER.finditer(text))
    return (text[answers[-1].end() :].strip(), False) if answers else (text, True)


def _noted(message: ChatMessage) -> dict[str, Any]:
    """What another framework has to know of it beside its words."""
    calls = [ToolCall(call.tool_call_id or "", call.tool_name, _args(call.tool_kwargs)) for call in _calls(message)]
    return _json(toolcalls.noted(calls, answers=_kwargs(message).get("tool_call_id")))


def _args(given: object) -> dict[str, Any]:
    """The arguments of a call; some providers give them as the JSON that the model wrote."""
    try:
        found: object = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _calls(message: ChatMessage) -> list[ToolCallBlock]:
    return [block for block in message.blocks if isinstance(block, ToolCallBlock)]


def _kwargs(message: ChatMessage) -> Mapping[str, Any]:
    """What providers keep beside a message."""
    return cast("Mapping[str, Any]", message.additional_kwargs)
