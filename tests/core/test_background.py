"""The worker: a thread that learns from what is queued when it is due, and is never in the way."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from memx_core import BudgetExceededError, Memory, Message
from memx_core.background import Background
from memx_core.reports import Budget
from memx_core.testing import AsyncScriptedLLM, FakeEmbedder, ManualClock, ScriptedLLM, SyncScriptedLLM
from tests.answers import NOTHING, adds
from tests.conftest import MakeDoor
from tests.databases import Place

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}
QUICK = Background(poll=0.01, backoff=0.01)
OSLO = "I'm Ada, I live in Oslo"


def until(happened: Callable[[], object]) -> None:
    """Returns when it happened; fails when it does not, for a long time."""
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "memx-worker"]


class Gate:
    """A model that says when it is asked, and answers when it is let."""

    def __init__(self, answer: object = NOTHING) -> None:
        self.asked, self.open = threading.Event(), threading.Event()
        self.llm = SyncScriptedLLM(default=self._answer)
        self._given = answer

    def _answer(self, *_: object) -> Any:
        self.asked.set()
        assert self.open.wait(60)
        return self._given


@contextmanager
def opened(place: Place, llm: object, *, background: Any = QUICK, **given: Any) -> Iterator[Memory]:
    with Memory(llm, FakeEmbedder(), place, background=background, **given) as memory:  # type: ignore[arg-type]
        yield memory


def texts(memory: Memory) -> set[str]:
    return {item.text for item in memory.get_all(**ADA)}


def test_a_conversation_is_learned_from_when_it_has_been_quiet(place: Place) -> None:
    clock, llm = ManualClock(), ScriptedLLM(default=adds("Ada lives in Oslo"))
    with opened(place, llm, clock=clock) as memory:
        memory.add(OSLO, wait=False, **ADA)
        clock.advance(seconds=4)
        memory.add("Hello", wait=False, **ADA)
        clock.advance(seconds=4)
        memory.add("Hello", wait=False, session_id="other", **ADA)  # its thread has looked by the time this is learned
        time.sleep(0.1)
        assert llm.calls == []
        clock.advance(seconds=1)
        until(lambda: texts(memory))
        assert OSLO in llm.prompts[0]
        assert llm.colours == ["sync"]
        assert [job.session_id for job in memory.pending()] == ["other"]


def test_a_thousand_tokens_are_enough_without_quiet(place: Place) -> None:
    llm = ScriptedLLM(default=NOTHING)
    with opened(place, llm, clock=ManualClock()) as memory:
        memory.add("tea " * 500, wait=False, **ADA)
        memory.add("tea " * 500, wait=False, **ADA)
        until(lambda: not memory.pending())
        assert len(llm.calls) == 1


def test_question_and_answer_are_learned_from_together_however_long_the_answer_takes(place: Place) -> None:
    clock, llm = ManualClock(), ScriptedLLM(default=NOTHING)
    with opened(place, llm, clock=clock) as memory:
        memory.put_messages("s", OSLO, complete=False, **ADA)
        clock.advance(seconds=500)
        memory.add("Hello", wait=False, session_id="other", **ADA)
        clock.advance(seconds=10)
        until(lambda: llm.calls)
        assert "Hello" in llm.prompts[0]
        memory.put_messages("s", Message("assistant", "Nice!"), **ADA)
        clock.advance(seconds=10)
        until(lambda: len(llm.calls) == 2)
        assert OSLO in llm.prompts[1]
        assert "Nice!" in llm.prompts[1]


def test_a_turn_that_is_never_completed_is_learned_from_all_the_same(place: Place) -> None:
    clock, llm = ManualClock(), ScriptedLLM(default=adds("Ada lives in Oslo"))
    with opened(place, llm, clock=clock) as memory:
        memory.put_messages("s", OSLO, complete=False, **ADA)
        clock.advance(minutes=11)
        until(lambda: texts(memory))


def test_a_flush_does_not_wait_for_the_end_of_a_turn(make: MakeDoor) -> None:
    llm = ScriptedLLM([adds("Ada lives in Oslo")])
    door = make(llm=llm)
    door.put_messages("s", OSLO, complete=False, **ADA)
    door.flush()
    assert [item.text for item in door.get_all(**ADA)] == ["Ada lives in Oslo"]


def test_there_is_no_thread_before_there_is_something_to_do(place: Place) -> None:
    before = workers()
    with opened(place, ScriptedLLM([NOTHING])) as memory:
        memory.add(OSLO, **ADA)
        memory.add(OSLO, infer=False, **ADA)
        assert workers() == before
        memory.add(OSLO, wait=False, **ADA)
        assert len(workers()) == len(before) + 1
    assert workers() == before
    with opened(place, ScriptedLLM(), clock=ManualClock()):
        assert len(workers()) == len(before) + 1  # what was left is seen at once


@pytest.mark.parametrize("llm", [ScriptedLLM(), AsyncScriptedLLM()])
def test_there_is_none_where_it_cannot_or_may_not_work(place: Place, llm: object) -> None:
    before = workers()
    with opened(place, llm, background=not isinstance(llm, ScriptedLLM)) as memory:
        memory.put_messages("s", OSLO, **ADA)
        assert workers() == before
        assert len(memory.pending()) == 1


def test_failures_are_noted_and_tried_again(place: Place) -> None:
    clock, llm = ManualClock(), ScriptedLLM([TimeoutError("busy")], default=adds("Ada lives in Oslo"))
    with opened(place, llm, clock=clock, background=Background(poll=0.01, idle=1, backoff=3)) as memory:
        memory.add(OSLO, wait=False, **ADA)
        clock.advance(seconds=1)
        until(lambda: memory.pending()[0].error)
        (job,) = memory.pending()
        assert (job.status, job.attempts, job.error) == ("queued", 1, "TimeoutError: busy")
        clock.advance(seconds=10)
        until(lambda: not memory.pending())
        assert texts(memory) == {"Ada lives in Oslo"}


def test_a_poisonous_job_is_parked_and_holds_up_nobody(place: Place) -> None:
    def answer(messages: Any, schema: Any) -> Any:
        return "I'd rather not." if "poison" in messages[-1].content.rsplit("<messages>")[-1] else adds("Ada is well")

    clock = ManualClock()
    with opened(place, ScriptedLLM(default=answer), clock=clock) as memory:
        memory.add("poison", wait=False, **ADA)
        memory.add("I'm Ada, I am well", wait=False, **ADA)

        def parked() -> bool:
            clock.advance(hours=1)
            return [job.status for job in memory.pending()] == ["parked"]

        until(parked)
        (job,) = memory.pending()
        assert job.attempts == QUICK.tries
        assert "ExtractionError" in str(job.error)
        assert texts(memory) == {"Ada is well"}


def test_a_conversation_that_the_provider_refuses_holds_up_no_other(place: Place) -> None:
    def answer(messages: Any, schema: Any) -> Any:
        refused = "poison" in messages[-1].content.rsplit("<messages>")[-1]
        return ConnectionError("refused") if refused else adds("Ada is well")

    clock = ManualClock()
    with opened(place, ScriptedLLM(default=answer), clock=clock) as memory:
        memory.add("poison", wait=False, session_id="refused", **ADA)
        memory.add("I'm Ada, I am well", wait=False, session_id="other", **ADA)

        def learned() -> bool:
            clock.advance(hours=1)  # so that the refused one, the older, may be tried again each time
            return texts(memory) == {"Ada is well"}

        until(learned)


def test_what_an_outage_parks_is_learned_when_it_is_over(place: Place) -> None:
    clock = ManualClock()
    llm = ScriptedLLM([ConnectionError("down")] * 8, default=adds("Ada lives in Oslo"))
    with opened(place, llm, clock=clock, background=Background(poll=0.01, backoff=0.001)) as memory:
        memory.add(OSLO, wait=False, **ADA)

        def tried() -> bool:
            clock.advance(seconds=7)
            (job,) = memory.pending()
            assert (job.status == "parked") == (job.attempts >= 5)
            return llm.remaining == 0 and job.attempts == 8

        until(tried)

        def learned() -> bool:
            clock.advance(seconds=7)
            return not memory.pending()

        until(learned)
        assert texts(memory) == {"Ada lives in Oslo"}


def test_what_waits_for_a_new_day_has_not_failed(place: Place) -> None:
    clock, llm = ManualClock(), ScriptedLLM(default=adds("Ada lives in Oslo"))
    budget = Budget(tokens_per_day=1, on_exceed="error")
    with opened(place, llm, clock=clock, budget=budget, background=False) as memory:
        memory.add(OSLO, **ADA)
        memory.add("I'm Ada, I live in Oslo still", wait=False, **ADA)
        memory.flush()
        (job,) = memory.pending()
        assert (job.status, job.attempts) == ("queued", 0)
        assert BudgetExceededError.__name__ in str(job.error)
        clock.advance(days=1)
        memory.flush()
        assert memory.pending() == []


def test_it_works_in_a_context_of_its_own(place: Place) -> None:
    request = contextvars.ContextVar("request", default="none")
    seen: list[str] = []

    def answer(*_: object) -> Any:
        seen.append(request.get())
        return NOTHING

    request.set("a request's")
    with opened(place, ScriptedLLM(default=answer), background=Background(poll=0.01, idle=0)) as memory:
        memory.add(OSLO, wait=False, **ADA)
        until(lambda: not memory.pending())
    assert seen == ["none"]


def test_a_flush_waits_for_what_the_worker_is_at(place: Place) -> None:
    gate = Gate(adds("Ada lives in Oslo"))
    with opened(place, gate.llm, background=Background(poll=0.01, idle=0)) as memory:
        memory.add(OSLO, wait=False, **ADA)
        assert gate.asked.wait(60)
        memory.flush(timeout=0.05)
        assert texts(memory) == set()
        threading.Timer(0.05, gate.open.set).start()
        memory.flush()
        assert texts(memory) == {"Ada lives in Oslo"}
    assert len(gate.llm.calls) == 1


async def test_an_async_flush_waits_without_blocking(place: Place) -> None:
    gate = Gate(adds("Ada lives in Oslo"))
    with opened(place, gate.llm, background=Background(poll=0.01, idle=0)) as memory:
        await memory.aadd(OSLO, wait=False, **ADA)
        assert await asyncio.to_thread(gate.asked.wait, 60)
        flushing = asyncio.create_task(memory.aflush())
        await asyncio.sleep(0.05)
        assert not flushing.done()
        gate.open.set()
        await flushing
        assert texts(memory) == {"Ada lives in Oslo"}


def test_a_lease_is_kept_while_its_owner_works(place: Place) -> None:
    gate = Gate(adds("Ada lives in Oslo"))
    brief = Background(poll=0.01, idle=0, lease=1)
    other = ScriptedLLM()
    with opened(place, gate.llm, background=brief) as memory, opened(place, other, background=brief) as second:
        memory.add(OSLO, wait=False, **ADA)
        assert gate.asked.wait(60)
        second.flush(timeout=1.5)
        assert other.calls == []
        gate.open.set()
        until(lambda: not memory.pending())
        assert len(texts(memory)) == 1


def test_several_memories_share_the_work(place: Place) -> None:
    answered: list[str] = []

    def answer(messages: Any, schema: Any) -> Any:
        said = messages[-1].content.rsplit("note-", 1)[1].split()[0].strip('"')
        answered.append(said)
        return adds(f"note {said}")

    settings = Background(poll=0.01, idle=0)
    with (
        opened(place, ScriptedLLM(default=answer), background=settings) as one,
        opened(place, ScriptedLLM(default=answer), background=settings) as two,
    ):
        for number in range(20):
            (one, two)[number % 2].add(f"It is note-{number} ", wait=False, session_id=str(number), **ADA)
        until(lambda: not one.pending())
        assert sorted(answered, key=int) == [str(number) for number in range(20)]


def test_closing_waits_for_what_is_at_work(place: Place) -> None:
    gate = Gate(adds("Ada lives in Oslo"))
    with opened(place, gate.llm, background=Background(poll=0.01, idle=0)) as memory:
        memory.add(OSLO, wait=False, **ADA)
        assert gate.asked.wait(60)
        threading.Timer(0.05, gate.open.set).start()
    with opened(place, ScriptedLLM()) as memory:
        assert memory.pending() == []
        assert texts(memory) == {"Ada lives in Oslo"}


def test_closing_leaves_to_others_what_does_not_end(place: Place) -> None:
    gate = Gate(adds("Ada lives in Rome"))
    memory = Memory(gate.llm, FakeEmbedder(), place, background=Background(poll=0.01, idle=0))
    memory.add(OSLO, wait=False, **ADA)
    assert gate.asked.wait(60)
    stuck = workers()
    memory.close(timeout=0.05)
    with opened(place, ScriptedLLM([adds("Ada lives in Oslo")]), background=False) as other:
        other.flush(timeout=20)
        gate.open.set()
        for thread in stuck:
            thread.join(60)
        assert texts(other) == {"Ada lives in Oslo"}
        assert other.pending() == []
    memory.close()


def test_a_memory_may_be_forgotten_without_closing(place: Place) -> None:
    before = workers()
    memory = Memory(ScriptedLLM(), FakeEmbedder(), place, clock=ManualClock(), background=QUICK)
    memory.add(OSLO, wait=False, **ADA)
    assert len(workers()) == len(before) + 1
    del memory
    gc.collect()
    until(lambda: workers() == before)


def test_nothing_that_a_provider_raises_ends_the_worker(place: Place) -> None:
    answers = [SystemExit(3), KeyboardInterrupt(), adds("Ada lives in Oslo")]
    with opened(place, ScriptedLLM(answers), background=Background(poll=0.01, idle=0, backoff=0.01)) as memory:
        memory.add(OSLO, wait=False, **ADA)
        until(lambda: texts(memory))


def test_a_process_ends_although_its_worker_is_stuck(tmp_path: Path) -> None:
    program = """if True:
        import sys, threading, time
        from memx_core import Memory
        from memx_core.background import Background
        from memx_core.testing import FakeEmbedder, SyncScriptedLLM
        asked = threading.Event()
        def answer(*_):
            asked.set()
            time.sleep(600)
        llm = SyncScriptedLLM(default=answer)
        memory = Memory(llm, FakeEmbedder(), sys.argv[1], background=Background(poll=0.01, idle=0))
        memory.add("I'm Ada, I live in Oslo", wait=False, user_id="ada")
        assert asked.wait(60)
    """
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "memx.db")], timeout=60, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_forked_child_has_a_worker_of_its_own(tmp_path: Path) -> None:
    """In a process of its own: this one has threads, beside which Python itself does not fork safely."""
    program = "import sys; from tests.core.test_background import forking; forking(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "memx.db")], timeout=100, check=False)
    assert done.returncode == 0


def forking(path: str) -> None:
    settings = Background(poll=0.01, idle=0)
    memory = Memory(ScriptedLLM(default=adds("Ada lives in Oslo")), FakeEmbedder(), path, background=settings)
    memory.add(OSLO, wait=False, user_id="parent")
    until(lambda: not memory.pending())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            memory.add(OSLO, wait=False, user_id="child")
            until(lambda: not memory.pending())
            assert len(memory.get_all(user_id="child")) == 1
            memory.close()
        except BaseException:  # noqa: BLE001  # told by the code
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    memory.close()


def test_a_spent_budget_holds_up_nobody_else(place: Place) -> None:
    clock, llm = ManualClock(), ScriptedLLM(default=NOTHING)
    budget = Budget(tokens_per_day_per_scope=1, on_exceed="error")
    with opened(place, llm, clock=clock, budget=budget) as memory:
        memory.add(OSLO, **ADA)
        memory.add(OSLO, wait=False, **ADA)
        for number in range(3):
            memory.add(OSLO, wait=False, user_id=f"user-{number}")
        clock.advance(seconds=5)
        until(lambda: len(memory.pending()) == 1)
        (job,) = memory.pending()
        assert (job.status, job.attempts) == ("queued", 0)
        until(lambda: memory.pending()[0].error)


def test_closing_at_once_gives_back_what_is_at_work(place: Place) -> None:
    gate = Gate()
    memory = Memory(gate.llm, FakeEmbedder(), place, background=Background(poll=0.01, idle=0))
    memory.add(OSLO, wait=False, **ADA)
    assert gate.asked.wait(60)
    memory.close(timeout=0)
    with opened(place, ScriptedLLM([NOTHING]), background=False) as other:
        other.flush(timeout=20)
        assert other.pending() == []
    gate.open.set()


def test_what_is_erased_while_it_is_learned_from_is_not_shown_again(place: Place) -> None:
    gate = Gate(adds("Ada lives in Oslo"))
    with opened(place, gate.llm, background=Background(poll=0.01, idle=0)) as memory:
        memory.add(OSLO, wait=False, **ADA)
        memory.add(OSLO, wait=False, user_id="bob")
        assert gate.asked.wait(60)
        memory.erase(**ADA)
        gate.open.set()
        until(lambda: not memory.pending())
        assert texts(memory) == set()
        assert len(memory.get_all(user_id="bob")) == 1
        assert len(gate.llm.calls) <= 2


def test_both_colours_have_a_worker(make: MakeDoor, clock: ManualClock) -> None:
    door = make(llm=ScriptedLLM(default=adds("Ada lives in Oslo")), background=Background(poll=0.01, idle=5))
    door.put_messages("s", OSLO, **ADA)
    door.scoped(**ADA).add(OSLO, wait=False)
    assert len(door.scoped(**ADA).pending()) == 2
    clock.advance(seconds=5)
    until(lambda: not door.pending())
    assert len(door.get_all(**ADA)) == 1
