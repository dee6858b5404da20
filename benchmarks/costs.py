"""What importing, adding, searching and holding cost."""

from __future__ import annotations

import itertools
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, event

from benchmarks import machine, samples, timing
from memx_core import Completion, Memory, Message, Scope
from memx_core.embedders import LocalEmbedder
from memx_core.extraction import rules
from memx_core.ledger import Attributes, Ledger, Write
from memx_core.ports import LLM, Vector, Vectors
from memx_core.types import Operation, ProposalRequest

_NAMESPACE = "default"


class _Embedder:
    """Costs nothing: any text has the next of some ready-made vectors."""

    fingerprint = "bench:ready:384"

    def __init__(self) -> None:
        self._ready = samples.vectors(4096, seed=1)
        self._next = itertools.count()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        start = next(self._next) % 4000
        return self._ready[start : start + len(texts)]

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self.embed_documents([text])[0]
        return vector


class _Model:
    """Costs nothing: two new facts at each call."""

    def __init__(self) -> None:
        self._facts = iter(samples.facts(100_000, seed=2))

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        blank = {"event": "ADD", "target": -1, "messages": [0], "quote": "", "when": "", "subject": "", "slot": ""}
        return Completion(data={"operations": [{**blank, "text": next(self._facts), "reason": ""} for _ in range(2)]})


def fill(database: Path | Engine, *, scopes: int, each: int) -> None:
    """Writes `each` memories into each of `scopes` users, as `add` would, without a model."""
    ledger = Ledger(database)
    texts = iter(samples.facts(scopes * each))
    ready = samples.vectors(4096)
    for user in range(scopes):
        for start in range(0, each, 1000):
            size = min(1000, each - start)
            ids = [f"{user:08d}-0000-4000-8000-{start + at:012d}" for at in range(size)]
            ledger.write(
                Write(
                    id=f"{user}-{start}",
                    kind="add",
                    namespace=_NAMESPACE,
                    scope=Scope(f"user-{user}"),
                    at=samples.START,
                    actor="bench",
                    operations=[Operation("ADD", id, next(texts)) for id in ids],
                    vectors={id: ready[(user + start + at) % 4096] for at, id in enumerate(ids)},
                    attributes=Attributes(metadata={"n": start}),
                    fingerprint=_Embedder.fingerprint,
                )
            )
    ledger.close()


def importing() -> Iterator[str]:
    """`import memx_core`, and naming `Memory`, in fresh processes (target: 0.3 s CPU, 60 MB)."""
    for what, named in (("import memx_core", ""), ("from memx_core import Memory", "memx_core.Memory")):
        code = f"""
import resource, memx_core
{named}
usage = resource.getrusage(resource.RUSAGE_SELF)
try:  # ru_maxrss begins with what the parent held
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
except OSError:
    peak = usage.ru_maxrss
print(usage.ru_utime + usage.ru_stime, peak)
"""
        runs = [_fresh(code) for _ in range(8)][1:]  # the first compiles what was not yet
        seconds, kilobytes = zip(*(map(float, run.split()) for run in runs), strict=True)
        yield f"{what}: {median(seconds):.2f} s CPU, {median(kilobytes) / 1024:.0f} MB at its peak, with Python itself"


def _fresh(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=machine.compiling()).stdout


def memory(engine: Engine, llm: LLM | None = None) -> Memory:
    """One whose model and embedder cost nothing, without a worker."""
    return Memory(llm or _Model(), _Embedder(), engine, background=False)


