"""A plan shows what `add` would do; applying it does exactly that, once, or nothing."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memx_core import (
    ExtractionError,
    InvalidInputError,
    Memory,
    MemoryItem,
    Message,
    Operation,
    Plan,
    PlanConflictError,
    Scope,
    ScopeError,
    TimeSpan,
    Usage,
)
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.types import Evidence
from tests.answers import NOTHING, adds, answer, deletes, operation, updates
from tests.conftest import Door, MakeDoor
from tests.databases import Place, rows

ADA = {"user_id": "ada"}
BOB = {"user_id": "bob"}
pytestmark = pytest.mark.databases


def kept(memory: Door, text: str = "Ada lives in Oslo", **ids: str) -> str:
    (change,) = memory.add(text, infer=False, **(ids or ADA)).changes
    id: str = change.memory_id
    return id


def texts(memory: Door, **ids: str) -> list[str]:
    return sorted(item.text for item in memory.get_all(**(ids or ADA)))


def moves(llm: ScriptedLLM, memory: Door, **options: Any) -> Plan:
    """A plan for Ada's moving from Oslo to Bergen."""
    llm.queue(updates(0, "Ada lives in Bergen", quote="moved to Bergen"))
    plan: Plan = memory.plan("I'm Ada and moved to Bergen", **{**ADA, **options})
    return plan


def test_a_plan_shows_what_would_change_and_changes_nothing(memory: Door, llm: ScriptedLLM, place: Place) -> None:
    id = kept(memory)
    before = rows(place)
    plan = moves(llm, memory, session_id="s", key="k", metadata={"a": 1})
    assert rows(place) == before
    (only,) = plan.operations
    assert (only.event, only.memory_id, only.expected_version) == ("UPDATE", id, 1)
    assert (only.old_text, only.text) == ("Ada lives in Oslo", "Ada lives in Bergen")
    assert (only.quote, only.reason) == ("moved to Bergen", "said so")
    assert only.evidence[0].start == len("I'm Ada and ")
    assert plan.usage.calls == len(llm.calls) == 1
    assert plan.usage.input_tokens > 0
    assert (plan.scope, plan.session_id, plan.proposer) == (Scope("ada"), "s", "scripted")
    assert [message.content for message in plan.messages] == ["I'm Ada and moved to Bergen"]


def test_its_tokens_are_counted(memory: Door, llm: ScriptedLLM) -> None:
    kept(memory)
    before = memory.usage(**ADA)
    plan = moves(llm, memory)
    after = memory.usage(**ADA)
    assert (after.calls, after.input_tokens) == (before.calls + 1, before.input_tokens + plan.usage.input_tokens)
    assert after.embedding_calls == before.embedding_calls + plan.usage.embedding_calls
    memory.apply(plan)
    assert memory.usage(**ADA).calls == after.calls


