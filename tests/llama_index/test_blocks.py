"""The block in a chat memory of LlamaIndex's own, and the chat store below one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import CondensePlusContextChatEngine, SimpleChatEngine
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.storage.chat_store.base_db import MessageStatus

from langchain_memx import MemxChatMessageHistory
from llama_index_memx import MemxChatStore, MemxMemoryBlock
from memx_core import Memory, ProviderError
from memx_core.testing import FakeEmbedder
from tests.llama_index.chats import FACT, Chat, calling, words
from tests.llama_index.test_memory_engines import ALLERGIC, DINNER, Library

ADA = {"user_id": "ada"}
Stock = Callable[..., ChatMemory]


@pytest.fixture
def stock() -> Iterator[Stock]:
    """Makes chat memories of LlamaIndex's own, whose conversations are kept elsewhere: its own store closes nothing."""
    with Memory(embedder=FakeEmbedder(), database=":memory:", background=False) as elsewhere:

        def stock(*blocks: MemxMemoryBlock, session: str = "s", **given: Any) -> ChatMemory:
            kept = MemxChatStore(memory=elsewhere, user_id="ada", learn=False)
            return ChatMemory.from_defaults(session_id=session, memory_blocks=list(blocks), chat_store=kept, **given)

        yield stock


def block(store: Memory, **given: Any) -> MemxMemoryBlock:
    return MemxMemoryBlock(memory=store, user_id="ada", **{"on_error": "raise", "timeout": 60, "priority": 1, **given})


async def test_a_block_learns_from_each_complete_turn_once_and_shows_what_it_knows(store: Memory, stock: Stock) -> None:
    engine = SimpleChatEngine.from_defaults(llm=Chat("Noted.", "Fine."), memory=stock(block(store)))
    await engine.achat(ALLERGIC)
    assert await store.amessages("s", **ADA) == []
    await engine.achat("Hello again.")
    await engine.achat("And again.")
    kept = [message.content for message in await store.amessages("s", **ADA)]
    assert kept == [ALLERGIC, "Noted.", "Hello again.", "Fine."]
    await store.aflush()
    llm = Chat("Soup.")
    await SimpleChatEngine.from_defaults(llm=llm, memory=stock(block(store), session="t")).achat(DINNER)
    assert FACT in llm.prompt


async def test_without_anything_to_show_it_costs_no_call_of_the_model(store: Memory, stock: Stock) -> None:
    llm = Chat("Hi.")
    engine = CondensePlusContextChatEngine.from_defaults(llm=llm, memory=stock(block(store)), retriever=Library())
    await engine.achat("Hello")
    assert len(llm.shown) == 1


async def test_an_agents_scratchpad_is_not_learned_from(store: Memory) -> None:
    mine = block(store)
    said = [ChatMessage("Hello"), calling("x", says="Let me look."), ChatMessage("1", role="tool")]
    await mine.aget([*said, ChatMessage("Hi", role="assistant")], session_id="s")
    assert [message.content for message in store.messages("s", **ADA)] == ["Hello", "Hi"]


async def test_what_falls_out_of_the_conversation_is_learned_from_too(store: Memory, stock: Stock) -> None:
    memory = stock(block(store), token_limit=100, token_flush_size=20, chat_history_token_ratio=0.5)
    for number in range(10):
        await memory.aput(ChatMessage(f"I own {number} green umbrellas and one red lamp."))
        await memory.aput(ChatMessage(f"So many: {number}!", role="assistant"))
    assert len(await store.amessages("s", **ADA)) >= 10


async def test_truncating_drops_the_last_lines_first(store: Memory) -> None:
    for fact in ("Ada likes red tea", "Ada likes green tea", "Ada likes black tea"):
        store.add(fact, infer=False, **ADA)
    mine = block(store)
    whole = await mine.aget([ChatMessage("Which tea does Ada like?")])
    shorter = await mine.atruncate(whole, 1)
    assert shorter is not None
    assert shorter.split("\n") == [*whole.split("\n")[:-2], "</memories>"]
    assert await mine.atruncate(whole, 10_000) is None


