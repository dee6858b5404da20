"""Which messages of a run are still to be kept, and in what form.

A message is known by its id, and keeping one again changes nothing; so in doubt it is kept once
more. What a run without a checkpointer brings along of earlier turns has new ids every time, and
only what follows the last human message is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from langchain_memx._placing import latest_human
from langchain_memx.messages import is_summary, to_message
from memx_core import Message


def unsaved(messages: Sequence[BaseMessage], watermark: str | None, *, threaded: bool) -> Sequence[BaseMessage]:
    """The messages behind the watermark; all of them, if it is not there (any more)."""
    if not threaded:
        start = latest_human(messages)
        return messages if start is None else messages[start:]
    places = [at for at, message in enumerate(messages) if message.id is not None and message.id == watermark]
    return messages[places[-1] + 1 :] if places else messages


def captured(messages: Sequence[BaseMessage], *, tool_results: bool) -> list[Message]:
    """What is kept of them: what people and the assistant said, and the results of tools if that is asked for."""
    kept = [_captured(message) for message in messages if _is_kept(message, tool_results=tool_results)]
    return [message for message in kept if message.content.strip()]


def _is_kept(message: BaseMessage, *, tool_results: bool) -> bool:
    if isinstance(message, ToolMessage):
        return tool_results
    return isinstance(message, HumanMessage | AIMessage) and not is_summary(message)


def _captured(message: BaseMessage) -> Message:
    """A tool's result as words of the assistant, under the tool's name: memx learns from nobody else's."""
    kept = to_message(message)
    return replace(kept, role="assistant", name=kept.name or "tool") if kept.role == "tool" else kept
