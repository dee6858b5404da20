"""The two arms over one table: cosine and BM25, each hit with the raw score of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from memx_core.errors import EmbeddingMismatchError
from memx_core.index import bm25
from memx_core.index.facts import Facts
from memx_core.index.nearness import SHORT_TURN, leading
from memx_core.index.postings import hashes
from memx_core.index.table import Table
from memx_core.ports import EntryKind, IndexHit, IndexQuery, Vectors

_COLUMN = 16  # scores of which the greatest is looked at first
_Scores: TypeAlias = NDArray[np.float32]
_Mask: TypeAlias = NDArray[np.bool_]
_ONE_THREAD = 131_072  # multiplications


@dataclass(frozen=True, slots=True)
class _Scored:
    """One query's scores of every position; `None` for what was not asked for."""

    dense: _Scores | None
    words: _Scores
    share: _Scores | None


def hits(table: Table, kind: EntryKind, query: IndexQuery) -> list[list[IndexHit]]:
    """Per query the union of both arms' best entries of `table`.

    Raises:
        EmbeddingMismatchError: If the query's vectors cannot be compared with the table's.
    """
    queries = len(query.vectors if query.vectors is not None else query.words or ())
    if not table.count:
        return [[] for _ in range(queries)]
    dense = _cosines(table, query)
    allowed = _allowed(table, kind, query)
    bearers = table.facts.bearers(query.names) if query.names else None
    found: list[list[IndexHit]] = []
    for number in range(queries):
        words, share = _bm25(table, query.words[number] if query.words is not None else ())
        scored = _Scored(None if dense is None else dense[number], words, share)
        best = _best(table, kind, scored, allowed, query.limit)
        found.append(_hits(table, kind, scored, best, bearers, allowed))
    return found


def _cosines(table: Table, query: IndexQuery) -> list[_Scores] | None:
    """Of each query with each position; `None` if there is nothing to compare."""
    vectors = query.vectors
    if vectors is None or not table.dimensions:
        return None
    if query.space and table.space and query.space != table.space:
        raise EmbeddingMismatchError.between(table.space, query.space)
    if vectors.shape[-1] != table.dimensions:
        raise EmbeddingMismatchError(
            f"the query has {vectors.shape[-1]!r} dimensions, the memories {table.dimensions!r}; "
            "search with the model that they were embedded with"
        )
    if not np.isfinite(vectors).all():
        raise EmbeddingMismatchError("the query's vector holds NaN or infinity; look into the embedder")
    return list(_products(table.vectors, vectors.astype(np.float32, copy=False)))


