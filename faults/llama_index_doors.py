"""LlamaIndex's ways to a memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.tools import FunctionTool

from faults.doors import Caller, Door, without_ids
from llama_index_memx import MemxChatStore, MemxMemory, MemxMemoryBlock, MemxRetriever, memory_tools


def _turn(caller: Caller) -> ChatMessage:
    return ChatMessage(f"hello {caller.word}", additional_kwargs={"id": caller.name})


def _said(messages: Sequence[ChatMessage]) -> list[tuple[str, str | None]]:
    return [(message.role.value, message.content) for message in messages]


def _chat(caller: Caller) -> MemxMemory:
    return MemxMemory.from_defaults(memory=caller.own.memory, user_id=caller.user, session_id="t", on_error="raise")


def _memory(caller: Caller) -> object:
    chat = _chat(caller)
    chat.put(_turn(caller))
    return _said(chat.get(f"what of {caller.word}?")), _said(chat.get_all())


async def _amemory(caller: Caller) -> object:
    chat = _chat(caller)
    await chat.aput(_turn(caller))
    return _said(await chat.aget(f"what of {caller.word}?")), _said(await chat.aget_all())


def _reset(caller: Caller) -> object:
    chat = _chat(caller)
    chat.set([*chat.get_all(), _turn(caller)])
    kept = _said(chat.get_all())
    chat.reset()
    return kept, _said(chat.get(f"what of {caller.word}?"))


async def _areset(caller: Caller) -> object:
    chat = _chat(caller)
    await chat.aset([*await chat.aget_all(), _turn(caller)])
    kept = _said(await chat.aget_all())
    await chat.areset()
    return kept, _said(await chat.aget(f"what of {caller.word}?"))


async def _block(caller: Caller) -> object:
    block = MemxMemoryBlock(memory=caller.own.memory, user_id=caller.user, on_error="raise")
    turns = [_turn(caller), ChatMessage("and hello to you", role="assistant")]
    await block.aput(turns, session_id="t")
    return await block.aget([*turns, ChatMessage(f"what of {caller.word}?")], session_id="t")


def _store(caller: Caller) -> MemxChatStore:
    return MemxChatStore(memory=caller.own.memory, user_id=caller.user)


async def _keep(caller: Caller) -> object:
    store = _store(caller)
    await store.add_message("t", _turn(caller))
    return await store.get_keys(), await store.count_messages("s"), _said(await store.get_messages("t", None))


async def _remove(caller: Caller) -> object:
    store = _store(caller)
    archived = _said(await store.archive_oldest_messages("s", 1))
    removed = await store.delete_message("t", 0)
    oldest = _said(await store.delete_oldest_messages("s", 1))
    await store.delete_messages("u")
    return archived, removed and removed.content, oldest, await store.get_keys()


def _retriever(caller: Caller) -> MemxRetriever:
    return MemxRetriever(caller.own.memory, user_id=caller.user, similarity_top_k=20, include_messages=True)


def _retrieve(caller: Caller) -> object:
    return _retriever(caller).retrieve(f"{caller.word} secret")


async def _aretrieve(caller: Caller) -> object:
    return await _retriever(caller).aretrieve(f"{caller.word} secret")


def _tool(kind: str) -> Door:
    def made(caller: Caller) -> tuple[FunctionTool, dict[str, Any]]:
        tools = cast("list[FunctionTool]", memory_tools(caller.own.memory, user_id=caller.user))
        (tool,) = [tool for tool in tools if tool.metadata.name == f"{kind}_memory"]
        given = {"query": f"{caller.word} secret", "text": f"I keep {caller.word}", "memory": caller.name[:8]}
        known = tool.metadata.get_parameters_dict()["properties"]
        return tool, {key: value for key, value in given.items() if key in known}

    def use(caller: Caller) -> object:
        tool, arguments = made(caller)
        return without_ids(tool.call(**arguments).content)

    async def ause(caller: Caller) -> object:
        tool, arguments = made(caller)
        return without_ids((await tool.acall(**arguments)).content)

    return Door(ause, use)


DOORS: Mapping[str, Door] = {
    "LlamaIndex's memory": Door(_amemory, _memory),
    "LlamaIndex's memory, reset": Door(_areset, _reset),
    "LlamaIndex's block": Door(_block),
    "LlamaIndex's chat store": Door(_keep),
    "LlamaIndex's chat store, emptied": Door(_remove),
    "LlamaIndex's retriever": Door(_aretrieve, _retrieve),
    "LlamaIndex's search tool": _tool("search"),
    "LlamaIndex's save tool": _tool("save"),
    "LlamaIndex's update tool": _tool("update"),
    "LlamaIndex's forget tool": _tool("forget"),
}
