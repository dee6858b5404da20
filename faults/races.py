"""Races: threads, processes and tasks on one file, doing what must not come out differently for it."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from blockbuster import blockbuster_ctx
from sqlalchemy import Engine, create_engine

from faults.agreement import disagreements, everything, unfound
from faults.outcomes import Outcome, Tally
from faults.speaking import ADA, BOB, fact, learning, said
from memx_core import Memory, MemoryNotFoundError
from memx_core.testing import AsyncFakeEmbedder, AsyncScriptedLLM, FakeEmbedder, ScriptedLLM

THREADS, PROCESSES, TASKS = 8, 4, 200
_SHARED = 3  # facts that everybody adds


def races(
    size: int, *, seed: int = 0, database: str | None = None, processes: int = PROCESSES, tasks: int = TASKS
) -> Outcome:
    """What came of it when everybody did the same at the same time.

    Args:
        size: Rounds of each thread and process.
        seed: Of who does what when.
        database: URL of a server; `None`: an SQLite file.
        processes: How many, beside the threads of this one.
        tasks: How many, on one loop.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        url = database or f"sqlite:///{Path(folder) / 'memx.db'}"
        engine = create_engine(url)
        namespace = f"races{random.Random(seed).getrandbits(32)}"
        with Memory(ScriptedLLM(default=learning), FakeEmbedder(64), engine, namespace=namespace) as memory:
            (change,) = memory.add("counter 0", infer=False, **ADA).changes
            children = [_child(url, namespace, change.memory_id, number, size) for number in range(processes)]
            _in_threads(THREADS, lambda number: work(memory, change.memory_id, f"t{number}", size), tally)
            for child in children:
                _, errors = child.communicate()
                tally.expect(child.returncode == 0, f"a process failed: {errors[-500:]}")
            names = [f"t{number}" for number in range(THREADS)] + [f"p{number}" for number in range(processes)]
            _look(memory, change.memory_id, names, size, tally)
            _erasing(memory, size, random.Random(seed), tally)
        asyncio.run(_tasks(engine, namespace, tasks, tally))
        tally.broken += disagreements(engine, namespace)
        engine.dispose()
    return tally.outcome()


def work(memory: Memory, counter: str, name: str, size: int) -> None:
    """What each thread and process does: adds that are the same everywhere, own ones, and updates of one memory."""
    for number in range(size):
        memory.add(said(f"shared{number % _SHARED}"), session_id=name, **ADA)
        memory.add(f"own {name} {number}", infer=False, **ADA)
        memory.update(counter, f"counter {name} {number}")
        memory.add(said(f"{name}later{number}"), session_id=name, wait=False, **ADA)
        memory.search(f"own {name}", **ADA)
    memory.flush()


def _child(url: str, namespace: str, counter: str, number: int, size: int) -> subprocess.Popen[str]:
    asked = json.dumps([url, namespace, counter, f"p{number}", size])
    command = [sys.executable, "-m", "faults.racing", asked]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def _in_threads(count: int, call: Callable[[int], object], tally: Tally) -> None:
    def guarded(number: int) -> None:
        try:
            call(number)
        except BaseException as error:  # noqa: BLE001  # that is what is looked for
            tally.broken.append(f"a thread failed: {error!r}")

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _look(memory: Memory, counter: str, names: Sequence[str], size: int, tally: Tally) -> None:
    memory.flush()
    texts = [item.text for item in everything(memory, ADA)]
    shared = {fact(f"shared{number}") for number in range(min(size, _SHARED))}
    own = {f"own {name} {number}" for name in names for number in range(size)}
    later = {fact(f"{name}later{number}") for name in names for number in range(size)}
    for text in shared | own | later:
        tally.expect(texts.count(text) == 1, f"{text!r} is there {texts.count(text)} times")
    tally.points += len(names) * size * 4
    tally.figures["identical adds"] = len(names) * size
    tally.figures["memories made of them"] = len([text for text in texts if text in shared])
    history = memory.history(counter)
    tally.figures["updates of one memory"] = len(history) - 1
    tally.expect(len(history) == 1 + len(names) * size, f"{len(history)} versions are left")
    tally.expect([change.version for change in history] == list(range(1, len(history) + 1)), "versions out of order")
    torn = [later.version for former, later in pairwise(history) if later.old_text != former.new_text]
    tally.expect(not torn, f"the chain is torn at {torn}")
    tally.broken += unfound(memory, [ADA])


def _erasing(memory: Memory, size: int, chance: random.Random, tally: Tally) -> None:
    """`erase` and `add` of one scope at once: each add is whole, before or after, and what was erased stays so."""
    for number in range(size):
        before = memory.add(f"gone {number}", infer=False, **BOB).changes[0].memory_id
        waits = [chance.random() / 200 for _ in range(4)]

        def act(at: int, number: int = number, waits: list[float] = waits) -> None:
            threading.Event().wait(waits[at])
            if at == 0:
                memory.erase(**BOB)
            else:
                memory.add(said(f"{number}bob{at}"), session_id="s", **BOB)

        _in_threads(4, act, tally)
        tally.points += 1
        messages = {message.content for message in memory.messages("s", **BOB)}
        facts = {item.text for item in everything(memory, BOB)}
        whole = {fact(text.removeprefix("I have seen item-")) for text in messages}
        tally.expect(facts == whole, f"of an add beside an erasure there is {facts} of {messages}")
        tally.figures["adds that outlived an erasure beside them"] += len(facts)
        try:
            memory.history(before)
            tally.broken.append(f"gone {number} is there after its erasure")
        except MemoryNotFoundError:
            pass
        memory.erase(**BOB)


async def _tasks(engine: Engine, namespace: str, tasks: int, tally: Tally) -> None:
    """Many adds on one loop, which none of them may block."""
    model = AsyncScriptedLLM(default=learning)
    async with Memory(model, AsyncFakeEmbedder(64), engine, namespace=namespace, background=False) as memory:
        with blockbuster_ctx():
            adds = [memory.aadd(said(f"task{number}"), user_id=f"task{number % 10}") for number in range(tasks)]
            done = await asyncio.gather(*adds, return_exceptions=True)
        tally.points += tasks
        tally.broken += [f"a task failed: {each!r}" for each in done if isinstance(each, BaseException)]
        counts = [len(await memory.aget_all(user_id=f"task{number}")) for number in range(10)]
        tally.expect(counts == [tasks // 10] * 10, f"of {tasks} tasks there are {counts}")
        tally.figures["tasks on one loop"] = tasks
