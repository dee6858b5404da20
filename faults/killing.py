"""The process that `faults.kills` runs: it has children write, kills them, and looks at what they left.

It has no threads of its own when it forks, so a child costs no import. A child says what it was told is
kept; then that has to be there.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

from faults.agreement import disagreements, everything, unfound
from faults.journal import JournalIndex
from faults.outcomes import Tally
from faults.speaking import ADA, BOB, fact, learning, said
from memx_core import Memory
from memx_core.background import Background
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM

_WORKER = Background(poll=0.01, idle=0)
Said = list[list[Any]]


def script(memory: Memory, say: Callable[..., None]) -> None:
    """Every kind of write, each acknowledged when its call has returned."""
    ids: list[str] = []
    for number in range(2):
        (change,) = memory.add(f"note {number}", infer=False, session_id="s", **ADA).changes
        ids.append(change.memory_id)
        say("is", ids[-1], f"note {number}")
        memory.add(said(f"now{number}"), session_id="s", **ADA)
        say("learned", f"now{number}")
        memory.add(said(f"later{number}"), wait=False, session_id="s", **ADA)
        say("told", f"later{number}")
        memory.put_messages("t", {"role": "user", "content": said(f"put{number}"), "id": f"m{number}"}, **ADA)
        say("told", f"put{number}")
    memory.update(ids[0], "note changed")
    say("is", ids[0], "note changed")
    operation = memory.history(ids[0])[-1].operation_id
    memory.undo(operation)
    say("is", ids[0], "note 0")
    memory.delete(ids[1])
    say("is", ids[1], None)
    memory.add(said("bobs"), infer=False, session_id="s", **BOB)
    say("bob", 1)
    memory.erase(**BOB)
    say("bob", 0)
    memory.flush()
    say("done")


class Killer:
    """Has children write on databases of their own.

    Args:
        folder: For what they write.
        url: Of a database server; `None` for an SQLite file each.
    """

    def __init__(self, folder: Path, url: str | None) -> None:
        self._folder = folder
        self._url = url
        self._blank = folder / "blank.db"
        if url is None:
            Memory(embedder=FakeEmbedder(64), database=self._blank, background=False).close()

    def run(self, name: str, *, statement: int = 0, seconds: float | None = None) -> tuple[Said, bool]:
        """What a child acknowledged, and whether it was killed: before its nth statement, or after some time."""
        if self._url is None:
            shutil.copyfile(self._blank, self._folder / f"{name}.db")
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            self._write(name, statement, lambda *words: os.write(writing, f"{json.dumps(words)}\n".encode()))
        os.close(writing)
        if seconds is not None:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        with os.fdopen(reading) as pipe:
            heard = [json.loads(line) for line in pipe if line.endswith("\n")]
        return heard, os.waitpid(child, 0)[1] != 0

    def _write(self, name: str, statement: int, say: Callable[..., Any]) -> None:
        """In the child, which never returns."""
        count = 0

        def counted() -> None:
            nonlocal count
            count += 1
            if count == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            with self._engine(name) as engine:
                on_statement(engine, counted)
                with self._memory(engine, name, background=_WORKER) as memory:
                    script(memory, say)
            say("statements", count)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001  # a child must not go on as its parent
            say("failed", repr(error))
            os._exit(0)

    @contextmanager
    def _engine(self, name: str) -> Generator[Engine]:
        engine = create_engine(self._url or f"sqlite:///{self._folder / name}.db")
        try:
            yield engine
        finally:
            engine.dispose()

    def _memory(self, engine: Engine, name: str, **settings: Any) -> Memory:  # noqa: ANN401  # as for `Memory`
        index = JournalIndex(self._folder / f"{name}.index")
        model = ScriptedLLM(default=learning)
        return Memory(model, FakeEmbedder(64), engine, namespace=name, **{"index": index, **settings})

    def look(self, name: str, heard: Said, tally: Tally) -> None:
        """Whether all that was acknowledged is there, and everything agrees; then takes it away."""
        with self._engine(name) as engine:
            tally.broken += [f"{name}: {each}" for each in disagreements(engine, name)]
            clock = ManualClock(datetime.now(UTC) + timedelta(minutes=1))
            with self._memory(engine, name, clock=clock, background=False) as memory:
                self._acknowledged(memory, name, heard, tally)
                memory.flush()
                self._learned(memory, engine, name, heard, tally)
                tally.broken += [f"{name}: told index: {each}" for each in unfound(memory, [ADA, BOB])]
            with self._memory(engine, name, index=None, background=False) as memory:
                tally.broken += [f"{name}: own index: {each}" for each in unfound(memory, [ADA, BOB])]
            tally.broken += [f"{name}: after: {each}" for each in disagreements(engine, name)]
            tally.broken += [f"{name}: {words}" for words in heard if words[0] == "failed"]
        for file in self._folder.glob(f"{name}.*"):
            file.unlink()

    def _acknowledged(self, memory: Memory, name: str, heard: Said, tally: Tally) -> None:
        last = {words[1]: words[2] for words in heard if words[0] == "is"}
        # The call that was cut off may have been done, and nobody heard of it.
        steps = {"note 0": "note changed", "note changed": "note 0", "note 1": None}
        for id, text_ in last.items():
            item = memory.get(id)
            now = None if item is None else item.text
            tally.figures["acknowledged"] += 1
            tally.expect(now in (text_, steps.get(text_)), f"{name}: {text_!r} was acknowledged, and {now!r} is there")
        told = {said(words[1]) for words in heard if words[0] in ("told", "learned")}
        kept = {message.content for session in "st" for message in memory.messages(session, **ADA)}
        tally.figures["acknowledged"] += len(told)
        tally.expect(told <= kept, f"{name}: {told - kept} were acknowledged and are not kept")
        bobs = [words[1] for words in heard if words[0] == "bob"]
        if bobs:
            here = len(everything(memory, BOB))
            tally.expect(here == bobs[-1] or (bobs == [1] and here == 0), f"{name}: {here} memories of an erased scope")

    def _learned(self, memory: Memory, engine: Engine, name: str, heard: Said, tally: Tally) -> None:
        tally.expect(memory.pending() == [], f"{name}: something waits although everything was flushed")
        facts = [item.text for item in everything(memory, ADA)]
        for words in heard:
            if words[0] in ("told", "learned"):
                tally.expect(
                    facts.count(fact(words[1])) == 1, f"{name}: {words[1]} is known {facts.count(fact(words[1]))} times"
                )
        statement = text(
            "SELECT count(*) - count(DISTINCT e.message) FROM memx_evidence e JOIN memx_memories m ON m.seq = e.memory "
            "WHERE m.namespace = :name"
        )
        with engine.connect() as connection:
            twice = connection.execute(statement, {"name": name}).scalar_one()
        tally.figures["learned twice"] += twice
        tally.expect(twice == 0, f"{name}: {twice} messages were learned from twice")


def on_statement(engine: Engine, call: Callable[[], None]) -> None:
    """Calls before every statement: of SQLite's driver those too that SQLAlchemy does not see, and each COMMIT."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "checkout", lambda connection, *_: connection.set_trace_callback(lambda _: call()))
    else:
        event.listen(engine, "before_cursor_execute", lambda *_: call())
        event.listen(engine, "commit", lambda *_: call())


