"""People whose ids look like another's, or like a wildcard; and databases where they live together or alone."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import uuid
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from faults.speaking import learning, said
from memx_core import Memory, Operation
from memx_core.plans import Decision
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM

IDS = (
    "alice",
    "Alice",
    "alice ",
    " alice",
    "*",
    "%",
    "_",
    "a_ice",
    "al%",
    "'; DROP TABLE memx_memories; --",
    '" OR ""="',
    "..",
    "../alice",
    "alice\u200b",
    "alic\u0435",
    "e\u0301",
    "\u00e9",
    "None",
    "null",
    "0",
    "用户",
    "alice@example.com",
    '{"$ne": null}',
    "default",
    "a" * 10_000,
    "a" * 9_999 + "b",
)
"""Exact each, whatever they look like."""
_TABLES = ("memories", "versions", "messages", "operations", "jobs", "reviews", "costs")
_HANGING = {
    "changes": ("memories", "seq", "memory"),
    "evidence": ("memories", "seq", "memory"),
    "version_vectors": ("versions", "row", "row"),
    "message_vectors": ("messages", "row", "row"),
}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBERS = re.compile(r"next_cursor='[\d.]+'|revision=\d+")


def canary(number: int) -> str:
    """A word that only that person says."""
    return f"canary{number:03}canary"


@dataclass(frozen=True, slots=True)
class Town:
    """Databases with the same people in them: all together, and each alone.

    Attributes:
        folder: Where they are.
        names: What can be named of each person's: memories, calls, what waits, turns.
    """

    folder: Path
    names: Sequence[Sequence[str]]

    def copy(self, whose: int | None, to: Path) -> Path:
        """A copy of the database of one who is alone, or of all."""
        path = self.folder / f"{'all' if whose is None else whose}.db"
        if whose is not None and not path.exists():
            with opened(path) as memory:
                _move_in(memory, whose)
        shutil.copyfile(path, to)
        return to


def opened(path: Path) -> Memory:
    """A memory on one of them, at a time that stands still."""
    model = ScriptedLLM(default=learning)
    return Memory(model, FakeEmbedder(64), path, policy=_policy, background=False, clock=ManualClock())


@contextmanager
def same_ids(seed: int) -> Generator[None]:
    """New ids are those of a seed: they decide between hits of one score, and must not do so by chance."""
    chance, usual = random.Random(seed), uuid.uuid4
    uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
    try:
        yield
    finally:
        uuid.uuid4 = usual


def _policy(operation: Operation) -> Decision:
    return "review" if "waits" in operation.text else "apply"


def build(folder: Path) -> Town:
    """Everybody's database; each one's own is made when it is asked for."""
    with opened(folder / "all.db") as town:
        return Town(folder, [_move_in(town, number) for number in range(len(IDS))])


def _move_in(memory: Memory, number: int) -> list[str]:
    with same_ids(number):
        return _moved_in(memory, number)


def _moved_in(memory: Memory, number: int) -> list[str]:
    own = memory.scoped(user_id=IDS[number])
    word = canary(number)
    noted = own.add(f"I keep {word} secret", infer=False, session_id="s", metadata={"k": word}, key="k")
    own.update(noted.changes[0].memory_id, f"I keep {word} very secret", reason=f"of {word}")
    learned = own.add(said(word), session_id="s")
    own.add(said(f"waits{word}"), session_id="s")
    own.put_messages("t", {"role": "user", "content": f"hello {word}", "id": "m"}, learn=False)
    own.add(said(f"later{word}"), wait=False, session_id="u")
    waiting = [name for job in own.pending() for name in (job.id, job.operation_id)]
    return [noted.changes[0].memory_id, learned.changes[0].memory_id, noted.operation_id, *waiting, "m", word]


def others(path: Path, whose: int) -> str:
    """Every row that is somebody else's, as text; not what is nobody's, as the mark of an erasure is."""
    rows: list[str] = []
    with closing(sqlite3.connect(path)) as connection:
        for table in _TABLES:
            rows += map(repr, connection.execute(f"SELECT * FROM memx_{table} WHERE user_id <> ?", (IDS[whose],)))
        for table, (owner, key, column) in _HANGING.items():
            joined = f"memx_{table} t JOIN memx_{owner} o ON o.{key} = t.{column}"
            rows += map(repr, connection.execute(f"SELECT t.* FROM {joined} WHERE o.user_id <> ?", (IDS[whose],)))
    return "\n".join(rows)


def plain(value: object, foreign: Sequence[str]) -> str:
    """What a call came to, with names for ids: those of two databases are others, and mean the same.

    What is left out are numbers of writes, which count everybody's; see what is not promised.
    """
    text = _NUMBERS.sub("", f"{type(value).__name__} {value!r}")
    known: dict[str, str] = {}
    return _UUID.sub(lambda match: _named(match[0], known, foreign), text)


def _named(id: str, known: dict[str, str], foreign: Sequence[str]) -> str:
    return id if id in foreign else known.setdefault(id, f"id-{len(known)}")
