"""mem0's shapes on memx: what its applications call, what they get, and what they no longer have to bear.

The tables say what mem0ai 2.2.1 takes, answers and raises; they were compared with it, and it is not needed here.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from blockbuster import blockbuster_ctx
from pydantic import BaseModel, ConfigDict

import memx_core
from memx_core import FilterError, InvalidInputError, MemoryNotFoundError, ScopeError
from memx_core._io import run
from memx_core.mem0 import AsyncMemory, Memory, MissingMemoryError, flows
from memx_core.mem0.colours import Blocking
from memx_core.mem0.opening import opened, place_of_qdrant, provided
from memx_core.testing import Colour, FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.types import MemoryItem
from tests.answers import adds, deletes, updates
from tests.openai_server import OpenAIServer

NOBODY = "6f1c9a1e-3f7e-4a53-9a3e-000000000000"
POSITIONAL, KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
IDS = {"user_id": None, "agent_id": None, "run_id": None}
ANY = object()
"""A default that need not be the same, as an equivalent one stands in its place."""
TAKEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what may be given by position, and what by name only; each with its default
    "add": (
        {"messages": ANY},
        {
            **IDS,
            **{"metadata": None, "timestamp": None, "expiration_date": None},
            **{"infer": True, "memory_type": None, "prompt": None},
        },
    ),
    "get": ({"memory_id": inspect.Parameter.empty}, {}),
    "get_all": ({}, {"filters": None, "top_k": 20, "show_expired": False}),
    "search": (
        {"query": inspect.Parameter.empty},
        {
            **{"top_k": 20, "filters": None, "threshold": 0.1, "rerank": False},
            **{"explain": False, "reference_date": None, "show_expired": False},
        },
    ),
    "update": (
        {
            **{"memory_id": inspect.Parameter.empty, "text": None},
            **{"metadata": None, "expiration_date": ANY, "data": None},
        },
        {},
    ),
    "delete": ({"memory_id": inspect.Parameter.empty}, {}),
    "delete_all": (IDS, {}),
    "history": ({"memory_id": inspect.Parameter.empty}, {}),
    "reset": ({}, {}),
    "chat": ({"query": inspect.Parameter.empty}, {}),
}
CLASSIC = {
    "add": {"data", "filters"},
    "get_all": {"user_id", "agent_id", "run_id", "limit"},
    "search": {"user_id", "agent_id", "run_id", "limit"},
}
SHOWN = ["id", "memory", "hash", "metadata", "score", "created_at", "updated_at"]
ROW = [
    *("id", "memory_id", "old_memory", "new_memory", "event"),
    *("created_at", "updated_at", "is_deleted", "actor_id", "role"),
]


class Facade:
    """A `Memory` or an `AsyncMemory`, called in its colour."""

    def __init__(self, memory: Memory | AsyncMemory, runner: asyncio.Runner) -> None:
        self.it = memory
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.it, name)
        if isinstance(self.it, Memory):
            return method

        def awaited(*args: Any, **kwargs: Any) -> Any:
            async def call() -> Any:
                return await method(*args, **kwargs)

            with blockbuster_ctx():  # what blocks the loop raises
                return self._runner.run(call())

        return awaited


MakeFacade = Callable[..., Facade]


@pytest.fixture
def make_facade(colour: Colour, runner: asyncio.Runner, place: Path, clock: ManualClock) -> Iterator[MakeFacade]:
    made: list[Facade] = []

    def make_facade(**config: Any) -> Facade:
        kind = Memory if colour == "sync" else AsyncMemory
        usual = {"embedder": FakeEmbedder(), "memx": {"database": place, "clock": clock, "background": False}}
        made.append(Facade(kind.from_config({**usual, **config}), runner))
        return made[-1]

    yield make_facade
    for facade in made:
        facade.it.close()


@pytest.fixture
def facade(make_facade: MakeFacade) -> Facade:
    return make_facade()


def said(facade: Facade, text: str, **given: Any) -> str:
    (made,) = facade.add(text, infer=False, **{"user_id": "alice", **given})["results"]
    id: str = made["id"]
    return id


def said_at(facade: Facade, id: str) -> datetime | None:
    item = facade.it.memx.get(id)
    assert item is not None
    return item.said_at


def texts(answer: dict[str, Any]) -> list[str]:
    return [each["memory"] for each in answer["results"]]


# What is called -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Memory, AsyncMemory])
@pytest.mark.parametrize("name", TAKEN)
def test_a_method_takes_what_mem0s_takes(kind: type, name: str) -> None:
    method = getattr(kind, name)
    _, *parameters = inspect.signature(method).parameters.values()
    ours = {each.name: (each.kind, each.default) for each in parameters}
    for by_kind, wanted in zip((POSITIONAL, KEYWORD), TAKEN[name], strict=True):
        assert [each.name for each in parameters if each.kind == by_kind][: len(wanted)] == list(wanted)
        for parameter, default in wanted.items():
            assert default is ANY or ours[parameter] == (by_kind, default)
    beyond = ours.keys() - TAKEN[name][0].keys() - TAKEN[name][1].keys()
    assert beyond - {"llm"} == CLASSIC.get(name, set())
    assert ("llm" in beyond) == (kind is AsyncMemory and name == "add")
    assert inspect.iscoroutinefunction(method) == (kind is AsyncMemory)


@pytest.mark.parametrize("kind", [Memory, AsyncMemory])
def test_making_and_closing_are_plain_calls_in_either_colour(kind: type[Memory] | type[AsyncMemory]) -> None:
    assert list(inspect.signature(kind.from_config).parameters) == ["config_dict"]
    assert list(inspect.signature(kind).parameters) == ["config"]
    assert not inspect.iscoroutinefunction(kind.from_config)
    assert not inspect.iscoroutinefunction(kind.close)


def test_the_calls_of_the_first_year_work(facade: Facade) -> None:
    (made,) = facade.add(data="I live in Bergen.", user_id="alice", metadata={"topic": "home"})["results"]
    facade.add("I like tea.", infer=False, user_id="alice")
    assert "Bergen" in made["memory"]
    assert len(facade.get_all(user_id="alice")["results"]) == 2
    assert texts(facade.get_all(user_id="alice", limit=1)) == ["I like tea."]
    assert texts(facade.search("Where is Bergen?", user_id="alice", limit=1)) == [made["memory"]]
    facade.update(memory_id=made["id"], data="Lives in Oslo")
    assert facade.get(memory_id=made["id"])["memory"] == "Lives in Oslo"
    assert facade.add("I like jazz.", filters={"user_id": "bob"}, infer=False)["results"]
    assert texts(facade.get_all(user_id="bob")) == ["I like jazz."]


# What is answered ---------------------------------------------------------------------------------


def test_what_was_kept_as_it_was_said_says_who_said_it(facade: Facade) -> None:
    turns = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "name": "Al", "content": "I live in Bergen"},
        {"role": "assistant", "content": "Nice place"},
    ]
    results = facade.add(turns, user_id="alice", infer=False, metadata={"topic": "home"})["results"]
    assert [list(each) for each in results] == [["id", "memory", "event", "actor_id", "role"]] * 2
    assert [list(each.values())[1:] for each in results] == [
        ["I live in Bergen", "ADD", "Al", "user"],
        ["Nice place", "ADD", None, "assistant"],
    ]
    assert texts(facade.get_all(filters={"user_id": "alice", "actor_id": "Al"})) == ["I live in Bergen"]
    assert texts(facade.get_all(filters={"user_id": "alice", "role": "assistant"})) == ["Nice place"]


def test_one_memory_has_mem0s_keys(facade: Facade) -> None:
    turn = {"role": "user", "name": "Al", "content": "I live in Bergen"}
    id = facade.add(turn, user_id="alice", agent_id="guide", infer=False, expiration_date="2099-01-31")["results"][0][
        "id"
    ]
    one = facade.get(id)
    assert list(one) == [*SHOWN, "user_id", "agent_id", "actor_id", "role", "expiration_date"]
    assert one["hash"] == hashlib.md5(b"I live in Bergen").hexdigest()
    assert (one["metadata"], one["score"]) == (None, None)
    assert (one["actor_id"], one["role"], one["expiration_date"]) == ("Al", "user", "2099-01-31")
    assert (
        datetime.fromisoformat(one["created_at"]).utcoffset() == datetime.fromisoformat(one["updated_at"]).utcoffset()
    )

    (listed,) = facade.get_all(filters={"agent_id": "guide"})["results"]
    assert listed == {key: value for key, value in one.items() if key != "score"}
    (found,) = facade.search("Bergen", filters={"user_id": "alice"})["results"]
    assert list(found) == list(one)
    assert {**found, "score": None} == one
    assert 0.1 <= found["score"] <= 1


def test_a_search_explains_its_scores_when_asked(facade: Facade) -> None:
    said(facade, "I live in Bergen")
    (found,) = facade.search("Bergen", filters={"user_id": "alice"}, explain=True, threshold=0.2)["results"]
    details = found["score_details"]
    assert list(details) == [
        *("semantic_score", "bm25_score", "entity_boost", "raw_score"),
        *("max_possible_score", "final_score", "threshold"),
    ]
    assert details["final_score"] == found["score"]
    assert details["threshold"] == 0.2


def test_what_a_model_learns_changes_and_takes_back_is_told_in_mem0s_words(make_facade: MakeFacade) -> None:
    llm = ScriptedLLM(
        [
            adds("User lives in Bergen", quote="live in Bergen"),
            updates(0, "User lives in Oslo", quote="moved to Oslo"),
            deletes(0, quote="Forget where I live"),
        ]
    )
    facade = make_facade(llm=llm)
    (made,) = facade.add("I live in Bergen.", user_id="alice")["results"]
    assert made == {"id": made["id"], "memory": "User lives in Bergen", "event": "ADD"}
    (moved,) = facade.add("I moved to Oslo.", user_id="alice")["results"]
    assert moved == {
        **{"id": made["id"], "memory": "User lives in Oslo", "event": "UPDATE"},
        "previous_memory": "User lives in Bergen",
    }
    (gone,) = facade.add("Forget where I live.", user_id="alice")["results"]
    assert gone == {"id": made["id"], "memory": "User lives in Oslo", "event": "DELETE"}
    assert facade.get(made["id"]) is None


def test_history_has_mem0s_rows_and_agrees_with_the_memory(facade: Facade) -> None:
    turn = {"role": "user", "name": "Al", "content": "I live in Bergen"}
    id = facade.add(turn, user_id="alice", infer=False)["results"][0]["id"]
    assert facade.update(id, "I live in Oslo") == {"message": "Memory updated successfully!"}
    first, second = facade.history(id)
    assert [list(row) for row in (first, second)] == [ROW, ROW]
    assert (first["old_memory"], first["new_memory"], first["event"]) == (None, "I live in Bergen", "ADD")
    assert (second["old_memory"], second["new_memory"]) == ("I live in Bergen", facade.get(id)["memory"])
    assert {row["actor_id"] for row in (first, second)} == {"Al"}
    assert second["created_at"] == first["created_at"]
    assert second["updated_at"] == facade.get(id)["updated_at"]

    assert facade.delete(id) == {"message": "Memory deleted successfully!"}
    *_, third = facade.history(id)
    assert (third["event"], third["new_memory"], third["is_deleted"]) == ("DELETE", None, True)
    assert facade.get(id) is None
    assert len({row["id"] for row in facade.history(id)}) == 3


def test_what_arrives_late_is_in_no_row_as_it_never_was_the_memory(make_facade: MakeFacade) -> None:
    llm = ScriptedLLM(
        [adds("User lives in Oslo", quote="live in Oslo"), updates(0, "User lives in Bergen", quote="live in Bergen")]
    )
    facade = make_facade(llm=llm)
    (made,) = facade.add("I live in Oslo.", user_id="alice", timestamp="2026-03-01T12:00:00+00:00")["results"]
    late = facade.add("I live in Bergen.", user_id="alice", timestamp="2025-03-01T12:00:00+00:00")
    assert late == {"results": []}
    assert [row["new_memory"] for row in facade.history(made["id"])] == ["User lives in Oslo"]
    assert facade.get(made["id"])["memory"] == "User lives in Oslo"
    assert len(facade.it.memx.history(made["id"])) == 2


def test_deleting_all_of_a_scope_says_so(facade: Facade) -> None:
    said(facade, "I live in Bergen")
    said(facade, "I live in Rome", user_id="bob")
    assert facade.delete_all(user_id="alice") == {"message": "Memories deleted successfully!"}
    assert facade.get_all(user_id="alice") == {"results": []}
    assert texts(facade.get_all(user_id="bob")) == ["I live in Rome"]
    assert facade.reset() is None
    assert facade.get_all(user_id="bob") == {"results": []}


def test_a_number_of_none_gives_none_and_without_one_twenty_are_given(facade: Facade) -> None:
    turns = [{"role": "user", "content": f"fact number {number}"} for number in range(22)]
    facade.add(turns, user_id="alice", infer=False)
    assert facade.get_all(user_id="alice", top_k=0) == {"results": []}
    assert facade.search("fact", user_id="alice", top_k=0) == {"results": []}
    assert len(facade.get_all(user_id="alice")["results"]) == 20
    assert len(facade.search("fact", user_id="alice")["results"]) == 20
    assert len(facade.get_all(user_id="alice", top_k=21)["results"]) == 21


def test_more_than_one_page_is_put_together(facade: Facade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "PAGE", 2)
    turns = [{"role": "user", "content": f"fact number {number}"} for number in range(6)]
    facade.add(turns, user_id="alice", infer=False)
    assert texts(facade.get_all(user_id="alice", top_k=5)) == [f"fact number {number}" for number in (5, 4, 3, 2, 1)]
    assert len(facade.get_all(user_id="alice", top_k=9)["results"]) == 6


# What is refused ----------------------------------------------------------------------------------

REFUSED: dict[str, Callable[[Facade], object]] = {  # mem0 raises `ValueError` for these, or its own error
    "no id to add to": lambda facade: facade.add("x"),
    "messages that are none": lambda facade: facade.add(5, user_id="a"),
    "another type of memory": lambda facade: facade.add("x", user_id="a", memory_type="other"),
    "a day that is none": lambda facade: facade.add("x", user_id="a", infer=False, expiration_date="soon"),
    "no id to list": lambda facade: facade.get_all(),
    "no id to search": lambda facade: facade.search("x", filters={"topic": "home"}),
    "a blank query": lambda facade: facade.search(" ", filters={"user_id": "a"}),
    "a number below none": lambda facade: facade.search("x", filters={"user_id": "a"}, top_k=-1),
    "a threshold above 1": lambda facade: facade.search("x", filters={"user_id": "a"}, threshold=2),
    "a date to refer to": lambda facade: facade.search("x", filters={"user_id": "a"}, reference_date="2026-01-01"),
    "nothing to change": lambda facade: facade.update(NOBODY),
    "a memory to change that is not there": lambda facade: facade.update(NOBODY, "x"),
    "a memory to delete that is not there": lambda facade: facade.delete(NOBODY),
    "no id whose to delete": lambda facade: facade.delete_all(),
}


def test_what_mem0_refuses_is_a_value_error(facade: Facade) -> None:
    caught = {what: _raised(call, facade) for what, call in REFUSED.items()}
    assert {what: error for what, error in caught.items() if not isinstance(error, ValueError)} == {}
    assert all(isinstance(error, memx_core.MemxError) for error in caught.values())


def _raised(call: Callable[[Facade], object], facade: Facade) -> Exception | None:
    try:
        call(facade)
    except Exception as error:  # noqa: BLE001  # which one is asked
        return error
    return None


def test_a_memory_that_is_not_there_is_missed_by_either_name(facade: Facade) -> None:
    changes: list[dict[str, Any]] = [{"text": "x"}, {"metadata": {"a": 1}}, {"expiration_date": None}]
    for change in changes:
        with pytest.raises(MissingMemoryError) as caught:
            facade.update(NOBODY, **change)
        assert isinstance(caught.value, MemoryNotFoundError)
        assert caught.value.memory_id == NOBODY
    assert facade.get(NOBODY) is None
    assert facade.history(NOBODY) == []


def test_what_does_nothing_here_is_refused_rather_than_ignored(facade: Facade) -> None:
    for call in (facade.get_all, lambda **given: facade.search("x", **given)):
        with pytest.raises(InvalidInputError, match="show_expired"):
            call(user_id="alice", show_expired=True)
    with pytest.raises(TypeError, match="version"):
        facade.get_all(user_id="alice", version="v2")
    with pytest.raises(NotImplementedError):
        facade.chat("Hello?")


# What mem0 gets wrong -----------------------------------------------------------------------------


def test_a_star_is_an_ordinary_id(facade: Facade) -> None:
    said(facade, "I live in Bergen")
    mine = said(facade, "I am a star", user_id="*")
    for scope in ({"user_id": "*"}, {"filters": {"user_id": "*"}}):
        assert texts(facade.get_all(**scope)) == ["I am a star"]
        assert texts(facade.search("Bergen star", **scope)) == ["I am a star"]
    facade.delete_all(user_id="*")
    assert facade.get(mine) is None
    assert texts(facade.get_all(user_id="alice")) == ["I live in Bergen"]


def test_no_condition_leads_to_another_scope(facade: Facade) -> None:
    said(facade, "I live in Rome", user_id="bob")
    for conditions in (
        {"AND": [{"user_id": "bob"}]},
        {"OR": [{"topic": "home"}, {"agent_id": "guide"}]},
        {"NOT": {"AND": [{"run_id": "1"}]}},
    ):
        for call in (facade.get_all, lambda **given: facade.search("Rome", **given)):
            with pytest.raises(ScopeError, match="top level"):
                call(filters={"user_id": "alice", **conditions})


def test_an_id_is_given_once_or_twice_alike(facade: Facade) -> None:
    said(facade, "I live in Bergen", user_id=42)
    assert texts(facade.get_all(user_id="42", filters={"user_id": 42})) == ["I live in Bergen"]
    with pytest.raises(ScopeError, match="give it once"):
        facade.get_all(user_id="42", filters={"user_id": "43"})
    assert facade.get_all(user_id=" 42") == {"results": []}  # nothing is trimmed


def test_conditions_are_mem0s_and_what_is_unknown_is_said(facade: Facade) -> None:
    for room, text in ((4, "The flat has a view"), (1, "The office has none")):
        said(facade, text, metadata={"rooms": room, "tags": ["home"]})
    said(facade, "A plain remark")

    def found(conditions: dict[str, Any]) -> set[str]:
        return set(texts(facade.get_all(filters={"user_id": "alice", **conditions})))

    assert found({"rooms": {"gte": 3}}) == {"The flat has a view"}
    assert found({"rooms": "*"}) == {"The flat has a view", "The office has none"}
    assert found({"NOT": [{"rooms": "*"}]}) == {"A plain remark"}
    assert found({"OR": [{"rooms": 1}, {"rooms": {"in": [4]}}]}) == {"The flat has a view", "The office has none"}
    with pytest.raises(FilterError, match="icontains"):
        found({"tags": {"icontains": "HOME"}})


def test_a_timestamp_says_when_it_was_said(facade: Facade) -> None:
    noon = datetime(2020, 5, 1, 12, tzinfo=UTC)
    for when in (noon, "2020-05-01T14:00:00+02:00", 1_588_334_400):
        for infer in (True, False):
            whose = f"{when} {infer}"
            (made,) = facade.add("I live in Bergen.", user_id=whose, timestamp=when, infer=infer)["results"]
            assert said_at(facade, made["id"]) == noon


def test_without_a_timestamp_it_was_said_now(facade: Facade, clock: ManualClock) -> None:
    assert said_at(facade, said(facade, "I live in Bergen.")) == clock()


def test_a_memory_is_there_through_its_last_day(facade: Facade, clock: ManualClock) -> None:
    today = clock().date()
    ids = [said(facade, f"gone {day!r}", expiration_date=day) for day in (today, today.isoformat(), clock())]
    assert {facade.get(id)["expiration_date"] for id in ids} == {today.isoformat()}
    never = said(facade, "always", expiration_date="9999-12-31")
    facade.update(ids[0], expiration_date=None)
    clock.advance(days=1)
    assert set(texts(facade.get_all(user_id="alice"))) == {f"gone {today!r}", "always"}
    assert facade.get(never)["expiration_date"] == date.max.isoformat()
    assert "expiration_date" not in facade.get(ids[0])


def test_said_again_it_is_no_second_memory(facade: Facade) -> None:
    said(facade, "I live in Bergen")
    assert facade.add("i live in bergen!", user_id="alice", infer=False) == {"results": []}
    assert len(facade.get_all(user_id="alice")["results"]) == 1


def test_metadata_is_added_to_and_who_said_it_stays(facade: Facade) -> None:
    turn = {"role": "user", "name": "Al", "content": "I live in Bergen"}
    id = facade.add(turn, user_id="alice", infer=False, metadata={"topic": "home", "rooms": 1})["results"][0]["id"]
    facade.update(id, metadata={"rooms": 4, "actor_id": "Eve", "created_at": "1999"})
    one = facade.get(id)
    assert one["metadata"] == {"topic": "home", "rooms": 4, "created_at": "1999"}
    assert one["actor_id"] == "Al"
    assert not one["created_at"].startswith("1999")


class Overtaken(Blocking):
    """Whoever reads to write finds that others wrote meanwhile."""

    def __init__(self, memory: memx_core.Memory, writes: list[dict[str, Any]]) -> None:
        super().__init__(memory)
        self._memory = memory
        self._writes = writes

    async def get(self, memory_id: str, version: int | None = None) -> MemoryItem | None:
        item = await super().get(memory_id, version)
        if self._writes and item is not None:
            self._memory.update(memory_id, "theirs", metadata={**item.metadata, **self._writes.pop(0)})
        return item


@pytest.mark.parametrize(("writes", "text"), [(1, "mine"), (3, "theirs")])
def test_metadata_that_others_add_at_the_same_time_is_not_lost(writes: int, text: str) -> None:
    with memx_core.Memory(embedder=FakeEmbedder(), database=":memory:", background=False) as memory:
        id = said(Facade(Memory(memory), asyncio.Runner()), "I live in Bergen", metadata={"topic": "home"})
        theirs: list[dict[str, Any]] = [{f"key {number}": number} for number in range(writes)]
        wanted = {"topic": "home", "mine": True, "role": "user"} | {k: v for each in theirs for k, v in each.items()}
        run(flows.update(Overtaken(memory, theirs), id, "mine", metadata={"mine": True}, expiration_date=...))
        item = memory.get(id)
        assert item is not None
        assert item.metadata == wanted
        assert item.text == text  # the last that was said


def test_a_memory_that_never_rests_is_told_of() -> None:
    with memx_core.Memory(embedder=FakeEmbedder(), database=":memory:", background=False) as memory:
        id = said(Facade(Memory(memory), asyncio.Runner()), "I live in Bergen")
        theirs: list[dict[str, Any]] = [{f"key {number}": number} for number in range(99)]
        with pytest.raises(memx_core.PlanConflictError, match="again and again"):
            run(flows.update(Overtaken(memory, theirs), id, None, metadata={"mine": True}, expiration_date=...))


# How it is configured -----------------------------------------------------------------------------


def test_the_memory_underneath_does_what_mem0_has_no_name_for(facade: Facade) -> None:
    said(facade, "I live in Bergen")
    assert isinstance(facade.it.memx, memx_core.Memory)
    assert "Bergen" in str(facade.it.memx.recall("Where?", user_id="alice"))


def test_a_memory_that_there_is_gets_another_face() -> None:
    with memx_core.Memory(embedder=FakeEmbedder(), database=":memory:", background=False) as memory:
        assert Memory(memory).memx is AsyncMemory(memory).memx is memory


def test_it_closes_itself(place: Path) -> None:
    config = {"embedder": FakeEmbedder(), "memx": {"database": place, "background": False}}
    with Memory.from_config(config) as memory:
        memory.add("I live in Bergen.", user_id="alice")
    with pytest.raises(memx_core.LedgerError):
        memory.get(NOBODY)

    async def main() -> AsyncMemory:
        async with AsyncMemory.from_config(config) as memory:
            await memory.add("I live in Bergen.", user_id="alice")
        return memory

    with pytest.raises(memx_core.LedgerError):
        asyncio.run(main()).memx.get(NOBODY)


def test_instructions_of_the_configuration_and_of_the_call_reach_the_model(make_facade: MakeFacade) -> None:
    llm = ScriptedLLM(default={"operations": []})
    facade = make_facade(llm=llm, custom_instructions="Only food, please.")
    facade.add("I live in Bergen.", user_id="alice")
    facade.add("I live in Bergen.", user_id="alice", prompt="Only places, please.")
    first, second = (call.prompt for call in llm.calls)
    assert "Only food, please." in first
    assert "Only places, please." in second
    assert "Only food, please." not in second


def test_the_database_lies_beside_mem0s_own_file(tmp_path: Path) -> None:
    theirs = tmp_path / "history.db"
    theirs.write_bytes(b"mem0's")
    config = {"embedder": FakeEmbedder(), "history_db_path": str(theirs), "version": "v1.1"}
    with Memory.from_config(config) as memory:
        assert memory.memx.database == f"sqlite:///{tmp_path / 'history.memx.db'}"
    assert theirs.read_bytes() == b"mem0's"


def test_the_vectors_may_lie_on_a_qdrant() -> None:
    qdrant_client = pytest.importorskip("qdrant_client", reason="the extra `qdrant` is not installed")
    client = qdrant_client.QdrantClient(":memory:")
    store = {"provider": "qdrant", "config": {"client": client, "collection_name": "app", "embedding_model_dims": 64}}
    config = {"embedder": FakeEmbedder(), "vector_store": store, "memx": {"database": ":memory:", "background": False}}
    with Memory.from_config(config) as memory:
        memory.add("I live in Bergen", user_id="alice", infer=False)
        assert texts(memory.search("Bergen", user_id="alice")) == ["I live in Bergen"]
        assert [each.name for each in client.get_collections().collections if each.name.startswith("app")]
    client.close()


@pytest.mark.parametrize(
    ("config", "url"),
    [
        ({"url": "http://127.0.0.1:9", "api_key": "k"}, "http://127.0.0.1:9"),
        ({"host": "127.0.0.1", "port": 9}, "http://127.0.0.1:9"),
        ({"host": "127.0.0.1", "https": True}, "https://127.0.0.1:6333"),
    ],
)
def test_a_qdrant_server_is_where_it_is_said_to_be(config: dict[str, Any], url: str) -> None:
    assert place_of_qdrant(config) == url


@pytest.mark.parametrize("provider", ["chroma", "faiss", "qdrant"])
def test_a_folder_of_vectors_is_not_needed(provider: str) -> None:
    config = {
        "embedder": FakeEmbedder(),
        "vector_store": {"provider": provider, "config": {"path": "/nowhere", "collection_name": "app"}},
        "memx": {"database": ":memory:", "background": False},
    }
    with Memory.from_config(config) as memory:
        assert memory.add("I live in Bergen", user_id="alice", infer=False)["results"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"vector_store": {"provider": "pinecone", "config": {}}}, "pinecone"),
        ({"vector_store": {"provider": "chroma", "config": {"host": "db"}}}, "chroma"),
        ({"graph_store": {}}, "graph_store"),
        ({"reranker": {"provider": "cohere", "config": {}}}, "reranker"),
        ({"llm": {"config": {"model": "x"}}}, "provider"),
        ({"llm": {"provider": "groq", "config": {}}}, "groq"),
        ({"llm": {"provider": "openai", "config": {"enable_vision": True}}}, "enable_vision"),
        ({"history_db_path": 5}, "history_db_path"),
        ("config.yaml", "config"),
    ],
)
def test_what_cannot_be_had_here_is_refused(config: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        opened(config)


class Configuration(BaseModel):
    """As mem0's own: everything is there, and what is not given is `None`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    llm: Any = None
    embedder: Any = None
    vector_store: Any = None
    history_db_path: str = ":memory:"
    reranker: Any = None
    version: str = "v1.1"
    custom_instructions: str | None = None


