"""Whose memories a run is about: said by the application, in a fixed order, or the call fails."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import ExecutionInfo, Runtime, ServerInfo
from langgraph_sdk.auth.types import BaseUser

from langchain_memx.scopes import current_runtime, resolve, thread
from memx_core import Scope, ScopeError
from memx_core.memory.fitting import Given

HOSTILE = ["alice@example.com", "*", "用户", "a b", "' OR 1=1", "alice\n", "{user}", "None"]


@dataclass
class Context:
    user_id: str | None = None
    agent_id: str | None = None


def server(identity: object) -> ServerInfo:
    user: BaseUser = SimpleNamespace(identity=identity)  # type: ignore[assignment]
    return ServerInfo(assistant_id="a", graph_id="g", user=user)


def configured(**ids: object) -> dict[str, object]:
    return {"configurable": ids}


def test_what_is_given_explicitly_comes_first_then_the_server_the_context_and_the_config() -> None:
    runtime = Runtime(context=Context("context"), server_info=server("server"))
    config = configured(user_id="config")
    assert resolve(Given("given"), runtime=runtime, config=config).user_id == "given"
    assert resolve(Given(), runtime=runtime, config=config).user_id == "server"
    assert resolve(Given(), runtime=Runtime(context=Context("context")), config=config).user_id == "context"
    assert resolve(Given(), runtime=Runtime(context=None), config=config).user_id == "config"


@pytest.mark.parametrize("context", [Context("ada"), {"user_id": "ada"}, SimpleNamespace(user_id="ada")])
def test_a_context_may_be_a_dict_or_an_object(context: Any) -> None:
    assert resolve(Given(), runtime=Runtime(context=context)) == Scope("ada")


@pytest.mark.parametrize("user", HOSTILE)
def test_an_id_is_taken_to_the_letter(user: str) -> None:
    assert resolve(Given(), config=configured(user_id=user)) == Scope(user)


@pytest.mark.parametrize(
    ("user", "id"), [(42, "42"), (UUID(int=7), "00000000-0000-0000-0000-000000000007")], ids=["int", "uuid"]
)
def test_numbers_and_uuids_are_ids_too(user: object, id: str) -> None:
    assert resolve(Given(), config=configured(user_id=user)) == Scope(id)


@pytest.mark.parametrize("user", ["", "  ", True, False, 1.5, ["ada"], {"id": "ada"}, b"ada", object()])
def test_what_is_no_id_is_refused_and_never_passed_over_for_another(user: Any) -> None:
    context: Any = {"user_id": user}
    with pytest.raises(ScopeError):
        resolve(Given(), runtime=Runtime(context=context), config=configured(user_id="ada"))


@pytest.mark.parametrize("config", [None, {}, {"configurable": None}, configured(), configured(user_id=None)])
def test_without_a_user_it_fails_and_says_how_to_name_one(config: dict[str, object] | None) -> None:
    with pytest.raises(ScopeError, match="configurable"):
        resolve(Given(agent_id="bot"), runtime=Runtime(context=None), config=config)


def test_an_agent_narrows_the_scope_and_a_graphs_own_run_id_does_not() -> None:
    config = configured(user_id="ada", agent_id="bot", run_id="graph-run")
    assert resolve(Given(), config=config) == Scope("ada", "bot")
    assert resolve(Given(run_id="r"), config=config) == Scope("ada", "bot", "r")


def test_the_conversation_is_the_thread_or_the_session() -> None:
    info = ExecutionInfo(checkpoint_id="c", checkpoint_ns="", task_id="t", thread_id="thread")
    assert thread(Runtime(context=None, execution_info=info)) == "thread"
    assert thread(config=configured(thread_id="t1", session_id="s1")) == "t1"
    assert thread(config=configured(session_id="s1")) == "s1"
    assert thread(Runtime(context=None)) is None


def test_the_runtime_is_found_within_a_graph_and_nowhere_else() -> None:
    found: list[object] = []

    def node(state: MessagesState) -> dict[str, object]:
        found.append(current_runtime())
        return {}

    graph = StateGraph(MessagesState, context_schema=Context)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    graph.add_edge("node", END)
    graph.compile().invoke({"messages": []}, context=Context("ada"))
    assert resolve(Given(), runtime=found[0]) == Scope("ada")
    assert current_runtime() is None
