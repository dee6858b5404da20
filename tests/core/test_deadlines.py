"""A call that is waited for no longer than was said."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from memx_core import InvalidInputError
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
