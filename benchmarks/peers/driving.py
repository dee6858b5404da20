"""One run: every contender is opened, loaded, and asked in turn, so that a busy moment is everybody's.

What is measured goes into one value that JSON can hold; nothing here adds anything up.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks import machine
from benchmarks.peers import processes
from benchmarks.peers.counting import always, tokens
from benchmarks.peers.processes import PeerError, Process

Figures: TypeAlias = dict[str, Any]
"""By measure, then by contender."""

PARTS = ("import", "turns", "sizes", "others")
SIZES = (1_000, 10_000, 100_000)
OPERATIONS = ("learn", "put", "search")
ROUNDS, RUNS = 6, 10
LONGEST = 8.0
"""Seconds that one contender is asked one thing in one round; slow ones are asked less often."""
LOADING = 120.0
"""Seconds of CPU beyond which the next size, ten times as much, is not loaded."""
TURNS, ROW, AT, BEFORE = 400, 40, 1_000, 450
"""Turns, in rows, beside as many memories, and after as many turns as fill LlamaIndex's queue, where that is kept."""
OTHERS, EACH = (10, 1_000), 100
"""Few users and many, with as many memories each: what it costs one of them that there are others."""
GROWING = ("memx", "mem0", "langgraph")
"""Of whom that is asked."""


def run(
    names: Sequence[str],
    sizes: Sequence[int],
    *,
    parts: Collection[str] = PARTS,
    before: Figures | None = None,
    rounds: int = ROUNDS,
    turns: int = TURNS,
    keep: Callable[[Figures], object] | None = None,
) -> Figures:
    """What is measured of the contenders in `names`; who cannot be opened is named under `missing`.

    Args:
        names: Of `CONTENDERS`.
        sizes: How many memories one user has.
        parts: What to measure, of `PARTS`.
        before: What an earlier run found. A size, or the growth of a contender, that is measured again takes its place.
        rounds: How often each is asked each thing.
        turns: How many there are.
        keep: Is handed what there is whenever there is more: a run takes long, and may be stopped.
    """
    pythons, missing = _pythons(names)
    empty: Figures = {part: {} for part in (*PARTS, "skipped", "versions", "measured")}
    figures = {**empty, **(before or {}), "missing": missing}
    for name, python in pythons.items():
        figures["versions"] |= processes.versions(name, python)
    slow: dict[str, str] = {}

    def measure(part: str, find: Callable[[], Figures], *, of: str = "") -> None:
        if part not in parts:
            return
        begun = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "load": os.getloadavg()[0]}
        found = find()
        figures[part] = {**figures[part], **found} if part in ("sizes", "others") else found
        figures["measured"][f"{part} {of}".strip()] = {**begun, "commit": machine.commit()}
        if keep is not None:
            keep(figures)

    measure("import", partial(_imported, pythons, rounds))
    measure("turns", partial(_turns, pythons, turns))
    for size in sizes if "sizes" in parts else ():
        figures["skipped"][str(size)] = dict(slow)
        measure("sizes", partial(_at_size, pythons, size, rounds, slow), of=f"{size:,}")
    for name in GROWING:
        if name in pythons:
            measure("others", partial(_beside_others, name, pythons[name], rounds), of=name)
    return figures


def _pythons(names: Sequence[str]) -> tuple[dict[str, Path], dict[str, str]]:
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            found[name] = processes.python_of(name)
        except PeerError as error:
            missing[name] = str(error)
            _say(f"{name} is left out: {error}")
    return found, missing


def _imported(pythons: Mapping[str, Path], rounds: int) -> Figures:
    taken: Figures = {name: [] for name in pythons}
    for counted in range(rounds + 1):
        for name, python in pythons.items():
            found = processes.imported(name, python)
            if counted:  # the first compiles what was not yet
                taken[name].append(found)
    _say("imported")
    return taken


