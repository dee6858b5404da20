"""Changing the embedder of a database, while it is used."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine, event, select

from memx_core import EmbeddingMismatchError, InvalidInputError, LedgerError, Memory
from memx_core.ledger.tables import message_vectors, spaces, version_vectors
from memx_core.testing import (
    AsyncFakeEmbedder,
    FakeEmbedder,
    ManualClock,
    ScriptedLLM,
    SyncFakeEmbedder,
    SyncScriptedLLM,
)
from tests.answers import adds, updates
from tests.conftest import Door, MakeDoor
from tests.databases import Place, connected

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}
OLD, NEW = "fake:hashing:384", "fake:other:384"


class OtherEmbedder(FakeEmbedder):
    """Another model of the same dimensions: every axis of its vectors is turned round."""

    def __init__(self, dimensions: int = 384, **given: Any) -> None:
        super().__init__(dimensions, **{"fingerprint": f"fake:other:{dimensions}", **given})
        straight = self._embed
        self._embed = lambda texts: np.ascontiguousarray(straight(texts)[:, ::-1])


def fill(door: Any, words: str = "lantern") -> list[str]:
    """Memories of every kind; the ids."""
    made = [door.add(f"{words} {number}", infer=False, **ADA).changes[0].memory_id for number in range(5)]
    door.update(made[0], f"{words} of copper")
    door.update(made[1], metadata={"city": "Oslo"})
    door.delete(made[2])
    door.add({"role": "user", "content": f"the {words} in the harbour", "name": "Ada"}, infer=False, **ADA)
    door.put_messages(
        "s", [{"role": "user", "content": f"{words} talk"}, {"role": "tool", "content": "{}"}], learn=False, **ADA
    )
    return made


def handle(door: Door) -> Memory:
    """To be called from anywhere, whatever the colour of the test."""
    assert isinstance(door.memory, Memory)
    return door.memory


def scored(door: Any, query: str = "lantern in copper") -> list[tuple[str, float]]:
    hits = door.search(query, include_messages=True, limit=50, **ADA)
    return sorted((hit.memory.text, round(hit.score, 5)) for hit in hits)


def texts(door: Any) -> list[str]:
    return sorted(item.text for item in door.get_all(include_superseded=True, limit=1000, **ADA))


def vectors(place: Place) -> dict[str, int]:
    """By fingerprint how many vectors are kept."""
    with connected(place) as connection:
        kept = {row.fingerprint: row.seq for row in connection.execute(select(spaces))}
        return {
            name: sum(
                len(connection.execute(select(table.c.row).where(table.c.space == seq)).all())
                for table in (version_vectors, message_vectors)
            )
            for name, seq in kept.items()
        }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memx.db"


def test_another_embedder_is_told_every_way_out(make: MakeDoor, place: Place) -> None:
    make().add("hello there", infer=False, **ADA)
    with pytest.raises(EmbeddingMismatchError) as caught:
        Memory(embedder=FakeEmbedder(64), database=place)
    error = caught.value
    for way in ("memory.rebuild_index(embedder=new)", "reembed=True", "namespace"):
        assert way in str(error)
    for raised in (error, pickle.loads(pickle.dumps(error))):
        assert (raised.kept, raised.offered) == (OLD, "fake:hashing:64")


@pytest.mark.parametrize("embedder", [OtherEmbedder(), FakeEmbedder(32)], ids=["same size", "another size"])
def test_after_a_change_everything_is_as_with_the_new_embedder_from_the_start(
    make: MakeDoor, path: Path, place: Place, embedder: FakeEmbedder
) -> None:
    door = make()
    ids = fill(door)
    before = texts(door), [door.history(id) for id in ids], door.messages("s", **ADA)
    scored(door)  # the index holds the old vectors
    count = door.rebuild_index(embedder=embedder)
    assert (texts(door), [door.history(id) for id in ids], door.messages("s", **ADA)) == before
    assert vectors(place) == {embedder.fingerprint: count}
    fresh = make(embedder=embedder, database=path.with_name("fresh.db"))
    fill(fresh)
    assert scored(door) == scored(fresh)
    door.add("lantern again", infer=False, **ADA)
    fresh.add("lantern again", infer=False, **ADA)
    assert scored(door) == scored(fresh)
    again = make(embedder=embedder)
    assert scored(again) == scored(fresh)


def test_every_version_is_embedded_and_no_model_is_asked(make: MakeDoor, llm: ScriptedLLM) -> None:
    door = make(llm=llm)
    llm.queue(adds("Ada lives in Oslo"))
    (change,) = door.add("I live in Oslo", **ADA).changes
    door.update(change.memory_id, "Ada lives in Rome")
    calls = len(llm.calls)
    embedder = OtherEmbedder()
    door.rebuild_index(embedder=embedder)
    assert sorted(embedder.texts) == ["Ada lives in Oslo", "Ada lives in Rome", "I live in Oslo"]
    assert len(llm.calls) == calls


def test_the_old_vectors_serve_and_writes_go_on_while_the_new_ones_are_made(
    make: MakeDoor, path: Path, place: Place
) -> None:
    door = make()
    ids = fill(door)
    seen: list[tuple[int, int]] = []
    fresh = make(embedder=OtherEmbedder(), database=path.with_name("fresh.db"))
    twins = dict(zip(ids, fill(fresh), strict=True))

    def meanwhile(done: int, total: int) -> None:
        assert len(handle(door).search("lantern", **ADA)) > 2
        for memory, to in ((door.memory, lambda id: id), (fresh.memory, twins.get)):
            memory.add(f"harbour {len(seen)}", infer=False, **ADA)
            memory.update(to(ids[3]), f"violin {len(seen)}")
            memory.put_messages("s", {"role": "user", "content": f"turn {len(seen)}", "id": "1"}, learn=False, **ADA)
            if not seen:
                memory.delete(to(ids[4]))
                memory.clear_messages("s", **ADA)
        seen.append((done, total))

    door.rebuild_index(embedder=OtherEmbedder(), progress=meanwhile)
    assert len(seen) > 1
    assert all(done <= total for done, total in seen)
    assert vectors(place).keys() == {NEW}
    assert vectors(place) == vectors(path.with_name("fresh.db"))
    for query in ("lantern", "harbour 1", "violin", "turn 3"):
        assert scored(door, query) == scored(fresh, query)


class Hooked(SyncFakeEmbedder):
    """Calls `then` once its call number `at` is done; lent a thread in async calls, so `then` may block."""

    def __init__(self, then: Callable[[], object], at: int = 1, **given: Any) -> None:
        super().__init__(**given)
        straight = self._embed

        def embed(texts: Any) -> Any:
            vectors = straight(texts)
            if len(self.calls) == at:
                then()
            return vectors

        self._embed = embed


def fill_many(door: Any, count: int = 300) -> None:
    """More turns than are embedded in one call."""
    turns = [{"role": "user", "content": f"lantern {number}"} for number in range(count)]
    door.put_messages("many", turns, learn=False, **ADA)


def test_while_two_spaces_are_there_each_entry_comes_once(make: MakeDoor, place: Place) -> None:
    door = make()
    fill(door)
    fill_many(door)
    before = scored(door)
    with pytest.raises(ConnectionError):
        door.rebuild_index(embedder=OtherEmbedder(fail_on=[2]))
    assert vectors(place)[NEW] == 128
    entries, *_ = handle(door)._room.ledger.entries("default", handle(door).scoped(**ADA).scope, since=0)
    assert len({(entry.kind, entry.row) for entry in entries}) == len(entries)
    assert {entry.space for entry in entries} == {OLD}
    assert scored(door) == before
    assert scored(make()) == before


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_failing_embedder_leaves_the_old_one_serving_and_the_next_try_goes_on(
    make: MakeDoor, place: Place, failing: int
) -> None:
    door = make()
    fill_many(door)
    before = scored(door)
    with pytest.raises(ConnectionError):
        door.rebuild_index(embedder=OtherEmbedder(fail_on=[failing]))
    assert scored(door) == before
    door.add("one more", infer=False, user_id="bob")
    embedder = OtherEmbedder()
    assert door.rebuild_index(embedder=embedder) == 302 - 128 * (failing - 1)
    assert len(embedder.texts) == 302 - 128 * (failing - 1)
    assert vectors(place) == {NEW: 302}


def test_a_third_embedder_takes_the_place_of_the_half_made_second(make: MakeDoor, place: Place) -> None:
    door = make()
    fill_many(door)
    with pytest.raises(ConnectionError):
        door.rebuild_index(embedder=OtherEmbedder(fail_on=[2]))
    door.rebuild_index(embedder=FakeEmbedder(32))
    assert vectors(place) == {"fake:hashing:32": 300}


def test_a_change_may_be_taken_back(make: MakeDoor, place: Place) -> None:
    door = make()
    fill(door)
    before = scored(door)
    door.rebuild_index(embedder=OtherEmbedder())
    door.rebuild_index(embedder=FakeEmbedder())
    assert scored(door) == before
    assert vectors(place).keys() == {OLD}


def rebuild_until_killed(path: str) -> None:
    with Memory(ScriptedLLM(), FakeEmbedder(), path) as memory:
        memory.rebuild_index(embedder=OtherEmbedder(), progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))


@pytest.mark.databases("sqlite")
def test_a_killed_change_leaves_the_old_embedder_serving(make: MakeDoor, path: Path, place: Place) -> None:
    door = make()
    fill_many(door)
    before = scored(door)
    process = multiprocessing.get_context("spawn").Process(target=rebuild_until_killed, args=(str(path),))
    process.start()
    process.join(100)
    assert process.exitcode == -signal.SIGKILL
    assert vectors(place)[NEW] == 128
    assert scored(make()) == before
    assert door.rebuild_index(embedder=OtherEmbedder()) == 300 - 128


@pytest.mark.parametrize("failing", range(1, 60))
def test_a_change_that_fails_at_any_statement_changes_nothing(failing: int) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    memory = Memory(ScriptedLLM(), FakeEmbedder(8), engine, clock=ManualClock(), background=False)
    fill(memory)
    before = scored(memory)
    seen = 0

    def fail(*arguments: object) -> None:
        nonlocal seen
        seen += 1
        if seen == failing:
            raise sqlite3.OperationalError("disk full")

    event.listen(engine, "before_cursor_execute", fail)
    try:
        memory.rebuild_index(embedder=OtherEmbedder(8))
    except (LedgerError, sqlite3.OperationalError):
        event.remove(engine, "before_cursor_execute", fail)
        if memory._room.ledger.fingerprint("default") == "fake:hashing:8":
            assert scored(memory) == before
            with Memory(ScriptedLLM(), FakeEmbedder(8), engine, clock=ManualClock(), background=False) as other:
                assert scored(other) == before
        memory.rebuild_index(embedder=OtherEmbedder(8))
    else:
        event.remove(engine, "before_cursor_execute", fail)
        assert seen < failing, "the failure came, and the change went through all the same"
    with Memory(ScriptedLLM(), OtherEmbedder(8), ":memory:", clock=ManualClock(), background=False) as fresh:
        fill(fresh)
        assert scored(memory) == scored(fresh)
    memory.close()
    engine.dispose()


def test_other_handles_with_the_old_embedder_are_told_so(make: MakeDoor) -> None:
    door, other = make(), make()
    fill(door)
    before = scored(other)
    door.rebuild_index(embedder=OtherEmbedder())
    for call in (
        lambda: other.search("lantern", **ADA),
        lambda: other.recall("lantern", **ADA),
        lambda: other.add("lantern", infer=False, **ADA),
        lambda: other.rebuild_index(),
    ):
        with pytest.raises(EmbeddingMismatchError) as caught:
            call()
        assert (caught.value.kept, caught.value.offered) == (NEW, OLD)
    with pytest.raises(EmbeddingMismatchError):
        other.add("I live in Oslo", session_id="kept", **ADA)
    assert [message.content for message in door.messages("kept", **ADA)] == ["I live in Oslo"]
    other.rebuild_index(embedder=FakeEmbedder())
    assert {text for text, _ in scored(other)} == {text for text, _ in before} | {"I live in Oslo"}


def test_a_search_during_the_change_is_right_all_the_same(make: MakeDoor, path: Path) -> None:
    def change() -> None:
        handle(door).rebuild_index(embedder=OtherEmbedder())

    fill(make())
    door = make(embedder=Hooked(change))
    found = scored(door)
    fresh = make(embedder=OtherEmbedder(), database=path.with_name("fresh.db"))
    fill(fresh)
    assert found == scored(fresh)


@pytest.mark.parametrize("at", [1, 2])
def test_what_is_written_during_the_change_is_embedded_with_the_new_one(make: MakeDoor, path: Path, at: int) -> None:
    def change() -> None:
        handle(door).rebuild_index(embedder=OtherEmbedder())

    calls: tuple[Callable[[Any], Any], ...] = (
        lambda door: door.add("lantern of glass", infer=False, **ADA),
        lambda door: door.add({"role": "user", "content": "lantern of glass", "name": "Ada"}, infer=False, **ADA),
        lambda door: door.put_messages("t", "lantern of glass", learn=False, **ADA),
        lambda door: door.add("My lantern is of glass", **ADA),
        lambda door: door.add("My lantern is of glass", wait=False, **ADA),
    )
    for number, call in enumerate(calls):
        old, fresh = path.with_name(f"{number}.db"), path.with_name(f"fresh-{number}.db")
        model = SyncScriptedLLM(default=adds("Ada has a lantern of glass"))
        fill(make(database=old))
        hooked = Hooked(change, at)
        door = make(llm=model, embedder=hooked, database=old)
        call(door)
        twin = make(llm=model, embedder=OtherEmbedder(), database=fresh)
        fill(twin)
        call(twin)
        if len(hooked.calls) < at:
            continue
        assert scored(door) == scored(twin)
        if vectors(old).keys() == {NEW}:
            assert vectors(old) == vectors(fresh)


def test_a_model_is_not_asked_twice_when_the_embedder_changes_meanwhile(make: MakeDoor) -> None:
    def meanwhile(*_: object) -> Any:
        handle(door).rebuild_index(embedder=OtherEmbedder())
        return updates(0, "Ada lives in Oslo")

    llm = SyncScriptedLLM([meanwhile])
    door = make(llm=llm)
    (change,) = door.add("Ada lives in Bergen", infer=False, **ADA).changes
    (made,) = door.add("I'm Ada and moved to Oslo", **ADA).changes
    assert (made.memory_id, made.version) == (change.memory_id, 2)
    assert len(llm.calls) == 1
    assert {text for text, _ in scored(door, "Oslo")} >= {"Ada lives in Oslo"}


def test_two_handles_may_change_to_the_same_embedder_at_once(make: MakeDoor, place: Place) -> None:
    doors = make(), make()
    fill_many(doors[0])
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def change(door: Door) -> None:
        start.wait()
        try:
            handle(door).rebuild_index(embedder=OtherEmbedder())
        except BaseException as error:  # noqa: BLE001  # asserted on below
            failures.append(error)

    threads = [threading.Thread(target=change, args=(door,)) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert vectors(place) == {NEW: 300}
    assert scored(doors[0]) == scored(doors[1])


def test_writers_that_never_rest_do_not_hold_up_the_change(make: MakeDoor, place: Place) -> None:
    door, resting = make(), threading.Event()
    fill_many(door)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        count = 0
        while not resting.is_set():
            count += 1
            try:
                handle(door).add(f"note {number} {count}", infer=False, user_id=f"writer {number}")
                assert handle(door).search(f"{count}", user_id=f"writer {number}")
            except BaseException as error:  # noqa: BLE001  # asserted on below
                failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for embedder in (OtherEmbedder(), FakeEmbedder(16), FakeEmbedder(384)):
            door.rebuild_index(embedder=embedder)
    finally:
        resting.set()
        for thread in threads:
            thread.join()
    assert failures == []
    door.rebuild_index()
    (count,) = vectors(place).values()
    assert count == 300 + 2 * sum(len(door.get_all(user_id=f"writer {n}", limit=10_000)) for n in range(2))


def test_what_is_cleared_while_it_is_embedded_leaves_no_vector(make: MakeDoor, place: Place) -> None:
    door = make()
    fill_many(door, 10)
    door.add("stays", infer=False, **ADA)
    door.rebuild_index(embedder=Hooked(lambda: handle(door).clear_messages("many", **ADA), fingerprint=NEW))
    assert vectors(place) == {NEW: 2}


def test_a_database_whose_embedder_is_gone_is_embedded_again_as_it_is_opened(make: MakeDoor, path: Path) -> None:
    door = make()
    fill(door)
    door.close()
    embedder = OtherEmbedder()
    again = make(embedder=embedder, reembed=True)
    fresh = make(embedder=OtherEmbedder(), database=path.with_name("fresh.db"))
    fill(fresh)
    assert scored(again) == scored(fresh)
    embedded = len(embedder.calls)
    make(embedder=embedder, reembed=True).get_all(**ADA)
    assert len(embedder.calls) == embedded


def test_embedding_at_opening_needs_an_embedder_that_blocks(make: MakeDoor, place: Place) -> None:
    fill(make())
    with pytest.raises(InvalidInputError, match="reembed"):
        Memory(embedder=AsyncFakeEmbedder(16), database=place, reembed=True)


def test_an_embedder_that_fails_at_opening_leaves_the_old_one_serving(make: MakeDoor, place: Place) -> None:
    door = make()
    fill(door)
    before = scored(door)
    with pytest.raises(ConnectionError):
        Memory(embedder=OtherEmbedder(fail_on=[1]), database=place, reembed=True)
    assert scored(door) == before


def test_an_empty_database_takes_any_embedder(make: MakeDoor, place: Place) -> None:
    door = make()
    assert door.rebuild_index() == door.rebuild_index(embedder=OtherEmbedder()) == 0
    door.add("lantern", infer=False, **ADA)
    assert vectors(place) == {NEW: 2}


@pytest.mark.parametrize("given", [{"embedder": object()}, {"progress": "yes"}, {"embedder": FakeEmbedder}])
def test_what_cannot_be_an_embedder_or_progress_is_refused(make: MakeDoor, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        make().rebuild_index(**given)


def test_other_applications_in_the_database_keep_their_embedder(make: MakeDoor, path: Path) -> None:
    door, other = make(), make(namespace="other")
    fill(door)
    fill(other)
    before = scored(other)
    door.rebuild_index(embedder=OtherEmbedder())
    other.add("one more", infer=False, user_id="bob")
    assert scored(other) == before
    assert scored(make(namespace="other")) == before


def test_what_rebuilding_costs_is_counted(make: MakeDoor) -> None:
    door = make()
    fill_many(door)
    before = door.usage().embedding_calls
    door.rebuild_index(embedder=OtherEmbedder())
    assert door.usage().embedding_calls == before + 3


WRITES = st.lists(
    st.tuples(st.sampled_from(["add", "update", "delete", "put", "clear", "erase"]), st.integers(0, 5)), max_size=3
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(before=WRITES, meanwhile=st.lists(WRITES, max_size=12), after=WRITES)
def test_any_writes_while_the_vectors_are_made_end_as_with_the_new_embedder_from_the_start(
    before: list[tuple[str, int]], meanwhile: list[list[tuple[str, int]]], after: list[tuple[str, int]]
) -> None:
    clock = ManualClock()
    memories = [
        Memory(ScriptedLLM(), embedder, ":memory:", clock=clock, background=False)
        for embedder in (FakeEmbedder(16), OtherEmbedder(16))
    ]
    changed, fresh = memories

    def both(writes: list[tuple[str, int]]) -> None:
        for step, number in writes:
            for memory in memories:
                do(memory, step, number)

    fill(changed)
    fill(fresh)
    both(before)
    left = list(meanwhile)
    changed.rebuild_index(embedder=OtherEmbedder(16), progress=lambda *_: both(left.pop() if left else []))
    both(after)
    for query in ("lantern", "harbour 3", "copper"):
        assert scored(changed, query) == scored(fresh, query)
    for memory in memories:
        memory.close()


def do(memory: Memory, step: str, number: int) -> None:
    known = sorted(memory.get_all(**ADA), key=lambda item: item.text)
    if step == "add":
        memory.add(f"harbour {number}", infer=False, **ADA)
    elif step == "update" and known:
        memory.update(known[number % len(known)].id, f"copper {number}")
    elif step == "delete" and known:
        memory.delete(known[number % len(known)].id)
    elif step == "put":
        turn = {"role": "user", "content": f"lantern {number}", "id": str(number % 2)}
        memory.put_messages("s", turn, learn=False, **ADA)
    elif step == "clear":
        memory.clear_messages("s", **ADA)
    elif step == "erase" and number == 0:
        memory.erase(**ADA)
