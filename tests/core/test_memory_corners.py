"""Where two features meet: expiry and repetition, conflicts and metadata, keys and races, jobs and removal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memx_core import InvalidInputError
from memx_core.testing import ManualClock, ScriptedLLM
from tests.answers import adds, answer, operation
from tests.conftest import Door, MakeDoor

ADA = {"user_id": "ada"}


def texts(door: Door, **options: object) -> list[str]:
    return sorted(item.text for item in door.get_all(**ADA, **options))


@pytest.mark.parametrize("infer", [True, False])
def test_what_has_expired_can_be_said_again(memory: Door, llm: ScriptedLLM, clock: ManualClock, infer: bool) -> None:
    said = "Ada is in Rome"
    llm.queue(adds(said), adds(said))
    (first,) = memory.add(said, infer=infer, expires_at=clock() + timedelta(days=1), **ADA).changes
    clock.advance(days=2)
    (second,) = memory.add(said, infer=infer, **ADA).changes
    assert texts(memory) == [said]
    assert first.memory_id != second.memory_id
    assert memory.add(said, infer=False, **ADA).changes == ()


def test_the_versions_of_a_memory_are_listed_while_its_present_one_is(memory: Door, clock: ManualClock) -> None:
    soon = clock() + timedelta(days=1)
    (lasting,) = memory.add("kept at first for a day", infer=False, expires_at=soon, **ADA).changes
    (passing,) = memory.add("kept for ever at first", infer=False, **ADA).changes
    memory.update(lasting.memory_id, "kept for ever", expires_at=None)
    memory.update(passing.memory_id, "kept for a day", expires_at=soon)
    assert len(texts(memory, include_superseded=True)) == 4
    clock.advance(days=2)
    assert texts(memory, include_superseded=True) == ["kept at first for a day", "kept for ever"]


def test_new_metadata_decide_no_conflict(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada is 40"), answer(operation("CONFLICT", "Ada is 41", target=0)))
    (change,) = memory.add("I'm Ada, I'm 40", **ADA).changes
    memory.add("I'm Ada, I'm 41", **ADA)
    assert memory.update(change.memory_id, metadata={"seen": True}).status == "conflict"
    assert [item.status for item in memory.get_all(**ADA)] == ["conflict"] * 2
    memory.update(change.memory_id, "Ada is 42")
    assert [item.status for item in memory.get_all(**ADA)] == ["active"] * 2


def test_a_key_gives_the_first_result_back_in_its_order(memory: Door, llm: ScriptedLLM) -> None:
    cats = [f"Ada has a cat called {name}" for name in ("Zed", "Yan", "Xul", "Wim", "Vic", "Ulf", "Tom", "Sam")]
    llm.queue(adds(*cats))
    said = "I'm Ada, my cats are Zed, Yan, Xul, Wim, Vic, Ulf, Tom and Sam"
    first = memory.add(said, key="turn-1", **ADA)
    memory.delete(first.changes[0].memory_id)
    assert [change.new_text for change in first.changes] == cats
    assert memory.add(said, key="turn-1", **ADA) == first


def test_a_key_that_is_used_meanwhile_for_something_else_is_refused(make: MakeDoor, llm: ScriptedLLM) -> None:
    memory, other = make(llm=llm), make(llm=ScriptedLLM())

    def meanwhile(*_: object) -> object:
        other.memory.add("Something else", infer=False, key="turn-1", **ADA)
        return adds("Ada lives in Oslo")

    llm.queue(meanwhile)
    with pytest.raises(InvalidInputError, match="turn-1"):
        memory.add("I'm Ada, I live in Oslo", key="turn-1", **ADA)
    assert texts(memory) == ["Something else"]
    assert memory.pending() == []
