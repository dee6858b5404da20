"""How much of a question's evidence was found, how early, and whether the answer's words are there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import log2

from memx_core.text import tokens


def recall(found: Sequence[Collection[str]], evidence: Collection[str], k: int) -> float:
    """The part of `evidence` that is in the first `k` hits.

    Args:
        found: Of each hit, best first, the turns it comes from.
        evidence: The turns that answer the question; at least one.
        k: How many hits count.
    """
    there = frozenset[str]().union(*found[:k])
    return len(there.intersection(evidence)) / len(evidence)


def reciprocal_rank(found: Sequence[Collection[str]], evidence: Collection[str], k: int) -> float:
    """One by the rank of the first hit that is evidence; 0 if none of the first `k` is."""
    ranks = (rank for rank, turns in enumerate(found[:k], 1) if not frozenset(turns).isdisjoint(evidence))
    return 1 / next(ranks, float("inf"))


def ndcg(found: Sequence[Collection[str]], evidence: Collection[str], k: int) -> float:
    """What the first `k` hits are worth beside the best possible order.

    A hit is worth 1 if it brings evidence that none before it brought, less the later it comes.
    """
    missing = set(evidence)
    gained = 0.0
    for rank, turns in enumerate(found[:k], 1):
        if not missing.isdisjoint(turns):
            gained += 1 / log2(rank + 1)
            missing.difference_update(turns)
    return gained / sum(1 / log2(rank + 1) for rank in range(1, min(k, len(evidence)) + 1))


def answer_words(context: str, answer: str) -> float | None:
    """The part of the answer's words that is in `context`, stems compared; `None` if it has none."""
    wanted = frozenset(tokens(answer))
    return len(wanted.intersection(tokens(context))) / len(wanted) if wanted else None
