"""Taking calls back, and bringing versions back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from memx_core import (
    InvalidInputError,
    Memory,
    MemoryNotFoundError,
    OperationNotFoundError,
    PlanConflictError,
)
from memx_core.ledger.tables import metadata as tables
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.answers import NOTHING, adds, answer, deletes, operation, updates
from tests.conftest import Door, MakeDoor
from tests.databases import Place, asked

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}


def texts(memory: Door, **ids: str) -> list[str]:
    return sorted(item.text for item in memory.get_all(**(ids or ADA)))


def found(memory: Door, query: str, **ids: str) -> list[tuple[str, str]]:
    hits = memory.search(query, include_messages=True, **(ids or ADA))
    return sorted((hit.memory.text, hit.memory.status) for hit in hits)


def last(memory: Door, id: str) -> str:
    """The call that changed a memory last."""
    operation_id: str = memory.history(id)[-1].operation_id
    return operation_id


# One version.


def test_a_version_comes_back_with_all_that_was_beside_its_text(memory: Door, clock: ManualClock) -> None:
    expires = clock() + timedelta(days=90)
    (made,) = memory.add("Ada rows on Sundays", infer=False, metadata={"sport": 1}, expires_at=expires, **ADA).changes
    first = memory.get(made.memory_id)
    clock.advance(days=1)
    memory.update(made.memory_id, "Ada rows on Mondays", metadata={"sport": 2}, expires_at=None)
    clock.advance(days=1)

    back = memory.revert(made.memory_id, to=1, reason="Sundays after all")

    assert (back.text, back.metadata, back.expires_at, back.kind) == (
        "Ada rows on Sundays",
        {"sport": 1},
        expires,
        "verbatim",
    )
    assert (back.valid_from, back.said_at, back.version, back.valid_to) == (first.valid_from, first.said_at, 3, None)
    assert memory.get(made.memory_id) == back
    history = memory.history(made.memory_id)
    assert [(change.event, change.new_text) for change in history] == [
        ("ADD", "Ada rows on Sundays"),
        ("UPDATE", "Ada rows on Mondays"),
        ("UPDATE", "Ada rows on Sundays"),
    ]
    assert history[-1].reason == "Sundays after all"


def test_a_revert_embeds_nothing_and_is_found_by_its_meaning(make: MakeDoor) -> None:
    embedder = FakeEmbedder()
    memory = make(llm=ScriptedLLM(), embedder=embedder)
    (made,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    memory.update(made.memory_id, "Ada keeps goats")
    calls = len(embedder.calls)
    memory.revert(made.memory_id, to=1)
    assert len(embedder.calls) == calls
    (hit,) = memory.search("Ada keeps bees", explain=True, **ADA)
    assert hit.explain.dense == pytest.approx(1)


def test_a_deleted_memory_comes_back(memory: Door) -> None:
    (made,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    memory.delete(made.memory_id)
    assert memory.revert(made.memory_id, to=1).text == "Ada keeps bees"
    assert texts(memory) == ["Ada keeps bees"]
    assert [(change.event, change.old_text) for change in memory.history(made.memory_id)] == [
        ("ADD", None),
        ("DELETE", "Ada keeps bees"),
        ("ADD", None),
    ]
    assert memory.add("Ada keeps bees", infer=False, **ADA).changes == (), "it is known again"


def test_going_back_to_what_is_current_writes_nothing(memory: Door) -> None:
    (made,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    assert memory.revert(made.memory_id, to=1) == memory.get(made.memory_id)
    assert len(memory.history(made.memory_id)) == 1


@pytest.mark.parametrize("to", [0, 2, 4, -1, True, "1", 2**40])
def test_a_version_that_is_none_is_refused_with_those_there_are(memory: Door, to: Any) -> None:
    (made,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    memory.delete(made.memory_id)
    memory.revert(made.memory_id, to=1)
    with pytest.raises(InvalidInputError, match=r"go back to 1, 3$|must be"):
        memory.revert(made.memory_id, to=to)


def test_a_memory_of_another_scope_is_not_there_to_go_back(memory: Door) -> None:
    (made,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    memory.update(made.memory_id, "Ada keeps goats")
    for scoped in ({"user_id": "bob"}, {"user_id": "ada", "run_id": "r"}):
        with pytest.raises(MemoryNotFoundError):
            memory.revert(made.memory_id, to=1, **scoped)
    with pytest.raises(MemoryNotFoundError):
        memory.revert("nobody", to=1)
    assert memory.scoped(**ADA).revert(made.memory_id, to=1).text == "Ada keeps bees"


def test_a_version_that_said_what_another_memory_says_now_is_its_twin(memory: Door) -> None:
    (made,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    memory.update(made.memory_id, "Ada keeps goats")
    (other,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    memory.revert(made.memory_id, to=1)
    assert texts(memory) == ["Ada keeps bees", "Ada keeps bees"]
    assert memory.add("ada keeps bees", infer=False, **ADA).changes == ()
    memory.delete(other.memory_id)
    assert memory.add("ada keeps bees", infer=False, **ADA).changes == (), "the twin that is left is known"


def test_a_conflict_comes_back_with_its_version_while_the_other_side_says_the_same(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.queue(adds("Ada is 40"), answer(operation("CONFLICT", "Ada is 41", target=0)))
    (old,) = memory.add("I am 40", **ADA).changes
    (new,) = memory.add("I am 41", **ADA).changes
    memory.update(old.memory_id, "Ada is 39")
    assert memory.get(new.memory_id).status == "active"
    assert memory.revert(old.memory_id, to=1).status == "conflict"
    assert memory.get(new.memory_id).status == "conflict"
    memory.update(old.memory_id, "Ada is 39")
    memory.update(new.memory_id, "Ada is 44")
    assert memory.revert(old.memory_id, to=1).status == "active"


def test_turns_are_out_of_date_only_as_long_as_their_version_is(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada is 40"), updates(0, "Ada is 41"))
    (made,) = memory.add("I am 40", **ADA).changes
    memory.add("I am 41", **ADA)
    assert ("I am 40", "superseded") in found(memory, "am")
    memory.revert(made.memory_id, to=1)
    assert found(memory, "am") == [("Ada is 40", "active"), ("I am 40", "active"), ("I am 41", "superseded")]
    memory.update(made.memory_id, "Ada is 42")
    assert ("I am 40", "superseded") in found(memory, "am"), "the version that came back rests on the same turn"


# A call.


def test_an_undone_add_is_gone_and_its_turns_are_in_the_transcript_only(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada keeps bees", "Ada likes honey"))
    result = memory.add("I keep bees and like honey", session_id="s", **ADA)
    changes = memory.undo(result.operation_id)
    assert sorted((change.event, change.old_text, change.new_text) for change in changes) == [
        ("DELETE", "Ada keeps bees", None),
        ("DELETE", "Ada likes honey", None),
    ]
    assert texts(memory) == []
    assert found(memory, "bees") == []
    assert str(memory.recall("bees", **ADA)) == ""
    assert [turn.content for turn in memory.messages("s", **ADA)] == ["I keep bees and like honey"]


def test_an_undone_update_is_as_it_was_and_redone_as_it_became(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.queue(adds("Ada lives in Bergen", slot="home"), updates(0, "Ada lives in Turin", slot="home"))
    memory.add("I live in Bergen", **ADA)
    clock.advance(days=1)
    before = found(memory, "lives")
    result = memory.add("I live in Turin", **ADA)
    after = found(memory, "lives")
    (made,) = memory.undo(result.operation_id)
    assert found(memory, "lives") == before == [("Ada lives in Bergen", "active"), ("I live in Bergen", "active")]
    (again,) = memory.undo(made.operation_id)
    assert found(memory, "lives") == after
    assert (again.event, again.new_text) == ("UPDATE", "Ada lives in Turin")
    memory.undo(result.operation_id)
    assert found(memory, "lives") == before, "it can be undone again after it came back"


def test_an_undone_deletion_brings_its_turns_back(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada keeps bees"), deletes(0, quote="forget that I keep bees"))
    memory.add("I keep bees", **ADA)
    before = found(memory, "bees")
    turns = [{"role": "user", "content": "forget that I keep bees"}, {"role": "assistant", "content": "bees, gone"}]
    result = memory.add(turns, **ADA)
    assert found(memory, "bees") == []
    memory.undo(result.operation_id)
    assert found(memory, "bees") == before


def test_turns_stay_withheld_for_what_somebody_else_deleted_later(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada keeps bees", "Ada is married to Kim"))
    bees, kim = memory.add("I keep bees, and am married to Kim", **ADA).changes
    memory.delete(bees.memory_id)
    memory.delete(kim.memory_id)
    memory.undo(last(memory, bees.memory_id))
    assert found(memory, "Kim bees") == [("Ada keeps bees", "active")]
    memory.undo(last(memory, kim.memory_id))
    assert len(found(memory, "Kim bees")) == 3


def test_everything_that_was_deleted_at_once_comes_back_at_once(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada keeps bees"))
    (made,) = memory.add("I keep bees", **ADA).changes
    memory.add("Ada likes honey", infer=False, run_id="r", **ADA)
    memory.add("I have a boat", session_id="q", wait=False, **ADA)
    before = found(memory, "bees honey boat")
    assert memory.delete_all(**ADA) == 2
    assert memory.pending(**ADA) == []
    changes = memory.undo(last(memory, made.memory_id), **ADA)
    assert len(changes) == 2
    assert found(memory, "bees honey boat") == before
    llm.queue(adds("Ada has a boat"))
    memory.flush(**ADA)
    assert texts(memory) == ["Ada has a boat", "Ada keeps bees", "Ada likes honey"]


def test_a_text_that_came_too_late_is_void_once_undone(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    llm.queue(adds("Ada lives in Bergen"), updates(0, "Ada lives in Turin"))
    (made,) = memory.add("I live in Bergen", timestamp=clock() - timedelta(days=10), **ADA).changes
    late = memory.add("I live in Turin", timestamp=clock() - timedelta(days=20), **ADA)
    assert late.changes[0].ended
    then = clock() - timedelta(days=15)
    assert [hit.memory.text for hit in memory.search("lives", as_of=then, **ADA)] == ["Ada lives in Turin"]
    (undone,) = memory.undo(late.operation_id)
    assert memory.get(made.memory_id).text == "Ada lives in Bergen"
    assert memory.search("lives", as_of=then, **ADA) == []
    (again,) = memory.undo(undone.operation_id)
    assert again.ended
    assert memory.get(made.memory_id).text == "Ada lives in Bergen"
    assert [hit.memory.text for hit in memory.search("lives", as_of=then, **ADA)] == ["Ada lives in Turin"]
    memory.undo(late.operation_id)
    assert memory.search("lives", as_of=then, **ADA) == []


def test_a_mistake_is_known_to_have_been_believed(memory: Door, clock: ManualClock) -> None:
    made = memory.add("Ada keeps bees", infer=False, **ADA)
    clock.advance(days=1)
    believed = clock()
    clock.advance(days=1)
    memory.undo(made.operation_id)
    assert [item.text for item in memory.get_all(known_at=believed, **ADA)] == ["Ada keeps bees"]
    assert memory.get_all(known_at=clock(), **ADA).items == ()


def test_conflicts_go_with_the_call_that_found_them_and_come_back_with_the_one_that_ended_them(
    memory: Door, llm: ScriptedLLM
) -> None:
    llm.queue(adds("Ada is 40"), answer(operation("CONFLICT", "Ada is 41", target=0)))
    (old,) = memory.add("I am 40", **ADA).changes
    found_it = memory.add("I am 41", **ADA)
    (new,) = found_it.changes
    memory.update(new.memory_id, metadata={"doubtful": True})
    memory.update(old.memory_id, "Ada is 39")
    assert {item.status for item in memory.get_all(**ADA)} == {"active"}
    memory.undo(last(memory, old.memory_id))
    assert {item.status for item in memory.get_all(**ADA)} == {"conflict"}
    memory.undo(found_it.operation_id, cascade=True)
    assert [(item.text, item.status) for item in memory.get_all(**ADA)] == [("Ada is 40", "active")]


def test_what_came_later_stands_in_the_way_and_is_named_oldest_first(memory: Door) -> None:
    made = memory.add("Ada keeps bees", infer=False, **ADA)
    id = made.changes[0].memory_id
    memory.update(id, "Ada keeps goats")
    memory.delete(id)
    before = memory.history(id)
    with pytest.raises(PlanConflictError) as refused:
        memory.undo(made.operation_id)
    assert refused.value.conflicts == tuple(before[1:])
    assert before[1].operation_id in str(refused.value)
    assert memory.history(id) == before


def test_undoing_from_the_newest_on_needs_no_cascade(memory: Door) -> None:
    made = memory.add("Ada keeps bees", infer=False, **ADA)
    id = made.changes[0].memory_id
    memory.update(id, "Ada keeps goats")
    changed = last(memory, id)
    memory.delete(id)
    memory.undo(last(memory, id))
    assert texts(memory) == ["Ada keeps goats"]
    memory.undo(changed)
    assert texts(memory) == ["Ada keeps bees"]
    memory.undo(made.operation_id)
    assert texts(memory) == []


def test_a_cascade_takes_back_what_came_later_to_the_same_memories_and_nothing_else(
    memory: Door, llm: ScriptedLLM
) -> None:
    llm.queue(adds("Ada keeps bees"))
    made = memory.add("I keep bees", **ADA)
    llm.queue(answer(operation("UPDATE", "Ada keeps goats", target=0), operation("ADD", "Ada likes cheese")))
    later = memory.add("No bees, goats now, and I like cheese", **ADA)
    llm.queue(updates(0, "Ada keeps sheep"))
    latest = memory.add("Sheep", **ADA)
    (undone,) = memory.undo(made.operation_id, cascade=True)
    assert texts(memory) == ["Ada likes cheese"]
    with pytest.raises(PlanConflictError, match="already"):
        memory.undo(latest.operation_id)
    (change,) = memory.undo(later.operation_id)
    assert change.old_text == "Ada likes cheese", "what is left of it can still be undone"
    memory.undo(change.operation_id)
    memory.undo(undone.operation_id)
    assert texts(memory) == ["Ada keeps sheep", "Ada likes cheese"]


def test_what_was_undone_cannot_be_undone_twice(memory: Door) -> None:
    made = memory.add("Ada keeps bees", infer=False, **ADA)
    (change,) = memory.undo(made.operation_id)
    with pytest.raises(PlanConflictError, match=change.operation_id):
        memory.undo(made.operation_id)
    memory.undo(change.operation_id)
    assert texts(memory) == ["Ada keeps bees"]
    with pytest.raises(PlanConflictError):
        memory.undo(change.operation_id)


def test_undos_of_undos_go_on_as_long_as_one_likes(memory: Door) -> None:
    (made,) = memory.add("Ada keeps bees", infer=False, **ADA).changes
    memory.update(made.memory_id, "Ada keeps goats")
    call = last(memory, made.memory_id)
    for number in range(7):
        (change,) = memory.undo(call)
        call = change.operation_id
        assert texts(memory) == ["Ada keeps goats" if number % 2 else "Ada keeps bees"]


def test_an_undo_that_something_rests_on_is_not_undone(memory: Door) -> None:
    made = memory.add("Ada keeps bees", infer=False, **ADA)
    id = made.changes[0].memory_id
    memory.update(id, "Ada keeps goats")
    changed = last(memory, id)
    (back,) = memory.undo(changed)
    (gone,) = memory.undo(made.operation_id)
    with pytest.raises(PlanConflictError) as refused:
        memory.undo(back.operation_id)
    assert refused.value.conflicts == (gone,)
    memory.undo(gone.operation_id)
    memory.undo(back.operation_id)
    assert texts(memory) == ["Ada keeps goats"]


@pytest.mark.parametrize("kind", ["clear", "reject", "load"])
def test_what_cannot_be_undone_says_so(memory: Door, place: Place, kind: str) -> None:
    memory.add("Ada keeps bees", infer=False, session_id="s", **ADA)
    memory.clear_messages("s", **ADA)
    asked(place, "UPDATE memx_operations SET kind = :kind WHERE kind = 'clear'", kind=kind)
    ((id,),) = asked(place, "SELECT id FROM memx_operations WHERE kind = :kind", kind=kind)
    with pytest.raises(InvalidInputError, match=kind):
        memory.undo(id)


def test_a_call_of_another_scope_is_not_there(memory: Door) -> None:
    made = memory.add("Ada keeps bees", infer=False, **ADA)
    memory.add("Ada likes honey", infer=False, agent_id="a", **ADA)
    memory.delete_all(**ADA)
    wider = last(memory, made.changes[0].memory_id)
    for id, ids in ((made.operation_id, {"user_id": "bob"}), (wider, {"user_id": "ada", "agent_id": "a"}), ("x", {})):
        with pytest.raises(OperationNotFoundError):
            memory.undo(id, **ids)
    with pytest.raises(OperationNotFoundError):
        memory.scoped(user_id="bob").undo(wider)
    assert texts(memory) == []


def test_a_handle_undoes_what_happened_within_its_scope(memory: Door) -> None:
    made = memory.add("Ada likes honey", infer=False, agent_id="a", **ADA)
    memory.scoped(**ADA).undo(made.operation_id)
    assert texts(memory) == []


def test_an_undone_queued_call_is_not_learned_until_that_is_undone(make: MakeDoor, llm: ScriptedLLM) -> None:
    memory = make(llm=llm, background=False)
    queued = memory.add("I keep bees", metadata={"n": 1}, wait=False, **ADA)
    assert memory.undo(queued.operation_id) == []
    assert memory.pending(**ADA) == []
    memory.flush(**ADA)
    assert llm.calls == []
    assert found(memory, "bees") == []
    llm.queue(adds("Ada keeps bees"))
    memory.undo(newest(memory))
    assert [job.operation_id for job in memory.pending(**ADA)] == [queued.operation_id]
    memory.flush(**ADA)
    assert [(item.text, item.metadata) for item in memory.get_all(**ADA)] == [("Ada keeps bees", {"n": 1})]


def newest(memory: Door) -> str:
    """The last call of all, which may have changed no memory."""
    assert isinstance(memory.memory, Memory)
    with memory.memory._room.ledger._database.reading() as connection:
        found = connection.exec_driver_sql("SELECT id FROM memx_operations ORDER BY seq DESC LIMIT 1").scalar()
    return str(found)


def test_a_queued_call_that_was_learned_from_is_undone_with_what_was_learned(make: MakeDoor, llm: ScriptedLLM) -> None:
    memory = make(llm=llm, background=False)
    llm.queue(adds("Ada keeps bees"))
    queued = memory.add("I keep bees", session_id="s", wait=False, **ADA)
    memory.flush(**ADA)
    (change,) = memory.undo(queued.operation_id)
    assert (texts(memory), found(memory, "bees")) == ([], [])
    assert [turn.content for turn in memory.messages("s", **ADA)] == ["I keep bees"]
    memory.undo(change.operation_id)
    assert [text for text, _ in found(memory, "bees")] == ["Ada keeps bees", "I keep bees"]


def test_calls_that_were_learned_from_together_are_undone_together(make: MakeDoor, llm: ScriptedLLM) -> None:
    memory = make(llm=llm, background=False)
    llm.queue(adds("Ada keeps bees"))
    first, _ = (memory.add(text, session_id="s", wait=False, **ADA) for text in ("I keep bees", "In Bergen"))
    memory.flush(**ADA)
    (made,) = memory.get_all(**ADA)
    learner = last(memory, made.id)
    with pytest.raises(PlanConflictError, match=learner):
        memory.undo(first.operation_id)
    memory.undo(learner)
    assert found(memory, "bees Bergen") == []


def test_evidence_of_an_undone_call_counts_no_more(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada keeps bees"), answer(operation("NONE", target=0)))
    (made,) = memory.add("I keep bees", **ADA).changes
    confirmed = memory.add("As I said, bees", **ADA)
    assert len(memory.why(made.memory_id).versions[0].sources) == 2
    assert memory.undo(confirmed.operation_id) == []
    assert [source.message.content for source in memory.why(made.memory_id).versions[0].sources] == ["I keep bees"]
    assert [text for text, _ in found(memory, "bees")] == ["Ada keeps bees", "I keep bees"]


def test_what_waits_for_approval_goes_with_its_call(make: MakeDoor, llm: ScriptedLLM) -> None:
    memory = make(llm=llm, policy="review", background=False)
    llm.queue(adds("Ada keeps bees"), updates(0, "Ada keeps goats"))
    memory.add("I keep bees", **ADA)
    waiting = memory.add("I keep goats", **ADA)
    assert waiting.status == "review"
    memory.undo(waiting.operation_id)
    assert memory.pending(**ADA) == []
    memory.undo(newest(memory))
    (job,) = memory.pending(**ADA)
    approved = memory.approve(job.id)
    assert texts(memory) == ["Ada keeps goats"]
    memory.undo(approved.operation_id)
    assert texts(memory) == ["Ada keeps bees"]


def test_what_expired_meanwhile_is_put_back_as_expired(memory: Door, clock: ManualClock) -> None:
    (made,) = memory.add("Ada is away", infer=False, expires_at=clock() + timedelta(days=2), **ADA).changes
    memory.update(made.memory_id, "Ada is home", expires_at=None)
    clock.advance(days=3)
    memory.undo(last(memory, made.memory_id))
    assert memory.get(made.memory_id) is None
    assert memory.add("Ada is away", infer=False, **ADA).changes != (), "nobody sees it, so it may be said anew"


def test_a_memory_that_was_erased_meanwhile_is_left_alone(memory: Door) -> None:
    memory.add("Ada keeps bees", infer=False, **ADA)
    (kept,) = memory.add("Bob keeps bees", infer=False, user_id="bob", agent_id="a").changes
    memory.add("Bob keeps goats", infer=False, user_id="bob", agent_id="b")
    memory.delete_all(user_id="bob")
    everything = last(memory, kept.memory_id)
    memory.erase(user_id="bob", agent_id="b")
    assert [change.new_text for change in memory.undo(everything)] == ["Bob keeps bees"]


def test_texts_that_memories_traded_are_traded_back(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada keeps bees"))
    memory.add("I keep bees", **ADA)
    llm.queue(answer(operation("UPDATE", "Ada keeps goats", target=0), operation("ADD", "Ada keeps bees")))
    result = memory.add("goats, and bees", **ADA)
    memory.undo(result.operation_id)
    assert texts(memory) == ["Ada keeps bees"]
    assert memory.add("Ada keeps bees", infer=False, **ADA).changes == ()


# Failures and races.


def _undo_of_much(memory: Memory, llm: ScriptedLLM) -> Callable[[], object]:
    """An undo that touches every table."""
    llm.queue(adds("Ada is 40", "Ada lives in Bergen"), answer(operation("CONFLICT", "Ada is 41", target=0)))
    memory.add("I am 40 and live in Bergen", user_id="ada")
    memory.add("I am 41", user_id="ada")
    memory.add("I have a boat", wait=False, user_id="ada")
    llm.queue(answer(operation("UPDATE", "Ada is 39", target=0), operation("UPDATE", "Ada is in Turin", target=1)))
    result = memory.add("I am 39 and in Turin", session_id="other", user_id="ada")
    return lambda: memory.undo(result.operation_id)


def test_an_undo_that_fails_at_any_statement_leaves_all_as_it_was(tmp_path: Path, llm: ScriptedLLM) -> None:
    path = tmp_path / "memx.db"
    engine = create_engine(f"sqlite:///{path}")
    memory = Memory(llm, FakeEmbedder(), engine, background=False)
    undo = _undo_of_much(memory, llm)
    before, failing, seen = _dump(path), 0, 0

    def fail(*arguments: object) -> None:
        nonlocal seen
        seen += 1
        if seen == failing:
            raise sqlite3.OperationalError("disk full")

    event.listen(engine, "before_cursor_execute", fail)
    while True:
        failing, seen = failing + 1, 0
        try:
            undo()
        except Exception:  # noqa: BLE001  # as it may come
            assert _dump(path) == before
        else:
            break
    event.remove(engine, "before_cursor_execute", fail)
    assert failing > 20
    assert _dump(path) != before
    memory.close()


def _dump(path: Path) -> dict[str, list[Any]]:
    with sqlite3.connect(path) as connection:
        return {
            table.name: connection.execute(f"SELECT * FROM {table.name}").fetchall() for table in tables.sorted_tables
        }


def test_of_two_that_undo_the_same_call_one_is_told(tmp_path: Path) -> None:
    memory = Memory(ScriptedLLM(default=NOTHING), FakeEmbedder(), tmp_path / "memx.db", background=False)
    for number in range(8):
        made = memory.add(f"Ada keeps {number} bees", infer=False, user_id="ada")
        outcomes: list[str] = []
        barrier = threading.Barrier(2)

        def undo(id: str = made.operation_id, told: list[str] = outcomes, both: threading.Barrier = barrier) -> None:
            both.wait()
            try:
                memory.undo(id)
            except PlanConflictError:
                told.append("refused")
            else:
                told.append("undone")

        threads = [threading.Thread(target=undo) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["refused", "undone"]
    memory.close()


def test_a_handle_takes_back_its_own_part_of_what_a_wider_call_did(memory: Door) -> None:
    made = memory.add("Ada likes honey", infer=False, agent_id="a", user_id="ada")
    memory.add("Ada keeps bees", infer=False, agent_id="b", user_id="ada")
    memory.delete_all(user_id="ada")
    wider = last(memory, made.changes[0].memory_id)
    narrow = memory.scoped(user_id="ada", agent_id="a")
    with pytest.raises(PlanConflictError):
        narrow.undo(made.operation_id)
    narrow.undo(made.operation_id, cascade=True)
    assert texts(memory) == []
    (back,) = memory.undo(wider)
    assert back.new_text == "Ada keeps bees", "the other part is still there to be taken back"
