"""A Qdrant server that fails, before or after it has done what it was asked: it agrees in the end."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine

from memx_core import IndexUnavailableError, Memory
from memx_core.index import QdrantIndex
from memx_core.index import told as told_module
from memx_core.index.qdrant.points import number
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.conftest import MakeDoor
from tests.qdrant_server import Asked, Fault, QdrantServer

ADA = {"user_id": "ada"}
FAULTS: list[Fault] = [Fault(what, applied) for what in (500, 429, "drop", "timeout") for applied in (False, True)]  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    server = QdrantServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is healing, not waiting."""
    monkeypatch.setattr(told_module, "REST", 0.0)


def scored(memory: Any, query: str, **ids: str) -> list[tuple[str, float]]:
    hits = memory.search(query, include_messages=True, limit=100, **(ids or ADA))
    return sorted((hit.memory.text, round(hit.score, 4)) for hit in hits)


def disagreements(server: QdrantServer, memory: Memory) -> list[int]:
    """Points that are missing, or should not be there, or say something else than the ledger."""
    entries = memory._room.ledger.all_entries("default", after=None, limit=10_000)
    said = {number(entry.kind, entry.row): (entry.revision, entry.current, entry.vector is None) for entry in entries}
    held = {
        int(point.id): (
            (point.payload or {})["revision"],
            (point.payload or {})["found"] != "",
            "dense" not in (point.vector or {}),  # type: ignore[operator]
        )
        for point in server.points()
    }
    return sorted(id for id in said.keys() | held.keys() if said.get(id) != held.get(id))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "update", "delete", "put", "clear", "erase", "rebuild", "change", "search"]),
        st.integers(0, 5),
    ),
    min_size=4,
    max_size=12,
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=STEPS, seed=st.integers(0, 1000))
def test_after_three_faults_in_ten_requests_the_index_is_what_the_ledger_is(
    steps: list[tuple[str, int]], seed: int
) -> None:
    chance, server = random.Random(seed), QdrantServer()
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    clock, dimensions = ManualClock(), 16
    server.fault = lambda asked: chance.choice(FAULTS) if chance.random() < 0.3 else None
    index = QdrantIndex(client=server.client())
    memory = Memory(ScriptedLLM(), FakeEmbedder(16), engine, index=index, clock=clock, background=False)
    exact = Memory(ScriptedLLM(), FakeEmbedder(16), engine, clock=clock, background=False)
    for step, value in steps:
        owner = f"user {value % 2}"
        known = [item.id for item in memory.get_all(user_id=owner)]
        try:
            if step == "add":
                memory.add(f"lantern {value}", infer=False, user_id=owner)
            elif step == "update" and known:
                memory.update(known[0], f"harbour {value}")
            elif step == "delete" and known:
                memory.delete(known[-1])
            elif step == "put":
                memory.put_messages("s", {"role": "user", "content": "lantern", "id": "1"}, learn=False, user_id=owner)
            elif step == "clear":
                memory.clear_messages("s", user_id=owner)
            elif step == "erase":
                memory.erase(user_id=owner)
            elif step == "rebuild":
                memory.rebuild_index()
            elif step == "change":
                dimensions = 8 * (value + 1)
                memory.rebuild_index(embedder=FakeEmbedder(dimensions))
        except IndexUnavailableError:
            assert step in ("rebuild", "change")  # whoever asks for the index is told of it; nobody else is
        if memory._room.ledger.fingerprint("default") in (None, exact._current.providers.embedder.fingerprint):
            assert scored(memory, "lantern", user_id=owner) == scored(exact, "lantern", user_id=owner)
    server.fault = lambda asked: None
    with Memory(ScriptedLLM(), FakeEmbedder(dimensions), engine, clock=clock, background=False) as after:
        for owner in ("user 0", "user 1"):
            for query in ("lantern", "harbour 3"):
                assert scored(memory, query, user_id=owner) == scored(after, query, user_id=owner)
        assert disagreements(server, after) == []
    for one in (memory, exact):
        one.close()
    engine.dispose()


