"""Faults of storage: a full disk, a file that may only be read, a lock, a clock that goes back, damaged rows and pages.

What is asked each time: is it said clearly (a `MemxError`), is nothing half done, and does nobody else notice?
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

from faults.agreement import disagreements, everything
from faults.damage import DAMAGES
from faults.outcomes import Outcome, Tally
from faults.speaking import ADA, BOB, fact, learning, said
from memx_core import LedgerError, Memory, MemxError, Page
from memx_core.ports import Index
from memx_core.testing import FakeEmbedder, ManualClock, PushedIndex, ScriptedLLM

PAGE = 4096


def storage(size: int, *, seed: int = 0) -> Outcome:
    """What came of every kind of fault.

    Args:
        size: How often each kind is tried, and on how many columns damage is done, twice each.
        seed: Of the chances.
    """
    tally = Tally()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        trials = _Trials(Path(folder), chance, tally)
        for number in range(size):
            trials.full(room=number)
            trials.locked(hold=number)
            trials.clock(steps=min(10, 3 + number))
            trials.pages(many=1 + number % 5)
        trials.read_only()
        for damage in chance.sample(DAMAGES, min(size, len(DAMAGES))):
            trials.row(damage, told=False)
            trials.row(damage, told=True)
    return tally.outcome()


def writes(memory: Memory, id: str, name: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every kind of write, as calls that have not been made yet."""
    message = {"role": "user", "content": said(name), "id": name}
    yield "learn", lambda: memory.add(said(name), session_id="s", **ADA)
    yield "note", lambda: memory.add(f"note {name}", infer=False, session_id="s", **ADA)
    yield "queue", lambda: memory.add(said(f"{name}q"), wait=False, session_id="s", **ADA)
    yield "put", lambda: memory.put_messages("t", message, **ADA)
    yield "update", lambda: memory.update(id, f"note {name} changed")
    yield "clear", lambda: memory.clear_messages("u", **ADA)
    yield "flush", memory.flush
    yield "revert", lambda: memory.revert(id, to=1)
    yield "delete all", lambda: memory.delete_all(user_id="nobody")
    yield "erase", lambda: memory.erase(user_id="somebody")
    yield "rebuild", memory.rebuild_index


def reads(memory: Memory, ids: Any, id: str) -> Iterator[tuple[str, Callable[[], Any]]]:  # noqa: ANN401  # ids of a scope
    """Every kind of read, likewise."""
    yield "get", lambda: memory.get(id, **ids)
    yield "get_all", lambda: memory.get_all(include_superseded=True, filters={"k": {"exists": True}}, **ids)
    yield "get_all, whole", lambda: memory.get_all(**ids)
    yield "search", lambda: memory.search("note item", include_messages=True, **ids)
    yield "recall", lambda: memory.recall("note item", **ids)
    yield "history", lambda: memory.history(id, **ids)
    yield "why", lambda: memory.why(id, **ids)
    yield "messages", lambda: memory.messages("s", **ids)
    yield "pending", lambda: memory.pending(**ids)
    yield "usage", lambda: memory.usage(**ids)


