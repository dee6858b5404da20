"""The pictures, each from the figures of one file. matplotlib is imported by the one who draws.

They stand on a white ground, in the colours of Okabe and Ito, and every line and bar is named beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks.peers.summary import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Figures: TypeAlias = Mapping[str, Any]

_COLOURS = {
    "memx": "#0072B2",
    "mem0": "#D55E00",
    "langmem": "#009E73",
    "langgraph": "#CC79A7",
    "llama-index vectors": "#A07800",
    "llama-index facts": "#555555",
}
_GREY = "#555555"
_MARKS = "osD^vP"
_THICK, _THIN = 2.6, 1.4
_SYSTEMS = {
    "memx-both": ("memx, facts and turns", "#0072B2"),
    "memx-turns": ("memx, turns", "#3391C4"),
    "bm25-turns": ("BM25, turns", "#A07800"),
    "dense-turns": ("vectors, turns", "#CC79A7"),
    "mem0-turns": ("mem0, turns", "#D55E00"),
    "mem0-facts": ("mem0, facts", "#009E73"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One, and the file of figures that it is drawn from."""

    figures: str
    draw: Callable[[Figures], Figure]


def cost_by_size(figures: Figures) -> Figure:
    """CPU of a search, and of learning from a turn, by how much is known."""
    drawn, (left, right) = _panels(2, (10.5, 4.6))
    for axes, operation, title in (
        (left, "search", "CPU of a search that finds ten"),
        (right, "learn", "CPU of learning from a turn (model answers at once)"),
    ):
        ends = []
        for at, name in enumerate(_COLOURS):
            points = [
                (int(size), *(each * 1e3 for each in spread(of[name][operation]["cpu"])))
                for size, of in figures["sizes"].items()
                if operation in of.get(name, {})
            ]
            if not points:
                continue
            sizes, low, middle, high = zip(*points, strict=True)
            width = _THICK if name == "memx" else _THIN
            axes.plot(sizes, middle, color=_COLOURS[name], marker=_MARKS[at], linewidth=width)
            axes.fill_between(sizes, low, high, color=_COLOURS[name], alpha=0.18, linewidth=0)
            ends.append((sizes[-1], middle[-1], name))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("memories of one user")
        axes.set_ylabel("milliseconds, median and middle half")
        axes.set_title(title, loc="left", fontsize=11)
        known = [int(size) for size in figures["sizes"]]
        axes.minorticks_off()
        axes.set_xticks(known, [f"{size:,}" for size in known])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        _name_ends(drawn, axes, ends, _COLOURS)
    return drawn


def tokens_per_turn(figures: Figures) -> Figure:
    """Prompt tokens that keeping a turn costs, and whether the user waits for them."""
    drawn, (axes,) = _panels(1, (8.5, 3.6))
    shown = {name: of for name, of in figures["turns"].items() if of["on_path"]["calls"] or of["off_path"]["calls"]}
    names = sorted(shown, key=lambda name: _tokens(shown[name]))
    places = range(len(names))
    on, off = ([shown[name][path]["tokens"] for name in names] for path in ("on_path", "off_path"))
    axes.barh(places, on, color=_COLOURS["mem0"], label="while the request waits")
    axes.barh(places, off, left=on, color=_COLOURS["memx"], label="afterwards", hatch="//", edgecolor="white")
    for place, name in zip(places, names, strict=True):
        calls = shown[name]["on_path"]["calls"] + shown[name]["off_path"]["calls"]
        axes.annotate(
            f"{_tokens(shown[name]):,.0f}, {calls:.2g} {'call' if calls == 1 else 'calls'}",
            (_tokens(shown[name]), place), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9,
        )  # fmt: skip
    axes.set_yticks(places, names)
    axes.set_xlim(0, 1.3 * max(map(_tokens, shown.values())))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("prompt tokens for each turn, and calls")
    axes.set_title("What keeping a turn sends to a model", loc="left", fontsize=11)
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return drawn


