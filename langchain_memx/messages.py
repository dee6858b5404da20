"""LangChain's messages as memx's, and back.

Only what a person or the assistant said is learned from. System and tool messages are kept as
what they are; a summary that LangChain wrote in a person's name is no person's word, and becomes
a system message.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
    message_chunk_to_message,
    message_to_dict,
    messages_from_dict,
)
from langchain_core.messages.base import BaseMessageChunk
from langchain_core.messages.tool import tool_call

from langchain_memx.contents import content_text
from memx_core import Message, toolcalls

RAW = "langchain"
"""Under which name of `Message.raw` a message's own form is kept."""
_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "tool"}
_CHAT_ROLES = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "model": "assistant"}
_UNHEARD_ROLES = frozenset({"system", "developer", "tool", "function"})


def to_messages(messages: Iterable[BaseMessage], *, raw: bool = False) -> list[Message]:
    """The messages as memx keeps them, in their order; requests to remove one are left out.

    Args:
        messages: Of any type; chunks of a stream are made whole messages.
        raw: Keep each one's own form beside it, so that `from_message` gives it back as it was.
    """
    return [to_message(message, raw=raw) for message in messages if not isinstance(message, RemoveMessage)]


def to_message(message: BaseMessage, *, raw: bool = False) -> Message:
    """One message as memx keeps it."""
    whole = message_chunk_to_message(message) if isinstance(message, BaseMessageChunk) else message
    role, name = _speaker(whole)
    return Message(
        role=role,
        content=content_text(cast("object", whole.content)),
        name=name,
        id=whole.id or None,
        raw={RAW: own_form(whole), **_calls(whole)} if raw else None,
    )


def from_message(message: Message) -> BaseMessage:
    """The message as LangChain has it: just as it was kept, or made from what another door kept."""
    kept = (message.raw or {}).get(RAW)
    if isinstance(kept, Mapping):
        (found,) = messages_from_dict([dict(cast("Mapping[str, Any]", kept))])
        return found
    match message.role:
        case "assistant":
            made = [call for call in toolcalls.calls(message.raw) if call.name]
            calls = [tool_call(id=call.id, name=call.name, args=dict(call.args)) for call in made]
            return AIMessage(message.content, name=message.name, id=message.id, tool_calls=calls)
        case "system":
            return SystemMessage(message.content, name=message.name, id=message.id)
        case "tool":
            call = toolcalls.answered(message.raw)
            return ToolMessage(message.content, tool_call_id=call, name=message.name, id=message.id)
        case _:
            return HumanMessage(message.content, name=message.name, id=message.id)


def is_summary(message: BaseMessage) -> bool:
    """Whether LangChain's summarisation wrote it, in a person's name."""
    return message.additional_kwargs.get("lc_source") == "summarization"


def own_form(message: BaseMessage) -> dict[str, Any]:
    """The message as JSON; what JSON has no form for as its text."""
    form: dict[str, Any] = json.loads(json.dumps(message_to_dict(message), default=str), parse_constant=str)
    return form


def _calls(message: BaseMessage) -> dict[str, Any]:
    """What another framework has to know of it beside its words."""
    if isinstance(message, ToolMessage):
        return toolcalls.noted(answers=message.tool_call_id)
    if not isinstance(message, AIMessage):
        return {}
    form: list[dict[str, Any]] = json.loads(json.dumps(message.tool_calls, default=str), parse_constant=str)
    return toolcalls.noted(toolcalls.ToolCall(call["id"] or "", call["name"], call["args"]) for call in form)


def _speaker(message: BaseMessage) -> tuple[str, str | None]:
    """Role and name."""
    if is_summary(message):
        return "system", None
    if not isinstance(message, ChatMessage):
        return _ROLES.get(message.type, "system"), message.name or None
    role = message.role.strip().lower()
    if role in _UNHEARD_ROLES:
        return ("tool" if role in ("tool", "function") else "system"), message.name or None
    if role in _CHAT_ROLES:
        return _CHAT_ROLES[role], message.name or None
    return "user", message.name or message.role.strip() or None  # one of several people
