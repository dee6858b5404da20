"""add, update, delete and what remains of them, through the public names, in both colours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memx_core import ExtractionError, InvalidInputError, MemoryNotFoundError, ScopeError
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.answers import NOTHING, adds, answer, deletes, operation, updates
from tests.conftest import Door, MakeDoor

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}


def texts(door: Door, **ids: str) -> set[str]:
    return {item.text for item in door.get_all(**(ids or ADA))}


def test_a_fact_can_be_added_changed_found_listed_and_traced(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Bergen"))
    (change,) = memory.add("I live in Bergen. I'm Ada.", **ADA).changes
    updated = memory.update(change.memory_id, "Ada lives in Oslo", **ADA)

    assert (updated.id, updated.version, updated.text) == (change.memory_id, 2, "Ada lives in Oslo")
    assert memory.get(change.memory_id) == updated
    assert [hit.memory for hit in memory.search("where does she live?", **ADA)] == [updated]
    assert list(memory.get_all(**ADA)) == [updated]
    first, second = memory.history(change.memory_id, **ADA)
    assert (first.event, first.old_text, first.new_text, first.version) == ("ADD", None, "Ada lives in Bergen", 1)
    assert (second.event, second.old_text, second.new_text) == ("UPDATE", "Ada lives in Bergen", "Ada lives in Oslo")
    assert second.actor == "user"


def test_the_model_supersedes_what_is_no_longer_true(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Bergen"), updates(0, "Ada lives in Oslo"))
    memory.add("I'm Ada and I live in Bergen", **ADA)
    (change,) = memory.add("I moved to Oslo", **ADA).changes

    assert (change.event, change.old_text, change.new_text) == ("UPDATE", "Ada lives in Bergen", "Ada lives in Oslo")
    assert texts(memory) == {"Ada lives in Oslo"}
    old, new = memory.get_all(**ADA, include_superseded=True)[::-1]
    assert (old.status, old.version, old.text) == ("superseded", 1, "Ada lives in Bergen")
    assert old.valid_to == new.valid_from
    assert new.valid_to is None


def test_a_call_asks_the_model_once_and_the_embedder_twice(make: MakeDoor, llm: ScriptedLLM) -> None:
    embedder = FakeEmbedder()
    llm.queue(adds("Ada lives in Oslo", "Ada has a cat"))
    result = make(llm=llm, embedder=embedder).add(
        [
            {"role": "user", "content": "I'm Ada, I live in Oslo and have a cat"},
            {"role": "assistant", "content": "Nice!"},
        ],
        **ADA,
    )
    assert len(llm.calls) == 1
    assert len(embedder.calls) == 2
    assert (result.usage.calls, result.usage.embedding_calls) == (1, 2)
    assert result.usage.input_tokens > 0


def test_each_colour_uses_its_own_colour_of_the_providers(make: MakeDoor, llm: ScriptedLLM, colour: str) -> None:
    embedder = FakeEmbedder()
    door = make(llm=llm, embedder=embedder)
    llm.queue(adds("Ada lives in Oslo"))
    door.add("I'm Ada from Oslo", **ADA)
    door.search("Oslo", **ADA)
    assert set(llm.colours) == set(embedder.colours) == {colour}


def test_a_deleted_memory_is_gone_but_its_history_stays(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"))
    (change,) = memory.add("I'm Ada, I live in Oslo", **ADA).changes
    memory.delete(change.memory_id, reason="asked to", **ADA)

    assert memory.get(change.memory_id) is None
    assert memory.search("Oslo", **ADA) == []
    assert len(memory.get_all(**ADA)) == 0
    last = memory.history(change.memory_id, **ADA)[-1]
    assert (last.event, last.old_text, last.new_text, last.reason) == ("DELETE", "Ada lives in Oslo", None, "asked to")
    with pytest.raises(MemoryNotFoundError):
        memory.delete(change.memory_id, **ADA)
    with pytest.raises(MemoryNotFoundError):
        memory.update(change.memory_id, "Ada lives in Rome", **ADA)


def test_what_was_deleted_can_be_learned_again(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"), adds("Ada lives in Oslo"))
    (first,) = memory.add("I'm Ada, I live in Oslo", **ADA).changes
    memory.delete(first.memory_id)
    (second,) = memory.add("I'm Ada, I live in Oslo", **ADA).changes
    assert second.memory_id != first.memory_id
    assert texts(memory) == {"Ada lives in Oslo"}


def test_the_user_retracts_with_their_own_words(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada has a cat"), deletes(0, "forget about the cat"))
    memory.add("I'm Ada and I have a cat", **ADA)
    (change,) = memory.add("Please forget about the cat.", **ADA).changes
    assert change.event == "DELETE"
    assert texts(memory) == set()


def test_saying_it_again_makes_no_second_memory(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"), adds("ada lives in  Oslo."), adds("Ada lives in Oslo"))
    for _ in range(3):
        result = memory.add("I'm Ada, I live in Oslo", **ADA)
    assert result.changes == ()
    assert len(memory.get_all(**ADA)) == 1


def test_two_scopes_never_meet(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"), adds("Ada lives in Oslo"))
    memory.add("I'm Ada, I live in Oslo", **ADA)
    (theirs,) = memory.add("I'm Ada, I live in Oslo", user_id="*").changes

    assert len(memory.get_all(user_id="*")) == 1
    assert [hit.memory.id for hit in memory.search("Oslo", user_id="*")] == [theirs.memory_id]
    assert memory.get(theirs.memory_id, **ADA) is None
    with pytest.raises(MemoryNotFoundError):
        memory.delete(theirs.memory_id, **ADA)
    with pytest.raises(MemoryNotFoundError):
        memory.history(theirs.memory_id, **ADA)
    assert memory.delete_all(user_id="*") == 1
    assert texts(memory) == {"Ada lives in Oslo"}


def test_ids_that_are_not_given_are_open_and_reconciliation_keeps_to_the_address(
    memory: Door, llm: ScriptedLLM
) -> None:
    llm.queue(adds("Ada lives in Oslo"), adds("Ada lives in Oslo"))
    memory.add("I'm Ada, I live in Oslo", user_id="ada", agent_id="chef")
    memory.add("I'm Ada, I live in Oslo", **ADA)

    assert len(memory.get_all(**ADA)) == 2
    assert len(memory.get_all(agent_id="chef")) == 1
    assert len(memory.search("Oslo", user_id="ada", agent_id="chef")) == 1
    assert len(memory.search("Oslo", **ADA)) == 2


def test_a_scoped_memory_has_the_same_methods_with_its_scope_fixed(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"), adds("Bob lives in Rome"))
    ada, bob = memory.scoped(user_id="ada"), memory.scoped(user_id="bob")
    (mine,) = ada.add("I'm Ada, I live in Oslo").changes
    bob.add("I'm Bob, I live in Rome")

    assert [item.text for item in ada.get_all()] == ["Ada lives in Oslo"]
    assert bob.get(mine.memory_id) is None
    with pytest.raises(MemoryNotFoundError):
        bob.update(mine.memory_id, "Ada lives in Rome")
    with pytest.raises(TypeError):
        bob.search("Oslo", user_id="ada")
    assert ada.update(mine.memory_id, metadata={"sure": True}).metadata == {"sure": True}
    assert ada.delete_all() == 1
    assert len(bob.get_all()) == 1


def test_verbatim_memories_need_no_model(memory: Door, llm: ScriptedLLM) -> None:
    said = [
        {"role": "system", "content": "You are a cook."},
        {"role": "user", "content": "No olives, please."},
        {"role": "assistant", "content": "Noted."},
    ]
    result = memory.add(said, infer=False, metadata={"source": "menu"}, **ADA)
    assert llm.calls == []
    assert [change.new_text for change in result.changes] == ["No olives, please.", "Noted."]
    (hit, *_) = memory.search("olives", **ADA)
    assert (hit.memory.kind, hit.memory.metadata) == ("verbatim", {"source": "menu"})


def test_metadata_and_expiry_travel_with_the_memory(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    llm.queue(adds("Ada is in Rome"))
    until = clock() + timedelta(days=2)
    (change,) = memory.add("I'm Ada, I'm in Rome", metadata={"trip": 7}, expires_at=until, **ADA).changes
    item = memory.get(change.memory_id)
    assert (item.metadata, item.expires_at) == ({"trip": 7}, until)

    assert memory.update(change.memory_id, expires_at=None).expires_at is None
    assert memory.update(change.memory_id, expires_at=until).metadata == {"trip": 7}
    clock.advance(days=3)
    assert memory.get(change.memory_id) is None
    assert memory.search("Rome", **ADA) == []
    assert len(memory.get_all(**ADA)) == 0


def test_an_update_of_metadata_embeds_nothing_and_stays_findable(make: MakeDoor, llm: ScriptedLLM) -> None:
    embedder = FakeEmbedder()
    door = make(llm=llm, embedder=embedder)
    llm.queue(adds("Ada lives in Oslo"))
    (change,) = door.add("I'm Ada, I live in Oslo", **ADA).changes
    before = len(embedder.calls)
    item = door.update(change.memory_id, metadata={"created_at": "1999"})
    assert len(embedder.calls) == before
    assert item.created_at.year != 1999
    (hit,) = door.search("Ada lives in Oslo", explain=True, **ADA)
    assert hit.explain.dense == pytest.approx(1.0, abs=1e-3)


def test_an_update_to_the_same_text_is_a_version_that_is_found(memory: Door) -> None:
    id = memory.add("Ada lives in Oslo", infer=False, **ADA).changes[0].memory_id
    assert memory.update(id, "Ada lives in Oslo", metadata={"checked": True}).version == 2
    (hit,) = memory.search("Where is Oslo?", explain=True, **ADA)
    assert (hit.memory.version, hit.explain is not None and hit.explain.dense is not None) == (2, True)


def test_the_time_of_a_memory_is_when_it_was_said(memory: Door, llm: ScriptedLLM) -> None:
    said = datetime(2023, 5, 8, 12, tzinfo=UTC)
    llm.queue(adds("Ada moved to Berlin last month"), adds("Ada has a cat"))
    (change,) = memory.add("I'm Ada. I moved to Berlin last month", timestamp=said, **ADA).changes
    item = memory.get(change.memory_id)
    assert item.said_at == said
    assert item.when is not None
    assert (item.when.start, item.when.precision) == (datetime(2023, 4, 1, tzinfo=UTC), "month")
    assert item.when.phrase == "last month"
    assert item.valid_from == said
    own = {"role": "user", "content": "I'm Ada, I have a cat", "timestamp": "2022-01-01T00:00:00+00:00"}
    (change,) = memory.add(own, timestamp=said, **ADA).changes
    assert memory.get(change.memory_id).said_at == datetime(2022, 1, 1, tzinfo=UTC)


def test_a_time_that_the_model_names_says_since_when_it_is_true(memory: Door, llm: ScriptedLLM) -> None:
    said = datetime(2023, 5, 8, 12, tzinfo=UTC)
    llm.queue(adds("Ada lives in Berlin", when="last month"), adds("Ada will see Rome in June", when="in June"))
    (past,) = memory.add("I'm Ada. I moved to Berlin last month", timestamp=said, **ADA).changes
    assert memory.get(past.memory_id).valid_from == datetime(2023, 4, 1, tzinfo=UTC)
    (future,) = memory.add("I'm Ada and will see Rome in June", timestamp=said, **ADA).changes
    assert memory.get(future.memory_id).valid_from == said


def test_an_older_contradiction_is_kept_as_ended(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"), updates(0, "Ada lives in Bergen"), updates(0, "Ada lives in Rome"))
    (change,) = memory.add("I'm Ada, I live in Oslo", timestamp=datetime(2024, 1, 1, tzinfo=UTC), **ADA).changes
    memory.add("I'm Ada, I live in Bergen", timestamp=datetime(2020, 1, 1, tzinfo=UTC), **ADA)

    assert memory.get(change.memory_id).text == "Ada lives in Oslo"
    newest, *older = memory.get_all(include_superseded=True, **ADA)
    ended = newest if newest.status == "superseded" else older[0]
    assert (ended.text, ended.valid_to) == ("Ada lives in Bergen", datetime(2024, 1, 1, tzinfo=UTC))
    memory.add("I'm Ada, I live in Rome", timestamp=datetime(2025, 1, 1, tzinfo=UTC), **ADA)
    assert memory.get(change.memory_id).text == "Ada lives in Rome"
    assert [change.version for change in memory.history(change.memory_id)] == [1, 2, 3]


def test_a_contradiction_that_time_cannot_order_flags_both(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada is 40"), answer(operation("CONFLICT", "Ada is 41", target=0)), updates(0, "Ada is 42"))
    memory.add("I'm Ada, I'm 40", **ADA)
    memory.add("I'm Ada, I'm 41", **ADA)
    assert {item.text: item.status for item in memory.get_all(**ADA)} == {
        "Ada is 40": "conflict",
        "Ada is 41": "conflict",
    }
    memory.add("I'm 42, says Ada", **ADA)
    assert {item.text: item.status for item in memory.get_all(**ADA)} == {"Ada is 42": "active", "Ada is 41": "active"}


def test_an_unusable_answer_is_repaired_once(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue("I think we should remember that", adds("Ada lives in Oslo"))
    result = memory.add("I'm Ada, I live in Oslo", **ADA)
    assert result.usage.calls == 2
    assert texts(memory) == {"Ada lives in Oslo"}


def test_messages_survive_a_model_that_fails(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue("no", "still no", TimeoutError("busy"), adds("Ada lives in Oslo"), adds("Ada has a cat"))
    with pytest.raises(ExtractionError):
        memory.add("I'm Ada, I live in Oslo", session_id="s", **ADA)
    with pytest.raises(TimeoutError):
        memory.add("I'm Ada, I have a cat", session_id="s", **ADA)

    assert [message.content for message in memory.messages("s", **ADA)] == [
        "I'm Ada, I live in Oslo",
        "I'm Ada, I have a cat",
    ]
    (hit, *_) = memory.search("cat", include_messages=True, **ADA)
    assert hit.memory.kind == "message"
    assert len(memory.pending(**ADA)) == 2
    assert len(memory.pending(user_id="bob")) == 0
    memory.flush()
    assert memory.pending() == []
    assert texts(memory) == {"Ada lives in Oslo", "Ada has a cat"}


def test_a_job_that_fails_stays_with_its_error(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(TimeoutError("busy"), adds("Ada has a cat"))
    memory.add("I'm Ada, I have a dog", wait=False, session_id="dogs", **ADA)
    memory.add("I'm Ada, I have a cat", wait=False, session_id="cats", **ADA)
    with pytest.raises(TimeoutError):
        memory.flush()
    (job,) = memory.pending()
    assert (job.attempts, job.status) == (1, "queued")
    assert "busy" in job.error
    assert texts(memory) == {"Ada has a cat"}


def test_messages_survive_an_embedder_that_fails(make: MakeDoor, llm: ScriptedLLM) -> None:
    door = make(llm=llm, embedder=FakeEmbedder(fail_on=[1]))
    with pytest.raises(ConnectionError):
        door.add("I'm Ada, I live in Oslo", **ADA)
    llm.queue(adds("Ada lives in Oslo"))
    door.flush()
    assert texts(door) == {"Ada lives in Oslo"}


def test_a_key_makes_a_call_happen_once(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"))
    first = memory.add("I'm Ada, I live in Oslo", key="turn-1", **ADA)
    second = memory.add("I'm Ada, I live in Oslo", key="turn-1", **ADA)
    assert second == first
    assert len(memory.messages(None, **ADA)) == 1
    with pytest.raises(InvalidInputError, match="turn-1"):
        memory.add("Something else", key="turn-1", **ADA)
    llm.queue(NOTHING)
    memory.add("I'm Bob", key="turn-1", user_id="bob")


def test_an_update_to_what_another_memory_says_keeps_both(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo", "Ada has a cat"))
    first, second = memory.add("I'm Ada, I live in Oslo and have a cat", **ADA).changes
    memory.update(second.memory_id, "Ada lives in Oslo")
    assert [item.text for item in memory.get_all(**ADA)] == ["Ada lives in Oslo"] * 2
    memory.delete(first.memory_id)
    assert texts(memory) == {"Ada lives in Oslo"}


def test_a_plan_may_trade_the_texts_of_two_memories(memory: Door, llm: ScriptedLLM) -> None:
    said = "I'm Ada; Rex is the dog and Tom is the cat"
    llm.queue(
        adds("Rex is the dog", "Tom is the cat"),
        answer(operation("UPDATE", "Tom is the cat", target=0), operation("UPDATE", "Rex is the dog", target=1)),
    )
    memory.add(said, **ADA)
    memory.add(said, **ADA)
    assert texts(memory) == {"Rex is the dog", "Tom is the cat"}


def test_pages_go_from_the_newest_to_the_oldest(memory: Door) -> None:
    for number in range(7):
        memory.add(f"note {number}", infer=False, **ADA)
    seen: list[str] = []
    cursor = None
    while True:
        page = memory.get_all(limit=3, cursor=cursor, **ADA)
        seen += [item.text for item in page]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"note {number}" for number in range(6, -1, -1)]


def test_filters_narrow_what_is_listed_and_found(memory: Door) -> None:
    for number in range(5):
        memory.add(f"note {number}", infer=False, metadata={"n": number, "user_id": "bob"}, **ADA)
    big = {"n": {"gte": 3}}
    assert {item.text for item in memory.get_all(filters=big, **ADA)} == {"note 3", "note 4"}
    assert {hit.memory.text for hit in memory.search("note", filters=big, **ADA)} == {"note 3", "note 4"}
    assert memory.search("note", filters={"user_id": "bob"}, user_id="bob") == []


def test_reset_empties_one_namespace_for_good(make: MakeDoor) -> None:
    mine, theirs = make(namespace="mine"), make(namespace="theirs")
    for door in (mine, theirs):
        door.add("a secret", infer=False, session_id="s", **ADA)
    mine.reset()
    assert len(mine.get_all(**ADA)) == 0
    assert mine.messages("s", **ADA) == []
    assert mine.search("secret", include_messages=True, **ADA) == []
    assert len(theirs.get_all(**ADA)) == 1
    mine.add("another", infer=False, **ADA)
    assert [hit.memory.text for hit in mine.search("another", **ADA)] == ["another"]


@pytest.mark.parametrize("method", ["add", "search", "recall"])
def test_a_call_without_a_scope_is_refused(memory: Door, method: str) -> None:
    with pytest.raises(ScopeError, match="user_id"):
        getattr(memory, method)("hello")
    with pytest.raises(ScopeError):
        memory.get_all()
    with pytest.raises(ScopeError):
        memory.delete_all()


def test_nothing_is_written_when_the_input_is_refused(memory: Door, llm: ScriptedLLM) -> None:
    with pytest.raises(InvalidInputError):
        memory.add([{"role": "user", "content": "fine"}, 7], **ADA)
    with pytest.raises(InvalidInputError):
        memory.add("fine", metadata={"x": float("nan")}, **ADA)
    assert llm.calls == []
    assert memory.messages(None, **ADA) == []


def test_the_clock_may_go_back(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    llm.queue(adds("Ada lives in Oslo"))
    (change,) = memory.add("I'm Ada, I live in Oslo", **ADA).changes
    clock.advance(days=-400)
    item = memory.update(change.memory_id, "Ada lives in Rome")
    assert item.text == "Ada lives in Rome"
    assert item.valid_to is None
    assert [hit.memory.text for hit in memory.search("Ada", **ADA)] == ["Ada lives in Rome"]


def test_the_revision_of_a_scope_is_another_one_after_each_change_of_its_memories(memory: Door) -> None:
    ids = {"user_id": "ada"}
    seen = [memory.revision(**ids)]
    (added,) = memory.add("Ada lives in Oslo", infer=False, **ids).changes
    seen.append(memory.revision(**ids))
    memory.update(added.memory_id, "Ada lives in Rome", **ids)
    seen.append(memory.revision(**ids))
    memory.delete(added.memory_id, **ids)
    seen.append(memory.scoped(**ids).revision())
    memory.erase(**ids)
    seen.append(memory.revision(**ids))
    assert len(set(seen[:4])) == 4
    assert seen[4] != seen[3]
    memory.put_messages("s", "Hello", learn=False, **ids)
    memory.add("Bob lives in Rome", infer=False, user_id="bob")
    assert memory.revision(**ids) == seen[4]
