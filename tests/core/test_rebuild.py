"""Deriving the index anew, and keeping one right that is told what is written."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine

from memx_core import IndexUnavailableError, Memory, Scope
from memx_core.ledger import Ledger
from memx_core.testing import FakeEmbedder, ManualClock, PushedIndex, ScriptedLLM
from tests.conftest import Door, MakeDoor
from tests.databases import Place

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}


def scored(door: Any, query: str = "lantern", **ids: str) -> list[tuple[str, float]]:
    hits = door.search(query, include_messages=True, limit=100, **(ids or ADA))
    return sorted((hit.memory.text, round(hit.score, 5)) for hit in hits)


def handle(door: Door) -> Memory:
    """To be called from anywhere, whatever the colour of the test."""
    assert isinstance(door.memory, Memory)
    return door.memory


def dense(door: Any, query: str) -> list[str]:
    """The texts that are found by their vectors."""
    hits = door.search(query, include_messages=True, explain=True, **ADA)
    return [hit.memory.text for hit in hits if hit.explain.dense is not None]


def test_turns_that_the_embedder_failed_on_get_their_vectors(make: MakeDoor) -> None:
    door = make(embedder=FakeEmbedder(fail_on=[1]))
    with pytest.raises(ConnectionError):
        door.put_messages("s", "lantern in the harbour", learn=False, **ADA)
    assert dense(door, "lantern") == []
    other = make()
    assert scored(other)
    assert door.rebuild_index() == 1
    assert dense(door, "lantern") == dense(other, "lantern") == ["lantern in the harbour"]
    assert door.rebuild_index() == 0


def test_rebuilding_changes_nothing_that_is_read(make: MakeDoor) -> None:
    door = make()
    for number in range(5):
        door.add(f"lantern {number}", infer=False, session_id="s", **ADA)
    before = scored(door), list(door.get_all(**ADA)), door.messages("s", **ADA)
    door.rebuild_index()
    assert (scored(door), list(door.get_all(**ADA)), door.messages("s", **ADA)) == before


def test_progress_is_told(make: MakeDoor) -> None:
    told: list[tuple[int, int]] = []
    door = make()
    turns = [{"role": "user", "content": f"lantern {number}"} for number in range(200)]
    door.put_messages("s", turns, learn=False, **ADA)
    door.rebuild_index(embedder=FakeEmbedder(16), progress=lambda done, total: told.append((done, total)))
    assert told == [(128, 200), (200, 200)]
    door.rebuild_index(embedder=FakeEmbedder(32), progress=True)  # no terminal here, and so no bar


def test_an_index_that_is_told_is_filled_when_it_is_new(make: MakeDoor) -> None:
    door = make()
    for number in range(300):
        door.put_messages("s", f"lantern {number}", learn=False, **ADA)
    door.clear_messages("s", **ADA)
    for number in range(5):
        door.add(f"lantern {number}", infer=False, **ADA)
    told = make(index=PushedIndex())
    assert scored(told) == scored(door)


def test_an_index_that_was_lost_is_filled_again(make: MakeDoor) -> None:
    door, index = make(), PushedIndex()
    told = make(index=index)
    told.add("lantern", infer=False, **ADA)
    index._told.erase("default", Scope())
    assert scored(told) == []
    told.rebuild_index()
    assert scored(told) == scored(door) != []


def test_an_index_that_is_told_follows_a_change_of_the_embedder(make: MakeDoor) -> None:
    told = make(index=PushedIndex())
    for number in range(5):
        told.add(f"lantern {number}", infer=False, **ADA)
    told.rebuild_index(embedder=FakeEmbedder(16))
    told.add("one more lantern", infer=False, **ADA)
    assert scored(told) == scored(make(embedder=FakeEmbedder(16)))
    assert len(dense(told, "lantern")) == 10


@pytest.mark.parametrize("fault", ["refused", "lost"])
def test_what_an_index_did_not_hear_it_is_told_before_the_next_search(make: MakeDoor, fault: str) -> None:
    faults: list[Any] = [None, fault]
    told, door = make(index=PushedIndex(lambda: faults.pop() if faults else None)), make()
    (change,) = told.add("lantern", infer=False, **ADA).changes
    assert change.event == "ADD"
    assert scored(told) == scored(door) != []


def test_what_another_handle_wrote_is_told_too(make: MakeDoor) -> None:
    told, door = make(index=PushedIndex()), make()
    for number in range(3):
        (change,) = door.add(f"lantern {number}", infer=False, user_id=f"user {number}").changes
        assert scored(told, user_id=f"user {number}") == scored(door, user_id=f"user {number}") != []
        door.update(change.memory_id, f"harbour {number}")
        assert scored(told, user_id=f"user {number}") == scored(door, user_id=f"user {number}")
    assert handle(told)._room.ledger.late("default").scopes == ()


def test_nothing_is_noted_where_no_index_is_told(place: Place) -> None:
    with Memory(ScriptedLLM(), FakeEmbedder(), place) as memory:
        memory.add("lantern", infer=False, **ADA)
        memory.search("lantern", **ADA)
    assert Ledger(place).late("default").heard == 0


def test_two_processes_that_tell_one_index_in_any_order_leave_it_right(make: MakeDoor) -> None:
    """Two handles that share a server: what one reads early and tells late does not stay."""
    late, index = threading.Event(), PushedIndex()
    slow, quick = SlowIndex(index, late), index
    first, second, door = make(index=slow), make(index=quick), make()
    (change,) = first.add("lantern 0", infer=False, **ADA).changes
    slow.waits = True
    thread = threading.Thread(target=handle(first).update, args=(change.memory_id, "lantern 1"))
    thread.start()
    slow.reached.wait(30)
    second.update(change.memory_id, "lantern 2")
    second.add("lantern 3", infer=False, **ADA)
    late.set()
    thread.join()
    assert scored(first) == scored(second) == scored(door)


class SlowIndex:
    """The same server over a line that may be slow."""

    def __init__(self, index: PushedIndex, late: threading.Event) -> None:
        self._index, self._late = index, late
        self.waits, self.reached = False, threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def apply(self, namespace: str, entries: Any) -> None:
        if self.waits:
            self.reached.set()
            self._late.wait(30)
        self._index.apply(namespace, entries)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "update", "delete", "put", "clear", "delete_all", "erase", "rebuild", "change"]),
        st.integers(0, 5),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=STEPS, seed=st.integers(0, 1000))
def test_after_any_faults_the_index_is_what_the_ledger_is(steps: list[tuple[str, int]], seed: int) -> None:
    chance = random.Random(seed)
    failing = [True]
    index = PushedIndex(lambda: chance.choice(["refused", "lost", None, None, None]) if failing[0] else None)
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    clock = ManualClock()
    memory = Memory(ScriptedLLM(), FakeEmbedder(16), engine, index=index, clock=clock, background=False)
    dimensions = 16
    for step, number in steps:
        owner = f"user {number % 2}"
        known = [item.id for item in memory.get_all(user_id=owner)]
        try:
            if step == "add":
                memory.add(f"lantern {number}", infer=False, user_id=owner)
            elif step == "update" and known:
                memory.update(known[0], f"harbour {number}")
            elif step == "delete" and known:
                memory.delete(known[-1])
            elif step == "put":
                memory.put_messages("s", {"role": "user", "content": "lantern", "id": "1"}, learn=False, user_id=owner)
            elif step == "clear":
                memory.clear_messages("s", user_id=owner)
            elif step == "delete_all":
                memory.delete_all(user_id=owner)
            elif step == "erase":
                memory.erase(user_id=owner)
            elif step == "rebuild":
                memory.rebuild_index()
            elif step == "change":
                dimensions = 8 * (number + 1)
                memory.rebuild_index(embedder=FakeEmbedder(dimensions))
        except IndexUnavailableError:
            pass  # the ledger has it all the same
    failing[0] = False
    with Memory(ScriptedLLM(), FakeEmbedder(dimensions), engine, clock=clock, background=False) as exact:
        for owner in ("user 0", "user 1"):
            for query in ("lantern", "harbour 3"):
                assert scored(memory, query, user_id=owner) == scored(exact, query, user_id=owner)
        held = [entry.row for _, entry in index._told._entries.get("default", {}).values() if entry.kind == "memory"]
        kept = [entry.row for entry in exact._room.ledger.all_entries("default", after=None, limit=10_000)]
        assert set(held) <= set(kept)
    memory.close()
    engine.dispose()