@pytest.mark.parametrize("fault", [Fault(500), Fault(429), Fault("drop", applied=True), Fault("timeout", applied=True)])
def test_a_write_whose_telling_fails_is_done_and_found(make: MakeDoor, server: QdrantServer, fault: Fault) -> None:
    memory = make(index=QdrantIndex(client=server.client()))
    memory.add("lantern 1", infer=False, **ADA)
    server.fault = lambda asked: fault
    memory.add("lantern 2", infer=False, **ADA)
    assert scored(memory, "lantern") == scored(make(), "lantern")
    server.fault = lambda asked: None
    assert scored(memory, "lantern") == scored(make(), "lantern")
    assert isinstance(memory.memory, Memory)
    assert disagreements(server, memory.memory) == []


def test_a_request_that_was_held_up_puts_nothing_back(make: MakeDoor, server: QdrantServer) -> None:
    """It arrives when the client has given up on it, and another has told the server something newer."""
    held_up: list[Asked] = []

    def hold_up(asked: Asked) -> Fault | None:
        if asked.path.endswith("/points/batch"):
            held_up.append(asked)
            return Fault("timeout")
        return None

    memory = make(index=QdrantIndex(client=server.client()))
    (change,) = memory.add("lives in Bergen", infer=False, **ADA).changes
    server.fault = hold_up
    memory.update(change.memory_id, "lives in Oslo")
    server.fault = lambda asked: None
    memory.update(change.memory_id, "lives in Tromsø")
    for asked in held_up:
        assert server.serve(asked)[0] == 200
    assert isinstance(memory.memory, Memory)
    assert disagreements(server, memory.memory) == []
    assert scored(memory, "lives") == scored(make(), "lives")


def test_an_erasure_that_the_server_missed_is_reported_and_made_up_for(make: MakeDoor, server: QdrantServer) -> None:
    memory = make(index=QdrantIndex(client=server.client()))
    for ids in (ADA, {"user_id": "bob"}):
        memory.add("lantern", infer=False, **ids)
    server.fault = lambda asked: Fault("drop") if asked.path.endswith("/points/delete") else None
    assert any("erase again" in each for each in memory.erase(**ADA).remains)
    server.fault = lambda asked: None
    assert scored(memory, "lantern", user_id="bob") == scored(make(), "lantern", user_id="bob")
    assert not [point for point in server.points() if (point.payload or {})["user_id"] == "ada"]


def test_threads_and_handles_on_one_server_agree_in_the_end(make: MakeDoor, server: QdrantServer) -> None:
    chance, lock = random.Random(1), threading.Lock()

    def fault(asked: Asked) -> Fault | None:
        with lock:
            return chance.choice(FAULTS) if chance.random() < 0.3 else None

    doors = [make(index=QdrantIndex(client=server.client())) for _ in range(3)]
    doors[0].add("lantern", infer=False, **ADA)
    server.fault = fault

    def work(part: int) -> None:
        memory = doors[part].memory
        assert isinstance(memory, Memory)
        for step in range(4):
            (change,) = memory.add(f"lantern {part} {step}", infer=False, user_id=f"user {part % 2}").changes
            if step % 2:
                memory.update(change.memory_id, f"harbour {part} {step}")
            memory.search("lantern", user_id=f"user {part % 2}")

    threads = [threading.Thread(target=work, args=(part,)) for part in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.fault = lambda asked: None
    exact = make()
    for door in doors:
        for owner in ("user 0", "user 1"):
            assert scored(door, "lantern", user_id=owner) == scored(exact, "lantern", user_id=owner)
    assert isinstance(exact.memory, Memory)
    assert disagreements(server, exact.memory) == []
    assert len(list(exact.memory.get_all(user_id="user 0"))) == 8


def test_a_server_that_was_emptied_is_filled_again(make: MakeDoor, server: QdrantServer) -> None:
    memory = make(index=QdrantIndex(client=server.client()))
    memory.add("lantern", infer=False, **ADA)
    for collection in server.client().get_collections().collections:
        server.client().delete_collection(collection.name)
    assert scored(memory, "lantern") == []
    memory.rebuild_index()
    assert scored(memory, "lantern") == scored(make(), "lantern") != []


def test_the_report_of_an_erasure_says_what_a_server_may_keep(make: MakeDoor, server: QdrantServer) -> None:
    memory = make(index=QdrantIndex(client=server.client()))
    memory.add("lantern", infer=False, **ADA)
    report = memory.erase(**ADA)
    assert report.verified
    assert [each.split(":")[0] for each in report.remains] == ["index"]
    assert server.points() == []
