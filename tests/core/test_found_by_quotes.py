"""A memory is found by the words that it rests on too, for as long as those may be known."""

from __future__ import annotations

import pytest

from memx_core import Message, Scope
from memx_core.testing import ManualClock, PushedIndex, ScriptedLLM
from tests.answers import adds, answer, operation, updates
from tests.conftest import Door, MakeDoor

pytestmark = pytest.mark.databases
ADA = {"user_id": "ada"}
SAID = "I am Ada, and for the lanterns by the fjord I live in Oslo"


@pytest.fixture
def told() -> PushedIndex:
    return PushedIndex(lambda: None)


@pytest.fixture
def memory(make: MakeDoor, llm: ScriptedLLM) -> Door:
    """It knows one fact, and was searched: what its index holds has to be brought up to date from now on."""
    memory = make(llm=llm)
    llm.queue(adds("Ada lives in Oslo"))
    memory.add(Message("user", SAID), session_id="s", **ADA)
    assert found(memory, "lanterns") == ["Ada lives in Oslo"]
    return memory


def found(memory: Door, query: str) -> list[str]:
    """Texts of the memories that have a word of the query, or rest on one."""
    hits = memory.search(query, explain=True, **ADA)
    return sorted(hit.memory.text for hit in hits if hit.explain.words)


def agreed(memory: Door, make: MakeDoor, query: str) -> list[str]:
    """What is found, by an index that has heard of each change and by one that reads all anew."""
    heard = found(memory, query)
    assert heard == found(make(), query)
    return heard


def test_words_that_are_blanked_find_nothing_any_more(memory: Door, make: MakeDoor) -> None:
    memory.clear_messages("s", **ADA)
    assert agreed(memory, make, "lanterns by the fjord") == []
    assert agreed(memory, make, "Oslo") == ["Ada lives in Oslo"]


def test_a_text_that_is_changed_is_found_by_its_own_words(memory: Door, make: MakeDoor) -> None:
    (item,) = memory.get_all(**ADA)
    memory.update(item.id, metadata={"seen": True})
    assert agreed(memory, make, "lanterns") == ["Ada lives in Oslo"]
    memory.update(item.id, "Ada lives in Bergen")
    assert agreed(memory, make, "lanterns") == []
    memory.revert(item.id, to=1)
    assert agreed(memory, make, "lanterns") == ["Ada lives in Oslo"]


def test_words_that_confirm_a_memory_find_it_where_it_had_none(memory: Door, make: MakeDoor, llm: ScriptedLLM) -> None:
    (item,) = memory.get_all(**ADA)
    memory.update(item.id, "Ada lives in Bergen")
    assert agreed(memory, make, "seven hills") == []
    llm.queue(answer(operation("NONE", "Ada lives in Bergen", target=0)))
    memory.add("Home is between the seven hills, in Bergen", **ADA)
    assert agreed(memory, make, "seven hills") == ["Ada lives in Bergen"]


def test_words_of_what_was_taken_back_find_nothing_else(make: MakeDoor, llm: ScriptedLLM) -> None:
    memory = make(llm=llm)
    llm.queue(adds("Ada has a dog", "Ada plays chess"))
    memory.add("My dog watches me play chess", **ADA)
    assert found(memory, "chess") == ["Ada has a dog", "Ada plays chess"]
    taken = next(item for item in memory.get_all(**ADA) if item.text == "Ada plays chess")
    memory.delete(taken.id)
    assert agreed(memory, make, "chess") == []
    memory.revert(taken.id, to=1)
    assert "Ada plays chess" in agreed(memory, make, "chess")


def test_an_undone_update_is_found_as_before(memory: Door, make: MakeDoor, llm: ScriptedLLM) -> None:
    llm.queue(updates(0, "Ada lives in Bergen"))
    moved = memory.add("Rain on seven hills: we are in Bergen", **ADA)
    assert (agreed(memory, make, "lanterns"), agreed(memory, make, "hills")) == ([], ["Ada lives in Bergen"])
    memory.undo(moved.operation_id)
    assert (agreed(memory, make, "lanterns"), agreed(memory, make, "hills")) == (["Ada lives in Oslo"], [])


def test_the_past_is_found_by_what_was_said_then(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    (item,) = memory.get_all(**ADA)
    clock.advance(days=1)
    llm.queue(updates(0, "Ada lives in Bergen"))
    memory.add("Rain on seven hills: we are in Bergen", **ADA)
    (hit,) = memory.search("lanterns", known_at=item.created_at, explain=True, **ADA)
    assert hit.memory.text == "Ada lives in Oslo"
    assert hit.explain.words


@pytest.mark.parametrize("removal", ["clear_messages", "erase"])
def test_an_index_that_is_told_keeps_none_of_the_words(
    make: MakeDoor, llm: ScriptedLLM, told: PushedIndex, removal: str
) -> None:
    memory = make(llm=llm, index=told)
    llm.queue(adds("Ada lives in Oslo"))
    memory.add(Message("user", SAID), session_id="s", **ADA)
    assert "lanterns" in held(told)
    _ = memory.clear_messages("s", **ADA) if removal == "clear_messages" else memory.erase(**ADA)
    assert "lanterns" not in held(told)
    assert ("Oslo" in held(told)) == (removal == "clear_messages")


def held(told: PushedIndex) -> str:
    return " ".join(entry.text for entry in told._told.entries("default", Scope(), since=0)[0])
