"""The systems by the names under which they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.retrieval.systems.mem0 import Mem0
from benchmarks.retrieval.systems.memx import Memx
from benchmarks.retrieval.systems.plain import Dense, Words
from benchmarks.retrieval.systems.port import System
from memx_core.ports import Embedder

NAMES: Mapping[str, Callable[[Embedder], System]] = {
    "memx-turns": lambda embedder: Memx(embedder, turns=True, facts=False),
    "memx-facts": lambda embedder: Memx(embedder, turns=False, facts=True),
    "memx-both": lambda embedder: Memx(embedder, turns=True, facts=True),
    "bm25-turns": lambda embedder: Words(facts=False),
    "bm25-facts": lambda embedder: Words(facts=True),
    "dense-turns": lambda embedder: Dense(embedder, facts=False),
    "dense-facts": lambda embedder: Dense(embedder, facts=True),
    "mem0-turns": lambda embedder: Mem0(embedder, facts=False),
    "mem0-facts": lambda embedder: Mem0(embedder, facts=True),
}


def make(name: str, embedder: Embedder) -> System:
    """The system of that name, empty."""
    return NAMES[name](embedder)