def _at_size(pythons: dict[str, Path], size: int, rounds: int, slow: dict[str, str]) -> Figures:
    """By size: of one user who has `size` memories, and nobody else but a few."""
    measured: Figures = {}
    with ExitStack() as stack:
        opened = []
        for process in _opened(stack, pythons):
            if process.name in slow or not {*OPERATIONS} & {*process.does}:
                continue
            measured[process.name] = loaded = process.ask("load", scopes=1, each=size)
            loaded["disk"] = process.ask("disk")
            _say(f"{process.name}: {size:,} loaded in {loaded['seconds']:.0f} s")
            if loaded["cpu"] > LOADING:
                slow[process.name] = f"loading {size:,} took {loaded['cpu']:.0f} s of CPU"
            opened.append(process)
        for operation in ("search", "learn", "put"):  # what writes comes after what reads
            for name, taken in _asked(opened, operation, rounds).items():
                measured[name][operation] = taken
    return {str(size): measured}


def _asked(opened: Sequence[Process], operation: str, rounds: int) -> Figures:
    able = [process for process in opened if operation in process.does]
    taken: Figures = {process.name: {"cpu": [], "wall": []} for process in able}
    for _ in range(rounds):
        for process in able:
            answer = process.ask("measure", what=operation, runs=RUNS, seconds=LONGEST)
            for clock in ("cpu", "wall"):
                taken[process.name][clock] += answer[clock]
    _say(f"{operation}: {', '.join(taken)}")
    return taken


def _turns(pythons: dict[str, Path], count: int) -> Figures:
    """Turns beside `AT` memories, some in a row; what they left is done after each row."""
    measured: Figures = {}
    with ExitStack() as stack:
        opened = list(_opened(stack, pythons))
        for process in opened:
            process.ask("load", scopes=1, each=AT)
            measured[process.name] = {"cpu": [], "wall": [], "later": 0.0, "on_path": [], "off_path": []}
        for begun in range(0, count, ROW):
            for process in opened:
                row = process.ask("turns", count=min(ROW, count - begun), before=0 if begun else BEFORE)
                for what in row:
                    measured[process.name][what] += row[what]
            _say(f"{begun + ROW} turns")
    return {name: _counted(of, count) for name, of in measured.items()}


def _counted(taken: Figures, count: int) -> Figures:
    """With the tokens of the prompts in their place."""
    prompts = {path: taken[path] for path in ("on_path", "off_path")}
    each = {
        path: {"calls": len(asked) / count, "tokens": sum(map(tokens, asked)) / count}
        for path, asked in prompts.items()
    }
    return {**taken, **each, "static": tokens(always([*prompts["on_path"], *prompts["off_path"]]))}


def _beside_others(name: str, python: Path, rounds: int) -> Figures:
    """By contender: what it costs one user with `EACH` memories that there are a few others, or many."""
    measured: Figures = {}
    with ExitStack() as stack:
        few, many = (next(_opened(stack, {name: python})) for _ in OTHERS)
        few.ask("load", scopes=OTHERS[0], each=EACH)
        seconds = many.ask("load", scopes=OTHERS[1], each=EACH)["seconds"]
        _say(f"{name}: {OTHERS[1]:,} users with {EACH} each loaded in {seconds:.0f} s")
        for operation in [each for each in ("search", "learn", "put") if each in few.does]:
            pair: list[Figures] = [{"cpu": [], "wall": []}, {"cpu": [], "wall": []}]
            for _ in range(rounds):
                for process, taken in zip((few, many), pair, strict=True):
                    answer = process.ask("measure", what=operation, runs=RUNS, seconds=LONGEST)
                    for clock in ("cpu", "wall"):
                        taken[clock] += answer[clock]
            measured[operation] = dict(zip(map(str, OTHERS), pair, strict=True))
            _say(f"{name} beside others: {operation}")
    return {name: measured}


def _opened(stack: ExitStack, pythons: dict[str, Path]) -> Iterator[Process]:
    for name, python in pythons.items():
        yield stack.enter_context(Process(name, python))


def _say(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)
