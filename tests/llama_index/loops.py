"""An application with several event loops, threads and a worker, on clients of which a model has one.

    python -m tests.llama_index.loops URL FOLDER

Prints what the memory of each way holds at the end. What LlamaIndex's client leaves of a closed loop is its own
affair, and why this is a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import ChatMessage

from llama_index_memx import create_memory
from memx_core import Background, Memory
from tests.llama_index.wire import model, vectors

ADA = {"user_id": "ada"}
TURNS = 3


def many_loops(memory: Memory, mine: Any) -> None:
    """A loop for each call, and blocking calls and the worker in between."""
    for turn in range(TURNS):
        asyncio.run(memory.aadd(f"I own a red thing, number {turn}.", **ADA))
        memory.add(f"I own a blue thing, number {turn}.", **ADA)
        memory.add(f"I own a green thing, number {turn}.", **ADA, wait=False)
        assert asyncio.run(memory.asearch("things", **ADA))
        asyncio.run(memory.aadd(f"I own a black thing, number {turn}.", **ADA))


def one_loop(memory: Memory, mine: Any) -> None:
    """The application awaits the same model between calls of memx in every style: its client stays its loop's."""
    hi = [ChatMessage("Hi")]

    async def turns() -> None:
        for turn in range(TURNS):
            await mine.achat(hi)
            await memory.aadd(f"I own a red thing, number {turn}.", **ADA)
            memory.add(f"I own a blue thing, number {turn}.", **ADA)
            await mine.achat(hi)
            await asyncio.to_thread(memory.add, f"I own a green thing, number {turn}.", **ADA)
            await memory.aadd(f"I own a black thing, number {turn}.", **ADA, wait=False)
            await mine.achat(hi)

    asyncio.run(turns())


def held(way: Callable[[Memory, Any], None], url: str, database: Path) -> dict[str, int]:
    mine, quick = model(url), Background(idle=0, poll=0.05)
    with create_memory(mine, vectors(url), database=database, background=quick) as memory:
        way(memory, mine)
        memory.flush(**ADA)
        turns, pending = len(memory.messages(None, **ADA)), len(memory.pending(**ADA))
        return {"turns": turns, "memories": len(memory.get_all(**ADA).items), "pending": pending}


def main(url: str, folder: str) -> None:
    print(json.dumps({way.__name__: held(way, url, Path(folder, way.__name__)) for way in (many_loops, one_loop)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
