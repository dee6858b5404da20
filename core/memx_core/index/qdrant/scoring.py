"""From what the server found to hits, scored as every index scores. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from qdrant_client import models

from memx_core.index import bm25
from memx_core.index.nearness import SHORT_TURN, leading
from memx_core.index.qdrant.figures import Figures
from memx_core.index.qdrant.points import counts, kind_of, row_of, sparse
from memx_core.ports import IndexHit

Record = models.ScoredPoint | models.Record


@dataclass(frozen=True, slots=True)
class Described:
    """A point, as far as it is scored by."""

    id: int
    item: str
    current: bool
    names: tuple[str, ...]
    session: str
    words: int
    counts: Mapping[int, int]
    asks: float

    @classmethod
    def by(cls, point: Record) -> Described:
        """What a point with its payload and its words says."""
        payload = point.payload or {}
        words = int(payload["words"])
        return cls(
            id=int(point.id),
            item=str(payload["id"]),
            current=bool(payload["found"]),
            names=tuple(map(str, payload["names"])),
            session=str(payload["session"]),
            words=words,
            counts=counts(sparse(point.vector), words),
            asks=float(payload.get("asks", 0.0)),  # collections made before it was kept have none
        )

    @property
    def row(self) -> int:
        """In the ledger."""
        return row_of(self.id)

    @property
    def short(self) -> bool:
        """A turn of a chat that its neighbours may explain."""
        return kind_of(self.id) == "message" and self.current and self.words <= SHORT_TURN


class Best(NamedTuple):
    """Both arms' best.

    Attributes:
        first: Ids of the first turns of each arm, which bring those beside them along.
    """

    chosen: list[Described]
    first: frozenset[int]


@dataclass(slots=True)
class Scored:
    """What is known of the candidates of one query among one kind.

    Attributes:
        words: The query's, by number.
        figures: Of the kind in the query's scope.
        described: The candidates.
        dense: Cosines of those that have one.
    """

    words: Sequence[int]
    figures: Figures
    described: dict[int, Described] = field(default_factory=dict[int, Described])
    dense: dict[int, float] = field(default_factory=dict[int, float])

    def bm25(self, one: Described) -> tuple[float, float | None]:
        """The words' score in a text, and as a share."""
        if not self.words:
            return 0.0, None
        frequencies = self.figures.frequencies(self.words)
        rarities = bm25.rarity(self.figures.entries, frequencies)
        said = np.array([one.counts.get(word, 0) for word in self.words], np.float32)
        burden = bm25.burdens(np.array([one.words], np.float32), self.figures.mean)
        score = bm25.gains(rarities, said, burden).sum(keepdims=True)
        covered = rarities[said > 0].sum(keepdims=True)
        share = bm25.share(covered, score, self.figures.entries, frequencies)
        return float(np.float32(score[0])), float(share[0])

    def best(self, limit: int) -> Best:
        """The union of both arms' best; of equals the newest."""
        scores = {id: self.bm25(one)[0] for id, one in self.described.items()}
        worded = sorted((-score, -id) for id, score in scores.items() if score > 0)
        nearest = sorted((-score, -id) for id, score in self.dense.items() if id in self.described)
        chosen = dict.fromkeys(-id for _, id in (*worded[:limit], *nearest[:limit]))
        few = leading(limit)
        first = frozenset(-id for _, id in (*worded[:few], *nearest[:few]) if kind_of(-id) == "message")
        return Best([self.described[id] for id in chosen], first)

    def joined(self, best: Best, beside: Mapping[int, Sequence[int]]) -> Best:
        """`best` with the short turns beside the first."""
        chosen = {one.id: one for one in best.chosen}
        near = (self.described.get(id) for first in sorted(best.first) for id in beside.get(first, ()))
        said = {one.id: one for one in near if one and one.short and one.words}
        return best._replace(chosen=list((chosen | said).values()))

    def hit(self, one: Described, named: frozenset[str], beside: Sequence[Described]) -> IndexHit:
        """One of the best as a hit.

        Args:
            one: Which.
            named: Names in the query.
            beside: The turns before and after, if they matter.
        """
        words, share = self.bm25(one)
        near = [self.bm25(other) for other in beside]
        return IndexHit(
            row=one.row,
            id=one.item,
            kind=kind_of(one.id),
            dense=self.dense.get(one.id),
            words=words,
            near_dense=max((self.dense[other.id] for other in beside if other.id in self.dense), default=None),
            near_words=max((score for score, _ in near), default=None),
            named=not named.isdisjoint(one.names),
            share=share,
            near_share=max((share for _, share in near if share is not None), default=None),
            asks=one.asks,
        )
