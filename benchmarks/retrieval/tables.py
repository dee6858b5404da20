"""Means as Markdown tables, in per cent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.retrieval.scoring import ALL


def overall(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """One line a system, over all questions."""
    yield from table("system", {name: by_category[ALL] for name, by_category in results.items()})


def by_category(results: Mapping[str, Mapping[str, Mapping[str, float]]], measures: Sequence[str]) -> Iterator[str]:
    """One line a system and category."""
    rows = {
        f"{name}, {category}": {measure: means[measure] for measure in measures if measure in means}
        for name, categories in results.items()
        for category, means in categories.items()
        if category != ALL
    }
    yield from table("system, category", rows)


def table(title: str, rows: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """The lines of a table; what is missing in a row is left empty."""
    columns = list(dict.fromkeys(name for values in rows.values() for name in values))
    yield f"| {title} | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name, values in rows.items():
        yield f"| {name} | {' | '.join(f'{100 * values[key]:.1f}' if key in values else '' for key in columns)} |"
