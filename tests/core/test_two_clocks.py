"""What was believed at one moment, what was true at another, and what changed between two."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from memx_core import InvalidInputError, ScopeError
from memx_core.testing import ManualClock, ScriptedLLM
from tests.answers import NOTHING, adds, answer, deletes, operation, updates
from tests.conftest import Door, MakeDoor

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}


def said(memory: Door, text: str, llm: ScriptedLLM, reply: dict[str, Any], **options: Any) -> str:
    """The id of the memory that this turn brings or changes."""
    llm.queue(reply)
    (change, *_) = memory.add(text, **{**ADA, **options}).changes
    return str(change.memory_id)


def moved(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> tuple[str, datetime, datetime]:
    """A memory of a home that changed, and the moments of both homes."""
    first = clock()
    id = said(memory, "I'm Ada, I live in Oslo", llm, adds("Ada lives in Oslo", slot="home"))
    second = clock.advance(days=30)
    said(memory, "I live in Bergen now", llm, updates(0, "Ada lives in Bergen", slot="home"))
    clock.advance(days=30)
    return id, first, second


def texts(memory: Door, query: str = "Where is home?", **options: Any) -> list[str]:
    return [hit.memory.text for hit in memory.search(query, **{**ADA, **options})]


def test_what_was_true_then_is_found_although_it_is_superseded(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    id, first, second = moved(memory, llm, clock)
    before = second - timedelta(days=1)
    assert texts(memory) == ["Ada lives in Bergen"]
    assert texts(memory, as_of=before) == ["Ada lives in Oslo"]
    assert texts(memory, "Oslo", as_of=before, threshold=0.3) == ["Ada lives in Oslo"]  # by its words
    assert texts(memory, as_of=second) == ["Ada lives in Bergen"]
    assert texts(memory, as_of=first - timedelta(seconds=1)) == []
    (item,) = memory.get_all(**ADA, as_of=before)
    assert (item.version, item.status, item.valid_from, item.valid_to) == (1, "superseded", first, second)
    assert memory.get(id, as_of=before) == item
    assert memory.scoped(user_id="ada").get(id, as_of=before) == item
    assert memory.get(id, as_of=before, user_id="bob") is None


def test_what_was_believed_then_is_shown_as_it_was(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, second = moved(memory, llm, clock)
    (item,) = memory.get_all(**ADA, known_at=second - timedelta(microseconds=1))
    assert (item.text, item.status, item.valid_to) == ("Ada lives in Oslo", "active", None)
    assert memory.get(id, known_at=first) == item
    assert memory.get(id, known_at=second) == memory.get(id)
    assert memory.get(id, known_at=first - timedelta(microseconds=1)) is None
    assert texts(memory, known_at=first) == ["Ada lives in Oslo"]
    assert "Bergen" not in str(memory.recall("home", **ADA, known_at=first))


def test_both_clocks_tell_what_was_believed_at_one_moment_about_another(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    id, first, second = moved(memory, llm, clock)
    assert texts(memory, known_at=first, as_of=second) == ["Ada lives in Oslo"]  # nobody knew of the move yet
    assert texts(memory, known_at=second, as_of=first) == ["Ada lives in Oslo"]
    (unaware,) = memory.get_all(**ADA, known_at=first, as_of=first)
    (aware,) = memory.get_all(**ADA, as_of=first)
    assert (unaware.valid_to, unaware.status) == (None, "active")
    assert (aware.valid_to, aware.status) == (second, "superseded")
    assert memory.get(id, known_at=first - timedelta(days=1), as_of=second) is None


def test_a_fact_that_came_too_late_is_found_where_it_was_true(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    id = said(memory, "I'm Ada and live in Bergen", llm, adds("Ada lives in Bergen"))
    now = clock()
    earlier = now - timedelta(days=100)
    clock.advance(days=1)
    said(memory, "Ada: I live in Oslo", llm, updates(0, "Ada lives in Oslo"), timestamp=earlier)
    assert texts(memory) == ["Ada lives in Bergen"]
    assert texts(memory, as_of=earlier + timedelta(days=1)) == ["Ada lives in Oslo"]
    assert texts(memory, as_of=earlier + timedelta(days=1), known_at=now) == []
    item = memory.get(id, as_of=earlier)
    assert (item.version, item.valid_from, item.valid_to) == (2, earlier, now)
    (first, late) = memory.history(id)
    assert (first.ended, late.ended) == (False, True)
    assert memory.diff(earlier, **ADA) == [first, late]


def test_a_deleted_memory_is_known_only_before_its_deletion(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id = said(memory, "I'm Ada, I have a cat", llm, adds("Ada has a cat"))
    there = clock()
    deleted = clock.advance(days=1)
    memory.delete(id)
    clock.advance(days=1)
    assert texts(memory, as_of=there) == []
    assert memory.get(id, as_of=there) is None
    assert memory.get(id, known_at=deleted) is None
    assert texts(memory, known_at=there) == ["Ada has a cat"]
    assert texts(memory, known_at=there, as_of=there) == ["Ada has a cat"]
    assert memory.get(id, known_at=there).status == "active"


def test_a_version_is_told_by_its_number_whatever_became_of_it(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    id, _, _ = moved(memory, llm, clock)
    memory.delete(id)
    versions = [memory.get(id, version=number) for number in (1, 2, 3)]
    assert [(item.text, item.status) for item in versions] == [
        ("Ada lives in Oslo", "superseded"),
        ("Ada lives in Bergen", "superseded"),
        ("", "deleted"),
    ]
    assert memory.get(id, version=4) is None
    assert memory.get(id, version=1, user_id="bob") is None
    assert memory.get("unknown", version=1) is None
    for wrong in (0, -1, True, "1", 1.0, 2**70):
        with pytest.raises(InvalidInputError, match="version"):
            memory.get(id, version=wrong)
    for when in ("known_at", "as_of"):
        with pytest.raises(InvalidInputError, match="version"):
            memory.get(id, version=1, **{when: clock()})


def test_superseded_versions_are_listed_as_they_were_known(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, second = moved(memory, llm, clock)
    third = clock()
    memory.update(id, "Ada lives in Rome")
    clock.advance(days=1)

    def listed(known_at: datetime) -> list[tuple[str, str]]:
        page = memory.get_all(**ADA, include_superseded=True, known_at=known_at)
        return [(item.text, item.status) for item in page]

    bergen, oslo = "Ada lives in Bergen", "Ada lives in Oslo"
    assert listed(first) == [(oslo, "active")]
    assert listed(second) == [(bergen, "active"), (oslo, "superseded")]
    assert listed(third) == [("Ada lives in Rome", "active"), (bergen, "superseded"), (oslo, "superseded")]
    memory.delete(id)
    clock.advance(days=1)
    assert listed(second) == [(bergen, "active"), (oslo, "superseded")]
    assert listed(clock()) == []
    with pytest.raises(InvalidInputError, match="include_superseded"):
        memory.get_all(**ADA, include_superseded=True, as_of=first)


def test_a_conflict_is_shown_for_as_long_as_it_was_open(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    old = said(memory, "I'm Ada, my code is 1234", llm, adds("Ada's code is 1234"))
    alone = clock()
    clock.advance(days=1)
    new = said(memory, "Or is my code 9876?", llm, answer(operation("CONFLICT", "Ada's code is 9876", target=0)))
    doubted = clock()
    clock.advance(days=1)
    memory.delete(new)
    clock.advance(days=1)
    assert [memory.get(id, known_at=doubted).status for id in (old, new)] == ["conflict", "conflict"]
    assert memory.get(old, known_at=alone).status == memory.get(old).status == "active"
    block = str(memory.recall("code", **ADA, known_at=doubted, include_messages=False))
    assert block.count("in conflict") == 2
    assert "in conflict" not in str(memory.recall("code", **ADA, known_at=alone, include_messages=False))


def test_what_had_expired_by_then_was_not_known(memory: Door, clock: ManualClock) -> None:
    start = clock()
    memory.add("The parking code is 42", infer=False, expires_at=start + timedelta(days=1), **ADA)
    clock.advance(days=3)
    assert texts(memory) == []
    assert texts(memory, known_at=start + timedelta(hours=23)) == ["The parking code is 42"]
    assert texts(memory, known_at=start + timedelta(hours=24)) == []
    assert texts(memory, as_of=start) == []
    assert texts(memory, as_of=start, known_at=start) == ["The parking code is 42"]


def test_a_version_that_expired_is_not_shown_where_it_was_true(memory: Door, clock: ManualClock) -> None:
    start = clock()
    friday, sunday = start + timedelta(days=5), start + timedelta(days=7)
    (change,) = memory.add("On holiday until Friday", infer=False, expires_at=friday, **ADA).changes
    clock.advance(days=3)
    memory.update(change.memory_id, "On holiday until Sunday", expires_at=sunday)
    assert texts(memory, as_of=start) == ["On holiday until Friday"]
    clock.advance(days=3)
    assert texts(memory, as_of=start) == []
    assert texts(memory, as_of=clock()) == ["On holiday until Sunday"]
    assert texts(memory, as_of=start, known_at=start) == ["On holiday until Friday"]


def test_filters_pages_and_limits_hold_in_the_past(memory: Door, clock: ManualClock) -> None:
    for number in range(5):
        memory.add(f"Fact number {number}", infer=False, metadata={"even": number % 2 == 0}, **ADA)
        clock.advance(hours=1)
    known = clock()
    clock.advance(hours=1)
    for item in memory.get_all(**ADA):
        memory.update(item.id, f"Changed {item.text}", metadata={"even": False})
    clock.advance(hours=1)
    even = {"even": True}
    assert len(memory.get_all(**ADA, filters=even)) == 0
    assert sorted(texts(memory, "Fact", known_at=known, filters=even)) == [f"Fact number {n}" for n in (0, 2, 4)]
    assert sorted(texts(memory, "Fact", as_of=known, filters=even)) == [f"Fact number {n}" for n in (0, 2, 4)]
    assert len(texts(memory, "Fact", known_at=known, limit=2)) == 2
    for when in ({"known_at": known}, {"as_of": known}, {"known_at": known, "as_of": known}):
        found, cursor = [], None
        while True:
            page = memory.get_all(**ADA, limit=2, cursor=cursor, filters=even, **when)
            found += [item.text for item in page]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == [f"Fact number {n}" for n in (4, 2, 0)]


def test_turns_are_found_as_they_were_known(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    start = clock()
    llm.queue(NOTHING)
    memory.add("The harbour is lovely", session_id="s", **ADA)
    clock.advance(days=1)
    kept = clock()
    llm.queue(NOTHING)
    memory.add("The harbour is foggy", session_id="t", timestamp=start - timedelta(days=9), **ADA)
    clock.advance(days=1)

    def turns(**when: Any) -> set[str]:
        return set(texts(memory, "harbour", include_messages=True, **when))

    lovely, foggy = "The harbour is lovely", "The harbour is foggy"
    assert turns() == turns(known_at=kept) == {lovely, foggy}
    assert turns(known_at=start) == {lovely}
    assert turns(as_of=start - timedelta(days=1)) == {foggy}
    assert turns(as_of=start - timedelta(days=1), known_at=start) == set()
    memory.clear_messages("s", **ADA)
    clock.advance(days=1)
    assert turns(known_at=start) == set()
    assert turns(known_at=kept) == {foggy}


def test_turns_that_were_taken_back_later_are_found_in_the_past(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    said(memory, "I'm Ada, I have a cat", llm, adds("Ada has a cat"))
    there = clock()
    clock.advance(days=1)
    said(memory, "Please forget about the cat", llm, deletes(0, "forget about the cat"))
    clock.advance(days=1)
    assert str(memory.recall("cat", **ADA)) == ""
    assert str(memory.recall("cat", **ADA, as_of=there)) == ""
    assert "I have a cat" in str(memory.recall("cat", **ADA, known_at=there))


def test_nothing_is_called_out_of_date_that_was_current_then(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    _, first, second = moved(memory, llm, clock)
    assert "partly out of date" in str(memory.recall("home", **ADA))
    for when in ({"as_of": first}, {"known_at": first}, {"known_at": first, "as_of": second}):
        block = str(memory.recall("home", **ADA, **when))
        assert "Ada lives in Oslo" in block
        assert "I live in Oslo" in block
        assert "Bergen" not in block
        assert "out of date" not in block
        assert "until" not in block
    later = str(memory.recall("home", **ADA, as_of=second))
    assert "partly out of date" in later
    assert "Ada lives in Bergen" in later


def test_what_was_said_later_lifts_no_turn_of_the_past(memory: Door, clock: ManualClock) -> None:
    memory.put_messages("s", "Really?", learn=False, **ADA)
    then = clock()
    (before,) = memory.search("lantern", **ADA, known_at=then, include_messages=True)
    clock.advance(days=1)
    memory.put_messages("s", "The lantern is by the harbour", learn=False, **ADA)
    (after,) = memory.search("lantern", **ADA, known_at=then, include_messages=True)
    assert after.score == pytest.approx(before.score)


def test_relative_words_and_recency_are_meant_as_of_then(memory: Door, clock: ManualClock) -> None:
    start = clock()
    for day in range(4):
        at = start - timedelta(days=100 - 7 * day)
        memory.add(f"Painted picture {day}", infer=False, timestamp=at, **ADA)
    then = start - timedelta(days=100 - 14)
    hits = memory.search("painted last week", as_of=then, explain=True, **ADA)
    nudges = {hit.memory.text: hit.explain.nudges for hit in hits}
    assert nudges.keys() == {f"Painted picture {day}" for day in range(3)}
    assert nudges["Painted picture 1"]["time"] == pytest.approx(1.1)
    assert nudges["Painted picture 2"]["time"] < 1.1
    assert nudges["Painted picture 2"]["recency"] == pytest.approx(1.02)


def test_a_moment_that_has_not_come_is_the_present(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, _, _ = moved(memory, llm, clock)
    for known_at in (clock(), clock() + timedelta(days=9), datetime.max.replace(tzinfo=UTC)):
        assert memory.get(id, known_at=known_at) == memory.get(id)
        assert memory.get_all(**ADA, known_at=known_at) == memory.get_all(**ADA)
        assert memory.search("home", **ADA, known_at=known_at) == memory.search("home", **ADA)
        assert memory.recall("home", **ADA, known_at=known_at) == memory.recall("home", **ADA)


def test_the_least_and_the_greatest_moments_are_moments(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, _, _ = moved(memory, llm, clock)
    for when in ("known_at", "as_of"):
        first = {when: datetime.min.replace(tzinfo=UTC)}
        assert memory.get(id, **first) is None
        assert len(memory.get_all(**ADA, **first)) == len(memory.search("home", **ADA, **first)) == 0
    last = datetime.max.replace(tzinfo=UTC)
    assert memory.get(id, as_of=last).text == "Ada lives in Bergen"
    assert texts(memory, as_of=last) == ["Ada lives in Bergen"]
    assert len(memory.diff(datetime.min.replace(tzinfo=UTC), last, **ADA)) == 2


def test_any_time_zone_names_the_same_moment(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, second = moved(memory, llm, clock)
    there = first.astimezone(timezone(timedelta(hours=-9)))
    assert memory.get(id, known_at=there) == memory.get(id, known_at=first)
    assert memory.get(id, as_of=there) == memory.get(id, as_of=first)
    assert memory.diff(there, second.astimezone(timezone(timedelta(hours=5))), **ADA) == memory.diff(
        first, second, **ADA
    )


@pytest.mark.parametrize(
    "wrong", [datetime(2026, 1, 1), "2026-01-01T00:00:00+00:00", 1_767_225_600, 0.0, True, object()]
)
def test_only_aware_moments_are_taken(memory: Door, wrong: Any) -> None:
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("get", ("x",)),
        ("search", ("x",)),
        ("recall", ("x",)),
        ("get_all", ()),
    ]
    for name, arguments in calls:
        for when in ("known_at", "as_of"):
            with pytest.raises(InvalidInputError, match=when):
                getattr(memory, name)(*arguments, **ADA, **{when: wrong})
    with pytest.raises(InvalidInputError, match="since"):
        memory.diff(wrong, **ADA)
    with pytest.raises(InvalidInputError, match="until"):
        memory.diff(datetime(2020, 1, 1, tzinfo=UTC), wrong, **ADA)


def test_no_scope_sees_anothers_past(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, _ = moved(memory, llm, clock)
    bob = memory.scoped(user_id="bob")
    for when in ({"known_at": first}, {"as_of": first}, {"known_at": first, "as_of": first}):
        assert bob.get(id, **when) is None
        assert list(bob.get_all(**when)) == []
        assert bob.search("home", include_messages=True, **when) == []
        assert str(bob.recall("home", **when)) == ""
        assert memory.get(id, run_id="r", **when) is None
        with pytest.raises(ScopeError):
            memory.get_all(**when)
    assert bob.get(id, version=1) is None
    assert bob.diff(datetime(2020, 1, 1, tzinfo=UTC)) == []


def test_diff_lists_changes_in_their_order_also_of_what_is_gone(
    memory: Door, llm: ScriptedLLM, clock: ManualClock
) -> None:
    id, first, second = moved(memory, llm, clock)
    third = clock()
    memory.delete(id, reason="asked to")
    memory.add("Somebody else's", infer=False, user_id="bob")
    before = first - timedelta(seconds=1)
    history = memory.history(id)
    assert memory.diff(before, **ADA) == history
    assert memory.scoped(user_id="ada").diff(before) == history
    assert memory.diff(first, **ADA) == history[1:]  # what was recorded at `since` is not among them
    assert memory.diff(first, second, **ADA) == history[1:2]  # and what was recorded at `until` is
    assert memory.diff(first, until=third, **ADA) == history[1:]
    assert memory.diff(third, third, **ADA) == []
    assert memory.diff(clock() + timedelta(days=1), **ADA) == []
    with pytest.raises(InvalidInputError, match="since"):
        memory.diff(second, first, **ADA)
    with pytest.raises(ScopeError):
        memory.diff(first)


def test_a_clock_that_was_set_back_makes_no_two_versions_of_one_memory(memory: Door, clock: ManualClock) -> None:
    (change,) = memory.add("First", infer=False, **ADA).changes
    for hours, text in ((2, "Second"), (-3, "Third"), (4, "Fourth")):
        clock.advance(hours=hours)
        memory.update(change.memory_id, text)
    start = clock() - timedelta(hours=6)
    for minutes in range(0, 420, 30):
        at = start + timedelta(minutes=minutes)
        assert len(memory.get_all(**ADA, known_at=at)) == len(texts(memory, "x", known_at=at)) <= 1
        assert len(memory.get_all(**ADA, as_of=at)) <= 1
        statuses = [item.status for item in memory.get_all(**ADA, known_at=at, include_superseded=True)]
        assert statuses[:1] in ([], ["active"])
        assert set(statuses[1:]) <= {"superseded"}
        memory.get(change.memory_id, known_at=at)
    assert memory.get(change.memory_id, known_at=clock() - timedelta(minutes=30)).text == "Third"


def test_what_was_reverted_was_never_true(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, second = moved(memory, llm, clock)
    mistaken = clock()
    memory.revert(id, to=1)
    clock.advance(days=1)
    for moment in (first, second, mistaken, clock()):
        assert texts(memory, as_of=moment) == ["Ada lives in Oslo"]
    assert texts(memory, as_of=second, known_at=second) == ["Ada lives in Bergen"]
    assert memory.get(id, known_at=second).text == "Ada lives in Bergen"
    lines = str(memory.recall("Oslo", **ADA, as_of=mistaken)).splitlines()
    assert ["Bergen" in line for line in lines if "out of date" in line] == [True]


def test_all_that_a_revert_skips_was_never_true(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, second = moved(memory, llm, clock)
    third = clock()
    memory.update(id, "Ada lives in Rome")
    clock.advance(days=1)
    memory.revert(id, to=1)
    clock.advance(days=1)
    assert [memory.get(id, as_of=moment).version for moment in (first, second, third)] == [4, 4, 4]
    assert [memory.get(id, known_at=third, as_of=moment).version for moment in (first, second, third)] == [1, 2, 3]


def test_a_time_that_was_undone_was_never_one(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id = said(memory, "I'm Ada, I live in Oslo", llm, adds("Ada lives in Oslo"))
    start = clock()
    known = clock.advance(days=1)
    llm.queue(updates(0, "Ada has lived in Bergen since 2019", when="since 2019"))
    result = memory.add("I have lived in Bergen since 2019", **ADA)
    clock.advance(days=1)
    in_2020 = datetime(2020, 6, 1, tzinfo=UTC)
    assert texts(memory, as_of=in_2020) == ["Ada has lived in Bergen since 2019"]
    memory.undo(result.operation_id)
    clock.advance(days=1)
    assert texts(memory, as_of=in_2020) == []
    assert texts(memory, as_of=start) == ["Ada lives in Oslo"]
    assert texts(memory, as_of=in_2020, known_at=known) == ["Ada has lived in Bergen since 2019"]
    assert memory.get(id, as_of=start).valid_from == start


def test_an_undone_deletion_was_none(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, second = moved(memory, llm, clock)
    gone = clock()
    memory.delete(id)
    clock.advance(days=1)
    memory.undo(memory.history(id)[-1].operation_id)
    clock.advance(days=1)
    assert memory.get(id, known_at=gone) is None
    assert texts(memory, as_of=gone) == ["Ada lives in Bergen"]
    assert texts(memory, as_of=first) == ["Ada lives in Oslo"]
    assert texts(memory, as_of=second) == ["Ada lives in Bergen"]


def test_what_is_erased_is_gone_from_the_past_too(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    id, first, second = moved(memory, llm, clock)
    memory.erase(**ADA)
    clock.advance(days=1)
    for when in ({"known_at": first}, {"as_of": first}, {"known_at": second, "as_of": first}):
        assert memory.get(id, **when) is None
        assert list(memory.get_all(**ADA, **when)) == []
        assert texts(memory, include_messages=True, **when) == []
    assert memory.get(id, version=1) is None
    assert memory.diff(first - timedelta(days=1), **ADA) == []


def test_the_past_stands_still_while_others_write(make: MakeDoor, clock: ManualClock) -> None:
    memory = make()
    ids = [memory.add(f"Fact {n}", infer=False, **ADA).changes[0].memory_id for n in range(4)]
    known = clock()
    clock.advance(days=1)
    expected = memory.get_all(**ADA)

    def change(id: str) -> None:
        for number in range(6):
            memory.memory.update(id, f"Changed {number}")
        memory.memory.delete(id)

    with ThreadPoolExecutor(len(ids)) as pool:
        writing = [pool.submit(change, id) for id in ids]
        while not all(future.done() for future in writing):
            assert memory.get_all(**ADA, known_at=known) == expected
            hits = memory.search("fact", **ADA, known_at=known, as_of=known)
            assert {hit.memory.id: hit.memory for hit in hits} == {item.id: item for item in expected}
    for future in writing:
        future.result()
    assert memory.get_all(**ADA, known_at=known) == expected
    assert list(memory.get_all(**ADA)) == []