def recall_by_budget(figures: Figures) -> Figure:
    """The part of the evidence that is in what `recall` gives, by its tokens."""
    drawn, (axes,) = _panels(1, (8.5, 4.6))
    colours = dict(_SYSTEMS.values())
    ends = []
    for at, (system, (label, colour)) in enumerate(_SYSTEMS.items()):
        if system not in figures["means"]:
            continue
        means = figures["means"][system]["all"]
        budgets = sorted(int(name.partition("@")[2]) for name in means if name.startswith("evidence@"))
        found = [100 * means[f"evidence@{budget}"] for budget in budgets]
        width = _THICK if system == "memx-both" else _THIN
        style = "--" if system == "mem0-turns" else "-"  # it lies on that of vectors alone
        axes.plot(budgets, found, style, color=colour, marker=_MARKS[at], linewidth=width)
        ends.append((budgets[-1], found[-1], label))
        axes.set_xticks(budgets, [f"{budget:,}" for budget in budgets])
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xticks(budgets, [f"{budget:,}" for budget in budgets])
    axes.set_xlabel("tokens of context")
    axes.set_ylabel("evidence in the context, per cent")
    axes.set_title("What is found again of three conversations of LoCoMo", loc="left", fontsize=11)
    _name_ends(drawn, axes, ends, colours)
    return drawn


def ablation(figures: Figures) -> Figure:
    """What looking for turns finds with one part of the ranking taken away."""
    drawn, (axes,) = _panels(1, (8.5, 4.2))
    values = {
        name.partition(", ")[2]: 100 * of["all"]["recall@10"]
        for name, of in figures["means"].items()
        if name.startswith("memx-turns, ")
    }
    whole = values.pop("as it is")
    values = {name: value for name, value in values.items() if not name.startswith("with ")}
    names = sorted(values, key=lambda name: -values[name])
    lost = [whole - values[name] for name in names]
    axes.barh(range(len(names)), lost, color=_COLOURS["memx"])
    for place, points in enumerate(lost):
        label = f"{points:.1f}, to {whole - points:.1f}"
        axes.annotate(
            label, (max(points, 0), place), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(min(0, *lost), max(lost) * 1.2)
    axes.set_xlabel(f"points of recall@10 that are lost, of {whole:.1f} per cent")
    axes.set_title("What is lost without one part of the ranking", loc="left", fontsize=11)
    axes.grid(axis="y", visible=False)
    return drawn


PICTURES: Mapping[str, Picture] = {
    "cost-by-size": Picture("peers.json", cost_by_size),
    "tokens-per-turn": Picture("peers.json", tokens_per_turn),
    "recall-by-budget": Picture("retrieval.json", recall_by_budget),
    "ablation": Picture("ablation.json", ablation),
}


def _tokens(turn: Figures) -> float:
    tokens: float = turn["on_path"]["tokens"] + turn["off_path"]["tokens"]
    return tokens


def _panels(count: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    drawn = Figure(figsize=size, layout="constrained", facecolor="white")
    panels = [drawn.add_subplot(1, count, at + 1) for at in range(count)]
    for axes in panels:
        axes.grid(color="#dddddd", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=_GREY)
        axes.spines[["top", "right"]].set_visible(False)
    return drawn, panels


def _name_ends(drawn: Figure, axes: Axes, ends: Sequence[tuple[float, float, str]], colours: Mapping[str, str]) -> None:
    """Names lines where they end, one below the other where they would meet."""
    room = 13.0
    axes.margins(x=0.05)
    drawn.draw_without_rendering()  # so that places are known
    to_pixels = axes.transData.transform
    below = float("inf")
    for x, y, name in sorted(ends, key=lambda end: -end[1]):
        points = to_pixels((x, y))[1] * 72 / drawn.dpi
        place = min(points, below - room)
        below = place
        axes.annotate(
            name, (x, y), xytext=(9, place - points), textcoords="offset points", va="center", fontsize=9,
            color=colours[name], annotation_clip=False,
        )  # fmt: skip
