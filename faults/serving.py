"""A crowd: clients of a real server, all at once, for a while. No answer may be wrong or fail, and it must not grow."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from faults.outcomes import Outcome, Tally
from memx_client import MemoryClient
from memx_core import MemxError, ScopedMemory

CLIENTS = 100
_NAMESPACES = 5
_GROWTH = 48 << 20  # bytes that the server may grow by after the first quarter
_EVERY = 6  # turns after which somebody is erased, so that what is kept stays about as much
_FULL_SAMPLES = 120
_BEGINNING = 60.0  # seconds that a server may take to begin
_IDS = ("*", "a/b", "%2F", "../x", "用户", "' OR 1=1 --", "x" * 10_000)

_SERVER = """
import sys
from memx_core.embedders import HashingEmbedder
from memx_server import Limits, serve

database, port = sys.argv[1:]
limits = Limits(rate=1e6, burst=1_000_000)
serve(database=database, port=int(port), embedder=HashingEmbedder(), limits=limits, log_level="warning")
"""


@dataclass(slots=True)
class _Crowd:
    """What all of them have in common."""

    tally: Tally
    until: float
    seconds: list[float] = field(default_factory=list[float])

    async def timed(self, name: str, call: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  # whatever it returns
        """What a call comes to; that it fails is noted."""
        begun = time.perf_counter()
        try:
            return await call
        except MemxError as error:
            self.tally.expect(False, f"{name} failed with {type(error).__name__}: {str(error)[:200]}")
            return None
        finally:
            self.seconds.append(time.perf_counter() - begun)
            self.tally.points += 1


def crowd(size: int, *, seed: int = 0, clients: int = CLIENTS) -> Outcome:
    """What comes of a crowd.

    Args:
        size: Seconds that it stays.
        seed: Of what they do.
        clients: How many there are.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memx.db"
        keys = _keys(path)
        port = _free_port()
        log = Path(folder) / "log"
        with log.open("wb") as told:
            command = [sys.executable, "-c", _SERVER, str(path), str(port)]
            process = subprocess.Popen(command, stderr=told, stdout=told, cwd=Path(__file__).parents[1])
            try:
                _await_ready(port, process)
                asyncio.run(_visit(f"http://127.0.0.1:{port}", keys, process.pid, size, seed, clients, tally))
            finally:
                process.send_signal(signal.SIGTERM)
                code = process.wait(_BEGINNING)
        tally.expect(code in (0, -signal.SIGTERM), f"the server ended with {code}")
        tally.expect(not log.read_bytes(), f"the server's log: {log.read_text(errors='replace')[:500]}")
    return tally.outcome()


def _keys(path: Path) -> list[str]:
    from memx_server import Keys

    keys = Keys(path)
    try:
        return [keys.create(f"application {number}").key for number in range(_NAMESPACES)]
    finally:
        keys.close()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _BEGINNING
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/health/ready").is_success:
                return
        time.sleep(0.05)
    raise RuntimeError("the server does not begin")


async def _visit(url: str, keys: list[str], pid: int, size: int, seed: int, clients: int, tally: Tally) -> None:
    memories = [MemoryClient(url, api_key=key) for key in keys]
    common = _Crowd(tally, time.monotonic() + size)
    held: list[int] = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_watch(pid, size, common.until, held))
            for number in range(clients):
                memory = memories[number % len(memories)]
                group.create_task(_client(common, memory, number, random.Random(seed * 1_000 + number)))
    finally:
        for memory in memories:
            await memory.aclose()
    first, last = held[len(held) // 4], held[-1]
    tally.figures["MiB of the server after a quarter"] = first >> 20
    tally.figures["MiB of the server at the end"] = last >> 20
    tally.expect(last - first < _GROWTH, f"the server grew by {(last - first) >> 20} MiB")
    common.seconds.sort()
    tally.figures["ms of the median call"] = round(1000 * common.seconds[len(common.seconds) // 2])
    tally.figures["ms of the slowest of 20 calls"] = round(1000 * common.seconds[len(common.seconds) * 19 // 20])


async def _watch(pid: int, size: int, until: float, held: list[int]) -> None:
    process = psutil.Process(pid)
    while time.monotonic() < until:
        held.append(process.memory_info().rss)
        await asyncio.sleep(max(0.05, size / _FULL_SAMPLES))
    held.append(process.memory_info().rss)


async def _client(common: _Crowd, memory: MemoryClient, number: int, dice: random.Random) -> None:
    """One of them: what it is told must be its own, and what it said it must find."""
    whose = f"{_IDS[number % len(_IDS)]} {number}"
    word = f"word{number}"
    own = memory.scoped(user_id=whose)
    turn = 0
    while time.monotonic() < common.until:
        turn += 1
        made = await common.timed("add", own.aadd(f"I keep {word} and {turn}", infer=dice.random() < 0.3))
        await _look(common, own, whose, word)
        if made is not None and made.changes:
            await _change(common, own, made.changes[0].memory_id, word, dice)
        if turn % _EVERY == 0:
            await common.timed("erase", own.aerase())


async def _look(common: _Crowd, own: ScopedMemory, whose: str, word: str) -> None:
    hits = await common.timed("search", own.asearch(word, include_messages=True)) or []
    strangers = [hit for hit in hits if hit.memory.user_id != whose or word not in hit.memory.text]
    common.tally.expect(not strangers, f"somebody was shown {len(strangers)} of others' memories")
    page = await common.timed("get_all", own.aget_all(limit=5)) or []
    common.tally.expect(all(item.user_id == whose for item in page), "somebody was listed others' memories")
    await common.timed("recall", own.arecall(f"What about {word}?"))


async def _change(common: _Crowd, own: ScopedMemory, known: str, word: str, dice: random.Random) -> None:
    calls: list[tuple[str, Callable[[], Coroutine[Any, Any, Any]]]] = [
        ("update", lambda: own.aupdate(known, f"Keeps {word} well, {dice.random()}")),
        ("delete", lambda: own.adelete(known)),
        ("history", lambda: own.ahistory(known)),
        ("why", lambda: own.awhy(known)),
        ("put_messages", lambda: own.aput_messages("talk", f"More of {word}", learn=False)),
    ]
    name, call = dice.choice(calls)
    await common.timed(name, call())