def _products(known: Vectors, asked: Vectors) -> Vectors:
    """Of each of `asked` with all that are `known`.

    Not all at once by `@`: BLAS would wait for threads of its own, for 8 ms where the other core is busy. Several
    queries go through what is known together, as reading it costs most, in blocks that BLAS takes in one thread.
    """
    if len(asked) == 1:
        alone: Vectors = np.einsum("ij,j->i", known, asked[0])[None]
        return alone
    found = np.empty((len(known), len(asked)), np.float32)
    size = max(1, _ONE_THREAD // asked.size) if asked.size else 1
    for start in range(0, len(known), size):
        np.matmul(known[start : start + size], asked.T, out=found[start : start + size])
    return np.ascontiguousarray(found.T)


def _bm25(table: Table, words: Sequence[str]) -> tuple[_Scores, _Scores | None]:
    """Of one query with each position, and as a share; each of its words counts once."""
    found = table.postings.of(hashes(dict.fromkeys(words)))
    if not found:
        return np.zeros(table.count, np.float32), None
    facts, lengths = table.facts, [len(positions) for positions, _ in found]
    positions = np.concatenate([positions for positions, _ in found]).astype(np.intp)
    counts = np.concatenate([counts for _, counts in found]).astype(np.float32)
    frequencies = _frequencies(facts, lengths, positions)
    rarities = bm25.rarity(facts.currents, frequencies)
    weights = np.repeat(rarities, lengths)
    gains = bm25.gains(weights, counts, facts.burdens[positions])
    scores = np.bincount(positions, gains, table.count).astype(np.float64, copy=False)
    covered = np.bincount(positions, weights, table.count).astype(np.float64, copy=False)
    return scores.astype(np.float32), bm25.share(covered, scores, facts.currents, frequencies)


def _frequencies(facts: Facts, lengths: Sequence[int], positions: NDArray[np.intp]) -> NDArray[np.float64]:
    """Per word, in how many of what is current it is."""
    if facts.currents == len(facts.current):
        return np.array(lengths, np.float64)
    number = np.repeat(np.arange(len(lengths)), lengths)
    return np.bincount(number, facts.current[positions], len(lengths)).astype(np.float64)


def _allowed(table: Table, kind: EntryKind, query: IndexQuery) -> _Mask:
    """Where may be looked: at what is current, or at the rows that are named."""
    rows = None if query.rows is None else query.rows.get(kind)
    if rows is None:
        return table.facts.current
    places = table.facts.positions(np.asarray(rows, np.int64))
    allowed = np.zeros(table.count, np.bool_)
    allowed[places[places >= 0]] = True
    return allowed


def _best(table: Table, kind: EntryKind, scored: _Scored, allowed: _Mask, limit: int) -> list[int]:
    """Positions of both arms' best, and of the short turns beside the first of those."""
    best = np.zeros(table.count, np.bool_)
    arms = [(scored.words, allowed & (scored.words > 0))]
    if scored.dense is not None:
        arms.append((scored.dense, allowed & table.facts.embedded))
    for scores, there in arms:
        top = _top(table, scores, np.flatnonzero(there), limit)
        best[top] = True
        if kind == "message":
            beside = table.facts.neighbours[_top(table, scores, top, leading(limit))].ravel()
            beside = beside[beside >= 0]
            words = table.columns["words"][beside]
            best[beside[allowed[beside] & (words > 0) & (words <= SHORT_TURN)]] = True
    places: list[int] = np.flatnonzero(best).tolist()
    return places


def _top(table: Table, scores: _Scores, places: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """The `limit` best of `places`; of equals the newest."""
    if not limit:
        return places[:0]
    if len(places) <= limit:
        return places
    scores = scores if len(places) == len(scores) else scores[places]
    least = _least(scores, limit)
    above, equal = places[scores > least], places[scores == least]
    newest = np.argsort(table.columns["row"][equal])[::-1][: limit - len(above)]
    return np.concatenate([above, equal[newest]])


def _least(scores: _Scores, best: int) -> np.float32:
    """The last of the `best` scores: it is no less than that of the best columns, so few others are sorted."""
    width = len(scores) // _COLUMN
    if width > 4 * best:
        columns = scores[: width * _COLUMN].reshape(_COLUMN, width).max(axis=0)
        scores = scores[scores >= np.partition(columns, width - best)[width - best]]
    least: np.float32 = np.partition(scores, len(scores) - best)[len(scores) - best]
    return least


def _hits(
    table: Table, kind: EntryKind, scored: _Scored, best: Sequence[int], bearers: _Mask | None, allowed: _Mask
) -> list[IndexHit]:
    embedded = table.facts.embedded
    rows = table.columns["row"][best].tolist()
    dense = [
        value if has else None for value, has in zip(_of(scored.dense, best), embedded[best].tolist(), strict=True)
    ]
    words, share = _of(scored.words, best), _of(scored.share, best)
    named = [False] * len(best) if bearers is None else bearers[best].tolist()
    near = _near(table, scored, best, allowed) if kind == "message" else (_no_values(best),) * 3
    asks = table.columns["asks"][best].tolist()
    ids = [table.ids[place] for place in best]
    return list(map(IndexHit, rows, ids, repeat(kind), dense, words, *near[:2], named, share, near[2], asks))


_Values: TypeAlias = list[float | None]


def _near(table: Table, scored: _Scored, best: Sequence[int], allowed: _Mask) -> tuple[_Values, _Values, _Values]:
    """The better dense, words and share of the turns before and after; `None` for long turns and lonely ones.

    A turn that may not be looked at explains nothing: it may not have been said by then.
    """
    beside = table.facts.neighbours[best]
    there = (beside >= 0) & allowed[beside] & (table.columns["words"][best] <= SHORT_TURN)[:, np.newaxis]
    dense = _better(scored.dense, beside, there & table.facts.embedded[beside])
    return dense, _better(scored.words, beside, there), _better(scored.share, beside, there)


def _no_values(best: Sequence[int]) -> _Values:
    return [None] * len(best)


def _better(scores: _Scores | None, beside: NDArray[np.int64], there: _Mask) -> _Values:
    if scores is None:
        return [None] * len(beside)
    better = np.where(there, scores[beside], -np.inf).max(axis=1).tolist()
    return [None if value == -np.inf else value for value in better]


def _of(scores: _Scores | None, best: Sequence[int]) -> list[Any]:
    return [None] * len(best) if scores is None else scores[best].tolist()
