"""Erasing a scope: what goes, what stays, and what is under way meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from memx_core import ErasureReport, IndexUnavailableError, Memory, MemoryNotFoundError, ScopeError
from memx_core.index import ExactIndex
from memx_core.testing import FakeEmbedder, PushedIndex, ScriptedLLM, SyncFakeEmbedder, SyncScriptedLLM
from memx_core.types import Scope
from tests.answers import NOTHING, adds, deletes, updates
from tests.conftest import Door, MakeDoor
from tests.databases import Place

pytestmark = pytest.mark.databases

ADA, BOB = {"user_id": "ada"}, {"user_id": "bob"}


def texts(memory: Any, **ids: str) -> list[str]:
    return sorted(item.text for item in memory.get_all(**ids))


def beyond(place: Place) -> list[str]:
    """What an erasure has to say of the database, verified as it is."""
    return [] if isinstance(place, Path) else ["server"]


def codes(remains: Sequence[str]) -> list[str]:
    return [each.split(":")[0] for each in remains]


def test_erasing_needs_an_id(memory: Door) -> None:
    with pytest.raises(ScopeError):
        memory.erase()


def test_everything_of_a_scope_is_gone_and_counted(memory: Door, llm: ScriptedLLM, place: Place) -> None:
    llm.queue(adds("Ada lives in Oslo"), updates(0, "Ada lives in Rome"), adds("Ada has a cat"))
    memory.add("I'm Ada and I live in Oslo", **ADA, session_id="s", key="once")
    (moved,) = memory.add("I live in Rome now", **ADA, session_id="s").changes
    memory.add("I have a cat", **ADA)
    memory.add("wait for it", **ADA, wait=False)
    report = memory.erase(**ADA)
    counts = asdict(report)
    assert (counts.pop("verified"), codes(counts.pop("remains"))) == (True, beyond(place))
    assert counts == {
        **{"memories": 2, "versions": 3, "changes": 3, "messages": 4, "evidence": 3},
        **{"embeddings": 6, "jobs": 1, "reviews": 0, "operations": 4},
    }
    assert list(memory.get_all(**ADA, include_superseded=True)) == memory.messages("s", **ADA) == []
    assert memory.search("Rome", **ADA, include_messages=True) == memory.pending(**ADA) == []
    assert str(memory.recall("Rome", **ADA)) == ""
    assert memory.get(moved.memory_id) is None
    with pytest.raises(MemoryNotFoundError):
        memory.history(moved.memory_id)
    with pytest.raises(MemoryNotFoundError):
        memory.update(moved.memory_id, "Ada lives in Bern")


def test_ids_that_are_not_given_are_open_and_nobody_else_loses_anything(memory: Door) -> None:
    scopes = [ADA, {**ADA, "agent_id": "x"}, {**ADA, "run_id": "r"}, BOB, {**BOB, "agent_id": "x"}, {"agent_id": "x"}]
    for number, ids in enumerate(scopes):
        memory.add(f"note {number}", infer=False, session_id="s", **ids)
    memory.erase(user_id="bob", agent_id="x")
    assert texts(memory, **BOB) == ["note 3"]
    assert texts(memory, agent_id="x") == ["note 1", "note 5"]
    memory.erase(**ADA)
    assert texts(memory, **ADA) == []
    assert texts(memory, **BOB) == ["note 3"]
    assert texts(memory, agent_id="x") == ["note 5"]
    assert [message.content for message in memory.messages("s", agent_id="x")] == ["note 5"]


def test_another_application_in_the_same_database_is_left_alone(make: MakeDoor) -> None:
    one, other = make(), make(namespace="other")
    for memory in (one, other):
        memory.add("Ada lives in Oslo", infer=False, **ADA)
    assert one.erase(**ADA).memories == 1
    assert texts(other, **ADA) == ["Ada lives in Oslo"]


def test_calls_of_a_wider_scope_do_not_stand_in_the_way(memory: Door) -> None:
    """`delete_all(agent_id=…)` is a call of the agent's, with changes to the memories of many users."""
    for ids in (ADA, BOB):
        memory.add("note", infer=False, agent_id="x", **ids)
    memory.delete_all(agent_id="x")
    assert memory.erase(**ADA).changes == 2
    assert memory.erase(agent_id="x").changes == 2
    assert replace(memory.erase(agent_id="x"), remains=()) == ErasureReport(verified=True)