def test_applying_does_what_add_does(make: MakeDoor, tmp_path: Path, clock: ManualClock) -> None:
    answers = [
        adds("Ada lives in Oslo", "Ada has a cat", when="since May 2019"),
        answer(
            operation("UPDATE", "Ada lives in Bergen", target=0, quote="moved to Bergen"),
            operation("ADD", "Ada has a dog"),
            operation("ADD", "Ada has a cat"),
            operation("UPDATE", "Ada has 9 cats", target=1),
        ),
        answer(operation("CONFLICT", "Ada lives in Rome", target=0)),
        deletes(1, "forget the cat"),
        NOTHING,
    ]
    said = [
        "I'm Ada, I live in Oslo and have a cat since May 2019",
        [{"role": "user", "content": "I moved to Bergen and have a dog, and a cat", "id": "m"}],
        "I live in Rome",
        [
            {"role": "user", "content": "Please forget the cat"},
            {"role": "assistant", "content": "The cat is forgotten"},
        ],
        "hm",
    ]
    states = []
    for way in ("add", "plan"):
        llm = ScriptedLLM(list(answers))
        door = make(llm=llm, database=tmp_path / f"{way}.db", clock=ManualClock())
        results = []
        for at, messages in enumerate(said):
            options = {**ADA, "session_id": "s", "metadata": {"at": at}, "key": str(at)}
            if way == "add":
                results.append(door.add(messages, **options))
            else:
                results.append(door.apply(Plan.from_json(door.plan(messages, **options).to_json())))
        assert len(llm.calls) == 5
        states.append((public(door), [told(result) for result in results]))
    for one, other in zip(*states, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a == b


def public(door: Door) -> Any:
    """What the public methods say, but for ids that are made up anew."""
    items = door.get_all(include_superseded=True, **ADA)
    names: dict[str, int] = {}
    for item in reversed(list(items)):
        names.setdefault(item.id, len(names))
    seen = [replace(item, id=str(names[item.id])) for item in items]
    histories = [
        [replace(change, memory_id=str(name), operation_id="") for change in door.history(id)]
        for id, name in names.items()
    ]
    sources = [
        [
            [(source.quote, source.start, source.message.content) for source in version.sources]
            for version in why.versions
        ]
        for why in (door.why(id) for id in names)
    ]
    hits = sorted((hit.memory.text, hit.score) for hit in door.search("Ada", include_messages=True, limit=50, **ADA))
    turns = [replace(message, id="") for message in door.messages("s", **ADA)]
    return seen, histories, sources, hits, turns


def told(result: Any) -> Any:
    return (
        result.status,
        [(change.event, change.old_text, change.new_text) for change in result.changes],
        result.warnings,
    )


def test_without_inference_it_plans_the_turns_themselves(memory: Door, place: Place) -> None:
    kept(memory, "I have a cat")
    before = rows(place)
    said = [{"role": "user", "content": "I have a cat"}, {"role": "user", "content": "I have a dog", "name": "Ada"}]
    plan = memory.plan(said, infer=False, metadata={"a": 1}, **ADA)
    assert rows(place) == before
    assert [(op.event, op.text, op.quote) for op in plan.operations] == [
        ("NONE", "I have a cat", "I have a cat"),
        ("ADD", "I have a dog", "I have a dog"),
    ]
    memory.apply(plan)
    assert texts(memory) == ["I have a cat", "I have a dog"]
    (item,) = memory.get_all(filters={"a": 1}, **ADA)
    assert (item.kind, item.subject) == ("verbatim", "Ada")
    assert memory.search("dog", **ADA)[0].memory.id == item.id


def test_what_is_known_already_is_planned_as_evidence(memory: Door, llm: ScriptedLLM) -> None:
    id = kept(memory)
    llm.queue(adds("Ada  lives in OSLO."))
    plan = memory.plan("I'm Ada, I live in Oslo", **ADA)
    assert [(op.event, op.memory_id) for op in plan.operations] == [("NONE", id)]
    assert memory.apply(plan).changes == ()
    assert len(memory.why(id).versions[0].sources) == 2


def test_a_model_that_fails_leaves_nothing_of_a_plan(memory: Door, llm: ScriptedLLM, place: Place) -> None:
    before = rows(place)
    llm.queue("no", "no", TimeoutError("busy"))
    with pytest.raises(ExtractionError):
        memory.plan("I'm Ada", **ADA)
    with pytest.raises(TimeoutError):
        memory.plan("I'm Ada", **ADA)
    assert rows(place) == before


def test_a_plan_takes_the_arguments_of_add(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    llm.queue(adds("Ada has a cat"))
    scoped = memory.scoped(user_id="ada", run_id="r")
    expires = clock() + timedelta(days=1)
    said = clock() - timedelta(days=9)
    plan = scoped.plan(
        "I'm Ada, I have a cat", session_id="s", metadata={"pet": True}, expires_at=expires, timestamp=said, key="k"
    )
    scoped.apply(plan)
    (item,) = scoped.get_all(filters={"pet": True})
    assert (item.run_id, item.expires_at, item.said_at) == ("r", expires, said)
    (message,) = scoped.messages("s")
    assert message.timestamp == said
    with pytest.raises(InvalidInputError):
        scoped.add("something else", key="k")


@pytest.mark.databases("sqlite")
def test_a_plan_survives_json_pickle_and_another_process(memory: Door, llm: ScriptedLLM, tmp_path: Path) -> None:
    kept(memory)
    plan = moves(llm, memory, metadata={"a": [1, None, {"b": "ü"}]})
    assert Plan.from_json(plan.to_json()) == plan == pickle.loads(pickle.dumps(plan))
    other = (
        "import sys; from memx_core import Memory, Plan; from memx_core.testing import FakeEmbedder\n"
        "plan = Plan.from_json(sys.stdin.read())\n"
        "with Memory(None, FakeEmbedder(), sys.argv[1]) as memory: print(memory.apply(plan).operation_id)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", other, str(tmp_path / "memx.db")],
        input=plan.to_json(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == plan.id
    assert texts(memory) == ["Ada lives in Bergen"]
    assert memory.apply(plan).operation_id == plan.id


def test_a_plan_reads_like_a_list_of_what_would_happen() -> None:
    said = (Evidence(0, "I moved to\nBergen", 0),)
    plan = a_plan(
        Operation("ADD", "a", "Has a cat"),
        Operation("UPDATE", "b", "Lives in Bergen", old_text="Lives in Oslo", expected_version=1, evidence=said),
        Operation("CONFLICT", "c", "Is 7", old_text="Is 8", expected_version=1, conflicts_with="d"),
        Operation("DELETE", "e", "Has a\x1b[31m dog", expected_version=1),
        Operation("NONE", "f", "Likes tea", expected_version=1),
        warnings=("too_long: a text",),
    )
    assert str(plan).splitlines() == [
        "ADD     Has a cat",
        'UPDATE  Lives in Oslo → Lives in Bergen   "I moved to Bergen"',
        "CONFLICT  Is 8 ↔ Is 7",
        "DELETE  Has a�[31m dog",
        "NONE    Likes tea",
        "! too_long: a text",
    ]
    assert str(a_plan()) == "nothing would change"


NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_plan(*operations: Operation, **fields: Any) -> Plan:
    defaults: dict[str, Any] = {"warnings": (), "usage": Usage(), "scope": Scope("ada"), "created_at": NOW}
    message = Message("user", "I moved to Bergen", timestamp=NOW)
    return Plan(**{"id": "p", "operations": operations, "messages": (message,), **defaults, **fields})


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WORDS = TEXT.filter(str.strip)
OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=OFFSETS)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
MAYBE = st.none() | TEXT
SPANS = st.builds(TimeSpan, TIMES, TIMES, st.sampled_from(["year", "day", "time"]), TEXT)
EVIDENCE = st.builds(Evidence, st.integers(0, 3), TEXT, st.integers(-1, 9))
OPERATIONS = st.builds(
    Operation,
    st.sampled_from(["ADD", "UPDATE", "DELETE", "NONE", "CONFLICT"]),
    WORDS, TEXT, MAYBE, st.integers(0, 5), st.lists(EVIDENCE, max_size=2).map(tuple), st.none() | TIMES,
    st.none() | SPANS, st.none() | TIMES, MAYBE, MAYBE, TEXT, st.booleans(), MAYBE, st.booleans(),
)  # fmt: skip
MESSAGES = st.builds(
    Message, st.sampled_from(["user", "assistant", "tool"]), TEXT, MAYBE, st.none() | TIMES, MAYBE, MAYBE,
    st.dictionaries(TEXT, JSON, max_size=2), MAYBE,
)  # fmt: skip
PLANS = st.builds(
    Plan,
    WORDS, st.lists(OPERATIONS, max_size=3).map(tuple), st.lists(TEXT, max_size=2).map(tuple),
    st.builds(Usage, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    st.builds(Scope, WORDS, MAYBE, MAYBE), TIMES, st.lists(MESSAGES, max_size=2).map(tuple), MAYBE,
    st.dictionaries(TEXT, JSON, max_size=2), st.none() | TIMES, st.sampled_from(["fact", "verbatim"]), MAYBE, MAYBE,
    TEXT, MAYBE, WORDS, st.integers(0, 2**40),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS)
def test_the_way_through_json_changes_nothing(plan: Plan) -> None:
    read = Plan.from_json(plan.to_json())
    assert read == plan
    assert read.created_at.tzinfo is UTC
    assert Plan.from_json(read.to_json()) == read == pickle.loads(pickle.dumps(read))
    assert len(str(plan).splitlines()) == max(1, len(plan.operations)) + len(plan.warnings)


def test_times_with_an_offset_are_the_same_moment_in_utc() -> None:
    east = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    read = Plan.from_json(a_plan(created_at=east).to_json())
    assert read.created_at == east
    assert read.created_at.utcoffset() == timedelta(0)


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(a_plan().to_json()), **fields})


WRONG = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "null": "null",
    "a plan that lacks something": json.dumps({"id": "p"}),
    "more than a plan": changed(colour="red"),
    "more than an operation": changed(operations=[{"event": "ADD", "memory_id": "a", "text": "x", "colour": "red"}]),
    "a number for an id": changed(id=7),
    "an event that is none": changed(operations=[{"event": "MERGE", "memory_id": "a", "text": "x"}]),
    "a naive time": changed(created_at="2026-01-01T00:00:00"),
    "a time that is none": changed(created_at="yesterday"),
    "a time out of range": changed(created_at="0001-01-01T00:00:00+14:00"),
    "a number for a time": changed(created_at=7),
    "a string for a version": changed(
        operations=[{"event": "ADD", "memory_id": "a", "text": "x", "expected_version": "1"}]
    ),
    "a kind that is none": changed(kind="rumour"),
    "metadata that is a list": changed(metadata=[]),
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_plan_is_refused_with_what_is_wrong(case: str) -> None:
    with pytest.raises(InvalidInputError, match=r"this is no Plan: ."):
        Plan.from_json(WRONG[case])


def test_an_error_shows_nothing_of_what_was_said() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Plan.from_json(changed(messages=[{"role": "user", "content": ["a secret"]}]))
    assert "messages.0.content" in str(caught.value)
    assert "secret" not in str(caught.value)
    others: list[Any] = [b"{}", None, {}]
    for other in others:
        with pytest.raises(InvalidInputError, match="str"):
            Plan.from_json(other)


# What it rests on


def update_target(memory: Door, id: str) -> None:
    memory.update(id, "Ada lives in Rome")


def update_metadata(memory: Door, id: str) -> None:
    memory.update(id, metadata={"a": 1})


def delete_target(memory: Door, id: str) -> None:
    memory.delete(id)


def delete_everything(memory: Door, id: str) -> None:
    memory.delete_all(**ADA)


def say_the_same(memory: Door, id: str) -> None:
    kept(memory, "Ada lives in Bergen")


CONFLICTS: dict[str, tuple[Callable[[Door, str], None], list[str]]] = {
    "a target was updated": (update_target, ["UPDATE"]),
    "a target's metadata was": (update_metadata, ["UPDATE"]),
    "a target was deleted": (delete_target, ["DELETE"]),
    "all was deleted": (delete_everything, ["DELETE"]),
    "the text was remembered": (say_the_same, ["ADD"]),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_what_changed_since_is_a_conflict_that_names_it(
    memory: Door, llm: ScriptedLLM, place: Place, case: str
) -> None:
    id = kept(memory)
    plan = moves(llm, memory)
    change, events = CONFLICTS[case]
    change(memory, id)
    before = rows(place)
    with pytest.raises(PlanConflictError) as caught:
        memory.apply(plan)
    assert [each.event for each in caught.value.conflicts] == events
    for each in caught.value.conflicts:
        assert each.memory_id in str(caught.value)
        assert each in memory.history(each.memory_id)
    assert "Ada" not in str(caught.value)
    assert rows(place) == before
    assert pickle.loads(pickle.dumps(caught.value)).conflicts == caught.value.conflicts


def test_what_was_to_be_confirmed_and_is_gone_is_a_conflict(memory: Door, llm: ScriptedLLM) -> None:
    id = kept(memory)
    llm.queue(adds("Ada lives in Oslo"))
    plan = memory.plan("I'm Ada, I live in Oslo", **ADA)
    memory.delete(id)
    with pytest.raises(PlanConflictError, match=id):
        memory.apply(plan)


@pytest.mark.parametrize("change", [update_target, delete_target])
def test_a_contradicted_memory_that_changed_is_a_conflict(
    memory: Door, llm: ScriptedLLM, change: Callable[[Door, str], None]
) -> None:
    id = kept(memory)
    llm.queue(answer(operation("CONFLICT", "Ada lives in Bergen", target=0)))
    plan = memory.plan("I'm Ada, I live in Bergen", **ADA)
    assert [(op.event, op.old_text, op.conflicts_with) for op in plan.operations] == [
        ("CONFLICT", "Ada lives in Oslo", id)
    ]
    change(memory, id)
    with pytest.raises(PlanConflictError, match=id):
        memory.apply(plan)


def test_a_target_that_expired_meanwhile_is_a_conflict(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    memory.add("Ada lives in Oslo", infer=False, expires_at=clock() + timedelta(days=1), **ADA)
    plan = moves(llm, memory)
    clock.advance(days=2)
    with pytest.raises(PlanConflictError):
        memory.apply(plan)


def test_a_scope_erased_since_is_a_conflict(memory: Door, llm: ScriptedLLM, place: Place) -> None:
    llm.queue(adds("Ada has a cat"), adds("Bob has a cat"))
    adas = memory.plan("I'm Ada and have a cat", **ADA)
    bobs = memory.plan("I'm Bob and have a cat", **BOB)
    memory.erase(**ADA)
    before = rows(place)
    with pytest.raises(PlanConflictError, match="erased"):
        memory.apply(adas)
    assert rows(place) == before
    assert memory.apply(bobs).status == "done"
    memory.reset()
    with pytest.raises(PlanConflictError):
        memory.apply(bobs)


def test_a_turn_that_was_replaced_since_is_a_conflict(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada has a cat"), adds("Ada has a dog"))
    said = {"role": "user", "content": "I'm Ada and have a cat", "id": "1"}
    plan = memory.plan(said, session_id="s", **ADA)
    memory.put_messages("s", said, learn=False, **ADA)  # the same turn, kept by the application meanwhile
    memory.put_messages("t", {**said, "content": "another's"}, learn=False, **ADA)
    memory.apply(plan)
    later = {"role": "user", "content": "I'm Ada and have a dog", "id": "1"}
    plan = memory.plan(later, session_id="s", **ADA)
    memory.put_messages("s", {**said, "content": "I take it back"}, learn=False, **ADA)
    with pytest.raises(PlanConflictError, match="message '1'"):
        memory.apply(plan)
    assert [message.content for message in memory.messages("s", **ADA)] == ["I take it back"]


def test_what_changed_beside_it_is_no_conflict(memory: Door, llm: ScriptedLLM) -> None:
    kept(memory)
    plan = moves(llm, memory)
    kept(memory, "Ada has a cat")
    kept(memory, "Ada lives in Bergen", user_id="ada", run_id="r")
    kept(memory, "Ada lives in Bergen", **BOB)
    assert [change.new_text for change in memory.apply(plan).changes] == ["Ada lives in Bergen"]


def test_a_plan_that_was_refused_can_be_made_anew(memory: Door, llm: ScriptedLLM) -> None:
    id = kept(memory)
    plan = moves(llm, memory)
    memory.update(id, "Ada lives in Rome")
    with pytest.raises(PlanConflictError):
        memory.apply(plan)
    memory.apply(moves(llm, memory))
    assert [change.new_text for change in memory.history(id)] == [
        "Ada lives in Oslo",
        "Ada lives in Rome",
        "Ada lives in Bergen",
    ]


# Twice


def test_applying_twice_does_it_once(memory: Door, llm: ScriptedLLM, place: Place) -> None:
    kept(memory)
    plan = moves(llm, memory)
    first = memory.apply(plan)
    assert (first.operation_id, first.status) == (plan.id, "done")
    before = rows(place)
    second = memory.apply(pickle.loads(pickle.dumps(plan)))
    assert (second.operation_id, second.changes) == (first.operation_id, first.changes)
    assert second == first
    assert rows(place) == before


def test_a_plan_that_was_undone_is_not_said_to_be_done(memory: Door, llm: ScriptedLLM) -> None:
    kept(memory)
    plan = moves(llm, memory)
    memory.apply(plan)
    undone = memory.undo(plan.id, **ADA)
    with pytest.raises(PlanConflictError, match="undone") as caught:
        memory.apply(plan)
    assert list(caught.value.conflicts) == undone
    assert texts(memory) == ["Ada lives in Oslo"]
    memory.apply(moves(llm, memory))
    assert texts(memory) == ["Ada lives in Bergen"]


@pytest.mark.parametrize("database", ["file", ":memory:"])
def test_eight_at_once_do_it_once(tmp_path: Path, database: str) -> None:
    llm = ScriptedLLM([adds("Ada has a cat")])
    results: list[Any] = []
    with Memory(llm, FakeEmbedder(), str(tmp_path / "memx.db") if database == "file" else database) as memory:
        plan = memory.plan("I'm Ada and have a cat", **ADA)
        threads = [threading.Thread(target=lambda: results.append(memory.apply(plan))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(memory.get_all(**ADA)) == len(memory.messages(None, **ADA)) == 1
    assert len(results) == 8
    assert {(result.operation_id, result.changes) for result in results} == {(plan.id, results[0].changes)}


def test_a_plan_of_which_a_part_was_applied_is_refused(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada has a cat", "Ada has a dog"))
    plan = memory.plan("I'm Ada, I have a cat and a dog", **ADA)
    memory.apply(replace(plan, operations=plan.operations[:1]))
    assert texts(memory) == ["Ada has a cat"]
    with pytest.raises(InvalidInputError, match="another plan"):
        memory.apply(plan)


def test_a_key_names_one_call_whichever_way_it_is_made(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada has a cat"), adds("Ada has a cat"))
    said = "I'm Ada and have a cat"
    one, other = memory.plan(said, key="k", **ADA), memory.plan(said, key="k", **ADA)
    first = memory.apply(one)
    assert memory.apply(other).operation_id == first.operation_id
    assert memory.add(said, key="k", **ADA).operation_id == first.operation_id
    late = memory.plan(said, key="k", **ADA)
    assert late.operations == ()
    assert memory.apply(late).operation_id == first.operation_id
    assert len(llm.calls) == 2
    with pytest.raises(InvalidInputError):
        memory.plan("something else", key="k", **ADA)


# Whose it is


def test_a_plan_of_another_scope_or_application_is_refused(make: MakeDoor, llm: ScriptedLLM, place: Place) -> None:
    memory, other = make(llm=llm), make(llm=llm, namespace="other")
    kept(memory)
    plan = moves(llm, memory)
    before = rows(place)
    with pytest.raises(InvalidInputError, match="namespace"):
        other.apply(plan)
    for ids in (BOB, {**ADA, "run_id": "r"}, {"agent_id": "ada"}):
        with pytest.raises(ScopeError):
            memory.apply(plan, **ids)
        with pytest.raises(ScopeError):
            memory.scoped(**ids).apply(plan)
    no_plans: list[Any] = [plan.to_json(), None, {}, [plan]]
    for no_plan in no_plans:
        with pytest.raises(InvalidInputError, match="Plan"):
            memory.apply(no_plan)
    assert rows(place) == before
    assert memory.scoped(**ADA).apply(plan).operation_id == plan.id


def tampered(plan: Plan, bobs: MemoryItem, call: str) -> dict[str, Plan]:
    (only,) = plan.operations
    (said,) = plan.messages

    def op(**fields: Any) -> Plan:
        return replace(plan, operations=(replace(only, **fields),))

    huge = "x" * 20_000_001
    return {
        "another's memory updated": op(memory_id=bobs.id),
        "another's memory deleted": op(event="DELETE", memory_id=bobs.id),
        "another's memory confirmed": op(event="NONE", memory_id=bobs.id),
        "another's memory contradicted": op(event="CONFLICT", memory_id="n", conflicts_with=bobs.id),
        "another's memory as a new one": op(event="ADD", memory_id=bobs.id, expected_version=0),
        "an own memory as a new one": op(event="ADD", expected_version=0),
        "a version that is not there": op(expected_version=7),
        "a version below 1": op(expected_version=0),
        "a version beyond all": op(expected_version=10**30),
        "a message that is not there": op(evidence=(Evidence(1, "x", 0),)),
        "a message before the first": op(evidence=(Evidence(-1, "x", 0),)),
        "an offset beyond all": op(evidence=(Evidence(0, "x", 10**30),)),
        "a blank text": op(text=" "),
        "a text with NUL": op(text="a\0b"),
        "half a character": op(text="a\ud800"),
        "a text beyond all": op(text=huge),
        "reasons beyond all": op(reason=huge),
        "an ADD that ends": op(event="ADD", memory_id="n", expected_version=0, ended=True),
        "an UPDATE that retracts": op(retracts=True),
        "an ADD that contradicts": op(event="ADD", memory_id="n", expected_version=0, conflicts_with=only.memory_id),
        "an event that is none": op(event="MERGE"),
        "an operation that is none": replace(plan, operations=("DELETE",)),
        "no tuple of them": replace(plan, operations=None),
        "two on one memory": replace(plan, operations=(only, replace(only, text="Ada lives in Rome"))),
        "one text twice": replace(
            plan, operations=(only, Operation("ADD", "n", only.text), Operation("ADD", "m", only.text))
        ),
        "too many": replace(plan, operations=tuple(Operation("ADD", f"n{at}", f"text {at}") for at in range(10_001))),
        "the id of another's call": replace(plan, id=call),
        "an id beyond all": replace(plan, id="x" * 37),
        "no id": replace(plan, id=""),
        "no scope": replace(plan, scope=Scope()),
        "another's scope": replace(plan, scope=Scope("bob")),
        "a scope of numbers": replace(plan, scope=Scope(7)),
        "no messages": replace(plan, messages=()),
        "a message of no role": replace(plan, messages=(replace(said, role="wizard"),)),
        "a message that is not kept so": replace(plan, messages=(replace(said, role="human"),)),
        "metadata of objects": replace(plan, metadata={"x": object()}),
        "metadata of NaN": replace(plan, metadata={"x": float("nan")}),
        "metadata beyond all": replace(plan, metadata={"x": "y" * 100_000}),
        "a naive time": replace(plan, created_at=datetime(2026, 1, 1)),
        "a revision to come": replace(plan, revision=10**6),
        "a revision beyond all": replace(plan, revision=10**30),
        "a revision below 0": replace(plan, revision=-1),
        "a key without its meaning": replace(plan, key="k"),
        "a kind of memory that is none": replace(plan, kind="message"),
        "the key of nobody": replace(plan, key="", digest=""),
    }


CASES = list(tampered(a_plan(Operation("ADD", "a", "b")), MemoryItem(*[None] * 14), ""))


@pytest.mark.parametrize("case", CASES)
def test_a_plan_that_was_tampered_with_touches_nothing(memory: Door, llm: ScriptedLLM, place: Place, case: str) -> None:
    kept(memory)
    bobs = memory.get(kept(memory, "Bob has a secret", **BOB))
    (change,) = memory.history(bobs.id)
    plan = tampered(moves(llm, memory), bobs, change.operation_id)[case]
    before = rows(place)
    with pytest.raises((InvalidInputError, PlanConflictError)) as caught:
        memory.apply(plan)
    assert "secret" not in str(caught.value)
    assert "secret" not in str(getattr(caught.value, "conflicts", ""))
    assert rows(place) == before


# Any order

CHANGES = st.lists(
    st.sampled_from(["update 0", "update 1", "delete 0", "delete 1", "add", "add the same", "other scope", "apply"]),
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    events=st.lists(st.sampled_from(["ADD", "UPDATE", "DELETE", "CONFLICT", "NONE"]), min_size=1, max_size=2),
    changes=CHANGES,
)
def test_whatever_happens_meanwhile_a_plan_is_applied_exactly_or_not_at_all(
    events: list[str], changes: list[str]
) -> None:
    llm = ScriptedLLM()
    with Memory(llm, FakeEmbedder(), ":memory:", clock=ManualClock()) as memory:
        ids = [memory.add(text, infer=False, **ADA).changes[0].memory_id for text in ("Ada likes tea", "Ada has a cat")]
        new = ("Ada plays the harp", "Ada speaks Welsh")
        llm.queue(
            answer(
                *(
                    operation(
                        event, new[at] if event in ("ADD", "UPDATE", "CONFLICT") else "", target=at, quote="forget it"
                    )
                    for at, event in enumerate(events)
                )
            )
        )
        plan = memory.plan("I'm Ada, forget it, I play the harp and speak Welsh, I like tea and have a cat", **ADA)
        applied = None
        for change in changes:
            name, _, number = change.partition(" ")
            if name in ("update", "delete") and number.isdigit():
                if memory.get(ids[int(number)]) is not None:
                    arguments = (f"Ada likes {len(memory.history(ids[0]))} things",) if name == "update" else ()
                    getattr(memory, name)(ids[int(number)], *arguments)
            elif name == "apply":
                applied = applied or _try(memory, plan)
            else:
                text = new[0] if number == "the same" else "Ada collects stamps"
                memory.add(text, infer=False, **(BOB if name == "other" else ADA))
        before = _state(memory)
        had = applied
        applied = applied or _try(memory, plan)
        if applied is None or had is not None:
            assert _state(memory) == before
        if applied is not None:
            assert memory.apply(plan) == applied
            did = [(each.memory_id, each.new_text) for each in applied.changes]
            planned = [op for op in plan.operations if op.event != "NONE"]
            assert did == [(op.memory_id, None if op.event == "DELETE" else op.text) for op in planned]
            for op in plan.operations:
                version = memory.history(op.memory_id)
                if op.event in ("UPDATE", "DELETE"):
                    at = next(change for change in version if change.operation_id == plan.id)
                    assert at.version == op.expected_version + 1


def _try(memory: Memory, plan: Plan) -> Any:
    before = _state(memory)
    try:
        return memory.apply(plan)
    except PlanConflictError as error:
        conflicts = error.conflicts
    assert _state(memory) == before
    assert all(memory.history(change.memory_id, **ADA) for change in conflicts)
    return None


def _state(memory: Memory) -> Any:
    return list(memory.get_all(include_superseded=True, **ADA)), memory.messages(None, **ADA)