class _Trials:
    """One fault after the other, each on a copy of the same small memory."""

    def __init__(self, folder: Path, chance: random.Random, tally: Tally) -> None:
        self._folder = folder
        self._chance = chance
        self._tally = tally
        self._number = 0
        self._usual = folder / "usual.db"
        with self._opened(create_engine(f"sqlite:///{self._usual}")) as memory:
            self._ids = _filled(memory)

    @contextmanager
    def _opened(self, engine: Engine, index: Index | None = None, **settings: Any) -> Generator[Memory]:  # noqa: ANN401  # as for `Memory`
        try:
            with Memory(
                ScriptedLLM(default=learning), FakeEmbedder(64), engine, index=index, background=False, **settings
            ) as memory:
                yield memory
        finally:
            engine.dispose()

    def _copy(self) -> Path:
        self._number += 1
        path = self._folder / f"{self._number}.db"
        shutil.copyfile(self._usual, path)
        return path

    def _fails(self, what: str, call: Callable[[], Any], *, clear: type[Exception] = MemxError) -> bool:
        """Whether it fails; if so, clearly."""
        self._tally.points += 1
        try:
            call()
        except clear:
            self._tally.figures["clear errors"] += 1
            return True
        except Exception as error:  # noqa: BLE001  # that is what is looked for
            self._tally.broken.append(f"{what}: {error!r}")
            return True
        return False

    def _agree(self, what: str, path: Path) -> None:
        engine = create_engine(f"sqlite:///{path}")
        self._tally.broken += [f"{what}: {each}" for each in disagreements(engine)]
        engine.dispose()

    # The disk.

    def full(self, *, room: int) -> None:
        """No page more than so many."""
        path = self._copy()
        with closing(sqlite3.connect(path)) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
        limit = pages + room
        engine = create_engine(f"sqlite:///{path}")
        event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA max_page_count={limit}"))
        refused: set[str] = set()
        with self._opened(engine) as memory:
            for number in range(200):
                for name, call in writes(memory, self._ids["ada"], f"{number}"):
                    if self._fails(f"full disk, {name}", call, clear=LedgerError):
                        refused.add(f"{name}{number}")
                if len(refused) > 4:
                    break
            self._tally.expect(bool(refused), "the disk never was full")
            for name, call in reads(memory, ADA, self._ids["ada"]):
                self._tally.expect(not self._fails(f"full disk, {name}", call), f"full disk: {name} fails")
            texts = {item.text for item in everything(memory, ADA)}
            halves = [each for each in refused if each.startswith("learn") and fact(each[5:]) in texts]
            self._tally.expect(not halves, f"full disk: {halves} were refused and are there")
        self._agree("full disk", path)
        with self._opened(create_engine(f"sqlite:///{path}")) as memory:
            memory.add(said("afterwards"), **ADA)
            self._tally.expect(
                memory.search(fact("afterwards"), **ADA) != [], "what is written afterwards is not found"
            )
        self._agree("after a full disk", path)
        self._tally.figures["full disks"] += 1

    def read_only(self) -> None:
        """A file that may not be written."""
        path = self._copy()
        with self._opened(create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")) as memory:
            for name, call in writes(memory, self._ids["ada"], "x"):
                failed = self._fails(f"read-only, {name}", call, clear=LedgerError)
                self._tally.expect(failed, f"read-only: {name} says nothing")
            for name, call in reads(memory, ADA, self._ids["ada"]):
                self._tally.expect(not self._fails(f"read-only, {name}", call), f"read-only: {name} fails")
        self._agree("read-only", path)

    def locked(self, *, hold: int) -> None:
        """Another process holds the writers' lock for longer than we wait."""
        path = self._copy()
        engine = create_engine(f"sqlite:///{path}")
        with self._opened(engine) as memory, closing(sqlite3.connect(path, isolation_level=None)) as other:
            # After our own listener, which sets the usual patience.
            event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=5"))
            calls = list(writes(memory, self._ids["ada"], f"{hold}"))
            for name, call in calls[hold % 3 : hold % 3 + 6]:
                other.execute("BEGIN IMMEDIATE")
                failed = self._fails(f"locked, {name}", call, clear=LedgerError)
                self._tally.expect(failed or name in ("flush", "rebuild"), f"locked: {name} says nothing")
                for reading, read in reads(memory, ADA, self._ids["ada"]):
                    self._tally.expect(not self._fails(f"locked, {reading}", read), f"locked: {reading} fails")
                other.execute("ROLLBACK")
                self._tally.expect(not self._fails(f"unlocked, {name}", call), f"unlocked: {name} fails")
        self._agree("locked", path)

    # The clock.

    def clock(self, *, steps: int) -> None:
        """Time goes back and forth, by days, between any two calls."""
        path = self._copy()
        clock = ManualClock()
        with self._opened(create_engine(f"sqlite:///{path}"), clock=clock) as memory:
            for step in range(steps):
                clock.advance(hours=self._chance.uniform(-72, 48))
                for name, call in writes(memory, self._ids["ada"], f"c{step}"):
                    self._tally.expect(not self._fails(f"clock, {name}", call), f"clock: {name} fails")
            for name, call in reads(memory, ADA, self._ids["ada"]):
                self._tally.expect(not self._fails(f"clock, {name}", call), f"clock: {name} fails")
            known = {item.text for item in everything(memory, ADA)}
            lost = [step for step in range(steps) if fact(f"c{step}") not in known or f"note c{step}" not in known]
            self._tally.expect(not lost, f"clock: {lost} are not known")
            versions = [change.version for change in memory.history(self._ids["ada"])]
            self._tally.expect(versions == list(range(1, len(versions) + 1)), f"clock: the history is {versions}")
        self._agree("clock", path)

    # Damage.

    def row(self, damage: str, *, told: bool) -> None:
        """Something of Ada's is not what it should be; Bob must not notice."""
        path = self._copy()
        with closing(sqlite3.connect(path)) as connection:
            changed = connection.execute(f"{damage} WHERE address = {_ADDRESS}").rowcount
            connection.commit()
        usual, found = (self._of_bob(file, told=told, damage=damage) for file in (self._usual, path))
        self._tally.expect(changed > 0, f"{damage} damages nothing")
        index = PushedIndex() if told else None
        with self._opened(create_engine(f"sqlite:///{path}"), index) as memory:
            for name, call in (*reads(memory, ADA, self._ids["ada"]), *writes(memory, self._ids["ada"], "d")):
                self._fails(f"{damage}: {name}", call)
        for name, there in usual.items():
            here = found.get(name)
            self._tally.expect(here == there, f"{damage}: {name} of somebody else is {here}, not {there}")
        self._tally.figures["kinds of damage"] += 1

    def _of_bob(self, path: Path, *, told: bool, damage: str) -> dict[str, str]:
        """What Bob reads, and what becomes of what he writes, on a copy of the file."""
        self._number += 1
        copy = self._folder / f"{self._number}.db"
        shutil.copyfile(path, copy)
        found: dict[str, str] = {}
        index = PushedIndex() if told else None
        with self._opened(create_engine(f"sqlite:///{copy}"), index, clock=ManualClock()) as memory:
            for name, call in reads(memory, BOB, self._ids["bob"]):
                self._fails(f"{damage}: {name} of Bob", partial(_note, found, name, call))
            self._fails(f"{damage}: Bob learns", lambda: memory.add(said("bobs"), **BOB))
            self._fails(f"{damage}: Bob's queue", lambda: memory.flush(**BOB))
            found["learned"] = repr(sorted(item.text for item in everything(memory, BOB)))
            found["waits"] = repr(len(memory.pending(**BOB)))
        return found

    def pages(self, *, many: int) -> None:
        """Some pages of the file are noise, or its end is missing."""
        path = self._copy()
        data = bytearray(path.read_bytes())
        for _ in range(many):
            at = self._chance.randrange(len(data))
            data[at : at + 64] = self._chance.randbytes(min(64, len(data) - at))
        if self._chance.random() < 0.2:
            del data[self._chance.randrange(PAGE, len(data)) :]
        path.write_bytes(data)

        def use() -> None:
            with self._opened(create_engine(f"sqlite:///{path}")) as memory:
                for name, call in (*reads(memory, ADA, self._ids["ada"]), *writes(memory, self._ids["ada"], "d")):
                    self._fails(f"damaged file: {name}", call)

        self._fails("damaged file: opening", use)
        self._tally.figures["damaged files"] += 1


def _brief(value: Any) -> str:  # noqa: ANN401  # what a read returns
    """What it says, in one line."""
    if isinstance(value, (list, Page)):
        return repr([_brief(each) for each in value])
    said = [
        getattr(value, name)
        for name in ("memory", "text", "content", "new_text", "calls", "id")
        if hasattr(value, name)
    ]
    return _brief(said[0]) if said and not isinstance(value, str) else str(value)[:80]


def _note(found: dict[str, str], name: str, call: Callable[[], Any]) -> None:
    found[name] = _brief(call())


_ADDRESS = "(SELECT address FROM memx_memories WHERE user_id = 'ada' LIMIT 1)"


def _filled(memory: Memory) -> dict[str, str]:
    """The id of a memory with two versions, for each of two people who have everything there is."""
    ids: dict[str, str] = {}
    for scope in (ADA, BOB):
        options: Any = {"session_id": "s", **scope}
        (change,) = memory.add("note 1", infer=False, metadata={"k": 1}, key="k", **options).changes
        memory.update(change.memory_id, "note 2")
        memory.add(said("first"), **options)
        turn = {"role": "user", "content": "hello there", "id": "m", "raw": {"type": "human"}, "metadata": {"k": 1}}
        memory.put_messages("s", turn, learn=False, **scope)
        memory.add(said("waiting"), wait=False, instructions="notice it", **options)
        ids[str(scope["user_id"])] = change.memory_id
    return ids
