"""Prints what memx costs on this machine: `python -m benchmarks [import] [add] [queue] [search] [chats] …`."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
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
    "databases": databases,
}


def main() -> None:
    """Measures what is named, or everything."""
    wanted = sys.argv[1:] or list(MEASURES)
    unknown = set(wanted) - set(MEASURES)
    if unknown:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    print(f"memx-core {version('memx-core')}, Python {platform.python_version()}, {platform.machine()}")
    print("CPU time of this process unless said otherwise; medians, with the middle half of the runs\n")
    for name in wanted:
        print(f"{name}: {MEASURES[name].__doc__}", flush=True)
        for line in MEASURES[name]():
            print(f"  {line}", flush=True)
        print()


if __name__ == "__main__":
    main()
