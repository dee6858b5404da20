"""A call that is waited for no longer than was said."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

from memx_core import InvalidInputError, deadlines
from memx_core.deadlines import Deadline


def test_silent_calls_do_not_pile_up() -> None:
    deadline, over = Deadline(0.01), threading.Event()
    before = threading.active_count()
    for _ in range(60):
        with pytest.raises(TimeoutError):
            deadline.run(over.wait)
    assert threading.active_count() - before <= 32
    over.set()


def test_a_provider_that_gives_up_itself_is_quoted() -> None:
    def busy() -> None:
        raise TimeoutError("the provider is busy")

    with pytest.raises(TimeoutError, match="the provider is busy"):
        Deadline(60).run(busy)
    assert Deadline(60).run(lambda: 7) == Deadline(None).run(lambda: 7) == 7


def test_a_program_ends_although_a_provider_is_silent() -> None:
    over, deadline = threading.Event(), Deadline(0.01)
    with pytest.raises(TimeoutError):
        deadline.run(over.wait)
    waiting = [thread for thread in threading.enumerate() if thread.name == "memx"]
    assert all(thread.daemon for thread in waiting)
    over.set()


def test_one_call_after_the_other_takes_one_thread() -> None:
    """Once those that others left at work are idle, or have ended: each would be taken as it comes back."""
    end = time.monotonic() + 10
    while time.monotonic() < end and any(
        isinstance(each, deadlines.Worker) and each not in deadlines.IDLE for each in threading.enumerate()
    ):
        time.sleep(0.001)
    deadline = Deadline(60)
    assert len({deadline.run(threading.get_ident) for _ in range(50)}) == 1


def test_calls_at_once_have_a_thread_each_and_few_of_those_stay() -> None:
    deadline, together = Deadline(60), threading.Barrier(12)
    with ThreadPoolExecutor(12) as pool:
        waited = [pool.submit(deadline.run, together.wait) for _ in range(12)]
        assert len({each.result() for each in waited}) == 12
    assert len(deadlines.IDLE) <= deadlines.MOST_IDLE + 8  # several may decide to stay at the same moment


def test_a_call_sees_the_context_that_it_was_made_in() -> None:
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")
    deadline = Deadline(60)
    for name in ("ada", "bob"):
        whose.set(name)
        assert deadline.run(whose.get) == name


def test_a_thread_that_nobody_needs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "PATIENCE", 0.02)
    monkeypatch.setattr(deadlines, "IDLE", [])
    worker = Deadline(60).run(threading.current_thread)
    worker.join(30)
    assert not worker.is_alive()
    assert deadlines.IDLE == []
    assert Deadline(60).run(lambda: 7) == 7


def test_a_thread_that_a_fork_did_not_take_along_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = deadlines.Worker()
    monkeypatch.setattr(deadlines, "IDLE", [gone])  # neither alive nor about to be
    assert Deadline(60).run(lambda: 7) == 7


def test_what_a_call_returned_is_not_held_on_to() -> None:
    class Answer:
        pass

    gone = weakref.ref(Deadline(60).run(Answer))
    Deadline(60).run(lambda: None)
    gc.collect()
    assert gone() is None


def test_what_is_awaited_keeps_to_its_time_too(runner: asyncio.Runner) -> None:
    async def seven() -> int:
        return 7

    assert runner.run(Deadline(60).arun(seven)) == runner.run(Deadline(None).arun(seven)) == 7
    with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
        runner.run(Deadline(0.01).arun(lambda: asyncio.sleep(60)))


def test_one_that_gives_up_itself_is_quoted_too(runner: asyncio.Runner) -> None:
    async def busy() -> None:
        raise TimeoutError("the provider is busy")

    with pytest.raises(TimeoutError, match="the provider is busy"):
        runner.run(Deadline(60).arun(busy))


@pytest.mark.parametrize("seconds", [0, -1.0, True, "2", float("nan")])
def test_what_is_no_time_is_refused(seconds: Any) -> None:
    with pytest.raises(InvalidInputError, match="timeout="):
        Deadline(seconds)
