"""Prints what memx costs on this machine: `python -m benchmarks [import] [add] [queue] [search] [chats] …`.

Without a name it measures all that is memx's alone, and draws the pictures. `python -m benchmarks peers …` sets it
beside its peers, and `python -m benchmarks plots` draws what was measured; both have their own options and come alone.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from benchmarks import costs


def middleware() -> Iterator[str]:
    """What `MemxMiddleware` adds to an agent's turn, by the clock, model and embedder free (target: 5 ms)."""
    from benchmarks import agents  # LangChain, which the others do without

    yield from agents.remembering()


def chats() -> Iterator[str]:
    """What `MemxMemory` adds to a turn of LlamaIndex's, by the clock, model and embedder free (target: 5 ms)."""
    from benchmarks import chats  # LlamaIndex, likewise

    yield from chats.remembering()


def databases() -> Iterator[str]:
    """What a call costs on PostgreSQL beside SQLite, model and embedder free, neither waiting for a disk."""
    from benchmarks import databases  # a server, likewise

    yield from databases.comparing()


def prompt() -> Iterator[str]:
    """What a model is sent whenever `add` asks it (target: 1,500 tokens)."""
    from benchmarks import prompts  # the tokenizer, likewise

    yield from prompts.sending()


MEASURES = {
    "import": costs.importing,
    "add": costs.adding,
    "queue": costs.queueing,
    "search": costs.searching,
    "memory": costs.holding,
    "rules": costs.proposing,
    "embedder": costs.embedding,
    "middleware": middleware,
    "chats": chats,
    "prompt": prompt,
    "databases": databases,
}


def peers(arguments: Sequence[str]) -> None:
    """All that is measured beside others."""
    from benchmarks.peers.__main__ import main as beside

    beside(arguments)


def plots(arguments: Sequence[str]) -> None:
    """The pictures, from the files of figures."""
    from benchmarks.plots.__main__ import main as draw

    draw(arguments)


ALONE = {"peers": peers, "plots": plots}


def main() -> None:
    """Measures what is named, or everything about memx alone, and then draws."""
    if sys.argv[1:] and (alone := ALONE.get(sys.argv[1])):
        alone(sys.argv[2:])
        return
    wanted = sys.argv[1:] or list(MEASURES)
    unknown = set(wanted) - set(MEASURES)
    if unknown:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join([*MEASURES, *ALONE])}")
    print(f"memx-core {version('memx-core')}, Python {platform.python_version()}, {platform.machine()}")
    print("CPU time of this process unless said otherwise; medians, with the middle half of the runs\n")
    for name in wanted:
        print(f"{name}: {MEASURES[name].__doc__}", flush=True)
        for line in MEASURES[name]():
            print(f"  {line}", flush=True)
        print()
    if not sys.argv[1:]:
        plots([])


if __name__ == "__main__":
    main()
