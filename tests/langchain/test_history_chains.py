"""`RunnableWithMessageHistory` with our history: every calling style, chains of every shape, many users."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableLambda

from langchain_memx import HISTORY_KEYS, history_factory
from memx_core import InvalidInputError, Memory, ScopeError
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import adds
from tests.langchain.agents import kept, made, spoken
from tests.langchain.chats import CALL_STYLES, SHAPES, CallStyle, Chat, Shape, with_history
from tests.langchain.test_scopes import HOSTILE

MakeChat = Callable[..., Chat]
TURNS = ["hello", "yes", "yes"]


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Shape:
    shape: Shape = request.param
    return shape


@pytest.fixture
def chat(store: Memory, runner: asyncio.Runner) -> MakeChat:
    def chat(shape: Shape, style: CallStyle, **given: Any) -> Chat:
        return Chat(given.pop("memory", store), shape, style, runner, **given)

    return chat


@pytest.mark.parametrize("call", CALL_STYLES)
def test_a_turn_adds_what_was_asked_and_what_was_answered(chat: MakeChat, shape: Shape, call: CallStyle) -> None:
    ada = chat(shape, call)
    transcripts = [ada.say(said) for said in TURNS]
    assert [len(transcript) for transcript in transcripts] == [2, 4, 6]
    assert spoken(transcripts[-1]) == ["hello", "All right.", "yes", "All right.", "yes", "All right."]
    assert [type(message) for message in transcripts[-1]] == [HumanMessage, AIMessage] * 3
    assert transcripts[0] == transcripts[-1][:2]


@pytest.mark.parametrize("call", CALL_STYLES)
def test_the_model_is_shown_the_conversation_so_far_once(chat: MakeChat, shape: Shape, call: CallStyle) -> None:
    ada = chat(shape, call)
    for said in TURNS:
        ada.say(said)
    shown = [text for text in spoken(ada.model.prompts[-1]) if text != "Be kind."]
    assert shown == ["hello", "All right.", "yes", "All right.", "yes"]


@pytest.mark.parametrize("call", ["batch", "abatch"])
def test_a_batch_in_one_conversation_loses_and_doubles_nothing(chat: MakeChat, shape: Shape, call: CallStyle) -> None:
    ada = chat(shape, call)
    ada.say("hello")
    said = [f"number {n}" for n in range(8)]
    transcript = ada.say(*said)
    assert Counter(spoken(transcript)) == Counter(["hello", *said, *["All right."] * 9])
    for question, answer in zip(transcript[::2], transcript[1::2], strict=True):  # each call is one transaction
        assert (type(question), type(answer)) == (HumanMessage, AIMessage)


@pytest.mark.parametrize("call", ["batch", "abatch"])
def test_users_in_one_batch_with_the_same_conversation_id_never_meet(
    chat: MakeChat, store: Memory, runner: asyncio.Runner, call: CallStyle
) -> None:
    both = chat("list", call)
    configs = [{"configurable": {"user_id": user, "session_id": "s"}} for user in HOSTILE]
    told = [both.told(f"I am {user!r}") for user in HOSTILE]
    if call == "batch":
        both.runnable.batch(told, configs)
    else:
        both.wait(both.runnable.abatch(told, configs))
    for user in HOSTILE:
        assert kept(store, user, "s") == [f"I am {user!r}", "All right."]


def test_an_agent_that_remembers_by_itself_may_have_a_history_too(store: Memory) -> None:
    agent, _ = made(store)
    keys = {"input_messages_key": "messages", "output_messages_key": "messages"}
    chat = with_history(agent, history_factory(store), history_factory_config=HISTORY_KEYS, **keys)
    for at, said in enumerate(["I live in Oslo.", "yes", "yes"], 1):
        chat.invoke({"messages": said}, {"configurable": {"user_id": "ada", "session_id": "s"}})
        assert len(history_factory(store)("ada", "s").messages) == 2 * at
    assert len(store.pending(user_id="ada")) == 3
    store.flush()
    assert [item.text for item in store.get_all(user_id="ada")] == ["User lives in Oslo"]


@pytest.mark.parametrize("call", CALL_STYLES)
def test_no_model_is_asked_until_the_memory_learns(chat: MakeChat, tmp_path: Any, call: CallStyle) -> None:
    llm, embedder = ScriptedLLM([adds("Lives in Oslo")]), FakeEmbedder()
    with Memory(llm=llm, embedder=embedder, database=tmp_path / "m.db", background=False) as memory:
        chat("dict", call, memory=memory).say("I live in Oslo")
        assert not llm.calls
        assert not embedder.calls
        assert not memory.get_all(user_id="ada")
        memory.flush()
        assert [item.text for item in memory.get_all(user_id="ada")] == ["Lives in Oslo"]


def test_a_history_that_does_not_learn_leaves_nothing_to_be_learned(chat: MakeChat, store: Memory) -> None:
    chat("dict", "invoke", learn=False).say("I live in Oslo")
    assert store.pending() == []
    assert kept(store, thread="s") == ["I live in Oslo", "All right."]


def test_a_factory_for_an_agent_keeps_to_that_agent(chat: MakeChat, store: Memory) -> None:
    chat("dict", "invoke", agent_id="cook").say("Hello, cook")
    assert spoken(history_factory(store, agent_id="cook")("ada", "s").messages) == ["Hello, cook", "All right."]
    assert history_factory(store, agent_id="driver")("ada", "s").messages == []


@pytest.mark.parametrize("user", [None, "", "  ", True, ["ada"]])
def test_without_a_user_nothing_runs(chat: MakeChat, store: Memory, user: Any) -> None:
    ada = chat("dict", "invoke", agent_id="bot")
    with pytest.raises(ScopeError):
        ada.runnable.invoke(ada.told("hello"), {"configurable": {"user_id": user, "session_id": "s"}})
    assert not ada.model.prompts


@pytest.mark.parametrize("session", [None, "", "  ", ["s"]])
def test_without_a_conversation_nothing_runs(chat: MakeChat, session: Any) -> None:
    ada = chat("dict", "invoke")
    with pytest.raises(InvalidInputError):
        ada.runnable.invoke(ada.told("hello"), {"configurable": {"user_id": "ada", "session_id": session}})
    assert not ada.model.prompts


def test_a_key_that_is_missing_is_named_by_langchain(chat: MakeChat) -> None:
    ada = chat("dict", "invoke")
    with pytest.raises(ValueError, match="user_id"):
        ada.runnable.invoke(ada.told("hello"), {"configurable": {"session_id": "s"}})


def test_a_memory_with_one_user_is_no_factory_of_many(store: Memory) -> None:
    with pytest.raises(InvalidInputError, match="each call names its user"):
        history_factory(store.scoped(user_id="ada"))


def test_a_call_that_fails_leaves_no_half_turn(store: Memory) -> None:
    def fail(_: Any) -> str:
        raise OSError("the model is down")

    runnable = with_history(RunnableLambda(fail), history_factory(store), history_factory_config=HISTORY_KEYS)
    with pytest.raises(OSError, match="down"):
        runnable.invoke("hello", {"configurable": {"user_id": "ada", "session_id": "s"}})
    assert kept(store, thread="s") == []


def test_to_others_than_its_chain_a_history_of_the_factory_is_as_new_as_any(store: Memory) -> None:
    factory = history_factory(store)
    first, second = factory("ada", "s"), factory("ada", "s")
    assert first.messages == []
    second.add_messages([HumanMessage("hello")])
    assert spoken(first.messages) == ["hello"]
