"""Bounds: many messages, many scopes, and a week of traffic in one process, which must not grow by it."""

from __future__ import annotations

import gc
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from pydantic import BaseModel

from faults.agreement import disagreements
from faults.outcomes import Outcome, Tally
from faults.speaking import learning, said
from memx_core import Memory, Message
from memx_core.background import Background
from memx_core.embedders import HashingEmbedder
from memx_core.index import ExactIndex
from memx_core.ports import Completion
from memx_core.testing import ManualClock

MESSAGES, SCOPES, HOURS = 100_000, 10_000, 7 * 24
_BATCH = 500
_GROWTH = 48 << 20  # bytes that a process may grow by while it does more of the same
_INDEX = 1 << 20  # bytes that the index may hold: full long before the first quarter of all people was there
_LOG = 64 << 20  # bytes that a write-ahead log may have


class _State(NamedTuple):
    """What a process holds, in bytes and numbers."""

    memory: int
    threads: int
    handles: int
    log: int


def bounds(size: int, *, seed: int = 0) -> Outcome:
    """What the process and its files come to.

    Args:
        size: In hundredths of the full size.
        seed: Of the traffic.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for name, states in (
            ("messages", _messages(Path(folder) / "messages.db", MESSAGES * size // 100, tally)),
            ("scopes", _scopes(Path(folder) / "scopes.db", SCOPES * size // 100, tally)),
            ("week", _week(Path(folder) / "week.db", max(6, HOURS * size // 100), random.Random(seed), tally)),
        ):
            _look(name, list(states), tally)
    return tally.outcome()


def _state(path: Path) -> _State:
    gc.collect()
    process = psutil.Process()
    log = path.with_name(f"{path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    return _State(process.memory_info().rss, process.num_threads(), process.num_fds(), size)


def _look(name: str, states: list[_State], tally: Tally) -> None:
    """Whether it stays as it was when a quarter was done."""
    first, last = states[max(1, len(states) // 4)], states[-1]
    grown = last.memory - first.memory
    tally.figures[f"{name}: KiB that the process grew by after the first quarter"] = max(0, grown // 1024)
    tally.figures[f"{name}: MiB of the largest log"] = max(state.log for state in states) >> 20
    tally.expect(grown < _GROWTH, f"{name}: the process grew by {grown >> 20} MiB")
    tally.expect(last.threads <= first.threads, f"{name}: {first.threads} threads became {last.threads}")
    tally.expect(last.handles <= first.handles + 2, f"{name}: {first.handles} handles became {last.handles}")
    tally.expect(max(state.log for state in states) < _LOG, f"{name}: the log grew beyond bounds")


def _messages(path: Path, count: int, tally: Tally) -> Iterator[_State]:
    """Turns into one conversation of one person."""
    with Memory(_Model(), HashingEmbedder(32), path, background=False) as memory:
        for start in range(0, count, _BATCH):
            turns = [
                {"role": "user", "content": f"turn {start + at} of many"} for at in range(min(_BATCH, count - start))
            ]
            memory.put_messages("s", turns, learn=False, user_id="ada")
            tally.points += len(turns)
            if start % (_BATCH * max(1, count // _BATCH // 8)) == 0:
                memory.messages("s", limit=20, user_id="ada")
                yield _state(path)
        yield _state(path)
        bytes_each = path.stat().st_size // count
        tally.figures["messages: bytes of the file for each"] = bytes_each
        tally.expect(bytes_each < 4096, f"each message takes {bytes_each} bytes")
        tally.expect(len(memory.messages("s", limit=10, user_id="ada")) == 10, "the transcript cannot be read")


def _scopes(path: Path, count: int, tally: Tally) -> Iterator[_State]:
    """A memory of each of many people, and a search by each."""
    index = ExactIndex(max_bytes=_INDEX)
    with Memory(_Model(), HashingEmbedder(32), path, index=index, background=False) as memory:
        for number in range(count):
            memory.add(f"note of {number}", infer=False, user_id=f"user-{number}")
            (hit, *_) = memory.search("note", user_id=f"user-{number}")
            tally.points += 1
            tally.expect(hit.memory.text == f"note of {number}", f"user {number} finds {hit.memory.text!r}")
            if number % max(1, count // 8) == 0:
                yield _state(path)
        yield _state(path)


def _week(path: Path, hours: int, chance: random.Random, tally: Tally) -> Iterator[_State]:
    """Some people who talk, ask, change their minds and leave, on a clock that is moved by the hour."""
    clock = ManualClock()
    worker = Background(poll=0.01, idle=0)
    with Memory(_Model(), HashingEmbedder(32), path, clock=clock, background=worker) as memory:
        for hour in range(hours):
            clock.advance(hours=1)
            for number in range(6):
                user = f"user-{chance.randrange(20)}"
                memory.add(said(f"{hour}x{number}"), wait=False, session_id=str(hour // 24), user_id=user)
                memory.recall(said(hour), user_id=user)
                tally.points += 2
            memory.flush()
            items = memory.get_all(limit=5, user_id=user)
            if items and hour % 3 == 0:
                memory.update(items[0].id, f"changed at {hour}")
            if len(items) > 1 and hour % 5 == 0:
                memory.delete(items[1].id)
            if hour % 24 == 23:
                memory.erase(user_id=f"user-{chance.randrange(20)}")
            if hour % max(1, hours // 8) == 0:
                yield _state(path)
        tally.expect(memory.pending() == [], "something waits at the end of the week")
        tally.broken += disagreements(memory._room.ledger._database.engine)  # the engine on that file
        yield _state(path)


class _Model:
    """Answers and forgets; the fakes of tests remember every prompt."""

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """What is to be learned."""
        return Completion(text=json.dumps(learning(messages, schema)))
