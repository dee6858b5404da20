"""No call sees, changes or counts what is another scope's, whatever the ids look like."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from sqlalchemy import Engine

from memx_core import Memory, MemoryNotFoundError
from memx_core.testing import FakeEmbedder
from tests.databases import Place

HOSTILE = [
    "alice",
    "Alice",
    "alice ",
    " alice",
    "*",
    "%",
    "_",
    "a_ice",
    "al%",
    "'; DROP TABLE memx_memories; --",
    '" OR ""="',
    "..",
    "../alice",
    "alice\u200b",
    "e\u0301",
    "\u00e9",
    "None",
    "null",
    "用户",
    "alice@example.com",
    '{"$ne": null}',
    "a" * 10_000,
    "a" * 9_999 + "b",
]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return filled(Path(tmp_path_factory.mktemp("db")) / "memx.db")


def filled(place: Place) -> Memory:
    memory = Memory(embedder=FakeEmbedder(), database=place)
    for number, user in enumerate(HOSTILE):
        memory.add(f"secret of user number {number}", infer=False, session_id="s", user_id=user)
    return memory


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_every_read_sees_exactly_the_own_rows(memory: Memory, number: int) -> None:
    mine = f"secret of user number {number}"
    scoped = memory.scoped(user_id=HOSTILE[number])
    assert [item.text for item in scoped.get_all()] == [mine]
    assert {hit.memory.text for hit in scoped.search("secret of user", include_messages=True)} == {mine}
    assert [message.content for message in scoped.messages("s")] == [mine]
    assert [hit.memory.text for hit in scoped.recall("secret").hits] == [mine] or not scoped.recall("secret").hits
    wide = {"OR": [{"user_id": {"exists": False}}, {"NOT": {"user_id": "alice"}}]}
    assert [item.text for item in scoped.get_all(filters=wide)] == [mine]
    assert [hit.memory.text for hit in scoped.search("secret of user", filters=wide)] == [mine]


@pytest.mark.databases("postgresql")
def test_postgresql_tells_the_same_ids_apart(place: Engine) -> None:
    with filled(place) as memory:
        for number in range(len(HOSTILE)):
            test_every_read_sees_exactly_the_own_rows(memory, number)


def test_no_call_by_id_reaches_another_user(memory: Memory) -> None:
    ids = {user: memory.get_all(user_id=user)[0].id for user in HOSTILE}
    attempts = 0
    for owner, other in itertools.permutations(HOSTILE, 2):
        scoped = memory.scoped(user_id=other)
        assert scoped.get(ids[owner]) is None
        for call in (scoped.history, scoped.delete, lambda id: scoped.update(id, "taken over")):  # noqa: B023  # called at once
            with pytest.raises(MemoryNotFoundError):
                call(ids[owner])
            attempts += 1
    assert attempts > 1_000
    for number, user in enumerate(HOSTILE):
        assert [item.text for item in memory.get_all(user_id=user)] == [f"secret of user number {number}"]


def test_removing_touches_only_the_own_rows(tmp_path: Path) -> None:
    for number, user in enumerate(HOSTILE[:6]):
        with Memory(embedder=FakeEmbedder(), database=tmp_path / f"{number}.db") as memory:
            for each in HOSTILE:
                memory.add("a secret", infer=False, session_id="s", user_id=each)
            assert memory.delete_all(user_id=user) == 1
            assert memory.clear_messages("s", user_id=user) == 1
            for each in HOSTILE:
                assert len(memory.get_all(user_id=each)) == (0 if each == user else 1)
                assert len(memory.messages("s", user_id=each)) == (0 if each == user else 1)


def test_the_three_ids_do_not_stand_for_each_other(tmp_path: Path) -> None:
    with Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db") as memory:
        for ids in ({"user_id": "x"}, {"agent_id": "x"}, {"run_id": "x"}):
            memory.add(f"of {ids}", infer=False, **ids)
        for ids in ({"user_id": "x"}, {"agent_id": "x"}, {"run_id": "x"}):
            assert [item.text for item in memory.get_all(**ids)] == [f"of {ids}"]
            assert [hit.memory.text for hit in memory.search("of", **ids)] == [f"of {ids}"]


def test_applications_that_share_a_database_do_not_meet(tmp_path: Path) -> None:
    first = Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db", namespace="first")
    second = Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db", namespace="second")
    (change,) = first.add("a secret", infer=False, user_id="x").changes
    assert second.get(change.memory_id) is None
    assert second.search("secret", user_id="x", include_messages=True) == []
    assert len(second.get_all(user_id="x")) == 0
    with pytest.raises(MemoryNotFoundError):
        second.history(change.memory_id)
    first.close()
    second.close()
