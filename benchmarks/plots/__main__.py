"""Draws the pictures: `python -m benchmarks plots [--results FOLDER] [--to FOLDER] [--format png]`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.plots.drawing import PICTURES

_ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Draws each picture whose figures are there, and names those that are not."""
    asked = _asked(arguments)
    drawn = draw(asked.results, asked.to, format=asked.format)
    print(*(f"{path}" for path in drawn), sep="\n")
    if missing := {picture.figures for picture in PICTURES.values() if not (asked.results / picture.figures).exists()}:
        print(f"not in {asked.results}, so not drawn: {', '.join(sorted(missing))}")


def draw(results: Path, to: Path, *, format: str = "svg") -> list[Path]:
    """The files that were written, those whose figures are in `results`; the same figures make the same file."""
    import matplotlib

    matplotlib.rcParams.update({"svg.hashsalt": "memx", "svg.fonttype": "path", "font.size": 10})
    to.mkdir(parents=True, exist_ok=True)
    written = []
    for name, picture in PICTURES.items():
        source = results / picture.figures
        if not source.exists():
            continue
        path = to / f"{name}.{format}"
        figure = picture.draw(json.loads(source.read_text(encoding="utf-8")))
        figure.savefig(path, dpi=120, metadata={"Date": None} if format == "svg" else None)
        written.append(path)
    return written


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks plots", description=__doc__)
    parser.add_argument("--results", type=Path, default=_ROOT / "benchmarks" / "results", help="the files of figures")
    parser.add_argument("--to", type=Path, default=_ROOT / "docs" / "images")
    parser.add_argument("--format", choices=("svg", "png"), default="svg")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
