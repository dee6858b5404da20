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
from typing import TypeVar

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
        work = self._work(func, waiting)
        try:
            threading.Thread(target=contextvars.copy_context().run, args=(work,), name="memx", daemon=True).start()
        except BaseException:
            self._free.release()
            raise
        try:
            return waiting.result(end - time.monotonic())
        except FutureTimeoutError:
            if waiting.done():
                raise  # the provider's own
            raise TimeoutError(f"no answer within {self._seconds} s") from None

    def _work(self, func: Callable[[], T], waiting: Future[T]) -> Callable[[], None]:
        def work() -> None:
            try:
                waiting.set_result(func())
            except BaseException as error:  # noqa: BLE001  # handed to whoever waits
                waiting.set_exception(error)
            finally:
                self._free.release()

        return work

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


def _checked(seconds: object) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise InvalidInputError(f"timeout={seconds!r} is no number of seconds above 0; None waits for ever")
    return float(seconds)
