"""LangMem on LangGraph's `InMemoryStore`: its tools on the request's path, its store manager off it.

It is installed in an environment of its own; see `contenders`.
"""

from __future__ import annotations

import importlib
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.store.base import PutOp
from pydantic import ConfigDict
from typing_extensions import override

from benchmarks.peers.langgraph import store
from benchmarks.peers.port import USER, Contender, K, batches, messages
from benchmarks.peers.stand_ins import Facts, Words

_NAMESPACE = (USER, "memories")


class LangMem(Contender):
    """`learn` is the manager, `put` and `search` are the tools, called as an agent would call them.

    What its tool writes its manager cannot read, so they write to different places.
    """

    does = frozenset({"learn", "put", "search", "turn"})

    def __init__(self, folder: Path, words: Words, facts: Facts) -> None:
        super().__init__(folder, words, facts)
        langmem: Any = importlib.import_module("langmem")
        self._store = store(words)
        self._manager = langmem.create_memory_store_manager(
            _Model(facts=facts), namespace=_NAMESPACE, store=self._store
        )
        self._writing = langmem.create_manage_memory_tool((USER, "notes"), store=self._store)
        self._looking = langmem.create_search_memory_tool(_NAMESPACE, store=self._store)
        self._waiting: list[list[dict[str, str]]] = []

    def load(self, known: Mapping[str, Sequence[str]]) -> None:
        """Items as the manager makes them, in batches."""
        for user, texts in batches(known):
            self._store.batch([_item(user, text) for text in texts])

    @override
    def learn(self, said: str, answered: str) -> object:
        return self._manager.invoke({"messages": messages(said, answered)})

    @override
    def put(self, text: str) -> object:
        return self._writing.invoke({"content": text, "action": "create"})

    @override
    def search(self, query: str) -> int:
        return len(json.loads(self._looking.invoke({"query": query, "limit": K})))

    @override
    def turn(self, said: str, answered: str) -> object:
        self._waiting.append(messages(said, answered))
        return self._looking.invoke({"query": said, "limit": K})

    def later(self) -> None:
        """The manager learns from each turn."""
        for turn in self._waiting:
            self._manager.invoke({"messages": turn})
        self._waiting.clear()

    def close(self) -> None:
        """There is nothing to let go of."""


class _Model(BaseChatModel):
    """Calls the tool that makes a memory, twice; a provider would be sent the tools as well."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    facts: Facts
    tools: str = ""

    @property
    def _llm_type(self) -> str:
        return "stand-in"

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **_: object
    ) -> Runnable[Any, AIMessage]:
        """With what the tools say of themselves."""
        return _Model(facts=self.facts, tools=json.dumps([convert_to_openai_tool(tool) for tool in tools]))

    def _generate(self, messages: list[BaseMessage], *_: object, **__: object) -> ChatResult:
        found = self.facts.found("\n".join([self.tools, *(str(message.content) for message in messages)]))
        calls = [{"name": "Memory", "args": {"content": text}, "id": str(uuid.uuid4())} for text in found]
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="", tool_calls=calls))])


def _item(user: str, text: str) -> PutOp:
    return PutOp((user, "memories"), str(uuid.uuid4()), {"kind": "Memory", "content": {"content": text}})
