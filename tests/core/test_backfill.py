"""Learning from old conversations: in order of time, resumable, and told beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from memx_core import Budget, InvalidInputError, Message, Scope, ScopeError
from memx_core.moving import Conversation, parcels
from memx_core.testing import ManualClock, ScriptedLLM
from tests.answers import NOTHING, adds, updates
from tests.conftest import Door, MakeDoor
from tests.core.test_importers import CHAT, save

pytestmark = pytest.mark.databases
ADA = {"user_id": "ada"}
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def memory(make: MakeDoor, llm: ScriptedLLM) -> Door:
    return make(llm=llm, background=False)


def at(days: float, text: str, **fields: Any) -> Message:
    return Message("user", text, timestamp=START + timedelta(days=days), **fields)


def long(word: str, tokens: int = 150) -> str:
    return f"I said {word}. " + "lantern " * tokens


def shown(llm: ScriptedLLM, call: int) -> str:
    return llm.prompts[call].rsplit("<messages>", 1)[1]


def test_conversations_are_learned_from_in_the_order_of_time(memory: Door, llm: ScriptedLLM):
    llm.queue(adds("Ada lives in Bergen"), updates(0, "Ada lives in Oslo"))
    later = Conversation("later", (at(30, "I moved to Oslo"),))
    earlier = Conversation("earlier", (at(0, "I'm Ada, I live in Bergen"), Message("assistant", "Nice")))
    report = memory.backfill([later, earlier], progress=False, **ADA)
    assert (report.batches, report.skipped, report.changes, report.messages) == (2, 0, 2, 3)
    assert (report.usage.calls, report.estimate.calls, report.estimate.conversations) == (2, 2, 2)
    (found,) = memory.get_all(**ADA)
    assert (found.text, found.valid_from) == ("Ada lives in Oslo", START + timedelta(days=30))
    assert [change.old_text for change in memory.history(found.id)] == [None, "Ada lives in Bergen"]
    assert [turn.timestamp for turn in memory.messages("earlier", **ADA)] == [START, START]


def test_batches_are_about_as_large_as_asked_and_know_what_came_before(memory: Door, llm: ScriptedLLM):
    llm.queue(*[NOTHING] * 20)
    said = [at(number, long(f"word{number}")) for number in range(6)]
    report = memory.backfill([Conversation("s", tuple(said))], tokens_per_call=500, progress=False, **ADA)
    assert report.batches == len(llm.calls) == 3
    assert "word1" in shown(llm, 0)
    assert "word2" not in shown(llm, 0)
    assert "word1" in llm.prompts[1].rsplit("<messages>", 1)[0]
    assert [turn.content for turn in memory.messages("s", **ADA)] == [message.content for message in said]


def test_run_again_it_asks_no_model_twice(memory: Door, llm: ScriptedLLM):
    given = [Conversation(f"s{number}", (at(number, f"I have {number} cats"),)) for number in range(4)]
    llm.queue(adds("Ada has 0 cats"), adds("Ada has 1 cats"), ConnectionError("down"))
    with pytest.raises(ConnectionError) as error:
        memory.backfill(given, progress=False, **ADA)
    (note,) = [note for note in error.value.__notes__ if "backfill" in note]
    assert "batch 3 of 4" in note
    assert "'s2'" in note
    assert "cats" not in note
    llm.queue(adds("Ada has 2 cats"), adds("Ada has 3 cats"))
    assert memory.backfill(given, dry_run=True, **ADA).done == 3
    report = memory.backfill(given, progress=False, **ADA)
    assert (report.batches, report.skipped) == (1, 3)
    assert len(llm.calls) == 5
    assert "2 cats" in shown(llm, 3)
    assert sorted(item.text for item in memory.get_all(**ADA)) == [f"Ada has {number} cats" for number in range(4)]
    report = memory.backfill(given, progress=False, **ADA)
    assert (report.batches, report.skipped, report.usage.calls) == (0, 4, 0)
    assert memory.backfill(given, dry_run=True, **ADA).calls == 0
    assert len(llm.calls) == 5


def test_another_scope_is_another_run(memory: Door, llm: ScriptedLLM):
    llm.queue(adds("Ada has a cat"), adds("Bob has a cat"))
    given = [[at(0, "I have a cat")]]
    memory.backfill(given, progress=False, **ADA)
    assert memory.scoped(user_id="bob").backfill(given, progress=False).batches == 1
    assert [item.text for item in memory.get_all(user_id="bob")] == ["Bob has a cat"]


def test_an_estimate_comes_without_any_call(memory: Door, llm: ScriptedLLM):
    given = [Conversation("s", (at(0, long("one")), at(1, long("two")), Message("tool", "42"), Message("user", " ")))]
    estimate = memory.backfill(given, dry_run=True, **ADA)
    assert llm.calls == []
    assert (estimate.conversations, estimate.messages, estimate.calls, estimate.done) == (1, 3, 1, 0)
    assert 300 < estimate.tokens < estimate.input_tokens
    llm.queue(NOTHING)
    report = memory.backfill(given, progress=False, **ADA)
    assert report.estimate == estimate
    assert report.usage.input_tokens * 0.5 < estimate.input_tokens < report.usage.input_tokens * 2


def test_a_very_long_turn_costs_as_many_calls_as_estimated(memory: Door, llm: ScriptedLLM):
    given = [[at(0, "We walked to the harbour. " * 700)]]
    estimate = memory.backfill(given, dry_run=True, **ADA)
    assert estimate.calls > 1
    llm.queue(*[NOTHING] * estimate.calls)
    assert memory.backfill(given, progress=False, **ADA).usage.calls == estimate.calls


def test_without_a_model_nothing_is_asked_of_one(make: MakeDoor):
    memory = make(background=False)
    given = [[at(0, "My name is Ada and I live in Oslo.")]]
    assert memory.backfill(given, dry_run=True, **ADA).calls == 0
    assert memory.backfill(given, progress=False, **ADA).changes > 0


def test_progress_is_told(memory: Door, llm: ScriptedLLM):
    llm.queue(NOTHING, NOTHING)
    told: list[tuple[int, int]] = []
    given = [[at(0, "one")], [at(1, "two")]]
    memory.backfill(given, progress=lambda done, total: told.append((done, total)), **ADA)
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_loose_messages_are_gathered_by_their_session(memory: Door, llm: ScriptedLLM):
    llm.queue(NOTHING, NOTHING)

    def stream() -> Iterator[Any]:
        for number in range(3):
            yield {"role": "user", "content": f"a{number}", "session_id": "a", "timestamp": START.isoformat()}
            yield {"role": "user", "content": f"b{number}", "session_id": "b", "timestamp": START.timestamp() + 60}

    report = memory.backfill(stream(), progress=False, **ADA)
    assert (report.batches, report.estimate.conversations) == (2, 2)
    assert [turn.content for turn in memory.messages("a", **ADA)] == ["a0", "a1", "a2"]
    assert "a2" in shown(llm, 0)
    assert "b0" not in shown(llm, 0)


def test_messages_without_a_session_are_one_conversation(memory: Door, llm: ScriptedLLM):
    llm.queue(NOTHING)
    report = memory.backfill(["I have a cat", {"role": "assistant", "content": "Lovely"}], progress=False, **ADA)
    assert (report.batches, report.messages) == (1, 2)


def test_a_conversation_may_be_a_dict(memory: Door, llm: ScriptedLLM):
    llm.queue(NOTHING)
    said = {"session_id": "s", "messages": [{"role": "user", "content": "I have a cat"}]}
    memory.backfill([said], progress=False, **ADA)
    assert len(memory.messages("s", **ADA)) == 1


def test_chatgpt_is_learned_from_by_its_path(memory: Door, llm: ScriptedLLM, tmp_path: Path):
    llm.queue(adds("User lives in Oslo"))
    path = save(tmp_path / "conversations.json", [CHAT])
    memory.load(path, **ADA)
    report = memory.backfill(path, progress=False, **ADA)
    assert (report.batches, report.changes) == (1, 1)
    assert len(memory.messages("c1", **ADA)) == 3
    (found,) = memory.get_all(**ADA)
    assert memory.why(found.id).versions[0].sources[0].message.session_id == "c1"


def test_metadata_and_instructions_are_as_of_add(memory: Door, llm: ScriptedLLM):
    llm.queue(adds("Ada has a cat"))
    memory.backfill([[at(0, "I have a cat")]], metadata={"old": True}, instructions="only pets", progress=False, **ADA)
    assert memory.get_all(**ADA)[0].metadata == {"old": True}
    assert "only pets" in llm.prompts[0]


def test_a_spent_budget_queues_the_rest(make: MakeDoor, llm: ScriptedLLM, clock: ManualClock):
    memory = make(llm=llm, budget=Budget(tokens_per_day=1), background=False)
    llm.queue(NOTHING, NOTHING)
    given = [[at(0, "one")], [at(1, "two")]]
    report = memory.backfill(given, progress=False, **ADA)
    assert report.batches + report.queued == 2
    assert report.queued >= 1
    assert len(memory.pending(**ADA)) == report.queued
    assert memory.backfill(given, progress=False, **ADA).skipped == 2


@pytest.mark.parametrize("given", [None, 7, b"x", [7], [[7]], [[at(0, "x")], object()], Message("user", "x"), {"a": 1}])
def test_what_is_no_conversation_is_refused_before_anything_is_learned(memory: Door, llm: ScriptedLLM, given: Any):
    with pytest.raises(InvalidInputError):
        memory.backfill(given, progress=False, **ADA)
    assert llm.calls == []
    assert memory.get_all(**ADA).items == ()


def test_arguments_are_checked(memory: Door, tmp_path: Path):
    with pytest.raises(ScopeError):
        memory.backfill([])
    for wrong in (0, 50, 2001, 1.5, "many", True):
        with pytest.raises(InvalidInputError):
            memory.backfill([], tokens_per_call=wrong, **ADA)
    with pytest.raises(InvalidInputError):
        memory.backfill([], progress="yes", **ADA)
    with pytest.raises(InvalidInputError):
        memory.backfill(tmp_path / "absent.json", **ADA)
    assert memory.backfill([], progress=False, **ADA).batches == 0


TURN = st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 120), st.none() | st.integers(0, 50))


@for_all(turns=st.lists(TURN, max_size=25), most=st.integers(100, 400))
def test_parcels_keep_every_turn_once_and_in_its_order(turns: list[Any], most: int):
    said = [
        Message("user", f"{n} " + "word " * size, session_id=session, timestamp=_time(time))
        for n, (session, size, time) in enumerate(turns)
    ]
    given = [parcels.Given(Conversation(None, (message,)), goes_on=True) for message in said]
    made = list(parcels.parcels(given, Scope("ada"), most=most))
    for session in ("a", "b"):
        mine = [parcel for parcel in made if parcel.session == session]
        kept = [message.content for parcel in mine for message in parcel.messages]
        assert kept == [message.content for message in said if message.session_id == session]
        positions = [parcel.position for parcel in mine]
        assert positions == [sum(len(each.messages) for each in mine[:at]) for at in range(len(mine))]
    assert all(parcel.tokens <= most or len(parcel.messages) == 1 for parcel in made)
    assert len({parcel.digest for parcel in made}) == len(made)
    again = [parcels.unpacked(parcels.packed(parcel)) for parcel in made]
    assert again == made
    assert list(parcels.parcels(given, Scope("ada"), most=most)) == made


def _time(days: int | None) -> datetime | None:
    return None if days is None else START + timedelta(days=days)


def test_turns_without_a_time_keep_their_place(memory: Door, llm: ScriptedLLM):
    llm.queue(*[NOTHING] * 3)
    middle = Conversation("m", (Message("user", "before"), at(10, "ten"), Message("user", "after")))
    memory.backfill([Conversation("z", (at(20, "twenty"),)), middle], progress=False, **ADA)
    assert "ten" in shown(llm, 0)
    assert {turn.timestamp for turn in memory.messages("m", **ADA)} == {START + timedelta(days=10)}
