"""Several processes that answer on one socket: started, started again when one dies, and stopped together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final

_POLL: Final = 0.5
_YOUNG: Final = 10.0
"""Seconds before which a process that dies has failed to begin: starting it again would not help."""
_STOPS: Final = (signal.SIGINT, signal.SIGTERM)

Work = Callable[[socket.socket], None]


class _One:
    """One process, and since when it runs."""

    def __init__(self, work: Work, listening: socket.socket) -> None:
        context = multiprocessing.get_context("spawn")
        self.process: SpawnProcess = context.Process(target=work, args=(listening,), name="memx-server")
        self.process.start()
        self._since = time.monotonic()

    @property
    def failed(self) -> bool:
        """Whether it died as it began."""
        return self.process.exitcode != 0 and time.monotonic() - self._since < _YOUNG


def supervise(work: Work, listening: socket.socket, count: int, patience: float) -> None:
    """Has `count` processes work until this one is told to stop (SIGINT, SIGTERM).

    Args:
        work: What each does with the socket, until a SIGTERM; it is handed to the processes.
        listening: The socket.
        count: How many.
        patience: Seconds that they may take to stop; then they are killed.

    Raises:
        RuntimeError: If one of them cannot begin.
    """
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    former = {each: signal.signal(each, stop) for each in _STOPS}
    running = [_One(work, listening) for _ in range(count)]
    try:
        while not stopping.is_set():
            wait([each.process.sentinel for each in running], _POLL)
            for at, each in enumerate(running):
                if not each.process.is_alive() and not stopping.is_set():
                    if each.failed:
                        raise RuntimeError("a process of the server ended as it began; its log says why")
                    running[at] = _One(work, listening)
    finally:
        _stopped(running, patience)
        for number, handler in former.items():
            signal.signal(number, handler)


def _stopped(running: list[_One], patience: float) -> None:
    alive = [each.process for each in running if each.process.is_alive()]
    for process in alive:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
    until = time.monotonic() + patience
    for process in alive:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
