"""What a run says: medians and quartiles, ratios to memx, and tables of both. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any, TypeAlias

from benchmarks.peers.contenders import CONTENDERS

Figures: TypeAlias = Mapping[str, Any]

BASE = "memx"
_OPERATIONS = {
    "learn": "learn from a turn of two messages that yields two facts, with a model",
    "put": "keep one text as it is, without a model",
    "search": "find ten",
}
_DASH = "-"


def spread(taken: Sequence[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile; of one figure, that figure."""
    if len(taken) < 2:
        return (taken[0],) * 3
    low, middle, high = quantiles(taken, n=4)
    return low, middle, high


def ratio(taken: Sequence[float], base: Sequence[float]) -> float:
    """How many times the median of `base` that of `taken` is."""
    return median(taken) / median(base)


def measured(figures: Figures) -> list[str]:
    """When each part was begun, of which code, and how busy the machine was then."""
    begun = figures.get("measured", {})
    return [f"{part}: {of['commit']} at {of['at']}, a load of {of['load']:.1f}" for part, of in begun.items()]


def tables(figures: Figures) -> list[str]:
    """All tables, as lines of Markdown."""
    parts = (_remarks, _turns, _prompts, _by_size, _others, _imports, _holding, _left_out)
    told = [part(figures) for part in parts]
    return [line for lines in told if lines for line in (*lines, "")]


def _remarks(figures: Figures) -> list[str]:
    shown = [name for name in figures["import"] if CONTENDERS[name].kept]
    rows = [[name, of.kept, of.duplicates, of.changes, of.searches] for name in shown for of in (CONTENDERS[name],)]
    return table(
        ["", "kept when the process ends", "what is known already", "what has changed", "finds by"], rows, right=False
    )


def _turns(figures: Figures) -> list[str]:
    taken = figures["turns"]
    rows = []
    for name, of in taken.items():
        calls = [
            f"{of[path]['calls']:.2f} / {of[path]['tokens']:,.0f}" if of[path]["calls"] else _DASH
            for path in ("on_path", "off_path")
        ]
        clock = f"{milliseconds(of['wall'])}"
        mean = sum(of["cpu"]) / len(of["cpu"])
        later = of["later"] / len(of["cpu"])
        base = _mean(taken[BASE]["cpu"]) if BASE in taken else 0.0
        times = f"{mean / base:.1f}" if base else _DASH
        rows.append(
            [name, *calls, f"{mean * 1e3:.1f} ({times})", clock, f"{later * 1e3:.1f}" if later > 1e-4 else _DASH]
        )
    head = [
        *("a turn", "model calls / prompt tokens on the request's path", "… and off it"),
        *("CPU ms on the path, mean (times memx)", "ms by the clock, median (middle half)", "CPU ms later, mean"),
    ]
    return table(head, rows)


def _prompts(figures: Figures) -> list[str]:
    rows = [[name, f"{of['static']:,}"] for name, of in figures["turns"].items() if of["static"]]
    return table(["", "tokens that each prompt has, whatever is said (schema and tools included)"], rows)


def _by_size(figures: Figures) -> list[str]:
    lines: list[str] = []
    for operation, about in _OPERATIONS.items():
        names = list(dict.fromkeys(name for at in figures["sizes"].values() for name in at if operation in at[name]))
        rows = []
        for name in names:
            cells = []
            for size, at in figures["sizes"].items():
                if operation in at.get(name, {}):
                    cells.append(_beside(at[name][operation]["cpu"], at.get(BASE, {}).get(operation, {}).get("cpu")))
                else:
                    cells.append("not loaded" if name in figures["skipped"][size] else _DASH)
            rows.append([name, *cells])
        head = [f"{operation}: {about}", *(f"{int(size):,}" for size in figures["sizes"])]
        told = table(head, rows)
        lines += ["", *told] if lines and told else told
    return lines


def _beside(taken: Sequence[float], base: Sequence[float] | None) -> str:
    if not base:
        return milliseconds(taken)
    times = ratio(taken, base)
    return f"{milliseconds(taken)}, {times:.{1 if times >= 1 else 2}f} times"


def _others(figures: Figures) -> list[str]:
    rows = []
    operations = ("learn", "put", "search")
    for name, of in figures["others"].items():
        cells = []
        for operation in operations:
            if operation not in of:
                cells.append(_DASH)
                continue
            few, many = of[operation].values()
            cells.append(
                f"{ratio(many['cpu'], few['cpu']):.2f} ({milliseconds(few['cpu'])} → {milliseconds(many['cpu'])})"
            )
        rows.append([name, *cells])
    return table(["growth of a user's calls, 1,000 → 100,000 memories in all", *operations], rows)


def _imports(figures: Figures) -> list[str]:
    rows: list[list[str]] = []
    seen: set[str] = set()
    for name, runs in figures["import"].items():
        if CONTENDERS[name].imports in seen:
            continue
        seen.add(CONTENDERS[name].imports)
        low, middle, high = spread([run[0] for run in runs])
        rows.append([name, f"{middle:.2f} ({low:.2f}-{high:.2f})", f"{median(run[1] for run in runs) / 1024:.0f}"])
    return table(["importing, Python included", "s of CPU", "MB at the peak"], rows)


def _holding(figures: Figures) -> list[str]:
    names = list(dict.fromkeys(name for at in figures["sizes"].values() for name in at))
    rows = []
    for name in names:
        cells = []
        for size, at in figures["sizes"].items():
            if name not in at:
                cells.append("not loaded" if name in figures["skipped"][size] else _DASH)
                continue
            held, disk = at[name]["kilobytes"] / int(size), at[name]["disk"] / int(size) / 1024
            cells.append(f"{held:.1f} / {disk:.1f}" if disk else f"{held:.1f} / {_DASH}")
        threads = max(at[name]["threads"] for at in figures["sizes"].values() if name in at)
        rows.append([name, *cells, str(threads)])
    head = ["KB held / on disk, for each memory", *(f"{int(size):,}" for size in figures["sizes"]), "threads"]
    return table(head, rows)


def _left_out(figures: Figures) -> list[str]:
    lines = [f"- {name} is not there: {why.splitlines()[0]}" for name, why in figures["missing"].items()]
    last: Mapping[str, str] = list(figures["skipped"].values())[-1] if figures["skipped"] else {}
    return lines + [f"- {name} was not asked to load more: {why}" for name, why in last.items()]


def milliseconds(taken: Sequence[float]) -> str:
    """The median and the middle half."""
    low, middle, high = (f"{each * 1e3:.{_digits(each)}f}" for each in spread(taken))
    return f"{middle} ({low}-{high})"


def _digits(seconds: float) -> int:
    return 2 if seconds < 0.01 else 1 if seconds < 0.1 else 0


def _mean(taken: Sequence[float]) -> float:
    return sum(taken) / len(taken)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: bool = True) -> list[str]:
    """Markdown: names to the left, and figures to the `right`; without rows, nothing."""
    if not rows:
        return []
    rule = ["---", *("---:" if right else "---" for _ in head[1:])]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
