"""Where the recalled block stands in a request: beside what the user said last, or after the system prompt.

Beside the user's words it has no more authority than those, and the prompt's prefix up to there
stays the same from call to call, so that a provider's cache of it holds. The request is a copy:
nothing of this gets into the agent's state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from langchain_memx.messages import is_summary

Placement: TypeAlias = Literal["user", "system"]
M = TypeVar("M", bound=BaseMessage)
_Content: TypeAlias = str | list[str | dict[Any, Any]]


def latest_human(messages: Sequence[BaseMessage]) -> int | None:
    """Position of what a person said last; a summary in a person's name does not count."""
    for at in range(len(messages) - 1, -1, -1):
        if isinstance(messages[at], HumanMessage) and not is_summary(messages[at]):
            return at
    return None


def beside_user(messages: Sequence[M], block: str) -> list[M]:
    """The messages with `block` after the words of the last human one."""
    at = latest_human(messages)
    placed = list(messages)
    if at is not None:
        placed[at] = placed[at].model_copy(update={"content": _extended(placed[at], block)})
    return placed


def after_system(message: SystemMessage | None, block: str) -> SystemMessage:
    """The system message with `block` at its end."""
    if message is None:
        return SystemMessage(block)
    return message.model_copy(update={"content": _extended(message, block)})


def _extended(message: BaseMessage, block: str) -> _Content:
    """As one more block if the content is a list, so that marks on the others (`cache_control`) hold."""
    if isinstance(message.content, str):
        return f"{message.content}\n\n{block}" if message.content else block
    return [*message.content, {"type": "text", "text": block}]
