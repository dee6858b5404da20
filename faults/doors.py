"""The frameworks' ways to a memory, each as one call that says all that it lets out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_memx import MemxChatMessageHistory, MemxMiddleware, MemxRetriever, memory_tools
from memx_core import ScopedMemory

Door = Callable[[ScopedMemory, str, str, str], object]
"""Of the memory, the caller's id, a word to ask for, and a name: of a memory, a call or a turn."""


class _Echo(BaseChatModel):
    """Answers with all that it was shown."""

    @property
    def _llm_type(self) -> str:
        return "echo"

    def _generate(self, messages: list[BaseMessage], *args: object, **kwargs: object) -> ChatResult:
        shown = "\n".join(str(message.content) for message in messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=shown, id="answer"))])


def _config(user: str) -> Any:  # noqa: ANN401  # a config of LangChain's
    return {"configurable": {"user_id": user}}


def _middleware(own: ScopedMemory, user: str, word: str, name: str) -> object:
    agent: Any = create_agent(_Echo(), middleware=[MemxMiddleware(own._memory, timeout=None)])
    asked = {"messages": [HumanMessage(f"what of {word}?", id=f"q{name}")]}
    return [message.content for message in agent.invoke(asked, context={"user_id": user})["messages"]]


def _retriever(own: ScopedMemory, user: str, word: str, name: str) -> object:
    retriever = MemxRetriever(memory=own._memory, k=20, include_messages=True)
    return retriever.invoke(f"{word} secret", _config(user))


def _tool(kind: str) -> Door:
    def use(own: ScopedMemory, user: str, word: str, name: str) -> object:
        (tool,) = [tool for tool in memory_tools(own._memory) if tool.name == f"{kind}_memory"]
        arguments = {"query": f"{word} secret", "text": f"I keep {word}", "memory": name[:8]}
        known = {key: value for key, value in arguments.items() if key in tool.args}
        said = tool.invoke(known, _config(user))
        return [part for part in str(said).split() if not part.startswith("[")]  # names of memories are ids

    return use


def _history(own: ScopedMemory, user: str, word: str, name: str) -> object:
    history = MemxChatMessageHistory(own._memory, "t", user_id=user)
    history.add_messages([HumanMessage(f"hello {word}", id=name)])
    return [message.content for message in history.messages], history.context(word)


DOORS: Mapping[str, Door] = {
    "middleware": _middleware,
    "retriever": _retriever,
    "search tool": _tool("search"),
    "save tool": _tool("save"),
    "update tool": _tool("update"),
    "forget tool": _tool("forget"),
    "history": _history,
}
