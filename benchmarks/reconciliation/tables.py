"""Counts as Markdown tables: parts in per cent, and beside them of how many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import add

from benchmarks.reconciliation.scoring import Counts, Score

THRICE = "said three times"
"""The kind of scenario in which five facts are said in three ways each."""


def overall(results: Mapping[str, Sequence[Score]]) -> Iterator[str]:
    """One line a proposer."""
    titles = (
        "precision", "recall", "known in the end", "stale", "must not be known", "said twice", "unwanted",
        "memories of 5 facts said 3 ways",
    )  # fmt: skip
    yield from _table(
        ("proposer", *titles), ((name, *_cells(scores), _thrice(scores)) for name, scores in results.items())
    )


def by_kind(results: Mapping[str, Sequence[Score]]) -> Iterator[str]:
    """One line a kind of scenario, precision and recall of each proposer."""
    kinds = list(dict.fromkeys(each.scenario.kind for scores in results.values() for each in scores))
    rows = (
        (kind, str(_count(kind, results)), *(cell for scores in results.values() for cell in _measured(kind, scores)))
        for kind in kinds
    )
    yield from _table(("kind", "scenarios", *results), rows)


def total(scores: Iterable[Score]) -> Counts:
    """The sums over `scores`."""
    return reduce(add, (each.counts for each in scores), Counts())


def _cells(scores: Sequence[Score]) -> Iterator[str]:
    counts = total(scores)
    yield _part(counts.right, counts.right + counts.wrong)
    yield _part(counts.right, counts.right + counts.missed)
    yield _part(counts.known, counts.true)
    yield _part(counts.stale, counts.over)
    yield _part(counts.broken, counts.forbidden)
    yield str(counts.surplus)
    yield str(counts.unwanted)


def _thrice(scores: Iterable[Score]) -> str:
    return ", ".join(str(each.memories) for each in scores if each.scenario.kind == THRICE)


def _count(kind: str, results: Mapping[str, Sequence[Score]]) -> int:
    return max(sum(each.scenario.kind == kind for each in scores) for scores in results.values())


def _measured(kind: str, scores: Iterable[Score]) -> Iterator[str]:
    counts = total(each for each in scores if each.scenario.kind == kind)
    yield f"{_percent(counts.precision)} / {_percent(counts.recall)}"


def _part(some: int, all_of_them: int) -> str:
    return f"{_percent(some / all_of_them)} ({some}/{all_of_them})" if all_of_them else "(0/0)"


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{100 * part:.1f}"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|---|{'---:|' * (len(titles) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
