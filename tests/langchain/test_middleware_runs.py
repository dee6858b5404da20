"""Runs that are interrupted, resumed, streamed: whoever resumes, wherever, and whatever is listened to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langchain_memx import LangChainEmbedder, LangChainLLM
from memx_core import Memory, ScopeError
from memx_core.background import Background
from memx_core.testing import Colour
from tests.answers import adds
from tests.langchain.agents import ADA, MODES, Talk, calls, kept, made
from tests.langchain.conftest import MakeTalk
from tests.langchain.models import AgentChat, WordEmbeddings, call

APPROVED: Any = Command(resume={"decisions": [{"type": "approve"}]})
REFUSED: Any = Command(resume={"decisions": [{"type": "reject", "message": "Not now"}]})


@tool
def cook(dish: str) -> str:
    """Cooks a dish."""
    return f"{dish} is ready"


def cautious(talk: MakeTalk, **given: Any) -> Talk:
    """An agent that asks before it cooks."""
    usual: dict[str, Any] = {
        "answers": [calls("cook", {"dish": "soup"}), "Enjoy your soup."],
        "tools": [cook],
        "after": [HumanInTheLoopMiddleware({"cook": True})],
        "checkpointer": InMemorySaver(),
    }
    return talk(**{**usual, **given})


def test_a_run_that_is_resumed_recalls_again(store: Memory, talk: MakeTalk) -> None:
    store.add("User likes soup with leek", infer=False, **ADA)
    ada = cautious(talk)
    ada.say("Cook a soup for me.")
    store.add("User hates soup with celery", infer=False, **ADA)
    ada.say(APPROVED)
    first, second = (str(prompt[0].content) for prompt in ada.shown)
    assert ("leek" in first, "celery" in first) == (True, False)
    assert ("leek" in second, "celery" in second) == (True, True)


def test_so_it_does_in_another_process(store: Memory, talk: MakeTalk) -> None:
    store.add("User likes soup with leek", infer=False, **ADA)
    saver = InMemorySaver()
    cautious(talk, checkpointer=saver).say("Cook a soup for me.")
    other = cautious(talk, checkpointer=saver, answers=["Enjoy your soup."])
    other.say(APPROVED)
    assert "leek" in str(other.shown[0][0].content)
    assert kept(store) == ["Cook a soup for me.", "Enjoy your soup."]


@pytest.mark.parametrize("decision", [APPROVED, REFUSED], ids=["approved", "refused"])
def test_the_whole_turn_is_kept_once(store: Memory, talk: MakeTalk, decision: Any) -> None:
    ada = cautious(talk)
    ada.say("Cook a soup for me.")
    assert kept(store) == []
    ada.say(decision)
    assert kept(store) == ["Cook a soup for me.", "Enjoy your soup."]
    ada.say("Thanks!")
    assert kept(store) == ["Cook a soup for me.", "Enjoy your soup.", "Thanks!", "Enjoy your soup."]


def test_what_is_never_resumed_is_kept_with_the_next_turn(store: Memory, talk: MakeTalk) -> None:
    ada = cautious(talk)
    ada.say("Cook a soup for me.")
    ada.say("Never mind, I like bread.")
    assert kept(store) == ["Cook a soup for me.", "Never mind, I like bread.", "Enjoy your soup."]


def test_a_run_that_nobody_resumes_does_not_reach_the_model(store: Memory, talk: MakeTalk) -> None:
    ada = cautious(talk)
    ada.say("Cook a soup for me.")
    with pytest.raises(ScopeError):
        ada.say(APPROVED, user=None)
    assert len(ada.shown) == 1


def test_what_a_colleague_approves_is_not_the_colleagues(store: Memory, talk: MakeTalk) -> None:
    store.add("User likes soup with garlic", infer=False, user_id="bob")
    ada = cautious(talk)
    ada.say("Cook a soup for me.")
    ada.say(APPROVED, user="bob")
    assert "garlic" not in str(ada.shown)
    assert kept(store, "bob") == []
    ada.say("Thanks!")
    assert kept(store) == ["Cook a soup for me.", "Enjoy your soup.", "Thanks!", "Enjoy your soup."]


def test_going_back_in_a_thread_keeps_what_is_said_then(store: Memory, talk: MakeTalk) -> None:
    ada = talk(checkpointer=InMemorySaver())
    ada.say("I live in Oslo.")
    config: Any = {"configurable": {"thread_id": "t"}}
    (before, *_) = [state for state in ada.agent.get_state_history(config) if len(state.values["messages"]) == 2]
    ada.say("I like tea.")
    ada.agent.update_state(before.config, {"messages": []})
    ada.say("I like coffee.")
    assert kept(store) == ["I live in Oslo.", "All right.", "I like tea.", "All right.", "I like coffee.", "All right."]


# Streams -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [*MODES, list(MODES)], ids=str)
def test_what_is_learned_is_in_no_stream(tmp_path: Path, mode: Any, colour: Colour, runner: asyncio.Runner) -> None:
    learner = AgentChat(answers=[call(adds("User owns a wombat"))])
    providers = (LangChainLLM(learner), LangChainEmbedder(WordEmbeddings()))
    with Memory(*providers, tmp_path / "streams.db", background=Background(idle=0, poll=0.05)) as memory:
        agent, _ = made(memory, answers=["Good evening to you."], checkpointer=InMemorySaver())
        parts: list[Any] = []
        for said in ("I own an unusual pet.", "It digs a lot.", "Good night."):
            parts += runner.run(astreamed(agent, said, mode)) if colour == "async" else streamed(agent, said, mode)
            memory.flush()
        assert {item.text for item in memory.get_all(**ADA)} == {"User owns a wombat"}
    shown = json.dumps(parts, default=repr)
    assert "operations" not in shown
    assert "wombat" not in shown


def streamed(agent: Any, said: str, mode: Any) -> list[Any]:
    config: Any = {"configurable": {"thread_id": "t", "user_id": "ada"}}
    return list(agent.stream({"messages": [said]}, config, stream_mode=mode))


async def astreamed(agent: Any, said: str, mode: Any) -> list[Any]:
    config: Any = {"configurable": {"thread_id": "t", "user_id": "ada"}}
    return [part async for part in agent.astream({"messages": [said]}, config, stream_mode=mode)]


def test_the_tokens_are_the_models_own(store: Memory, colour: Colour, runner: asyncio.Runner) -> None:
    store.add("User likes soup with leek", infer=False, **ADA)
    agent, _ = made(store, answers=["Soup is on the table."])
    parts = (
        runner.run(astreamed(agent, "Soup?", "messages")) if colour == "async" else streamed(agent, "Soup?", "messages")
    )
    assert "".join(str(chunk.content) for chunk, _ in parts) == "Soup is on the table."
    assert {told["langgraph_node"] for _, told in parts} == {"model"}


async def test_events_show_the_recall_and_nothing_of_the_learning(store: Memory) -> None:
    store.add("User likes soup with leek", infer=False, **ADA)
    agent, _ = made(store)
    config: Any = {"configurable": {"user_id": "ada"}}
    events = [event async for event in agent.astream_events({"messages": ["Soup?"]}, config, version="v2")]
    names = [event["event"] for event in events]
    assert names.count("on_retriever_end") == 1
    assert names.count("on_chat_model_start") == 1


def test_state_that_others_see_holds_no_more_than_where_memx_is(store: Memory, talk: MakeTalk) -> None:
    ada = talk(checkpointer=InMemorySaver())
    ada.say("I live in Oslo.")
    config: Any = {"configurable": {"thread_id": "t"}}
    values = ada.agent.get_state(config).values
    assert set(values) == {"messages", "memx_saved"}
    (saved,) = values["memx_saved"].values()
    assert saved["until"] == values["messages"][-1].id
    assert "ada" not in str(saved)
    assert isinstance(values["messages"][-1], AIMessage)
    assert "memx" not in str(ada.agent.get_input_jsonschema()) + str(ada.agent.get_output_jsonschema())