async def test_a_provider_that_raises_runtime_errors_is_told_as_what_it_is(tmp_path: Path, stock: Stock) -> None:
    embedder = FakeEmbedder(fail_on=range(1, 9), error=RuntimeError("no such model"))
    with Memory(embedder=embedder, database=tmp_path / "x.db", background=False) as memory:
        with pytest.raises(ProviderError, match="no such model"):
            stock(block(memory)).get(input="Hello")
        told: list[Exception] = []
        engine = SimpleChatEngine.from_defaults(
            llm=Chat("Hi."), memory=stock(MemxMemoryBlock(memory=memory, user_id="ada", on_error=told.append))
        )
        assert str(engine.chat("Hello")) == "Hi."
        assert len(told) == 1


async def test_a_chat_store_keeps_order_and_status(store: Memory) -> None:
    chats = MemxChatStore(memory=store, user_id="ada")
    await chats.add_messages("a", [ChatMessage(str(number)) for number in range(4)])
    await chats.add_message("b", ChatMessage("other"))
    assert words(await chats.archive_oldest_messages("a", 2)) == ["0", "1"]
    assert words(await chats.get_messages("a")) == ["2", "3"]
    assert words(await chats.get_messages("a", status=MessageStatus.ARCHIVED)) == ["0", "1"]
    assert words(await chats.get_messages("a", status=None, limit=2, offset=1)) == ["1", "2"]
    assert await chats.count_messages("a", status=None) == 4
    assert words(await chats.delete_oldest_messages("a", 1)) == ["2"]
    deleted = await chats.delete_message("a", 0)
    assert deleted is not None
    assert deleted.content == "0"
    assert await chats.delete_message("a", 9) is None
    await chats.delete_messages("a", status=MessageStatus.ARCHIVED)
    assert words(await chats.get_messages("a", status=None)) == ["3"]
    assert await chats.get_keys() == ["a", "b"]
    await chats.delete_messages("a")
    assert await chats.get_keys() == ["b"]


async def test_what_is_set_again_stays_what_it_is_and_only_news_are_learned_from(store: Memory) -> None:
    chats = MemxChatStore(memory=store, user_id="ada")
    first = [ChatMessage("I live in Oslo."), ChatMessage("Nice.", role="assistant")]
    await chats.set_messages("a", first)
    ids = [message.id for message in store.messages("a", **ADA)]
    await chats.set_messages("a", [*first, ChatMessage("And in Rome.")])
    kept = store.messages("a", **ADA)
    assert [message.id for message in kept[:2]] == ids
    await chats.set_messages("a", [ChatMessage("Be brief.", role="system"), *first])
    kept = store.messages("a", **ADA)
    assert [message.content for message in kept] == ["Be brief.", "I live in Oslo.", "Nice."]
    assert [message.origin for message in kept[1:]] == ["kept", "kept"]


async def test_fifty_at_once_lose_nothing(store: Memory) -> None:
    chats = MemxChatStore(memory=store, user_id="ada")
    await asyncio.gather(*(chats.add_message("a", ChatMessage(str(number))) for number in range(50)))
    assert sorted(map(int, words(await chats.get_messages("a")))) == list(range(50))


async def test_langchain_shows_the_same_conversation(store: Memory) -> None:
    chats = MemxChatStore(memory=store, user_id="ada")
    history = MemxChatMessageHistory(store, "a", user_id="ada")
    await chats.add_message("a", ChatMessage("Hello"))
    await history.aadd_messages([*history.messages])
    history.add_ai_message("Hi")
    assert words(await chats.get_messages("a")) == [str(message.content) for message in history.messages]
    assert words(await chats.get_messages("a")) == ["Hello", "Hi"]
