"""What is queued: kept and found at once, learned from in batches and in order, never lost from sight."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from memx_core import ExtractionError, InvalidInputError, Memory, Message, Scope
from memx_core.background import Background
from memx_core.extraction import pieces
from memx_core.ledger import Claim, OpenBatch
from memx_core.testing import AsyncScriptedLLM, FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.text import estimate_tokens
from tests.answers import NOTHING, adds
from tests.conftest import Door, MakeDoor

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}


def texts(door: Door, **ids: str) -> set[str]:
    return {item.text for item in door.get_all(**(ids or ADA))}


def words(count: int) -> str:
    """A text of about so many tokens."""
    return " ".join(["tea"] * count)


def claim(door: Door, *, until: datetime) -> None:
    """Leases all that waits, as a worker does that never comes back."""
    assert isinstance(door.memory, Memory)
    room = door.memory._room
    (queue,) = room.ledger.queues(room.namespace, Scope())
    assert isinstance(room.ledger.claim(Claim(queue), lease="gone", now=room.clock(), until=until), OpenBatch)


def shown(prompt: str) -> str:
    """The new messages of a prompt."""
    return prompt.rsplit("<messages>", 1)[1]


@pytest.mark.parametrize("put", [True, False])
def test_queueing_asks_neither_model_nor_embedder(make: MakeDoor, put: bool) -> None:
    llm, embedder = ScriptedLLM(), FakeEmbedder()
    door = make(llm=llm, embedder=embedder)
    if put:
        result = door.put_messages("s", "I'm Ada, I live in Oslo", **ADA)
    else:
        result = door.add("I'm Ada, I live in Oslo", wait=False, session_id="s", **ADA)
    assert (result.status, result.changes, result.warnings) == ("queued", (), ())
    assert llm.calls == []
    assert embedder.calls == []
    (job,) = door.pending()
    assert (job.operation_id, job.session_id, job.status) == (result.operation_id, "s", "queued")
    assert [message.content for message in door.messages("s", **ADA)] == ["I'm Ada, I live in Oslo"]


def test_what_is_queued_is_found_at_once(memory: Door) -> None:
    for place in ("Oslo", "Rome", "Cairo"):
        memory.add(f"I went to {place}", wait=False, **ADA)
        (hit, *_) = memory.search(place, include_messages=True, **ADA)
        assert hit.memory.text == f"I went to {place}"
        assert place in str(memory.recall(f"When was I in {place}?", **ADA))
    assert memory.search("Oslo", include_messages=True, user_id="bob") == []


def test_the_job_makes_the_vectors(memory: Door, llm: ScriptedLLM) -> None:
    memory.add("I went to Oslo", wait=False, **ADA)
    llm.queue(NOTHING)
    memory.flush()
    (hit,) = memory.search("Oslo", include_messages=True, explain=True, **ADA)
    assert hit.explain.dense is not None


def test_turns_that_come_soon_after_each_other_are_learned_from_together(memory: Door, llm: ScriptedLLM) -> None:
    for place in ("Oslo", "Rome", "Cairo"):
        memory.add(f"I went to {place}", wait=False, session_id="s", **ADA)
    memory.add("I went to Lima", wait=False, session_id="t", **ADA)
    memory.add("I went to Bonn", wait=False, session_id="s", user_id="bob")
    llm.queue(adds("Ada went to Oslo", "Ada went to Rome", "Ada went to Cairo"), adds("Ada went to Lima"), NOTHING)
    memory.flush()
    first, second, third = map(shown, llm.prompts)
    assert [place in first for place in ("Oslo", "Rome", "Cairo", "Lima", "Bonn")] == [True] * 3 + [False] * 2
    assert ("Lima" in second, "Bonn" in third) == (True, True)
    assert texts(memory) == {"Ada went to Oslo", "Ada went to Rome", "Ada went to Cairo", "Ada went to Lima"}
    assert memory.pending() == []


def test_only_what_was_asked_for_alike_goes_together(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    soon = clock() + timedelta(days=1)
    alike: list[dict[str, Any]] = [{}, {"metadata": {"a": 1}}, {"instructions": "cats"}, {"expires_at": soon}, {}]
    for options in alike:
        memory.add("I went to Oslo", wait=False, **options, **ADA)
        memory.add("I went to Rome", wait=False, **options, **ADA)
    llm.queue(*[NOTHING] * len(alike))
    memory.flush()
    assert len(llm.calls) == len(alike)


def test_a_batch_is_about_a_thousand_tokens_and_never_two_thousand(memory: Door, llm: ScriptedLLM) -> None:
    sizes = (300, 300, 300, 300, 300, 900, 1200, 10, 1800, 5)
    for number, size in enumerate(sizes):
        memory.add(f"number {number} {words(size)}", wait=False, **ADA)
    asked: list[list[int]] = []

    def note(messages: Any, schema: Any) -> object:
        said = shown(messages[-1].content)
        asked.append([number for number in range(len(sizes)) if f"number {number} " in said])
        return NOTHING

    llm.queue(*[note] * len(sizes))
    memory.flush()
    assert asked == [[0, 1, 2], [3, 4, 5], [6], [7, 8], [9]]


def test_a_long_message_is_divided(memory: Door, llm: ScriptedLLM) -> None:
    memory.add(words(5_000), wait=False, **ADA)
    llm.queue(*[NOTHING] * 3)
    memory.flush()
    assert len(llm.calls) == 3
    for piece in pieces.split([Message("user", words(5_000)), *[Message("user", "yes")] * 300]):
        size = sum(estimate_tokens(message.content) + pieces.OVERHEAD for message in piece.messages)
        assert size <= 2_000


def test_many_short_turns_are_no_small_batch(memory: Door, llm: ScriptedLLM) -> None:
    memory.put_messages("s", [Message("user", f"yes {number}") for number in range(60)], **ADA)
    memory.put_messages("s", [Message("user", f"no {number}") for number in range(60)], **ADA)
    llm.queue(NOTHING, NOTHING)
    memory.flush()
    assert len(llm.calls) == 2


def test_one_operation_learns_from_a_whole_batch(memory: Door, llm: ScriptedLLM) -> None:
    memory.add("I'm Ada, I live in Oslo", wait=False, session_id="s", **ADA)
    memory.add("I'm Ada, I have a cat", wait=False, session_id="s", **ADA)
    llm.queue(adds("Ada lives in Oslo", "Ada has a cat"))
    memory.flush()
    made = [change for item in memory.get_all(**ADA) for change in memory.history(item.id)]
    assert len(made) == 2
    assert len({change.operation_id for change in made}) == 1


def test_what_fails_together_is_tried_one_by_one(memory: Door, llm: ScriptedLLM) -> None:
    for place in ("Oslo", "Rome", "Cairo"):
        memory.add(f"I went to {place}", wait=False, **ADA)
    llm.queue("I'd rather not.", "No.", adds("Ada went to Oslo"), "I'd rather not.", "No.")
    with pytest.raises(ExtractionError):
        memory.flush()
    assert texts(memory) == {"Ada went to Oslo"}
    rome, cairo = memory.pending()
    assert (rome.attempts, cairo.attempts) == (2, 1)
    assert (rome.status, cairo.status) == ("queued", "queued")
    assert "ExtractionError" in rome.error


def test_a_conversation_waits_for_its_first_job_and_the_others_do_not(memory: Door, llm: ScriptedLLM) -> None:
    memory.add("first", wait=False, session_id="s", metadata={"n": 1}, **ADA)
    memory.add("second", wait=False, session_id="s", metadata={"n": 2}, **ADA)
    memory.add("third", wait=False, session_id="t", **ADA)
    llm.queue(TimeoutError("busy"), NOTHING)
    with pytest.raises(TimeoutError, match="busy"):
        memory.flush()
    assert [(job.session_id, job.attempts) for job in memory.pending()] == [("s", 1), ("s", 0)]
    llm.queue(NOTHING, NOTHING)
    memory.flush()
    first, second = map(shown, llm.prompts[-2:])
    assert ("first" in first, "second" in second) == (True, True)
    assert memory.pending() == []


def test_a_job_that_keeps_failing_is_parked_and_the_next_goes_on(memory: Door, llm: ScriptedLLM) -> None:
    memory.add("poison", wait=False, metadata={"n": 1}, **ADA)
    memory.add("I went to Oslo", wait=False, metadata={"n": 2}, **ADA)
    for _ in range(4):
        llm.queue(TimeoutError("busy"))
        with pytest.raises(TimeoutError):
            memory.flush()
    assert [(job.status, job.attempts) for job in memory.pending()] == [("queued", 4), ("queued", 0)]
    llm.queue(TimeoutError("busy"), adds("Ada went to Oslo"))
    with pytest.raises(TimeoutError):
        memory.flush()
    (job,) = memory.pending()
    assert (job.status, job.attempts, job.error) == ("parked", 5, "TimeoutError: busy")
    assert texts(memory) == {"Ada went to Oslo"}


def test_a_flush_tries_once_what_is_parked(make: MakeDoor, llm: ScriptedLLM) -> None:
    door = make(llm=llm, background=Background(tries=1))
    door.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    for _ in range(2):
        llm.queue(TimeoutError("busy"))
        with pytest.raises(TimeoutError):
            door.flush()
        assert door.pending()[0].status == "parked"
    assert llm.remaining == 0
    llm.queue(adds("Ada lives in Oslo"))
    door.flush()
    assert (door.pending(), texts(door)) == ([], {"Ada lives in Oslo"})


def test_what_failed_in_add_goes_alone_from_then_on(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(TimeoutError("busy"))
    with pytest.raises(TimeoutError):
        memory.add("I'm Ada, I live in Oslo", **ADA)
    (job,) = memory.pending()
    assert (job.attempts, job.error) == (1, "TimeoutError: busy")
    memory.add("I'm Ada, I have a cat", wait=False, **ADA)
    llm.queue(adds("Ada lives in Oslo"), adds("Ada has a cat"))
    memory.flush()
    assert "cat" not in shown(llm.prompts[1])
    assert texts(memory) == {"Ada lives in Oslo", "Ada has a cat"}


def test_a_flush_keeps_to_its_scope(memory: Door, llm: ScriptedLLM) -> None:
    memory.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    memory.add("I'm Bob, I live in Rome", wait=False, user_id="bob")
    llm.queue(adds("Ada lives in Oslo"))
    memory.scoped(**ADA).flush()
    assert texts(memory) == {"Ada lives in Oslo"}
    assert [job.attempts for job in memory.scoped(user_id="bob").pending()] == [0]
    assert memory.scoped(**ADA).pending() == []


def test_a_flush_without_time_begins_nothing(memory: Door, llm: ScriptedLLM) -> None:
    memory.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    assert memory.flush(timeout=0) is None
    assert (len(memory.pending()), llm.calls) == (1, [])


@pytest.mark.parametrize("timeout", ["soon", float("nan"), True, [1]])
def test_a_time_to_wait_that_is_none_is_refused(memory: Door, timeout: Any) -> None:
    for wait in (memory.flush, memory.close):
        with pytest.raises(InvalidInputError, match="timeout"):
            wait(timeout)
    assert memory.pending() == []


def test_turns_are_learned_from_in_the_order_of_the_transcript(memory: Door, llm: ScriptedLLM) -> None:
    memory.put_messages("s", [Message("user", "first", id="1"), Message("user", "third", id="3")], **ADA)
    memory.put_messages("s", [Message("user", "fourth", id="4"), Message("user", "now first", id="1")], **ADA)
    llm.queue(NOTHING)
    memory.flush()
    said = shown(llm.prompts[0])
    assert said.index("now first") < said.index("third") < said.index("fourth")


def test_nothing_is_asked_about_what_was_cleared(memory: Door, llm: ScriptedLLM) -> None:
    memory.put_messages("s", Message("user", "I live in Oslo", id="1"), **ADA)
    memory.clear_messages("s", **ADA)
    assert memory.pending() == []
    memory.put_messages("s", Message("user", "I live in Rome", id="1"), **ADA)
    llm.queue(NOTHING)
    memory.flush()
    assert "Oslo" not in llm.prompts[0]
    assert memory.pending() == []


def test_an_echo_is_embedded_and_not_learned_from(memory: Door, llm: ScriptedLLM) -> None:
    result = memory.add(Message("user", "Ada lives in Oslo", origin="recalled"), wait=False, **ADA)
    assert result.status == "queued"
    memory.flush()
    assert (memory.pending(), llm.calls) == ([], [])
    (hit,) = memory.search("Oslo", include_messages=True, explain=True, **ADA)
    assert hit.explain.dense is not None


def test_a_job_that_others_are_at_is_waited_for(make: MakeDoor, clock: ManualClock) -> None:
    """Its owner is gone, and the clock stands still: real time decides then."""
    door = make(llm=ScriptedLLM([adds("Ada lives in Oslo")]), background=Background(lease=0.2))
    door.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    claim(door, until=clock() + timedelta(hours=1))
    door.flush(timeout=0.05)
    assert len(door.pending()) == 1
    door.flush()
    assert texts(door) == {"Ada lives in Oslo"}


def test_an_expired_lease_is_nobodys(make: MakeDoor, clock: ManualClock) -> None:
    door = make(llm=ScriptedLLM([adds("Ada lives in Oslo")]))
    door.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    claim(door, until=clock() + timedelta(seconds=30))
    clock.advance(seconds=31)
    door.flush()
    assert texts(door) == {"Ada lives in Oslo"}


async def test_whoever_can_only_be_awaited_is_told_to_flush(make: MakeDoor) -> None:
    memory = make(llm=AsyncScriptedLLM([adds("Ada lives in Oslo")]), background=True).memory
    result = await memory.aadd("I'm Ada, I live in Oslo", wait=False, **ADA)
    (warning,) = result.warnings
    assert warning.startswith("no_worker: AsyncScriptedLLM")
    await memory.aflush()
    assert [item.text for item in await memory.aget_all(**ADA)] == ["Ada lives in Oslo"]


@pytest.mark.parametrize(
    "settings", [{"idle": -1}, {"tries": 0}, {"tries": 1.5}, {"backoff": 0}, {"poll": "1"}, {"lease": True}]
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(settings))):
        Background(**settings)


def test_pauses_double_and_end_somewhere() -> None:
    settings = Background()
    spans = [settings.pause(failures).total_seconds() for failures in range(1, 100)]
    assert all(0.75 * 2**number * 2 <= spans[number] <= 1.25 * 2**number * 2 for number in range(8))
    assert max(spans) <= 750


def test_nothing_is_given_up_while_a_provider_answers_nobody() -> None:
    settings = Background()
    assert not settings.gives_up(4, timedelta(days=1), down=False)
    assert settings.gives_up(5, timedelta(minutes=1), down=False)
    assert not settings.gives_up(500, timedelta(hours=1), down=True)
    assert settings.gives_up(500, timedelta(hours=7), down=True)


def test_the_settings_have_to_be_settings(make: MakeDoor) -> None:
    with pytest.raises(InvalidInputError, match="background"):
        make(background="yes")
