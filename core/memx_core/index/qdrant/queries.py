"""Requests: which points, by which vectors, with what of them. Pure.

A filter by metadata or by time comes as the rows that it leaves: the ledger decides what a filter
means, and Qdrant could not say all of it (a part of a string, an order of strings, an equal list).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from memx_core.index.qdrant.points import DENSE, WORDS, number, owners
from memx_core.ports import EntryKind, Vector
from memx_core.types import Scope

COUNTED = 5_000
"""Points that are listed to count those with a word, where the server cannot weigh words itself."""


def within(scope: Scope, *more: models.Condition) -> models.Filter:
    """The points of `scope`: exact ids, to which everything else is ANDed."""
    ids = [models.FieldCondition(key=name, match=models.MatchValue(value=id)) for name, id in owners(scope)]
    return models.Filter(must=[*ids, *more])


def current(scope: Scope, kinds: Sequence[EntryKind]) -> models.Filter:
    """The current entries of `kinds` in `scope`."""
    return within(scope, models.FieldCondition(key="found", match=models.MatchAny(any=[*map(str, kinds)])))


def among(scope: Scope, kind: EntryKind, rows: NDArray[np.int64] | None) -> models.Filter:
    """Where may be looked: at what is current, or at the rows that are named."""
    if rows is None:
        return current(scope, [kind])
    return these(scope, [number(kind, row) for row in rows.tolist()])


def these(scope: Scope, ids: Collection[int]) -> models.Filter:
    """Known points, if they are in `scope`."""
    return within(scope, models.HasIdCondition(has_id=list(ids)))


def older(revision: int) -> models.Filter:
    """Points that a write of `revision` may replace: a late request puts nothing back."""
    return models.Filter(must=[models.FieldCondition(key="revision", range=models.Range(lte=revision))])


class Arms:
    """The two arms of one query among one kind.

    Args:
        among: Where may be looked.
        limit: Hits wanted of each arm.
        vector: The query's, if vectors are compared.
        words: The query's words by number, with the weight that the server is to give them.
        corpus: Among what the server is to look how rare they are, if it is to.
        exact: Whether to go without a graph.
    """

    def __init__(
        self,
        among: models.Filter,
        limit: int,
        vector: Vector | None,
        words: Mapping[int, float],
        corpus: models.Filter | None,
        *,
        exact: bool,
    ) -> None:
        self._among = among
        self._limit = limit
        # The server takes one length for the mean of every scope: somewhat more are taken, and weighed anew.
        self._wordy = 2 * limit
        self._vector = None if vector is None else vector.tolist()
        self._words = models.SparseVector(indices=list(words), values=list(words.values())) if words else None
        self._exactly = models.SearchParams(exact=True) if exact else None
        idf = None if corpus is None else models.IdfCorpusParams(corpus=corpus)
        self._weighing = models.SearchParams(idf=idf) if idf is not None else None

    def requests(self) -> list[models.QueryRequest]:
        """At most two. Between them they have every candidate, and the cosine of each that has a vector."""
        if self._vector is None:
            return [] if self._words is None else [self._worded(described=True)]
        if self._words is None:
            return [
                models.QueryRequest(
                    query=self._vector,
                    using=DENSE,
                    filter=self._among,
                    params=self._exactly,
                    limit=self._limit,
                    with_payload=True,
                )
            ]
        return [self._both(self._vector, self._words), self._worded(described=False)]

    def _both(self, vector: list[float], words: models.SparseVector) -> models.QueryRequest:
        """Both arms' best, each with its cosine."""
        nearest = models.Prefetch(
            query=vector, using=DENSE, filter=self._among, params=self._exactly, limit=self._limit
        )
        worded = models.Prefetch(query=words, using=WORDS, filter=self._among, params=self._weighing, limit=self._wordy)
        return models.QueryRequest(
            prefetch=[nearest, worded],
            query=vector,
            using=DENSE,
            limit=self._limit + self._wordy,
            with_payload=True,
            with_vector=[WORDS],
        )

    def _worded(self, *, described: bool) -> models.QueryRequest:
        return models.QueryRequest(
            query=self._words,
            using=WORDS,
            filter=self._among,
            params=self._weighing,
            limit=self._wordy,
            with_payload=described,
            with_vector=[WORDS] if described else False,
        )


def probe(word: int, corpus: models.Filter, *, weighs: bool) -> models.QueryRequest:
    """Asks how rare a word is in `corpus`: by the score of one that has it, or by all that have it."""
    return models.QueryRequest(
        query=models.SparseVector(indices=[word], values=[1.0]),
        using=WORDS,
        filter=corpus,
        params=models.SearchParams(idf=models.IdfCorpusParams(corpus=corpus)) if weighs else None,
        limit=1 if weighs else COUNTED,
        with_payload=False,
        with_vector=[WORDS] if weighs else False,
    )


def cosines(vector: Vector, scope: Scope, ids: Collection[int]) -> models.QueryRequest:
    """Known points with their cosine, as far as they have one."""
    return models.QueryRequest(
        query=vector.tolist(),
        using=DENSE,
        filter=these(scope, ids),
        limit=len(ids),
        with_payload=True,
        with_vector=[WORDS],
    )
