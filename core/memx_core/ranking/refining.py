"""From fused hits and what the ledger says of them to what a search returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from memx_core.ranking.fusion import Fused
from memx_core.text import tokens
from memx_core.types import Explanation, MemoryItem, SearchHit, TimeSpan

MOST = 0.1
"""All nudges together change a score by no more than this part of it."""
_RECENT = 0.02
_IN_TIME, _OUT_OF_TIME = 0.1, -0.05
_AT_ONCE, _HALF_AGE = timedelta(), timedelta(days=30)
_REACH = (timedelta(days=3), timedelta(days=30))


def refine(
    candidates: Sequence[tuple[Fused, MemoryItem]],
    *,
    now: datetime,
    window: TimeSpan | None = None,
    limit: int,
    explain: bool = False,
    query: Sequence[str] = (),
) -> list[SearchHit]:
    """The best `limit` candidates, best first, each memory once.

    A memory of late is lifted a little, one of the asked-for time by more, both by at most a
    tenth: time breaks ties between what is equally to the point, and decides nothing else.

    Args:
        candidates: Hits that the ledger confirmed, with what it says of them.
        now: When the search is made.
        window: The time that the query asks for.
        limit: How many are wanted.
        explain: Whether to say how the scores came about.
        query: The words that were searched by, for the explanation.
    """
    scored = [_scored(fused, item, now, window) for fused, item in candidates]
    scored.sort(key=lambda one: (-one[0], -one[3].timestamp(), one[2].kind, one[2].id))
    hits: dict[tuple[str, str | int], SearchHit] = {}
    for score, fused, item, _ in scored:
        if len(hits) == limit:
            break
        # Two conversations may use one message id.
        key = ("message", fused.hit.row) if item.kind == "message" else ("memory", item.id)
        if key not in hits:
            why = _explanation(fused, item, _nudges(item, now, window), query) if explain else None
            hits[key] = SearchHit(memory=item, score=score, explain=why)
    return list(hits.values())


def swing(window: TimeSpan | None) -> tuple[float, float]:
    """The least and the greatest factor by which `refine` changes a score."""
    least, most = (1.0, 1 + _RECENT) if window is None else (1 + _OUT_OF_TIME, (1 + _RECENT) * (1 + _IN_TIME))
    return max(1 - MOST, least), min(1 + MOST, most)


def _scored(
    fused: Fused, item: MemoryItem, now: datetime, window: TimeSpan | None
) -> tuple[float, Fused, MemoryItem, datetime]:
    """With the item's time, by which equals are sorted."""
    time = _time(item)
    product = _recency(time, now)
    if window is not None:
        product *= _timeliness(item, window)
    factor = min(1 + MOST, max(1 - MOST, product))
    return min(1.0, max(0.0, fused.score * factor)), fused, item, time


def _nudges(item: MemoryItem, now: datetime, window: TimeSpan | None) -> dict[str, float]:
    """What the score was multiplied by, by name."""
    nudges = {"recency": _recency(_time(item), now)}
    if window is not None:
        nudges["time"] = _timeliness(item, window)
    return nudges


def _recency(time: datetime, now: datetime) -> float:
    return 1 + _RECENT * _nearness(now - time, _HALF_AGE)


def _timeliness(item: MemoryItem, window: TimeSpan) -> float:
    """By how far the item's time is from the window: all of the bonus inside, a malus far off."""
    start, end = (item.when.start, item.when.end) if item.when else (_time(item), _time(item))
    distance = max(window.start - end, start - window.end, _AT_ONCE)
    reach = min(max(window.end - window.start, _REACH[0]), _REACH[1])
    return 1 + (_OUT_OF_TIME + (_IN_TIME - _OUT_OF_TIME) * _nearness(distance, reach))


def _nearness(distance: timedelta, half: timedelta) -> float:
    """1 at no distance, a half at `half`, then ever less."""
    return 1 / (1 + max(distance, _AT_ONCE) / half)


def _time(item: MemoryItem) -> datetime:
    """When it was said, as far as is known."""
    return item.said_at or item.valid_from or item.created_at


def _explanation(fused: Fused, item: MemoryItem, nudges: Mapping[str, float], query: Sequence[str]) -> Explanation:
    there = set(tokens(item.text))
    return Explanation(
        dense=fused.hit.dense,
        words=fused.hit.words,
        fused=fused.score,
        nudges=nudges,
        matched=tuple(word for word in dict.fromkeys(query) if word in there),
    )
