"""The middleware among LangChain's own, twice in one agent, and in agents within agents."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    ContextEditingMiddleware,
    HumanInTheLoopMiddleware,
    ModelCallLimitMiddleware,
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    PIIMiddleware,
    SummarizationMiddleware,
    TodoListMiddleware,
    ToolRetryMiddleware,
    dynamic_prompt,
)
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command
from pydantic import BaseModel

from langchain_memx import MemxMiddleware
from memx_core import Memory
from memx_core.testing import FakeEmbedder
from tests.langchain.agents import ADA, FACT, Style, Talk, calls, kept, made, text
from tests.langchain.conftest import MakeTalk
from tests.langchain.models import AgentChat, call

SECRET = "zucchini"


@pytest.fixture
def known(store: Memory) -> Memory:
    store.add(FACT, infer=False, **ADA)
    return store


@tool
def look(place: str) -> str:
    """Looks at a place."""
    return f"{place} is quiet"


def retried(failures: list[Exception]) -> Any:
    @tool
    def fetch(what: str) -> str:
        """Fetches something."""
        if failures:
            raise failures.pop()
        return f"here is {what}"

    return fetch


# With LangChain's own ----------------------------------------------------------------------------


@pytest.mark.parametrize("first", [True, False], ids=["before the others", "after the others"])
def test_it_works_among_all_the_others(known: Memory, talk: MakeTalk, first: bool) -> None:
    others = [
        SummarizationMiddleware(AgentChat(answers=["They talked."]), trigger=("messages", 50)),
        HumanInTheLoopMiddleware({"fetch": True}),
        ToolRetryMiddleware(max_retries=1, initial_delay=0, jitter=False),
        ModelRetryMiddleware(max_retries=1, initial_delay=0, jitter=False),
        ModelCallLimitMiddleware(run_limit=5),
        PIIMiddleware("email"),
        ContextEditingMiddleware(),
        TodoListMiddleware(),
    ]
    ada = talk(
        **{"after" if first else "beside": others},
        tools=[retried([ConnectionError("away")])],
        answers=[ConnectionError("away"), calls("fetch", {"what": "bread"}), "Here is your bread."],
        checkpointer=InMemorySaver(),
    )
    ada.say("Fetch something that she is not allergic to.")
    ada.say(Command(resume={"decisions": [{"type": "approve"}]}))
    assert [SECRET in str(prompt) for prompt in ada.shown] == [True] * 3
    assert "here is bread" in str(ada.shown[-1])
    assert kept(known) == ["Fetch something that she is not allergic to.", "Here is your bread."]


@pytest.mark.parametrize("first", [True, False], ids=["before it", "after it"])
def test_what_is_redacted_is_neither_kept_nor_looked_for(tmp_path: Path, talk: MakeTalk, first: bool) -> None:
    embedder = FakeEmbedder()
    pii = [PIIMiddleware("email", apply_to_output=True)]
    with Memory(embedder=embedder, database=tmp_path / "pii.db", background=False) as memory:
        ada = talk(
            memory=memory,
            **{"after" if first else "beside": pii},
            answers=["I wrote to ada@example.com."],
            checkpointer=InMemorySaver(),
        )
        ada.say("My address is ada@example.com.")
        ada.say("Write to bob@example.com too.")
        assert "@" not in "".join(kept(memory))
        assert len(kept(memory)) == 4
        memory.flush()
    assert "@" not in "".join(embedder.texts)


def test_a_run_that_is_blocked_keeps_nothing_of_it_in_prompts(store: Memory, talk: MakeTalk) -> None:
    ada = talk(after=[PIIMiddleware("email", strategy="block")])
    with pytest.raises(Exception, match="email"):
        ada.say("My address is ada@example.com.")
    assert kept(store) == []


def test_a_limit_of_calls_ends_the_turn_and_it_is_kept(known: Memory, talk: MakeTalk) -> None:
    ada = talk(after=[ModelCallLimitMiddleware(run_limit=1)], tools=[look], answers=[calls("look", {"place": "Oslo"})])
    ada.say("What is she allergic to?")
    assert len(ada.shown) == 1
    assert kept(known)[0] == "What is she allergic to?"


def test_another_model_is_shown_the_same(known: Memory, talk: MakeTalk) -> None:
    spare = AgentChat(answers=["Here I am."])
    ada = talk(after=[ModelFallbackMiddleware(spare)], answers=[ConnectionError("away")])
    ada.say("What is she allergic to?")
    assert SECRET in str(spare.prompts)
    assert kept(known)[-1] == "Here I am."


def test_a_prompt_that_is_made_for_each_call_stays(known: Memory, talk: MakeTalk) -> None:
    @dynamic_prompt
    def polite(request: Any) -> str:
        return "Be kind."

    ada = talk(beside=[polite], placement="system")
    ada.say("What is she allergic to?")
    assert text(ada.shown[0][0]).startswith("Be kind.\n\n<memories>")


class Verdict(BaseModel):
    """What it comes to."""

    allergic: bool


def test_answers_in_a_form_stay_what_they_are(known: Memory, talk: MakeTalk) -> None:
    ada = talk(answers=[call({"allergic": True}, name="Verdict")], agent={"response_format": Verdict})
    ada.say("What is she allergic to?")
    assert SECRET in str(ada.shown[0])
    assert kept(known)[0] == "What is she allergic to?"


# More than one -----------------------------------------------------------------------------------


def test_two_memories_in_one_agent(tmp_path: Path, known: Memory, talk: MakeTalk) -> None:
    with Memory(embedder=FakeEmbedder(), database=tmp_path / "team.db", background=False) as team:
        team.add("The team's allergic colleague sits in room 12", infer=False, user_id="team")
        second = MemxMiddleware(team, user_id="team", name="Team", on_error="raise")
        ada = talk(
            after=[second],
            checkpointer=InMemorySaver(),
            tools=[look],
            answers=[calls("look", {"place": "Oslo"}), "Quiet."],
        )
        ada.say("Who is allergic?")
        for prompt in ada.shown:
            assert SECRET in text(prompt[0])
            assert "room 12" in text(prompt[0])
        ada.say("Thanks!")
        both = ["Who is allergic?", "Quiet.", "Thanks!", "Quiet."]
        assert kept(known) == both
        assert kept(team, "team") == both


def test_two_need_two_names(store: Memory) -> None:
    with pytest.raises(AssertionError, match="duplicate"):
        create_agent(AgentChat(answers=["x"]), middleware=[MemxMiddleware(store), MemxMiddleware(store)])


def test_two_on_one_memory_keep_a_turn_once(store: Memory, talk: MakeTalk) -> None:
    ada = talk(after=[MemxMiddleware(store, name="Again", recall=False)], checkpointer=InMemorySaver())
    ada.say("I live in Oslo.")
    ada.say("I like tea.")
    assert kept(store) == ["I live in Oslo.", "All right.", "I like tea.", "All right."]


def test_one_middleware_serves_many_agents(known: Memory, style: Style, runner: asyncio.Runner) -> None:
    middleware = MemxMiddleware(known, on_error="raise")
    for each in (middleware, copy.deepcopy(middleware), copy.copy(middleware)):
        model = AgentChat(answers=["All right."])
        agent = create_agent(model, middleware=[each], context_schema=dict)  # type: ignore[list-item]
        ada = Talk(agent, model, style, runner)
        ada.say("What is she allergic to?", thread=None)
        assert SECRET in ada.latest
    assert len(kept(known, thread=None)) == 1 + 6  # with the fact itself, which is no turn of a thread


# Agents within agents ----------------------------------------------------------------------------


@pytest.mark.parametrize("saved", [True, False], ids=["with a checkpointer", "without"])
def test_an_agent_as_a_node(known: Memory, style: Style, runner: asyncio.Runner, saved: bool) -> None:
    agent, model = made(known)
    graph = StateGraph(MessagesState, context_schema=dict)  # type: ignore[type-var]
    graph.add_node("agent", agent)
    graph.add_edge(START, "agent")
    ada = Talk(graph.compile(checkpointer=InMemorySaver() if saved else None), model, style, runner)
    ada.say("What is she allergic to?")
    messages = ada.say("I like tea.") if saved else []
    assert SECRET in str(ada.shown[0])
    assert SECRET not in str(messages)
    said = ["What is she allergic to?", "All right.", "I like tea.", "All right."]
    assert kept(known) == said[: 4 if saved else 2]


def test_two_agents_of_one_conversation(known: Memory, style: Style, runner: asyncio.Runner) -> None:
    first, model = made(known, answers=["Let me ask."])
    second, other = made(known, answers=["She is well."])
    graph = StateGraph(MessagesState, context_schema=dict)  # type: ignore[type-var]
    graph.add_sequence([("first", first), ("second", second)])
    graph.add_edge(START, "first")
    ada = Talk(graph.compile(checkpointer=InMemorySaver()), model, style, runner)
    ada.say("What is she allergic to?")
    ada.say("Thanks!")
    assert SECRET in str(model.prompts[0])
    assert SECRET in str(other.prompts[0])
    turn = ["Let me ask.", "She is well."]
    assert kept(known) == ["What is she allergic to?", *turn, "Thanks!", *turn]


def test_an_agent_as_a_tool(known: Memory, talk: MakeTalk) -> None:
    agent, model = made(known, answers=["She cannot eat that."])

    @tool
    def doctor(question: str) -> str:
        """Asks a doctor."""
        state = agent.invoke({"messages": [HumanMessage(question)]}, {"configurable": {"user_id": "ada"}})
        return str(state["messages"][-1].content)

    ada = talk(tools=[doctor], answers=[calls("doctor", {"question": "allergic to what?"}), "Careful."], learn=False)
    ada.say("What is she allergic to?")
    assert SECRET in str(model.prompts[0])
    assert "She cannot eat that." in str(ada.shown[-1])
