"""The base of chat message histories, which LangChain has announced to remove.

Where it is gone, a class with the same methods stands in, so that applications which call them go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, get_buffer_string

if TYPE_CHECKING:
    from langchain_core.chat_history import BaseChatMessageHistory
else:
    try:
        from langchain_core.chat_history import BaseChatMessageHistory
    except ImportError:

        class BaseChatMessageHistory:
            """What is added to the methods that a history has to have."""

            def add_message(self, message: BaseMessage) -> None:
                """Adds one message."""
                self.add_messages([message])

            def add_user_message(self, message: HumanMessage | str) -> None:
                """Adds what a person said."""
                self.add_message(HumanMessage(message) if isinstance(message, str) else message)

            def add_ai_message(self, message: AIMessage | str) -> None:
                """Adds what the assistant said."""
                self.add_message(AIMessage(message) if isinstance(message, str) else message)

            def add_messages(self, messages: Sequence[BaseMessage]) -> None:
                """Adds messages."""
                raise NotImplementedError

            def __str__(self) -> str:
                return get_buffer_string(self.messages)


__all__ = ["BaseChatMessageHistory"]
