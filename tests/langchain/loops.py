"""An application with several event loops, threads and a worker, on clients that a process has one of.

    python -m tests.langchain.loops WAY URL DATABASE

Prints what the memory holds at the end. What LangChain's client leaves of a closed loop is its own
affair, and why this is a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys

from langchain_openai import ChatOpenAI

from memx_core import Background, Memory
from tests.langchain.wire import wired
from tests.wire import KEY

ADA = {"user_id": "ada"}
TURNS = 3


def many_loops(memory: Memory, url: str) -> None:
    """A loop for each call, and blocking calls and the worker in between."""
    for turn in range(TURNS):
        asyncio.run(memory.aadd(f"I own a red thing, number {turn}.", **ADA))
        memory.add(f"I own a blue thing, number {turn}.", **ADA)
        memory.add(f"I own a green thing, number {turn}.", **ADA, wait=False)
        assert asyncio.run(memory.asearch("things", **ADA))
        asyncio.run(memory.aadd(f"I own a black thing, number {turn}.", **ADA))


def one_loop(memory: Memory, url: str) -> None:
    """The application awaits its own model between calls of memx in every style: its client stays its loop's."""
    mine = ChatOpenAI(model="gpt-5-mini", base_url=url, api_key=KEY, timeout=20, max_retries=0)

    async def turns() -> None:
        for turn in range(TURNS):
            await mine.ainvoke("Hi")
            await memory.aadd(f"I own a red thing, number {turn}.", **ADA)
            memory.add(f"I own a blue thing, number {turn}.", **ADA)
            await mine.ainvoke("Hi")
            await asyncio.to_thread(memory.add, f"I own a green thing, number {turn}.", **ADA)
            await memory.aadd(f"I own a black thing, number {turn}.", **ADA, wait=False)
            await mine.ainvoke("Hi")

    asyncio.run(turns())


def main(way: str, url: str, database: str) -> None:
    with wired(url, database, background=Background(idle=0, poll=0.05)) as memory:
        {"many loops": many_loops, "one loop": one_loop}[way](memory, url)
        memory.flush(**ADA)
        turns, pending = len(memory.messages(None, **ADA)), len(memory.pending(**ADA))
        print(json.dumps({"turns": turns, "memories": len(memory.get_all(**ADA).items), "pending": pending}))


if __name__ == "__main__":
    main(*sys.argv[1:])
