"""Looking through a whole database: whose it is, every version, and what conversations led to."""

from __future__ import annotations

import pytest

from memx_core import InvalidInputError, ScopeError
from memx_core.testing import ManualClock, ScriptedLLM
from tests.conftest import Door, MakeDoor


@pytest.mark.databases
def test_owners_come_by_the_page_with_what_is_kept_of_them(memory: Door, make: MakeDoor, clock: ManualClock):
    for name in ("ada", "Ben", "zoë", "a_a"):
        memory.add(f"{name} plays chess", user_id=name, infer=False)
    clock.advance(days=1)
    memory.add("Plays go", user_id="ada", agent_id="bot", infer=False)
    memory.put_messages("monday", "Hello", user_id="turns only", learn=False)
    make(namespace="other").add("Plays dice", user_id="else", infer=False)
    ids = ["Ben", "a_a", "ada", "turns only", "zoë"]
    assert [each.id for each in memory.owners("user")] == ids
    assert [each.id for each in memory.owners("user", limit=2, after="Ben")] == ["a_a", "ada"]
    assert [each.id for each in memory.owners("user", containing="A")] == ["a_a", "ada"]
    assert [each.id for each in memory.owners("user", containing="ë")] == ["zoë"]
    assert [each.id for each in memory.owners("user", containing="_")] == ["a_a"]
    assert memory.owners("user", containing="%") == []
    (ada,) = memory.owners("user", containing="ada")
    assert (ada.kind, ada.memories, ada.messages) == ("user", 2, 2)
    assert (ada.updated_at - ada.created_at).days == 1
    (turns,) = memory.owners("user", containing="turns")
    assert (turns.memories, turns.messages) == (0, 1)
    assert [(each.id, each.memories) for each in memory.owners("agent")] == [("bot", 1)]
    assert [each.id for each in memory.owners("user", agent_id="bot")] == ["ada"]
    assert [each.id for each in memory.scoped(user_id="ada").owners("agent")] == ["bot"]
    assert memory.owners("run") == []


def test_an_owner_stays_in_the_list_until_it_is_erased(memory: Door):
    made = memory.add("Plays chess", user_id="ada", infer=False)
    memory.delete(made.changes[0].memory_id)
    assert [(each.id, each.memories) for each in memory.owners("user")] == [("ada", 0)]
    memory.erase(user_id="ada")
    assert memory.owners("user") == []


def test_there_are_users_agents_and_runs(memory: Door):
    for kind in ("app", "", None, "user_id"):
        with pytest.raises(InvalidInputError):
            memory.owners(kind)


@pytest.mark.databases
def test_versions_shows_all_that_is_kept_by_status_and_words(memory: Door):
    (first,) = memory.add("Lives in Oslo", user_id="ada", infer=False).changes
    memory.update(first.memory_id, "Lives in Bergen")
    (second,) = memory.add("Plays 100% chess", user_id="ada", infer=False).changes
    memory.delete(second.memory_id)
    memory.add("Plays go", user_id="ben", infer=False)

    def shown(**options):
        return [(each.text, each.version, each.status) for each in memory.versions(user_id="ada", **options)]

    everything = shown()
    assert ("Lives in Bergen", 2, "active") in everything
    assert shown(statuses=["active", "conflict"]) == [("Lives in Bergen", 2, "active")]
    assert ("Lives in Oslo", 1, "superseded") in shown(statuses=["superseded"])
    assert [(each.id, each.version) for each in memory.versions(user_id="ada", statuses=["deleted"])] == [
        (second.memory_id, 2)
    ]
    assert shown(containing="lives IN") == [("Lives in Bergen", 2, "active"), ("Lives in Oslo", 1, "superseded")]
    assert {text for text, *_ in shown(containing="%")} == {"Plays 100% chess"}
    page = memory.scoped(user_id="ada").versions(limit=1)
    walked = list(page)
    while page.next_cursor is not None:
        page = memory.versions(user_id="ada", limit=1, cursor=page.next_cursor)
        walked += page
    assert [(each.text, each.version, each.status) for each in walked] == everything
    assert len(everything) == 4


def test_versions_wants_an_owner_and_statuses_that_exist(memory: Door):
    with pytest.raises(ScopeError):
        memory.versions()
    for statuses in ("active", ["gone"], None, 1):
        with pytest.raises(InvalidInputError):
            memory.versions(user_id="ada", statuses=statuses)


@pytest.mark.databases
def test_learned_tells_which_words_of_a_conversation_led_to_what(memory: Door, llm: ScriptedLLM):
    memory.add("I live in Oslo. 🚲 I ride a bike.", user_id="ada", session_id="monday", infer=False)
    memory.add("Something else", user_id="ada", session_id="tuesday", infer=False)
    memory.add("Of another", user_id="ben", session_id="monday", infer=False)
    (told,) = memory.learned("monday", user_id="ada")
    (turn,) = memory.messages("monday", user_id="ada")
    assert told.message_id == turn.id
    assert turn.content[told.start : told.end] == told.quote
    assert (told.text, told.version, told.status) == (turn.content, 1, "active")
    assert memory.scoped(user_id="ada").learned("monday") == [told]
    memory.delete(told.memory_id)
    assert [each.status for each in memory.learned("monday", user_id="ada")] == ["superseded"]
    assert memory.learned(None, user_id="ada") == []
    assert memory.learned("wednesday", user_id="ada") == []


def test_what_was_taken_back_was_not_learned(memory: Door):
    made = memory.add("I live in Oslo", user_id="ada", session_id="monday", infer=False)
    memory.undo(made.operation_id)
    assert memory.learned("monday", user_id="ada") == []