def test_a_configuration_may_be_a_model_of_pydantics() -> None:
    with Memory(Configuration(embedder=FakeEmbedder())) as memory:
        memory.add("I live in Bergen", user_id="alice", infer=False)
        assert ":memory:" in unquote(memory.memx.database)


# Providers ----------------------------------------------------------------------------------------


def test_models_by_name_are_langchains(openai_server: OpenAIServer, make_facade: MakeFacade) -> None:
    pytest.importorskip("langchain_openai", reason="the extra `openai` is not installed")
    openai_server.answers(adds("User lives in Bergen", quote="live in Bergen"))
    where = {"api_key": "sk-any", "openai_base_url": openai_server.url}
    facade = make_facade(
        llm={"provider": "openai", "config": {"model": "gpt-5-mini", **where}},
        embedder={
            "provider": "openai",
            "config": {"embedding_dims": 256, "check_embedding_ctx_length": False, **where},
        },
    )
    (made,) = facade.add("I live in Bergen.", user_id="alice")["results"]
    assert made["memory"] == "User lives in Bergen"
    (asked,) = openai_server.asked("chat")
    assert asked.body["model"] == "gpt-5-mini"
    assert {(each.body["model"], each.body["dimensions"]) for each in openai_server.asked("embeddings")} == {
        ("text-embedding-3-small", 256)
    }


