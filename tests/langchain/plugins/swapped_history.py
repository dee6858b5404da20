"""A pytest plugin for langchain-core's own tests: its history in memory is one of ours.

Loaded by name into a process of its own (`-p swapped_history`), where nothing else of ours is.
"""

from __future__ import annotations

from collections.abc import Sequence

import langchain_core.chat_history
from langchain_core.messages import BaseMessage

from langchain_memx import MemxChatMessageHistory
from memx_core import Memory
from memx_core.testing import FakeEmbedder


class Swapped(MemxChatMessageHistory):
    """Made and compared as LangChain's own is."""

    def __init__(self, messages: Sequence[BaseMessage] = ()) -> None:
        super().__init__(Memory(embedder=FakeEmbedder(), database=":memory:", background=False), "s", user_id="ada")
        self.add_messages(messages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Swapped) and self.messages == other.messages

    __hash__ = None  # type: ignore[assignment]  # as theirs


langchain_core.chat_history.InMemoryChatMessageHistory = Swapped  # type: ignore[misc,assignment]
