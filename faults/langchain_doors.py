"""LangChain's ways to a memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from faults.doors import Caller, Door, without_ids
from langchain_memx import MemxChatMessageHistory, MemxMiddleware, MemxRetriever, memory_tools


class _Echo(BaseChatModel):
    """Answers with all that it was shown."""

    @property
    def _llm_type(self) -> str:
        return "echo"

    def _generate(self, messages: list[BaseMessage], *args: object, **kwargs: object) -> ChatResult:
        shown = "\n".join(str(message.content) for message in messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=shown, id="answer"))])


def _config(caller: Caller) -> Any:  # noqa: ANN401  # a config of LangChain's
    return {"configurable": {"user_id": caller.user}}


def _agent(caller: Caller) -> Any:  # noqa: ANN401  # a graph of LangGraph's
    return create_agent(_Echo(), middleware=[MemxMiddleware(caller.own.memory, timeout=None)])


def _asked(caller: Caller) -> Any:  # noqa: ANN401  # a state of LangGraph's
    return {"messages": [HumanMessage(f"what of {caller.word}?", id=f"q{caller.name}")]}


def _contents(state: Any) -> list[object]:  # noqa: ANN401  # a state of LangGraph's
    return [message.content for message in state["messages"]]


def _middleware(caller: Caller) -> object:
    return _contents(_agent(caller).invoke(_asked(caller), context={"user_id": caller.user}))


async def _amiddleware(caller: Caller) -> object:
    return _contents(await _agent(caller).ainvoke(_asked(caller), context={"user_id": caller.user}))


def _retriever(caller: Caller) -> MemxRetriever:
    return MemxRetriever(memory=caller.own.memory, k=20, include_messages=True)


def _retrieve(caller: Caller) -> object:
    return _retriever(caller).invoke(f"{caller.word} secret", _config(caller))


async def _aretrieve(caller: Caller) -> object:
    return await _retriever(caller).ainvoke(f"{caller.word} secret", _config(caller))


def _tool(kind: str) -> Door:
    def made(caller: Caller) -> tuple[Any, dict[str, str]]:
        (tool,) = [tool for tool in memory_tools(caller.own.memory) if tool.name == f"{kind}_memory"]
        given = {"query": f"{caller.word} secret", "text": f"I keep {caller.word}", "memory": caller.name[:8]}
        return tool, {key: value for key, value in given.items() if key in tool.args}

    def use(caller: Caller) -> object:
        tool, arguments = made(caller)
        return without_ids(tool.invoke(arguments, _config(caller)))

    async def ause(caller: Caller) -> object:
        tool, arguments = made(caller)
        return without_ids(await tool.ainvoke(arguments, _config(caller)))

    return Door(ause, use)


def _history(caller: Caller) -> object:
    history = MemxChatMessageHistory(caller.own.memory, "t", user_id=caller.user)
    history.add_messages([HumanMessage(f"hello {caller.word}", id=caller.name)])
    return [message.content for message in history.messages], history.context(caller.word)


async def _ahistory(caller: Caller) -> object:
    history = MemxChatMessageHistory(caller.own.memory, "t", user_id=caller.user)
    await history.aadd_messages([HumanMessage(f"hello {caller.word}", id=caller.name)])
    return [message.content for message in await history.aget_messages()], await history.acontext(caller.word)


DOORS: Mapping[str, Door] = {
    "LangChain's middleware": Door(_amiddleware, _middleware),
    "LangChain's retriever": Door(_aretrieve, _retrieve),
    "LangChain's search tool": _tool("search"),
    "LangChain's save tool": _tool("save"),
    "LangChain's update tool": _tool("update"),
    "LangChain's forget tool": _tool("forget"),
    "LangChain's history": Door(_ahistory, _history),
}