def test_an_undo_that_reached_beyond_its_scope_does_not_stand_in_the_way(memory: Door) -> None:
    """It is a call of what was undone, and took back what `delete_all` did to others as well; that stays."""
    memory.put_messages("s", {"role": "user", "content": "note"}, learn=False, **ADA)
    added = memory.add("note", infer=False, agent_id="x", **ADA)
    memory.delete_all(**ADA)
    assert memory.search("note", include_messages=True, **ADA) == []
    memory.undo(added.operation_id, cascade=True, **ADA)
    found = memory.search("note", include_messages=True, **ADA)
    assert [hit.memory.agent_id for hit in found] == [None]
    assert memory.erase(agent_id="x").verified
    assert memory.search("note", include_messages=True, **ADA) == found


def test_a_scoped_memory_erases_its_own_scope(memory: Door) -> None:
    for ids in (ADA, BOB):
        memory.add("note", infer=False, **ids)
    assert memory.scoped(**ADA).erase().memories == 1
    assert texts(memory, **ADA) == []
    assert texts(memory, **BOB) == ["note"]


def test_what_was_erased_may_be_said_anew(memory: Door) -> None:
    first = memory.add("Ada lives in Oslo", infer=False, key="k", **ADA)
    memory.erase(**ADA)
    again = memory.add("Ada lives in Oslo", infer=False, key="k", **ADA)
    assert again.operation_id != first.operation_id
    assert [change.event for change in again.changes] == ["ADD"]
    assert [hit.memory.text for hit in memory.search("Oslo", **ADA)] == ["Ada lives in Oslo"]


def test_a_database_in_memory_can_be_erased(make: MakeDoor) -> None:
    memory = make(database=":memory:")
    memory.add("note", infer=False, **ADA)
    assert memory.erase(**ADA).verified
    assert texts(memory, **ADA) == []


# --- costs ----------------------------------------------------------------------------------