@contextmanager
def filled(*, scopes: int, each: int, synchronous: bool = True, llm: LLM | None = None) -> Iterator[Memory]:
    """A memory with `each` facts for each of `scopes` users, and no worker; not `synchronous`: without fsync."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "memx.db")
        fill(path, scopes=scopes, each=each)
        engine = create_engine(f"sqlite:///{path}")
        with memory(engine, llm) as kept:
            if not synchronous:
                event.listen(engine, "checkout", unsynchronised)  # after memx's own, which says FULL
            yield kept
        engine.dispose()


def unsynchronised(connection: sqlite3.Connection, *_: object) -> None:
    """Has SQLite wait for no disk."""
    connection.execute("PRAGMA synchronous=OFF")


def adding() -> Iterator[str]:
    """`add` of a two-message turn that yields two facts, model and embedder free (10 ms at 1,000; growth 1.5x)."""
    medians: list[float] = []
    for scopes, each in ((1, 1_000), (1_000, 100)):
        with filled(scopes=scopes, each=each) as memory:
            taken = timing.cpu(turns(memory, scopes), runs=200, warm=60)
        medians.append(median(taken))
        yield f"{scopes * each:>7,} memories in {scopes:>5,} scopes: {timing.shown(taken)}"
    yield f"growth {medians[1] / medians[0]:.2f}x"


def turns(memory: Memory, scopes: int, *, wait: bool = True) -> Callable[[], object]:
    """Adds the next turn of two messages, which yields two facts where `wait`."""
    words = iter(samples.facts(10_000, seed=3))
    users = itertools.cycle(random.Random(0).sample(range(scopes), min(scopes, 50)))

    def turn() -> object:
        said = [{"role": "user", "content": next(words)}, {"role": "assistant", "content": next(words)}]
        return memory.add(said, user_id=f"user-{next(users)}", wait=wait)

    return turn


def queueing() -> Iterator[str]:
    """`add(wait=False)` of a two-message turn: durable, no model and no embedder (target: 5 ms, without fsync)."""
    for scopes, each in ((1, 1_000), (1_000, 100)):
        with filled(scopes=scopes, each=each) as memory:
            turn = turns(memory, scopes, wait=False)
            yield f"{scopes * each:>7,} memories in {scopes:>5,} scopes: {timing.shown(timing.cpu(turn, runs=300))}"
    with filled(scopes=1, each=1_000, synchronous=False) as memory:
        turn = turns(memory, 1, wait=False)
        yield f"by the clock, synchronous=OFF: {timing.shown(timing.wall(turn, runs=300))}"
    with filled(scopes=1, each=1_000) as memory:
        turn = turns(memory, 1, wait=False)
        yield f"by the clock, as it is: {timing.shown(timing.wall(turn, runs=300))}"


def searching() -> Iterator[str]:
    """`search`, both arms, embedder free, warm (targets: 1 ms at 1,000, 5 ms at 10,000)."""
    for each in (1_000, 10_000):
        with filled(scopes=1, each=each) as memory:
            first = timing.cpu(_queries(memory, _SHORT), runs=2, warm=0)[0]
            short = timing.cpu(_queries(memory, _SHORT), runs=300)
            long = timing.cpu(_queries(memory, samples.facts(50, seed=4)), runs=300)
        shown = f"{timing.shown(short)}, long queries {timing.shown(long)}"
        yield f"{each:>6,} in one scope: {shown}; the first {first * 1e3:.0f} ms"


_SHORT = ("Who bought the violin?", "where is the lantern", "What did Hana paint near the river?")


def _queries(memory: Memory, queries: Sequence[str]) -> Callable[[], object]:
    asked = itertools.cycle(queries)
    return lambda: memory.search(next(asked), user_id="user-0")


def holding() -> Iterator[str]:
    """Memory held by a loaded scope of 10,000, 384 dimensions, beyond its text (target: 2.2 KB a memory)."""
    each = 10_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "memx.db")
        fill(path, scopes=1, each=each)
        with Memory(_Model(), _Embedder(), path) as memory:
            memory.search("warm up the statements", user_id="user-none")
            tracemalloc.start()
            memory.search("a lantern near the river", user_id="user-0")
            held, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        size = os.path.getsize(path)
    yield f"{held / each:,.0f} bytes a memory held, {peak / each:,.0f} at the peak of loading"
    yield f"{size / each:,.0f} bytes a memory on disk, text and vector included"
    yield f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB peak of this process"


def proposing() -> Iterator[str]:
    """The offline proposer on one message (target: 2 ms)."""
    said = [
        "I moved to Oslo last month and my sister Ines still lives in Lisbon.",
        "Could you help me rewrite this paragraph so that it sounds less stiff?",
        "I'm vegetarian, allergic to peanuts, and I work as a nurse at the harbour clinic.",
        "haha no, that was last year",
    ]
    turns = itertools.cycle(Message("user", words, timestamp=samples.START) for words in said)
    taken = timing.cpu(lambda: rules.propose(ProposalRequest((next(turns),))), runs=2000, warm=100)
    yield timing.shown(taken, "us")


def embedding() -> Iterator[str]:
    """The bundled embedder on short texts (first call loads it)."""
    embedder = LocalEmbedder()
    yield f"loading: {timing.cpu(lambda: embedder.embed_query('hello'), runs=2, warm=0)[0] * 1e3:.0f} ms"
    texts = samples.facts(8)
    for size in (1, 8):
        batch = texts[:size]
        taken = [each / size for each in timing.cpu(partial(embedder.embed_documents, batch), runs=30)]
        yield f"batches of {size}: {timing.shown(taken)} a text"
    assert np.isfinite(embedder.embed_query("done")).all()
