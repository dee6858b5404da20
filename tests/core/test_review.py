"""A policy holds operations back; what waits is approved exactly, or rejected without a trace of what it said."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event

from memx_core import (
    InvalidInputError,
    Job,
    LedgerError,
    Memory,
    MemoryNotFoundError,
    Operation,
    OperationNotFoundError,
    PlanConflictError,
)
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.answers import adds, answer, deletes, operation, updates
from tests.conftest import Door, MakeDoor
from tests.core.test_plans import ADA, BOB, kept, texts
from tests.databases import Place, asked, rows

pytestmark = pytest.mark.databases

SAID = "I'm Ada and moved to Bergen"
BERGEN = updates(0, "Ada lives in Bergen", quote="moved to Bergen")


@pytest.fixture
def strict(make: MakeDoor, llm: ScriptedLLM) -> Door:
    return make(llm=llm, policy="review")


def held(memory: Door, llm: ScriptedLLM, **options: Any) -> Any:
    """What waits of Ada's moving from Oslo to Bergen."""
    llm.queue(BERGEN)
    result = memory.add(SAID, **{**ADA, **options})
    assert result.status == "review"
    return next(job for job in memory.pending() if job.operation_id == result.operation_id)


def test_what_changes_a_memory_waits_and_what_adds_one_does_not(strict: Door, llm: ScriptedLLM) -> None:
    id = kept(strict)
    llm.queue(
        answer(
            operation("UPDATE", "Ada lives in Bergen", target=0, quote="moved to Bergen", reason="moved"),
            operation("ADD", "Ada has a cat"),
        )
    )
    result = strict.add("I'm Ada, moved to Bergen, and have a cat", session_id="s", **ADA)
    assert (result.status, [change.new_text for change in result.changes]) == ("review", ["Ada has a cat"])
    assert texts(strict) == ["Ada has a cat", "Ada lives in Oslo"]
    (job,) = strict.pending(**ADA)
    assert (job.status, job.operation_id, job.session_id, job.error) == ("review", result.operation_id, "s", None)
    assert job.id != job.operation_id
    assert (job.operation.event, job.operation.memory_id) == ("UPDATE", id)
    assert (job.operation.old_text, job.operation.text) == ("Ada lives in Oslo", "Ada lives in Bergen")
    assert (job.operation.quote, job.operation.reason) == ("moved to Bergen", "moved")


def test_what_only_confirms_does_not_wait(strict: Door, llm: ScriptedLLM) -> None:
    id = kept(strict)
    llm.queue(adds("Ada lives in Oslo"))
    assert strict.add("I'm Ada and live in Oslo", **ADA).status == "done"
    assert strict.pending() == []
    assert len(strict.why(id).versions[0].sources) == 2


@pytest.mark.parametrize(
    ("said", "proposed"),
    [
        (SAID, BERGEN),
        ("I'm Ada; forget that I live in Oslo", deletes(0, "forget that I live in Oslo")),
        ("I'm Ada and live in Bergen", answer(operation("CONFLICT", "Ada lives in Bergen", target=0))),
    ],
)
def test_approving_does_what_waits(make: MakeDoor, tmp_path: Path, said: str, proposed: dict[str, Any]) -> None:
    states = []
    for policy in ("auto", "review"):
        llm = ScriptedLLM([proposed])
        memory = make(llm=llm, policy=policy, database=tmp_path / policy, clock=ManualClock())
        id = kept(memory)
        result = memory.add(said, metadata={"a": 1}, **ADA)
        if policy == "review":
            assert result.status == "review"
            assert texts(memory) == ["Ada lives in Oslo"]
            result = memory.approve(result.operation_id, **ADA)
            assert memory.pending() == []
        items = [(item.text, item.version, item.status, item.metadata) for item in memory.get_all(**ADA)]
        (change, *others) = result.changes
        assert others == []
        sources = [
            [(source.message.content, source.quote, source.start) for source in version.sources]
            for version in memory.why(change.memory_id).versions
        ]
        found = sorted(hit.memory.text for hit in memory.search("Bergen", include_messages=True, **ADA))
        assert (change.actor, change in memory.history(change.memory_id)) == ("scripted", True)
        assert memory.why(change.memory_id).versions[-1].prompt is not None
        states.append(
            (items, (change.event, change.old_text, change.new_text), sources, found, len(memory.history(id)))
        )
    assert states[0] == states[1]