def test_objects_of_langchains_are_taken_as_mem0_takes_them(make_facade: MakeFacade) -> None:
    pytest.importorskip("langchain", reason="the extra `langchain` is not installed")
    from tests.langchain.models import PlainChat, WordEmbeddings

    model = PlainChat(answers=[json.dumps(adds("User lives in Bergen", quote="live in Bergen"))])
    facade = make_facade(
        llm={"provider": "langchain", "config": {"model": model}},
        embedder={"provider": "langchain", "config": {"model": WordEmbeddings()}},
    )
    assert texts(facade.add("I live in Bergen.", user_id="alice")) == ["User lives in Bergen"]


@pytest.mark.parametrize(
    ("part", "given", "name", "settings"),
    [
        ("llm", {"provider": "openai", "config": None}, "openai:gpt-5-mini", {}),
        ("llm", {"provider": "gemini", "config": {"model": "g", "top_p": 0.5}}, "google_genai:g", {"top_p": 0.5}),
        (
            "llm",
            {"provider": "ollama", "config": {"model": "l", "max_tokens": 9, "ollama_base_url": "u"}},
            "ollama:l",
            {"num_predict": 9, "base_url": "u"},
        ),
        ("llm", {"provider": "vllm", "config": {"model": "v", "vllm_base_url": "u"}}, "openai:v", {"base_url": "u"}),
        (
            "llm",
            {
                "provider": "azure_openai_structured",
                "config": {"model": "a", "azure_kwargs": {"azure_endpoint": "e", "api_version": "1", "api_key": None}},
            },
            "azure_openai:a",
            {"azure_endpoint": "e", "api_version": "1"},
        ),
        (
            "embedder",
            {"provider": "huggingface", "config": {"model": "h", "embedding_dims": 384}},
            "huggingface:h",
            {},
        ),
        ("embedder", {"provider": "vertexai", "config": {"model": "e"}}, "google_vertexai:e", {}),
    ],
)
def test_mem0s_names_become_langchains(part: str, given: object, name: str, settings: dict[str, Any]) -> None:
    assert provided(part, given) == (name, settings)


# The room -----------------------------------------------------------------------------------------


def test_the_room_is_entered_by_nobody_and_brings_no_framework(tmp_path: Path) -> None:
    code = """
import sys
from memx_core import Memory
import memx_core.testing, memx_core.toolbox
assert "memx_core.mem0" not in sys.modules
from memx_core.mem0 import Memory
from memx_core.embedders import HashingEmbedder
Memory.from_config({"embedder": HashingEmbedder(), "memx": {"database": ":memory:"}}).close()
assert not {"langchain_memx", "langchain_core", "langchain", "mem0"} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())
