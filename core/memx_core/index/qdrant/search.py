"""One search: the figures it needs, its candidates in one batch, their neighbours, and the scores.

The server's own fusion is not used: it knows ranks, or scores on its own scale, and every hit is to
carry the raw score of both arms as every index scores them. So both arms come from the server, each
candidate with its cosine and its words, and BM25 is computed of those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from qdrant_client import models

from memx_core.errors import EmbeddingMismatchError
from memx_core.index import bm25
from memx_core.index.qdrant import queries
from memx_core.index.qdrant.figures import Figures
from memx_core.index.qdrant.layout import Collection as Stored
from memx_core.index.qdrant.points import dimension, number
from memx_core.index.qdrant.reading import Reader
from memx_core.index.qdrant.scoring import Best, Described, Scored
from memx_core.ports import EntryKind, IndexHit, IndexQuery, IndexSource, Vector


@dataclass(slots=True)
class _Part:
    """One query among one kind.

    Attributes:
        number: Of the query.
        undescribed: Candidates of which nothing but the id is known.
    """

    number: int
    kind: EntryKind
    vector: Vector | None
    words: Sequence[int]
    scored: Scored
    requests: list[models.QueryRequest] = field(default_factory=list[models.QueryRequest])
    undescribed: set[int] = field(default_factory=set[int])

    def take(self, answers: Iterator[list[models.ScoredPoint]]) -> None:
        """The answers to its requests."""
        for request in self.requests:
            points = next(answers)
            if not request.with_payload:
                self.undescribed.update(int(point.id) for point in points)
                continue
            self.add(points)

    def add(self, points: Sequence[models.ScoredPoint]) -> None:
        """Points with their cosine, if vectors are compared."""
        self.scored.described.update((int(point.id), Described.by(point)) for point in points)
        if self.vector is not None:
            self.scored.dense.update((int(point.id), point.score) for point in points)


class Search:
    """A search in one collection.

    Args:
        reader: Reads it.
        source: Knows which turns stand beside each other.
        collection: What is known of it.
        query: What is asked.
        figures: Of each kind, as far as they are known; those that were asked for are put in.
    """

    def __init__(
        self,
        reader: Reader,
        source: IndexSource,
        collection: Stored,
        query: IndexQuery,
        figures: dict[EntryKind, Figures],
    ) -> None:
        self._reader = reader
        self._source = source
        self._collection = collection
        self._query = query
        self._figures = figures
        self._words = [[*map(dimension, dict.fromkeys(words))] for words in query.words or ()]
        self._vectors = _comparable(query, collection)

    def hits(self) -> list[list[IndexHit]]:
        """Per query the union of both arms' best of each kind."""
        self._count_entries()
        probes = self._probes()
        if not self._collection.weighs:
            self._count_words(probes, iter(self._ask([request for _, _, request in probes])))
            probes = []
        parts = self._parts()
        requests = [request for _, _, request in probes] + [request for part in parts for request in part.requests]
        answers = iter(self._ask(requests))
        self._count_words(probes, answers)
        for part in parts:
            part.scored.figures = self._figures[part.kind]
            part.take(answers)
        return self._scored(parts)

    def _ask(self, requests: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        return self._reader.ask(self._query.scope, requests) if requests else []

    def _count_entries(self) -> None:
        for kind in self._query.kinds:
            if kind not in self._figures:
                self._figures[kind] = self._reader.figures(self._query.scope, kind)

    def _probes(self) -> list[tuple[EntryKind, int, models.QueryRequest]]:
        """By kind and word, what asks for those that are not counted yet."""
        weighs, words = self._collection.weighs, list(dict.fromkeys(chain.from_iterable(self._words)))
        return [
            (kind, word, queries.probe(word, queries.current(self._query.scope, [kind]), weighs=weighs))
            for kind in self._query.kinds
            if self._figures[kind].entries
            for word in self._figures[kind].lacking(words)
        ]

    def _count_words(
        self,
        probes: Sequence[tuple[EntryKind, int, models.QueryRequest]],
        answers: Iterator[list[models.ScoredPoint]],
    ) -> None:
        found: dict[EntryKind, dict[int, int]] = {}
        for kind, word, _ in probes:
            counted = self._figures[kind].counted(word, next(answers), weighs=self._collection.weighs)
            found.setdefault(kind, {})[word] = counted
        for kind, words in found.items():
            self._figures[kind] = self._figures[kind].with_found(words)

    def _parts(self) -> list[_Part]:
        query = self._query
        count = len(query.vectors if query.vectors is not None else self._words)
        parts: list[_Part] = []
        for place in range(count):
            for kind in query.kinds:
                vector = None if self._vectors is None else self._vectors[place]
                words = self._words[place] if self._words else []
                scored = Scored(words, self._figures[kind])
                part = _Part(place, kind, vector, words, scored)
                part.requests = self._requests(part)
                parts.append(part)
        return parts

    def _requests(self, part: _Part) -> list[models.QueryRequest]:
        query, weighs = self._query, self._collection.weighs
        rows = None if query.rows is None else query.rows.get(part.kind)
        if not query.limit or (not self._figures[part.kind].entries if rows is None else not len(rows)):
            return []
        corpus = queries.current(query.scope, [part.kind]) if weighs else None
        arms = queries.Arms(
            queries.among(query.scope, part.kind, rows),
            query.limit,
            part.vector,
            dict.fromkeys(part.words, 1.0) if weighs else self._weights(part),
            corpus,
            exact=self._reader.exact,
        )
        return arms.requests()

    def _weights(self, part: _Part) -> dict[int, float]:
        figures = self._figures[part.kind]
        rarities = bm25.rarity(figures.entries, figures.frequencies(part.words))
        return dict(zip(part.words, rarities.tolist(), strict=True))

    def _scored(self, parts: Sequence[_Part]) -> list[list[IndexHit]]:
        self._describe([(part, part.undescribed) for part in parts])
        best = [part.scored.best(self._query.limit) for part in parts]
        beside = self._beside(best)
        self._compare(parts, best, beside)
        more = [part.scored.joined(one, beside) for part, one in zip(parts, best, strict=True)]
        if more != best:
            beside = self._beside(more)
            self._compare(parts, more, beside)
        count = max((part.number for part in parts), default=-1) + 1
        hits: list[list[IndexHit]] = [[] for _ in range(count)]
        for part, (chosen, _) in zip(parts, more, strict=True):
            known = part.scored.described
            for one in chosen:
                near = [known[id] for id in beside.get(one.id, ()) if id in known] if one.short else []
                hits[part.number].append(part.scored.hit(one, self._query.names, near))
        return hits

    def _describe(self, wanted: Sequence[tuple[_Part, Collection[int]]]) -> None:
        """Asks for those of which nothing is known: they have no vector, or none was compared."""
        ids = {id for part, some in wanted for id in some if id not in part.scored.described}
        if not ids:
            return
        records = self._reader.describe(self._query.scope, sorted(ids))
        described = {int(record.id): Described.by(record) for record in records}
        for part, some in wanted:
            part.scored.described.update((id, described[id]) for id in some if id in described)

    def _beside(self, best: Sequence[Best]) -> Mapping[int, Sequence[int]]:
        """By turn those before and after it, for short ones and the first, as far as they may be looked at."""
        turns = {one.row for chosen, first in best for one in chosen if one.short or one.id in first}
        if not turns:
            return {}
        found = self._source.beside(self._query.namespace, self._query.scope, turns)
        rows = None if self._query.rows is None else self._query.rows.get("message")
        allowed = None if rows is None else frozenset(rows.tolist())
        return {
            number("message", row): [number("message", near) for near in beside if allowed is None or near in allowed]
            for row, beside in found.items()
        }

    def _compare(self, parts: Sequence[_Part], best: Sequence[Best], beside: Mapping[int, Sequence[int]]) -> None:
        """Describes the neighbours that are no candidates themselves, with their cosines."""
        asked: list[tuple[_Part, models.QueryRequest]] = []
        wanted: list[tuple[_Part, Collection[int]]] = []
        for part, (chosen, _) in zip(parts, best, strict=True):
            lacking = {id for one in chosen for id in beside.get(one.id, ())}.difference(part.scored.described)
            wanted.append((part, lacking))
            if part.vector is not None and lacking:
                asked.append((part, queries.cosines(part.vector, self._query.scope, sorted(lacking))))
        answers = self._ask([request for _, request in asked])
        for (part, _), points in zip(asked, answers, strict=True):
            part.add(points)
        self._describe(wanted)


def _comparable(query: IndexQuery, collection: Stored) -> Sequence[Vector] | None:
    """The query's vectors, if there is something to compare them with."""
    vectors = query.vectors
    if vectors is None or not collection.dimensions:
        return None
    if vectors.shape[-1] != collection.dimensions:
        raise EmbeddingMismatchError(
            f"the query has {vectors.shape[-1]!r} dimensions, the memories {collection.dimensions!r}; "
            "search with the model that they were embedded with"
        )
    if not np.isfinite(vectors).all():
        raise EmbeddingMismatchError("the query's vector holds NaN or infinity; look into the embedder")
    return list(vectors.astype(np.float32, copy=False))