def main() -> None:
    """`python -m faults.killing FOLDER KILLS SEED [URL]` prints what it came to, as JSON."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    killer = Killer(folder, sys.argv[4] if len(sys.argv) > 4 else None)
    chance = random.Random(seed)
    tally = Tally()
    prefix = f"k{os.getpid()}x"  # a server may hold those of an earlier run
    started = time.monotonic()
    heard, _ = killer.run(f"{prefix}whole")
    length = time.monotonic() - started
    tally.expect(["done"] in heard, f"what is not killed fails: {heard}")
    statements = next((words[1] for words in heard if words[0] == "statements"), 1)
    killer.look(f"{prefix}whole", heard, tally)
    timed = kills // 4
    for number in range(kills):
        name = f"{prefix}{number}"
        if number < timed:
            heard, killed = killer.run(name, seconds=chance.uniform(0, length))
        else:
            at = 1 + (number - timed) * statements // max(kills - timed, 1)
            heard, killed = killer.run(name, statement=at)
        tally.points += killed
        tally.figures["between statements" if number >= timed else "at random times"] += killed
        killer.look(name, heard, tally)
    tally.figures["statements of a whole run"] = statements
    print(json.dumps({"points": tally.points, "figures": tally.figures, "broken": tally.broken}))


if __name__ == "__main__":
    main()
