"""The thread that learns from what is queued, off the path of every call.

One daemon thread for each `Memory`, begun when the first job is queued, or at once if an index has
not heard of everything: it also tells that what it is late with. It uses the blocking colour
in a fresh context: no event loop, and nothing of a request's. What it is at is leased in the ledger,
so several memories and processes share the work, and what a killed one was at is resumed. It knows
nothing of its `Memory`, which therefore may be collected.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from functools import partial

from memx_core._io import Current, Providers, SyncIO, run
from memx_core.background import Background
from memx_core.errors import IndexUnavailableError, LedgerError, MemxError
from memx_core.flows import working
from memx_core.flows.room import Room
from memx_core.flows.working import Hold, Turn
from memx_core.ledger import Claim, OpenBatch, Queue
from memx_core.ports import LLM, Embedder, Telemetry

_logger = logging.getLogger("memx_core")
_BREATH = 0.05  # seconds between two looks at least, however often it is woken
_LONGEST_HOLD = timedelta(minutes=10)  # a lease is given up when a provider has been silent for so long
_LONGEST_BREATHER = 60.0  # seconds that a silent provider keeps everybody waiting
_BETWEEN_TELLINGS = 10.0  # seconds to leave an index alone that refused
_LEAST = timedelta(microseconds=1)


def keeper(room: Room) -> Hold:
    """Renews leases from a thread while their batches are worked on."""
    return lambda batch: _keep(room, batch)


def _keep(room: Room, batch: OpenBatch) -> Callable[[], None]:
    done = threading.Event()
    _start(lambda: _renew(room, batch, done), "memx-lease")
    return done.set


def _renew(room: Room, batch: OpenBatch, done: threading.Event) -> None:
    pause, until = room.background.lease / 3, batch.until
    left = int(_LONGEST_HOLD.total_seconds() / pause) + 1
    while left and not done.wait(pause):
        left -= 1
        # Always another time, also on a clock that stands still: others see by it that we are there.
        until = max(room.clock() + timedelta(seconds=room.background.lease), until + _LEAST)
        try:
            if not room.ledger.renew(batch, until):
                return
        except LedgerError:
            if room.ledger.closed:
                return


def _start(work: Callable[[], None], name: str) -> threading.Thread:
    thread = threading.Thread(target=Context().run, args=(work,), name=name, daemon=True)
    thread.start()
    return thread


def employ(room: Room, current: Current, background: bool | Background) -> tuple[Room, Worker | None]:
    """`room` with a worker, and the worker, if there is to be one and it can work."""
    room = replace(room, background=background if isinstance(background, Background) else Background())
    if background is False:
        return room, None
    if (reason := _unable(current.providers)) is not None:
        return replace(room, no_worker=reason), None
    worker = Worker(room, partial(SyncIO, current), current.providers.telemetry)
    if room.ledger.any_queued(room.namespace) or (room.told and room.ledger.is_late(room.namespace)):
        worker.wake()
    return replace(room, queued=worker.wake), worker


def _unable(given: Providers) -> str | None:
    """Why a thread without an event loop cannot learn."""
    for provider, blocking in ((given.llm, LLM), (given.embedder, Embedder)):
        if provider is not None and not isinstance(provider, blocking):
            kind = type(provider).__qualname__
            return f"no_worker: {kind} can only be awaited, so nothing is learned from this before `aflush()`"
    return None


def _kind(error: BaseException) -> str:
    return type(error).__name__


def _is_ours(error: Exception) -> bool:
    """Whether it is not the provider or the database that is out of order."""
    return isinstance(error, MemxError) and not isinstance(error, LedgerError)


class Worker:
    """Learns from what is queued, when it is due.

    Args:
        room: Where.
        io: Makes what one batch is worked on with.
        telemetry: Hears of each turn.
    """

    def __init__(self, room: Room, io: Callable[[], SyncIO], telemetry: Telemetry) -> None:
        self._room = room
        self._telemetry = telemetry
        self._io = io
        self._hold = keeper(room)
        self._answered = False  # the provider, when it was last asked
        self._failures = 0  # in a row
        self._tells_at = 0.0
        self._afresh()

    def _afresh(self) -> None:
        """Without anything of a parent's: neither its thread nor its locks are of use after a fork."""
        self._process = os.getpid()
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None
        self._at: OpenBatch | None = None

    def wake(self) -> None:
        """Something was queued: looks at it soon, and begins with that if nothing was ever queued before."""
        if self._process != os.getpid():
            self._afresh()
        with self._starting:
            if self._thread is None and not self._stopping.is_set():
                self._thread = _start(self._run, "memx-worker")
        self._bell.set()

    def dismiss(self) -> None:
        """Begins nothing more; does not wait for what is at work."""
        if self._process != os.getpid():
            self._afresh()
        self._stopping.set()
        self._bell.set()

    def stop(self, seconds: float | None) -> None:
        """Begins nothing more. What is at work may take so long; then it is left to others."""
        self.dismiss()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(seconds)
        if thread.is_alive() and (batch := self._at) is not None:
            self._quietly(lambda: self._room.ledger.release(batch))

    def _run(self) -> None:
        while not self._stopping.is_set() and not self._room.ledger.closed:
            self._quietly(self._look)
            self._quietly(self._tell)
            if self._failures and not self._answered:
                self._stopping.wait(self._breather())
            else:
                self._bell.wait(self._room.background.poll)
            self._bell.clear()
            self._stopping.wait(_BREATH)

    def _breather(self) -> float:
        """Seconds to leave a provider alone that answers nobody."""
        pause = self._room.background.pause(self._failures).total_seconds()
        return min(pause, _LONGEST_BREATHER)

    def _quietly(self, work: Callable[[], None]) -> None:
        """What fails is noted with its jobs, or is the database's; the thread goes on in any case."""
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # also what a provider raises to end its thread
            self._failures += 1
            self._answered = False
            if self._failures == 1 and not (self._stopping.is_set() or self._room.ledger.closed):
                _logger.warning("learning in the background cannot go on (%s); it is tried again", _kind(error))

    def _look(self) -> None:
        """Takes turns at what is due until nothing is."""
        room = self._room
        moved = True
        while moved:
            now = room.clock()
            quiet = now - timedelta(seconds=room.background.idle)
            moved = False
            for queue in room.ledger.due(room.namespace, now=now, quiet=quiet):
                if self._stopping.is_set():
                    return
                turn = self._turn(queue)
                moved = moved or turn is not None
                if turn is not None and turn.error is not None and not self._answered:
                    return

    def _tell(self) -> None:
        """Tells the index what it has not heard of, if it is one that is told."""
        if not self._room.told or time.monotonic() < self._tells_at:
            return
        try:
            self._room.index.apply(self._room.namespace, ())
        except IndexUnavailableError:
            self._tells_at = time.monotonic() + _BETWEEN_TELLINGS  # nothing is lost: what it lacks is in the ledger

    def _turn(self, queue: Queue) -> Turn | None:
        """One turn at a queue; `None` if somebody else is at it, or was faster."""
        down = not self._answered
        with self._telemetry.method("learn", (), {}) as told:
            turn = told(run(working.take(self._io(), self._room, self._holding, Claim(queue), down=down)))
        if not isinstance(turn, Turn):
            return None
        self._answered = turn.error is None or _is_ours(turn.error)
        self._failures = 0 if self._answered else self._failures + 1
        if turn.error is not None:
            self._say(turn.error, parked=turn.parked)
        return turn

    def _say(self, error: Exception, *, parked: bool) -> None:
        """Tells the application's log what nobody else hears of; an outage once, and nothing that an error quotes."""
        if parked:
            doing = "is parked: `pending` shows it, and `flush` tries it again"
            _logger.warning("something could not be learned from (%s) and %s", _kind(error), doing)
        elif self._failures <= 1:
            _logger.warning("learning in the background failed (%s); it is tried again", _kind(error))

    def _holding(self, batch: OpenBatch) -> Callable[[], None]:
        """Like the keeper's, and remembers what it is at."""
        self._at = batch
        let_go = self._hold(batch)

        def end() -> None:
            self._at = None
            let_go()

        return end
