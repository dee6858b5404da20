"""The campaigns would notice: each kind of disagreement is found when it is planted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from faults.agreement import disagreements, unfound
from faults.outcomes import Tally
from faults.speaking import ADA, learning, said
from memx_core import Memory, Scope
from memx_core.testing import FakeEmbedder, PushedIndex, ScriptedLLM

PLANTED = {
    "has no current version": "UPDATE memx_memories SET head = 9",
    "is alive and has none": "UPDATE memx_memories SET alive = 0",
    "beside its head": "UPDATE memx_versions SET status = 'active'",
    "a gap in its versions": "UPDATE memx_versions SET version = 7 WHERE version = 1",
    "one change for each version": "DELETE FROM memx_changes WHERE version = 2",
    "a version that is not there": "UPDATE memx_evidence SET version = 8",
    "a quote that nobody said": "UPDATE memx_evidence SET quote = 'never', start = 0",
    "evidence of somebody else": "UPDATE memx_messages SET address = 'elsewhere'",
    "at another address": "UPDATE memx_versions SET address = 'elsewhere'",
    "a version without a vector": "DELETE FROM memx_version_vectors",
    "a message without a vector": "DELETE FROM memx_message_vectors",
    "known by another text": "UPDATE memx_memories SET fingerprint = 'x'",
    "dangling": "DELETE FROM memx_operations",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "memx.db"
    with Memory(ScriptedLLM(default=learning), FakeEmbedder(64), path, background=False) as memory:
        (change,) = memory.add(said("one"), **ADA).changes
        memory.update(change.memory_id, "Ada has seen two")
    return path


@pytest.mark.parametrize(("said", "damage"), PLANTED.items())
def test_what_is_planted_is_found(path: Path, said: str, damage: str) -> None:
    engine = create_engine(f"sqlite:///{path}")
    assert disagreements(engine) == []
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    assert any(said in each for each in disagreements(engine))
    engine.dispose()


def test_an_index_that_lacks_a_memory_is_found_out(path: Path) -> None:
    index = PushedIndex()
    with Memory(ScriptedLLM(), FakeEmbedder(64), path, index=index, background=False) as memory:
        assert unfound(memory, [ADA]) == []
        index.drop("default", Scope("ada"))
        assert unfound(memory, [ADA]) == ["'Ada has seen two' is not found"]


def test_a_tally_keeps_what_did_not_hold() -> None:
    tally = Tally()
    tally.expect(True, "fine")
    tally.expect(False, "broken")
    assert tally.outcome().broken == ("broken",)
