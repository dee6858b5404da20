"""Answers that a retry gets again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from fastapi import Response

from memx_server.problems import Problem
from memx_server.replays import Replays


class Work:
    """Counts how often it was done."""

    def __init__(self, body: bytes = b"done") -> None:
        self.done = 0
        self._body = body

    async def __call__(self) -> Response:
        self.done += 1
        return Response(self._body)


async def again(replays: Replays, work: Callable[..., object], key: str = "k", who: str = "me", said: bytes = b"1"):
    return await replays.once(who, key, said, work)  # type: ignore[arg-type]


async def test_a_retry_gets_the_first_answer_and_nothing_is_done_twice():
    replays, work = Replays(), Work()
    first, second = await again(replays, work), await again(replays, work)
    assert (first.body, second.body, work.done) == (b"done", b"done", 1)
    assert second.headers["idempotency-replayed"] == "true"


async def test_a_key_is_one_callers_and_one_requests():
    replays, work = Replays(), Work()
    await again(replays, work)
    await again(replays, work, who="you")
    assert work.done == 2
    with pytest.raises(Problem) as raised:
        await again(replays, work, said=b"2")
    assert raised.value.status == 422


async def test_what_is_under_way_is_waited_for_and_never_thrown_out():
    replays, go, work = Replays(most=0), asyncio.Event(), Work()

    async def slow() -> Response:
        await go.wait()
        return await work()

    asked = [asyncio.ensure_future(again(replays, slow)) for _ in range(3)]
    await asyncio.sleep(0)
    await again(replays, Work(), key="other")
    go.set()
    assert [answer.body for answer in await asyncio.gather(*asked)] == [b"done"] * 3
    assert work.done == 1


async def test_what_fails_may_be_tried_again():
    replays, work, go = Replays(), Work(), asyncio.Event()

    async def failing() -> Response:
        await go.wait()
        raise ValueError("no")

    first, second = (asyncio.ensure_future(again(replays, failing)) for _ in range(2))
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(ValueError, match="no"):
        await first
    with pytest.raises(Problem, match="send it again"):
        await second
    assert (await again(replays, work)).body == b"done"


async def test_it_holds_no_more_than_it_may_and_for_no_longer():
    now = [0.0]
    replays, work = Replays(lambda: now[0], most=100), Work(b"x" * 60)
    for key in "abc":
        await again(replays, work, key)
    await again(replays, work, "c")
    assert work.done == 3
    await again(replays, work, "a")
    assert work.done == 4
    now[0] = 10_000.0
    await again(replays, work, "c")
    assert work.done == 5
