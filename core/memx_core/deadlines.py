"""A call that is waited for no longer than a turn of a conversation can wait.

Both frameworks recall within one: a provider or an index that is silent costs a prompt its memories,
and holds up nobody.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from memx_core.errors import InvalidInputError

T = TypeVar("T")
_AT_ONCE = 32
"""Calls under one deadline that may be under way, those included that nobody waits for any more."""


class Deadline:
    """Runs calls for at most so many seconds. A blocking one that takes longer goes on by itself, unheeded.

    Its threads are daemons, for a program must be able to end while a provider is silent.

    Args:
        seconds: More than 0; `None` waits as long as it takes.

    Raises:
        InvalidInputError: If it is no such number.
    """

    def __init__(self, seconds: object) -> None:
        self._seconds = _checked(seconds)
        self._free = threading.Semaphore(_AT_ONCE)

    def run(self, func: Callable[[], T]) -> T:
        """What `func` returns.

        Raises:
            TimeoutError: If it takes too long.
        """
        if self._seconds is None:
            return func()
        end = time.monotonic() + self._seconds
        if not self._free.acquire(timeout=self._seconds):
            raise TimeoutError(f"{_AT_ONCE} calls are waiting for an answer already")
        waiting: Future[T] = Future()
        try:
            _worker().take(partial(contextvars.copy_context().run, func), waiting, self._free)
        except BaseException:
            self._free.release()
            raise
        try:
            return waiting.result(end - time.monotonic())
        except FutureTimeoutError:
            if waiting.done():
                raise  # the provider's own
            raise TimeoutError(f"no answer within {self._seconds} s") from None

    async def arun(self, func: Callable[[], Awaitable[T]]) -> T:
        """What the coroutine of `func` returns.

        Raises:
            TimeoutError: If it takes too long.
        """
        timer = asyncio.timeout(self._seconds)
        try:
            async with timer:
                return await func()
        except TimeoutError:
            if not timer.expired():
                raise  # the provider's own
            raise TimeoutError(f"no answer within {self._seconds} s") from None


class Worker(threading.Thread):
    """Runs one call after the other, and ends when it has had none for a while.

    A new thread for each call would cost a recall a third of its time: what a thread does first, it
    does in memory that it has never touched.
    """

    def __init__(self) -> None:
        super().__init__(name="memx", daemon=True)
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any], threading.Semaphore]] = SimpleQueue()

    def take(self, func: Callable[[], T], waiting: Future[T], free: threading.Semaphore) -> None:
        """Calls `func`, and then frees a place and tells who is waiting."""
        self._calls.put((func, waiting, free))
        if self.ident is None:
            self.start()

    def run(self) -> None:
        """Works until there is nothing to do."""
        while self._work():
            pass

    def _work(self) -> bool:
        """Does one call; whether there may be another."""
        try:
            func, waiting, free = self._calls.get(timeout=PATIENCE)
        except Empty:
            return not _leaves(self)
        tell: Callable[[], None]
        try:
            tell = partial(waiting.set_result, func())
        except BaseException as error:  # noqa: BLE001  # handed to whoever waits
            tell = partial(waiting.set_exception, error)
        stays = len(IDLE) < MOST_IDLE
        if stays:
            IDLE.append(self)  # before anybody is told: the next call is often theirs
        free.release()
        tell()
        return stays


IDLE: list[Worker] = []
"""Appending, popping and removing are each one step for other threads; a lock would be in the way of a fork."""
MOST_IDLE = 4
PATIENCE = 10.0
"""Seconds that an idle thread waits for a call."""


def _worker() -> Worker:
    """One that has nothing to do."""
    while IDLE:
        try:
            worker = IDLE.pop()
        except IndexError:
            break  # somebody else was faster
        if worker.is_alive():  # not after a fork, which takes no threads along
            return worker
    return Worker()


def _leaves(worker: Worker) -> bool:
    """Takes it out of those that are idle; if it is not among them, there is a call on its way to it."""
    try:
        IDLE.remove(worker)
    except ValueError:
        return False
    return True


def _checked(seconds: object) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise InvalidInputError(f"timeout={seconds!r} is no number of seconds above 0; None waits for ever")
    return float(seconds)
