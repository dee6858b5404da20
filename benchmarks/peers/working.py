"""What runs in the process of one contender: `python -m benchmarks.peers.working`.

It reads a request in JSON from each line of its input and answers each with a line of JSON, or with the error. Whatever
a library prints goes to the error stream.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import itertools
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import samples
from benchmarks.peers.contenders import CONTENDERS
from benchmarks.peers.port import USER, Contender
from benchmarks.peers.stand_ins import Facts, Words

_QUERIES = (
    "Who bought the violin?",
    "where is the lantern",
    "What did Hana paint near the river?",
    "Did Goran ever repair the braden kettle near skimas?",
    "which sandwich does Dilara like",
)
_WARM = 5


class Worker:
    """One contender, and how long its calls take.

    Args:
        name: Of `CONTENDERS`.
        folder: Where it keeps what it keeps.
    """

    def __init__(self, name: str, folder: Path) -> None:
        module, _, of = CONTENDERS[name].made_by.partition(":")
        made: type[Contender] = getattr(importlib.import_module(f"benchmarks.peers.{module}"), of)
        self._folder = folder
        self._facts = Facts()
        self._contender = made(folder, Words(), self._facts)
        words = samples.facts(20_000, seed=3)
        self._said = iter(words)
        self._calls: dict[str, Callable[[], object]] = {
            "learn": lambda: self._contender.learn(*self._turn()),
            "put": lambda: self._contender.put(next(self._said)),
            "search": self._searching(),
        }

    def does(self) -> list[str]:
        """What it can be asked."""
        return sorted(self._contender.does)

    def load(self, scopes: int, each: int) -> dict[str, float]:
        """Makes `each` memories known for each of `scopes` users; kilobytes held for it, and seconds."""
        texts = samples.facts(scopes * each, seed=11)
        known = {f"user-{user}": texts[user * each : (user + 1) * each] for user in range(scopes)}
        self._contender.load({USER: samples.facts(20, seed=12)})
        self._look()
        before, begun, begun_cpu = _held(), time.perf_counter(), time.process_time()
        self._contender.load(known)
        taken = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - begun_cpu}
        self._look()
        return {**taken, "kilobytes": _held() - before, "threads": _threads()}

    def measure(self, what: str, runs: int, seconds: float) -> dict[str, list[float]]:
        """CPU and wall seconds of up to `runs` calls, fewer when `seconds` are over; the first are not counted."""
        call = self._calls[what]
        cpu: list[float] = []
        wall: list[float] = []
        start = time.perf_counter()
        warm, end = _WARM, start + seconds
        gc.collect()
        while len(cpu) < runs and (not cpu or time.perf_counter() < end):
            begun, begun_cpu = time.perf_counter(), time.process_time()
            call()
            if warm and time.perf_counter() < start + seconds / 4:
                warm -= 1
                continue
            cpu.append(time.process_time() - begun_cpu)
            wall.append(time.perf_counter() - begun)
        return {"cpu": cpu, "wall": wall}

    def turns(self, count: int, before: int) -> dict[str, Any]:
        """`count` turns after `before` others, and what they left: seconds, and the prompts on the path and off it."""
        self._contender.settle([self._turn() for _ in range(before)])
        self._facts.prompts.clear()
        cpu: list[float] = []
        wall: list[float] = []
        for _ in range(count):
            turn = self._turn()
            begun, begun_cpu = time.perf_counter(), time.process_time()
            self._contender.turn(*turn)
            cpu.append(time.process_time() - begun_cpu)
            wall.append(time.perf_counter() - begun)
        on_path = list(self._facts.prompts)
        begun_cpu = time.process_time()
        self._contender.later()
        later = time.process_time() - begun_cpu
        off_path = self._facts.prompts[len(on_path) :]
        return {"cpu": cpu, "wall": wall, "later": later, "on_path": on_path, "off_path": off_path}

    def disk(self) -> int:
        """Bytes in its folder."""
        return sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file())

    def close(self) -> None:
        """Lets go of the contender."""
        self._contender.close()

    def _turn(self) -> tuple[str, str]:
        return next(self._said), next(self._said)

    def _searching(self) -> Callable[[], int]:
        asked = itertools.cycle(_QUERIES)

        def search() -> int:
            found = self._contender.search(next(asked))
            if not found:
                raise RuntimeError("a search found nothing: what it cost would say nothing")
            return found

        return search

    def _look(self) -> None:
        """Once, so that what a first search reads is held."""
        if "search" in self._contender.does:
            self._contender.search(_QUERIES[0])


def _held() -> float:
    """Kilobytes of this process in memory, what was freed given back to the system where that is possible."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def _threads() -> int:
    """Those of libraries included, also such as Python knows nothing of."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("Threads:")))


def _requests() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def main() -> None:
    """Answers until there is nothing more to read."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    worker: Worker | None = None
    for request in _requests():
        call, arguments = request["call"], request["with"]
        try:
            if call == "open":
                worker = Worker(arguments["name"], Path(arguments["folder"]))
                answer: object = worker.does()
            else:
                answer = getattr(worker, call)(**arguments)
        except Exception as error:  # noqa: BLE001  # it is told, and raised on the other side
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers, flush=True)
            continue
        print(json.dumps({"answer": answer}), file=answers, flush=True)
    if worker is not None:
        worker.close()


if __name__ == "__main__":
    main()
