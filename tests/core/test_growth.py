"""What a call costs the database does not depend on how much the scope holds already.

Counted are the steps of SQLite's virtual machine, which are the same on every machine.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from memx_core import Memory, Message
from memx_core.testing import FakeEmbedder

USER = {"user_id": "ada"}
FEW, MANY = 100, 1_500
_EACH = 10  # steps between two calls of the handler


class Counted:
    """A memory on a connection that counts; each scope is filled when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self.steps = 0
        engine = create_engine(
            f"sqlite:///{path}", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
        )
        event.listen(engine, "connect", self._count)
        self.memory = Memory(embedder=FakeEmbedder(), database=engine, background=False)
        self._filled: set[str] = set()

    def _count(self, connection: sqlite3.Connection, _: object) -> None:
        connection.set_progress_handler(self._tick, _EACH)

    def _tick(self) -> int:
        self.steps += _EACH
        return 0

    def scope(self, size: int) -> str:
        """A user with so many turns and facts, in conversations of twenty turns, searched before."""
        user = f"user with {size}"
        if user not in self._filled:
            self._filled.add(user)
            for start in range(0, size, 20):
                texts = [f"thing{number} stands in hall{number}" for number in range(start, start + 20)]
                turns = [Message("user", text, id=f"m{start}-{at}") for at, text in enumerate(texts)]
                self.memory.add(turns, infer=False, session_id=f"s{start}", user_id=user)
            self.memory.recall("thing", user_id=user)
        return user


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    counted = Counted(tmp_path_factory.mktemp("growth") / "memx.db")
    yield counted
    counted.memory.close()


def turns(name: str) -> list[Message]:
    return [Message("user", f"My cat is called {name}.", id=f"u-{name}"), Message("assistant", "Oh!", id=f"a-{name}")]


CALLS: dict[str, Callable[[Memory, str], object]] = {
    "add": lambda memory, user: memory.add(turns("Tom"), session_id="a", user_id=user),
    "add one again": lambda memory, user: memory.add(turns("Tom"), session_id="a", user_id=user),
    "add later": lambda memory, user: memory.add(turns("Bo"), session_id="b", wait=False, user_id=user),
    "add without a model": lambda memory, user: memory.add("A note", infer=False, user_id=user),
    "add under a key": lambda memory, user: memory.add("My hen is Ada.", key="k", user_id=user),
    "pending": lambda memory, user: memory.pending(user_id=user),
    "flush": lambda memory, user: memory.flush(user_id=user),
    "put_messages": lambda memory, user: memory.put_messages("c", turns("Rex"), learn=False, user_id=user),
    "messages": lambda memory, user: memory.messages("c", user_id=user),
    "search": lambda memory, user: memory.search("What stands in hall7?", user_id=user),
    "recall": lambda memory, user: memory.recall("What stands in hall7?", max_tokens=200, user_id=user),
    "get_all": lambda memory, user: memory.get_all(limit=10, user_id=user),
    "history": lambda memory, user: memory.history(newest(memory, user), user_id=user),
    "why": lambda memory, user: memory.why(newest(memory, user), user_id=user),
    "update": lambda memory, user: memory.update(newest(memory, user), "Another", user_id=user),
    "delete": lambda memory, user: memory.delete(newest(memory, user), user_id=user),
    "clear_messages": lambda memory, user: memory.clear_messages("c", user_id=user),
}


def newest(memory: Memory, user: str) -> str:
    return memory.get_all(limit=1, user_id=user)[0].id


@pytest.mark.parametrize("name", CALLS)
def test_a_call_costs_the_same_whatever_the_scope_holds(counted: Counted, name: str) -> None:
    spent: dict[int, int] = {}
    for size in (FEW, MANY):
        user = counted.scope(size)
        counted.steps = 0
        CALLS[name](counted.memory, user)
        spent[size] = counted.steps
    assert 0 < spent[MANY] <= 1.5 * spent[FEW] + 300