def test_each_or_all_of_a_call_can_be_approved(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    kept(strict, "Ada has a cat")
    llm.queue(
        answer(
            operation("UPDATE", "Ada lives in Bergen", target=0),
            operation("UPDATE", "Ada has two cats", target=1),
        ),
    )
    said = "I'm Ada, I live in Bergen and have two cats"
    result = strict.add(said, **ADA)
    one, other = strict.pending()
    done = strict.approve(other.id, **ADA)
    assert [change.new_text for change in done.changes] == [other.operation.text]
    assert [job.id for job in strict.pending()] == [one.id]
    assert strict.approve(result.operation_id, one.id, **ADA).status == "done"
    assert texts(strict) == ["Ada has two cats", "Ada lives in Bergen"]


def test_several_calls_are_one_transaction(strict: Door, llm: ScriptedLLM, place: Place) -> None:
    kept(strict)
    cat = kept(strict, "Ada has a cat")
    llm.queue(updates(1, "Ada has two cats"))
    result = strict.add("I'm Ada and have two cats", **ADA)
    job = held(strict, llm)
    strict.update(cat, "Ada has no cat")
    before = rows(place)
    with pytest.raises(PlanConflictError) as caught:
        strict.approve(job.id, result.operation_id)
    assert [(change.memory_id, change.new_text) for change in caught.value.conflicts] == [(cat, "Ada has no cat")]
    assert rows(place) == before
    strict.approve(job.id)
    assert texts(strict) == ["Ada has no cat", "Ada lives in Bergen"]
    assert len(strict.pending()) == 1


def test_of_two_changes_of_one_memory_one_is_approved(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    bergen = held(strict, llm)
    llm.queue(updates(0, "Ada lives in Rome"))
    rome = strict.add("I'm Ada and live in Rome", **ADA)
    with pytest.raises(PlanConflictError):
        strict.approve(bergen.id, rome.operation_id)
    assert len(strict.pending()) == 2
    strict.approve(rome.operation_id)
    with pytest.raises(PlanConflictError) as caught:
        strict.approve(bergen.id)
    assert [change.new_text for change in caught.value.conflicts] == ["Ada lives in Rome"]
    assert [job.id for job in strict.pending()] == [bergen.id]
    assert strict.reject(bergen.id) == 1


def test_approving_is_done_once(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    job = held(strict, llm)
    strict.approve(job.id, job.id, job.operation_id)
    for id in (job.id, job.operation_id):
        with pytest.raises(OperationNotFoundError, match=id):
            strict.approve(id)
        with pytest.raises(OperationNotFoundError):
            strict.reject(id)
    assert issubclass(OperationNotFoundError, MemoryNotFoundError)
    assert len(strict.history(job.operation.memory_id)) == 2


def test_of_eight_at_once_one_approves(tmp_path: Path) -> None:
    llm = ScriptedLLM([BERGEN])
    outcomes: list[Any] = []
    with Memory(llm, FakeEmbedder(), tmp_path / "memx.db", policy="review") as memory:
        (change,) = memory.add("Ada lives in Oslo", infer=False, **ADA).changes
        call = memory.add(SAID, **ADA).operation_id

        def work() -> None:
            try:
                outcomes.append(memory.approve(call).status)
            except OperationNotFoundError:
                outcomes.append("gone")

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done", *["gone"] * 7]
        assert len(memory.history(change.memory_id)) == 2


def test_what_is_rejected_is_gone_without_a_trace(strict: Door, llm: ScriptedLLM, place: Place) -> None:
    kept(strict)
    llm.queue(updates(0, "Ada lives by the harbour", quote="moved"))
    call = strict.add("I'm Ada and moved", **ADA).operation_id
    assert strict.reject(call, reason="a joke") == 1
    assert strict.pending() == []
    assert texts(strict) == ["Ada lives in Oslo"]
    assert "harbour" not in str(rows(place))
    (found,) = asked(place, "SELECT actor, user_id, warnings FROM memx_operations WHERE kind = 'reject'")
    assert found == ("user", "ada", '["rejected: a joke"]')


def test_the_same_does_not_wait_twice(strict: Door, llm: ScriptedLLM) -> None:
    id = kept(strict)
    job = held(strict, llm)
    llm.queue(updates(0, "Ada lives in BERGEN.", quote="live in Bergen"))
    again = strict.add(
        [{"role": "user", "content": "hello"}, {"role": "user", "content": "I live in Bergen now"}], **ADA
    )
    assert (again.status, [warning.partition(":")[0] for warning in again.warnings]) == ("done", ["waiting"])
    (only,) = strict.pending()
    assert (only.id, only.operation.text) == (job.id, "Ada lives in Bergen")
    assert [item.quote for item in only.operation.evidence] == ["moved to Bergen", "live in Bergen"]
    strict.approve(job.id)
    assert [(source.message.content, source.quote) for source in strict.why(id).versions[-1].sources] == [
        (SAID, "moved to Bergen"),
        ("I live in Bergen now", "live in Bergen"),
    ]


def test_what_is_outdated_and_said_again_can_be_approved(strict: Door, llm: ScriptedLLM) -> None:
    id = kept(strict)
    job = held(strict, llm)
    strict.update(id, "Ada lives in Rome")
    again = held(strict, llm)
    assert [each.id for each in strict.pending()] == [again.id]
    assert again.id != job.id
    strict.approve(again.id)
    assert texts(strict) == ["Ada lives in Bergen"]
    assert [source.quote for source in strict.why(id).versions[-1].sources] == ["moved to Bergen", "moved to Bergen"]


def test_what_waits_is_learned_in_the_background_too(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    strict.add(SAID, session_id="s", wait=False, **ADA)
    llm.queue(BERGEN)
    strict.flush()
    (job,) = strict.pending()
    assert (job.status, job.session_id) == ("review", "s")
    strict.approve(job.id)
    assert texts(strict) == ["Ada lives in Bergen"]
    assert strict.why(job.operation.memory_id).versions[-1].sources[0].message.content == SAID


def test_jobs_and_reviews_are_pending_side_by_side(strict: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    kept(strict)
    first = strict.add("later", wait=False, **ADA)
    clock.advance(seconds=1)
    held(strict, llm)
    clock.advance(seconds=1)
    strict.add("later still", session_id="s", wait=False, **ADA)
    assert [job.status for job in strict.pending(**ADA)] == ["queued", "review", "queued"]
    with pytest.raises(OperationNotFoundError):
        strict.approve(first.operation_id)


def test_a_time_to_live_and_metadata_wait_along(strict: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id = kept(strict)
    strict.update(id, metadata={"b": 2})
    expires = clock() + timedelta(days=1)
    job = held(strict, llm, metadata={"a": 1}, expires_at=expires)
    strict.approve(job.id)
    item = strict.get(id)
    assert (item.metadata, item.expires_at) == ({"a": 1, "b": 2}, expires)


def test_a_request_to_forget_is_withheld_once_approved(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict, "Ada has a cat")
    llm.queue(deletes(0, "forget the cat"))
    said = [
        {"role": "user", "content": "Please forget the cat"},
        {"role": "assistant", "content": "The cat is forgotten"},
    ]
    result = strict.add(said, session_id="s", **ADA)
    assert len(strict.search("cat", include_messages=True, **ADA)) == 4
    strict.approve(result.operation_id)
    assert strict.search("cat", include_messages=True, **ADA) == []
    assert len(strict.messages("s", **ADA)) == 2


def test_an_approval_can_be_undone(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    job = held(strict, llm)
    done = strict.approve(job.id)
    strict.undo(done.operation_id, **ADA)
    assert texts(strict) == ["Ada lives in Oslo"]
    assert strict.pending() == [job]
    strict.approve(job.id)
    assert texts(strict) == ["Ada lives in Bergen"]
    with pytest.raises(OperationNotFoundError):
        strict.approve(job.id)


def test_undoing_a_call_takes_what_waits_of_it(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    job = held(strict, llm)
    strict.undo(job.operation_id)
    assert strict.pending() == []
    with pytest.raises(OperationNotFoundError):
        strict.approve(job.id)


def test_what_was_approved_of_a_call_stands_in_the_way_of_undoing_it(strict: Door, llm: ScriptedLLM) -> None:
    id = kept(strict)
    job = held(strict, llm)
    approved = strict.approve(job.id)
    with pytest.raises(PlanConflictError, match="rests on it") as caught:
        strict.undo(job.operation_id)
    assert [(each.memory_id, each.operation_id) for each in caught.value.conflicts] == [(id, approved.operation_id)]
    assert texts(strict) == ["Ada lives in Bergen"]
    (change,) = strict.undo(job.operation_id, cascade=True)
    assert texts(strict) == ["Ada lives in Oslo"]
    assert strict.pending() == []
    strict.undo(change.operation_id)
    assert texts(strict) == ["Ada lives in Bergen"]
    assert strict.pending() == []


def test_what_waited_when_everything_was_deleted_waits_again_once_that_is_undone(
    strict: Door, llm: ScriptedLLM
) -> None:
    id = kept(strict)
    job = held(strict, llm)
    strict.delete_all(**ADA)
    assert strict.pending() == []
    strict.undo(strict.history(id)[-1].operation_id)
    assert strict.pending() == [job]
    strict.approve(job.id)
    assert texts(strict) == ["Ada lives in Bergen"]


def test_what_was_said_again_waits_as_before_once_that_is_undone(strict: Door, llm: ScriptedLLM) -> None:
    id = kept(strict)
    job = held(strict, llm)
    strict.update(id, metadata={"checked": True})
    again = held(strict, llm)
    assert [each.id for each in strict.pending()] == [again.id]
    strict.undo(again.operation_id)
    assert strict.pending() == [job]


# Policies


def test_a_policy_may_be_a_function_of_an_operation(make: MakeDoor, llm: ScriptedLLM) -> None:
    asked: list[Operation] = []

    def policy(proposed: Operation) -> Any:
        asked.append(proposed)
        return {"Ada has a cat": "apply", "Ada has a dog": True, "Ada is 7": "review", "Ada is ill": False}.get(
            proposed.text, "reject"
        )

    memory = make(llm=llm, policy=policy)
    llm.queue(adds("Ada has a cat", "Ada has a dog", "Ada is 7", "Ada is ill", "Ada is broke"))
    result = memory.add("I'm Ada, have a cat and a dog, am 7, ill and broke", **ADA)
    assert len(asked) == 5
    assert result.status == "review"
    assert result.warnings == ("refused: ADD 'Ada is broke'",)
    assert texts(memory) == ["Ada has a cat", "Ada has a dog"]
    assert [job.operation.text for job in memory.pending()] == ["Ada is 7", "Ada is ill"]
    memory.approve(result.operation_id)
    assert texts(memory) == ["Ada has a cat", "Ada has a dog", "Ada is 7", "Ada is ill"]
    llm.queue(adds("Ada has a cat"))
    memory.add("I'm Ada and have a cat", **ADA)
    assert len(asked) == 5, "what only confirms changes nothing"


def test_a_policy_is_asked_once_however_often_a_proposal_is_weighed(make: MakeDoor, tmp_path: Path) -> None:
    llm = ScriptedLLM([BERGEN])
    asked: list[str] = []
    other = make()
    id = kept(other)

    def policy(proposed: Operation) -> bool:
        asked.append(proposed.text)
        if len(asked) == 1:
            other.memory.update(id, "Ada lives in Rome")
        return True

    memory = make(llm=llm, policy=policy)
    (change,) = memory.add(SAID, **ADA).changes
    assert (change.old_text, change.new_text) == ("Ada lives in Rome", "Ada lives in Bergen")
    assert asked == ["Ada lives in Bergen"] * 2, "once for each version that it would replace"


def test_a_policy_does_not_gate_what_a_person_does(make: MakeDoor, llm: ScriptedLLM) -> None:
    def never(proposed: Operation) -> bool:
        raise AssertionError(proposed)

    memory = make(llm=llm, policy=never)
    llm.queue(adds("Ada has a cat"))
    memory.apply(memory.plan("I'm Ada and have a cat", **ADA))
    (item,) = memory.get_all(**ADA)
    memory.update(item.id, "Ada has a dog")
    memory.delete(item.id)


def fails(proposed: Operation) -> bool:
    raise ZeroDivisionError


def misuses(proposed: Operation) -> bool:
    raise InvalidInputError("the policy did something wrong")


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        (fails, ZeroDivisionError),
        (misuses, InvalidInputError),
        (lambda proposed: None, InvalidInputError),
        (lambda proposed: "maybe", InvalidInputError),
        (lambda proposed: 1, InvalidInputError),
        (lambda proposed: ["apply"], InvalidInputError),
    ],
)
def test_a_policy_that_fails_leaves_the_messages_to_be_learned_from(
    make: MakeDoor, llm: ScriptedLLM, policy: Callable[[Operation], Any], error: type[Exception]
) -> None:
    memory = make(llm=llm, policy=policy)
    llm.queue(adds("Ada has a cat"), adds("Ada has a cat"))
    with pytest.raises(error):
        memory.add("I'm Ada and have a cat", session_id="s", **ADA)
    assert texts(memory) == []
    assert [message.content for message in memory.messages("s", **ADA)] == ["I'm Ada and have a cat"]
    assert [job.status for job in memory.pending()] == ["queued"]
    with pytest.raises(error):
        memory.flush()
    assert [message.content for message in memory.messages("s", **ADA)] == ["I'm Ada and have a cat"]
    assert texts(memory) == []
    assert len(memory.pending()) == 1


async def later(proposed: Operation) -> bool:
    return True


class Later:
    async def __call__(self, proposed: Operation) -> bool:
        return True


@pytest.mark.parametrize("policy", ["", "Review", "never", None, 7, True, ["review"], later, Later()])
def test_a_policy_that_is_none_is_refused_at_once(make: MakeDoor, policy: Any) -> None:
    with pytest.raises(InvalidInputError, match="policy="):
        make(policy=policy)


# Whose it is


def test_what_waits_is_nobody_elses(strict: Door, llm: ScriptedLLM, place: Place) -> None:
    kept(strict)
    job = held(strict, llm)
    others = (BOB, {**ADA, "run_id": "r"}, {"agent_id": "ada"})
    before = rows(place)
    for ids in others:
        assert strict.pending(**ids) == []
        for id in (job.id, job.operation_id):
            with pytest.raises(OperationNotFoundError):
                strict.approve(id, **ids)
            with pytest.raises(OperationNotFoundError):
                strict.scoped(**ids).reject(id)
    assert rows(place) == before
    assert [each.id for each in strict.scoped(**ADA).pending()] == [job.id]
    assert strict.scoped(**ADA).approve(job.id).status == "done"


def test_another_application_cannot_approve(make: MakeDoor, llm: ScriptedLLM) -> None:
    strict, other = make(llm=llm, policy="review"), make(llm=llm, namespace="other")
    kept(strict)
    job = held(strict, llm)
    with pytest.raises(OperationNotFoundError):
        other.approve(job.id)
    assert other.pending() == []


def test_one_id_that_is_not_there_stops_all(strict: Door, llm: ScriptedLLM, place: Place) -> None:
    kept(strict)
    job = held(strict, llm)
    before = rows(place)
    for method in (strict.approve, strict.reject):
        with pytest.raises(OperationNotFoundError, match="nowhere"):
            method(job.id, "nowhere")
        for wrong in ((), ("",), (7,), (None,), ("a\0",)):
            with pytest.raises(InvalidInputError):
                method(*wrong)
    with pytest.raises(InvalidInputError):
        strict.reject(job.id, reason=" ")
    assert rows(place) == before


def test_several_users_can_be_approved_in_one_call_by_who_may(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    kept(strict, "Bob lives in Oslo", **BOB)
    adas = held(strict, llm)
    llm.queue(updates(0, "Bob lives in Rome"))
    bobs = strict.add("I'm Bob and live in Rome", **BOB)
    with pytest.raises(OperationNotFoundError):
        strict.approve(adas.id, bobs.operation_id, **BOB)
    result = strict.approve(adas.id, bobs.operation_id)
    assert len(result.changes) == 2
    assert (texts(strict), texts(strict, **BOB)) == (["Ada lives in Bergen"], ["Bob lives in Rome"])


# What else takes it away


def test_deleting_everything_of_a_scope_takes_what_waits(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    kept(strict, "Bob lives in Oslo", **BOB)
    job = held(strict, llm)
    strict.delete_all(**BOB)
    assert [each.id for each in strict.pending()] == [job.id]
    strict.delete_all(**ADA)
    assert strict.pending() == []


@pytest.mark.parametrize("way", ["update", "delete"])
def test_changing_a_target_leaves_what_waits_but_outdated(strict: Door, llm: ScriptedLLM, way: str) -> None:
    id = kept(strict)
    job = held(strict, llm)
    getattr(strict, way)(id, *(["Ada lives in Rome"] if way == "update" else []))
    assert [each.id for each in strict.pending()] == [job.id]
    with pytest.raises(PlanConflictError, match=id):
        strict.approve(job.id)
    assert strict.reject(job.operation_id) == 1


def test_clearing_a_conversation_takes_its_quotes(strict: Door, llm: ScriptedLLM, place: Place) -> None:
    id = kept(strict)
    job = held(strict, llm, session_id="s")
    strict.clear_messages("s", **ADA)
    assert "moved to Bergen" not in str(rows(place))
    (only,) = strict.pending()
    assert only.operation.quote == ""
    strict.approve(job.id)
    (source,) = strict.why(id).versions[-1].sources
    assert (source.quote, source.start, source.message.content) == ("", -1, "")


def test_erasing_a_scope_takes_what_waits(strict: Door, llm: ScriptedLLM) -> None:
    kept(strict)
    held(strict, llm)
    assert strict.erase(**ADA).reviews == 1
    assert strict.pending() == []


@pytest.mark.parametrize("failing", range(1, 26))
def test_an_approval_that_fails_at_any_statement_leaves_everything_waiting(tmp_path: Path, failing: int) -> None:
    path = tmp_path / "memx.db"
    engine = create_engine(f"sqlite:///{path}")
    llm = ScriptedLLM(
        [
            answer(
                operation("UPDATE", "Ada lives in Bergen", target=0, quote="moved to Bergen"),
                operation("DELETE", target=1, quote="forget the cat"),
            )
        ]
    )
    memory = Memory(llm, FakeEmbedder(), engine, policy="review", clock=ManualClock(), background=False)
    for text in ("Ada lives in Oslo", "Ada has a cat"):
        memory.add(text, infer=False, **ADA)
    call = memory.add("I'm Ada, I moved to Bergen; forget the cat", **ADA).operation_id
    assert len(memory.pending()) == 2
    before, seen = rows(path), 0

    def fail(*arguments: object) -> None:
        nonlocal seen
        seen += 1
        if seen == failing:
            raise sqlite3.OperationalError("disk full")

    event.listen(engine, "before_cursor_execute", fail)
    try:
        memory.approve(call)
    except (LedgerError, sqlite3.OperationalError):
        assert rows(path) == before
    else:
        assert seen < failing, "the failure came, and the approval went through all the same"
    event.remove(engine, "before_cursor_execute", fail)
    if rows(path) == before:
        memory.approve(call)
    assert [item.text for item in memory.get_all(**ADA)] == ["Ada lives in Bergen"]
    memory.close()
    engine.dispose()


# Any order

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "approve", "reject", "update", "delete", "delete_all"]),
        st.integers(0, 3),
        st.sampled_from(["ada", "bob"]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_in_any_order_nothing_changes_a_memory_unapproved(steps: list[tuple[str, int, str]]) -> None:
    llm = ScriptedLLM()
    with Memory(llm, FakeEmbedder(), ":memory:", clock=ManualClock(), policy="review") as memory:
        known: dict[str, dict[str, str]] = {"ada": {}, "bob": {}}
        for name, number, user in steps:
            ids = {"user_id": user}
            if name == "say":
                proposed = ["Lives in Oslo", "Lives in Rome", "Has a cat", "Has two cats"][number]
                llm.queue(answer(operation("UPDATE" if number % 2 else "ADD", proposed, target=0)))
                said = memory.add(f"I: {proposed}", **ids)
                for change in said.changes:
                    assert change.event == "ADD"
                    known[user][change.memory_id] = proposed
            elif name in ("approve", "reject"):
                waiting = memory.pending()
                if not waiting:
                    continue
                job = waiting[number % len(waiting)]
                mine = job in memory.pending(**ids)
                try:
                    done = getattr(memory, name)(job.id, **ids)
                except OperationNotFoundError:
                    assert not mine
                except PlanConflictError:
                    assert mine
                    assert job in memory.pending(**ids)
                else:
                    assert mine
                    if name == "approve":
                        (change,) = done.changes
                        known[user][change.memory_id] = _proposed(job).text
            elif name == "delete_all":
                memory.delete_all(**ids)
                known[user].clear()
                assert memory.pending(**ids) == []
            elif known[user]:
                id = sorted(known[user])[number % len(known[user])]
                if name == "delete":
                    memory.delete(id)
                    del known[user][id]
                else:
                    known[user][id] = f"Plays the {number + len(memory.history(id))}th violin"
                    memory.update(id, known[user][id])
            for user, memories in known.items():
                assert {item.id: item.text for item in memory.get_all(user_id=user)} == memories
            waits = map(_proposed, memory.pending())
            senses = [(proposed.event, proposed.memory_id, proposed.text) for proposed in waits]
            assert len(set(senses)) == len(senses)


def _proposed(job: Job) -> Operation:
    assert job.operation is not None
    return job.operation
