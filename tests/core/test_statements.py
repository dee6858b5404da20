"""What a call asks of the database: how many statements, and in how many transactions.

On a server each is a round trip, so one that comes back costs every call. What begins or ends a transaction
is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine, event

from memx_core import Memory, Message, ScopedMemory
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import adds, updates
from tests.databases import Place

pytestmark = pytest.mark.databases
SAID = [Message("user", "Oslo is where the cat sleeps"), Message("assistant", "How is the cat?")]
LOCK = "pg_advisory_xact_lock"


class Heard:
    """The transactions of an engine that asked something, each with the first two words of its statements."""

    def __init__(self, engine: Engine) -> None:
        self.transactions: list[list[str]] = []
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "before_cursor_execute", self._execute)

    def _begin(self, connection: Connection) -> None:
        self.transactions.append([])

    def _execute(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        if LOCK in statement:
            self.transactions[-1].append("lock")
        elif not statement.startswith("BEGIN"):
            self.transactions[-1].append(statement.split()[0].lower())

    def during(self) -> list[str]:
        """A line for each transaction, and from now on the next."""
        heard, self.transactions = [" ".join(each) for each in self.transactions], []
        return heard


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    engine = place if isinstance(place, Engine) else create_engine(f"sqlite:///{place}")
    yield engine
    if engine is not place:
        engine.dispose()


@pytest.fixture
def memory(engine: Engine, llm: ScriptedLLM) -> Iterator[ScopedMemory]:
    llm.queue(adds("Ada has a dog", "Ada plays chess"))
    with Memory(llm, FakeEmbedder(), engine, background=False) as memory:
        ada = memory.scoped(user_id="ada")
        ada.add("I have a dog and play chess")
        yield ada


def locked(engine: Engine, transaction: str) -> str:
    """A writing transaction as it begins on this database."""
    return f"lock {transaction}" if engine.dialect.name == "postgresql" else transaction


def inserts(number: int) -> str:
    return " ".join(["insert"] * number)


def test_an_add_asks_no_more_than_it_has_to(memory: ScopedMemory, llm: ScriptedLLM, engine: Engine) -> None:
    llm.queue(adds("The cat is in Oslo", "The cat sleeps"))
    heard = Heard(engine)
    memory.add(SAID)
    assert heard.during() == [
        "select",  # where it begins
        "select",  # the turns before
        "select select",  # what is new to the index: the memories
        "select",  # candidates, read back
        locked(engine, "insert"),  # what the model cost
        "select",  # that nothing is new to the index
        # The operation (with what was erased, the space, and whether somebody says the same already), costs, turns;
        # memories, versions, changes, vectors of turns and of memories, evidence.
        locked(engine, inserts(9)),
    ]


def test_many_facts_take_no_more_statements_than_two(memory: ScopedMemory, llm: ScriptedLLM, engine: Engine) -> None:
    llm.queue(adds(*(f"Ada knows song {number}" for number in range(15))))
    heard = Heard(engine)
    memory.add(SAID)
    assert heard.during()[-1] == locked(engine, inserts(9))


def test_an_update_asks_no_more_than_it_has_to(memory: ScopedMemory, llm: ScriptedLLM, engine: Engine) -> None:
    llm.queue(updates(0, "Ada has an old dog", quote="old dog"))
    heard = Heard(engine)
    memory.add("My old dog sleeps all day")
    *before, written = heard.during()
    assert len(before) == 6
    # As an add; then the memory as it is, its version closed and conflicts with it, its new head and who else says
    # the former text, the new version; at last the turn that the former came from, which is marked.
    closed = "select update select update select"
    assert written == locked(engine, f"{inserts(3)} {closed} {inserts(4)} select insert update insert")


def test_a_search_asks_no_more_than_it_has_to(memory: ScopedMemory, engine: Engine) -> None:
    heard = Heard(engine)
    memory.search("dog")
    # For the names: what is new, and the memories. Then that nothing is new since, and what was found, read back.
    assert heard.during() == ["select select", "select", "select"]
    memory.search("dog")
    assert heard.during() == ["select", "select"]


def test_a_turn_that_is_queued_is_one_write(memory: ScopedMemory, engine: Engine) -> None:
    heard = Heard(engine)
    memory.add(SAID, wait=False)
    # The operation, unfinished turns of the session that go on, the job, the turns.
    assert heard.during() == [locked(engine, "insert update insert insert")]
