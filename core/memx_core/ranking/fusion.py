"""Two raw scores to one: cosine and BM25, and what the turns around say.

The one score is absolute: 0 is nothing in common, about 0.3 a common subject, above 0.8 the
same words. So it can be compared between memories and messages, between scopes, and with a
threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

from memx_core.ports import IndexHit

DENSE = 0.6
"""Weight of the cosine beside the words."""
NEAR = 0.6
"""Weight of the better of the turns before and after a short turn, where it lifts it."""
ASKS = 0.3
"""The part of its score that a short turn loses which only asks: what is wanted is the answer."""
NAMED = 0.1
"""Added to what is said by, or about, somebody whom the query names."""
_MIDDLE, _SPREAD = 7.0, 2.5  # of BM25 as it comes, where an index gives no share


class Fused(NamedTuple):
    """A hit with its one score.

    Attributes:
        hit: The hit.
        score: In [0, 1].
        dense: What the vectors gave to it, smoothed; `None` without any.
        words: What the words gave to it, in [0, 1], smoothed; `None` if the query has none.
    """

    hit: IndexHit
    score: float
    dense: float | None
    words: float | None


def fuse(hits: Sequence[IndexHit]) -> list[Fused]:
    """`hits` with one score each, best first; of equals memories first, and the newest."""
    return sorted(map(_fused, hits), key=lambda fused: (-fused.score, fused.hit.kind, -fused.hit.row))


def _fused(hit: IndexHit) -> Fused:
    dense, words = _positive(hit.dense), _share(hit.share, hit.words)
    if hit.near_dense is not None or hit.near_words is not None:
        dense = _lifted(dense, _positive(hit.near_dense))
        words = _lifted(words, _share(hit.near_share, hit.near_words))
    score = dense or words or 0.0 if dense is None or words is None else DENSE * dense + (1 - DENSE) * words
    score = min(1.0, score + NAMED) if hit.named else score
    return Fused(hit, score * (1 - ASKS * hit.asks), dense, words)


def _lifted(own: float | None, near: float | None) -> float | None:
    """A short turn's own score, or more if what is around it has much more: a reply answers its question."""
    return own if own is None or near is None else max(own, (1 - NEAR) * own + NEAR * near)


def _positive(cosine: float | None) -> float | None:
    return cosine if cosine is None or 0.0 <= cosine <= 1.0 else float(cosine > 0.0)


def _share(share: float | None, words: float | None) -> float | None:
    """The share, or what BM25 as it comes lets one guess of it."""
    if share is not None or not words:
        return share
    return 1 / (1 + exp((_MIDDLE - words) / _SPREAD))
