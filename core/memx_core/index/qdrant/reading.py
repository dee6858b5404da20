"""Asking one collection: in batches, from the right shards, as consistent as is wished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qdrant_client import models

from memx_core.index.qdrant import queries
from memx_core.index.qdrant.clients import Server
from memx_core.index.qdrant.figures import Figures
from memx_core.index.qdrant.points import WORDS
from memx_core.ports import EntryKind
from memx_core.types import Scope

ShardKey: TypeAlias = str | int | models.ShardKeyWithFallback
Consistency: TypeAlias = int | models.ReadConsistencyType
BATCH = 100
"""Requests in one batch at most; a collection may be set to refuse larger ones."""
_MOST_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Reader:
    """How one collection is read.

    Attributes:
        shards: Where the entries of a scope are; `None`: anywhere.
        exact: Whether to go without a graph.
    """

    server: Server
    collection: str
    consistency: Consistency | None
    shards: Callable[[Scope], ShardKey | None]
    exact: bool

    def ask(self, scope: Scope, requests: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        """What each request finds, in their order."""
        key = self.shards(scope)
        if key is not None:
            requests = [request.model_copy(update={"shard_key": key}) for request in requests]
        found: list[list[models.ScoredPoint]] = []
        for start in range(0, len(requests), BATCH):
            found += self._asked(requests[start : start + BATCH])
        return found

    def _asked(self, requests: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        answers = self.server.ask(
            "search",
            lambda client: client.query_batch_points(
                collection_name=self.collection, requests=requests, consistency=self.consistency
            ),
        )
        return [answer.points for answer in answers]

    def describe(self, scope: Scope, ids: Sequence[int]) -> list[models.Record]:
        """Known points, with their words."""
        return self.server.ask(
            "describe points",
            lambda client: client.retrieve(
                collection_name=self.collection,
                ids=ids,
                with_payload=True,
                with_vectors=[WORDS],
                consistency=self.consistency,
                shard_key_selector=self.shards(scope),
            ),
        )

    def figures(self, scope: Scope, kind: EntryKind) -> Figures:
        """How many current entries there are, and how long they are."""
        return Figures.of(self._values(scope, (kind,), "words"))

    def names(self, scope: Scope, kinds: tuple[EntryKind, ...]) -> frozenset[str]:
        """Of the bearers of current entries."""
        return frozenset(str(hit.value) for hit in self._values(scope, kinds, "names"))

    def _values(self, scope: Scope, kinds: tuple[EntryKind, ...], field: str) -> list[models.FacetValueHit]:
        answer = self.server.ask(
            "count",
            lambda client: client.facet(
                collection_name=self.collection,
                key=field,
                facet_filter=queries.current(scope, kinds),
                limit=_MOST_VALUES,
                exact=True,
                consistency=self.consistency,
                shard_key_selector=self.shards(scope),
            ),
        )
        return answer.hits