def test_what_a_scope_cost_stays_in_the_total_and_is_nobody_s(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(NOTHING, NOTHING, NOTHING)
    memory.add("hello", **ADA)
    memory.add("hello", **ADA, agent_id="x")
    memory.add("hello", **BOB)
    before = memory.usage()
    memory.erase(**ADA)
    memory.erase(**BOB)
    after = memory.usage()
    assert (after.input_tokens, after.by_day, after.by_model) == (before.input_tokens, before.by_day, before.by_model)
    assert list(after.by_scope) == [Scope()]
    assert memory.usage(**ADA).calls == 0


# --- at the same time -----------------------------------------------------------------------


def test_learning_that_began_before_begins_anew(make: MakeDoor) -> None:
    llm = SyncScriptedLLM()
    memory = make(llm=llm)
    memory.add("Ada lives in Oslo", infer=False, session_id="s", **ADA)

    def meanwhile(*_: object) -> dict[str, Any]:
        memory.memory.erase(**ADA)
        return updates(0, "Ada lives in Rome, no longer in Oslo")

    llm.queue(meanwhile, adds("Ada lives in Rome"))
    memory.add("I live in Rome now", session_id="s", **ADA)
    assert "Oslo" in llm.prompts[0]
    assert "Oslo" not in llm.prompts[1]
    (item,) = memory.get_all(**ADA)
    assert [(change.event, change.old_text) for change in memory.history(item.id)] == [("ADD", None)]


def test_learning_is_not_disturbed_when_somebody_else_is_erased(make: MakeDoor) -> None:
    llm = SyncScriptedLLM()
    memory = make(llm=llm)

    def meanwhile(*_: object) -> dict[str, Any]:
        memory.memory.erase(**BOB)
        return adds("Ada lives in Oslo")

    llm.queue(meanwhile)
    memory.add("I live in Oslo", **ADA, agent_id="x")
    assert len(llm.calls) == 1
    assert texts(memory, **ADA) == ["Ada lives in Oslo"]


def test_a_job_under_way_is_dropped_with_its_messages(make: MakeDoor) -> None:
    llm = SyncScriptedLLM()
    memory = make(llm=llm)

    def meanwhile(*_: object) -> dict[str, Any]:
        memory.memory.erase(**ADA)
        return adds("Ada lives in Oslo")

    memory.add("I live in Oslo", **ADA, wait=False)
    llm.queue(meanwhile)
    memory.flush()
    assert texts(memory, **ADA) == memory.messages(None, **ADA) == memory.pending() == []


def test_an_update_under_way_finds_nothing_to_update(make: MakeDoor) -> None:
    class Erasing(SyncFakeEmbedder):
        armed = False

        def _called(self, *arguments: Any) -> Any:
            if self.armed:
                other.memory.erase(**ADA)
            return super()._called(*arguments)

    other, embedder = make(), Erasing()
    memory = make(embedder=embedder)
    (change,) = memory.add("Ada lives in Oslo", infer=False, **ADA).changes
    embedder.armed = True
    with pytest.raises(MemoryNotFoundError):
        memory.update(change.memory_id, "Ada lives in Rome")
    assert memory.get_all(**ADA, include_superseded=True).items == ()


def test_adds_from_many_threads_are_erased_whole_or_come_after(place: Place) -> None:
    """What a thread began to add after `erase` had returned is there; all else is there whole, or not at all."""
    with Memory(ScriptedLLM(), FakeEmbedder(), place, background=False) as memory:
        erased, started = threading.Event(), threading.Barrier(5)
        after: set[str] = set()

        def work(number: int) -> None:
            started.wait()
            step = 0
            while len(after) < 40:
                said = f"note {number} {step}"
                late = erased.is_set()
                memory.add(said, infer=False, session_id="s", **ADA)
                if late:
                    after.add(said)
                step += 1

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        started.wait()
        report = memory.erase(**ADA)
        erased.set()
        for thread in threads:
            thread.join()
        kept = {item.text for item in memory.get_all(**ADA, limit=1000)}
        assert after <= kept
        assert kept == {message.content for message in memory.messages("s", **ADA)}
        assert all(change.event == "ADD" for item in memory.get_all(**ADA) for change in memory.history(item.id))
        assert report.memories == report.messages == report.operations


# --- indexes --------------------------------------------------------------------------------


@pytest.mark.parametrize("removal", ["erase", "reset"])
def test_the_index_of_another_handle_forgets_too(make: MakeDoor, removal: str) -> None:
    index = ExactIndex()
    here, there = make(), make(index=index)
    for number in range(20):
        here.add(f"lantern {number}", infer=False, **ADA)
    assert len(there.search("lantern", **ADA, limit=50)) == 20
    held = index.nbytes
    if removal == "erase":
        here.erase(**ADA)
    else:
        here.reset()
    here.add("lantern", infer=False, **ADA)
    assert [hit.memory.text for hit in there.search("lantern", **ADA)] == ["lantern"]
    assert index.nbytes < held / 2


def test_an_index_that_is_told_forgets_and_the_report_says_what_it_may_keep(make: MakeDoor, place: Place) -> None:
    index = PushedIndex()
    memory = make(index=index)
    for ids in (ADA, BOB):
        memory.add("lantern", infer=False, **ids)
    report = memory.erase(**ADA)
    assert report.verified
    assert codes(report.remains) == [*beyond(place), "index"]
    assert memory.search("lantern", **ADA) == []
    assert len(memory.search("lantern", **BOB)) == 1


def test_an_index_that_refuses_is_reported_and_the_rest_is_erased(make: MakeDoor) -> None:
    class Refusing(PushedIndex):
        down = False

        def drop(self, namespace: str, scope: Scope | None = None) -> None:
            if self.down:
                raise IndexUnavailableError("it is down")
            super().drop(namespace, scope)

    index = Refusing()
    memory = make(index=index)
    memory.add("lantern", infer=False, **ADA)
    index.down = True
    report = memory.erase(**ADA)
    assert report.memories == 1
    assert any("it is down" in each for each in report.remains)
    assert texts(memory, **ADA) == []


# --- reset ----------------------------------------------------------------------------------


def test_reset_leaves_another_application_alone(make: MakeDoor, llm: ScriptedLLM) -> None:
    one, other = make(llm=llm), make(namespace="other")
    llm.queue(adds("Ada has a cat"), deletes(0, "forget the cat"))
    one.add("I have a cat", **ADA)
    one.add("forget the cat", **ADA)
    other.add("Ada lives in Oslo", infer=False, **ADA)
    one.reset()
    assert texts(one, **ADA) == one.messages(None, **ADA) == []
    assert texts(other, **ADA) == ["Ada lives in Oslo"]
