"""memx beside its peers: `python -m benchmarks peers [--sizes 1000 10000] [--only NAME …] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.peers import counting, driving, stand_ins, summary
from benchmarks.peers.contenders import CONTENDERS


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, writes the file and prints the tables."""
    asked = _asked(arguments)
    names = [name for name in CONTENDERS if not asked.only or name in asked.only]
    header = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": machine.described(),
        "commit": machine.commit(),
        "embedder": f"words, {stand_ins.DIMENSIONS} dimensions",
        "tokens": counting.ENCODING,
    }
    figures = driving.run(names, asked.sizes, rounds=asked.rounds, turns=asked.turns)
    written = {**header, **figures}
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(_rounded(written)) + "\n", encoding="utf-8")
    print(*(f"{what}: {value}" for what, value in header.items()), sep="\n")
    print("versions:", ", ".join(f"{name} {version}" for name, version in figures["versions"].items()), end="\n\n")
    print(*summary.tables(figures), sep="\n")


def _rounded(figures: Any) -> Any:  # noqa: ANN401  # whatever JSON there is
    """To a tenth of a microsecond: more would say nothing."""
    if isinstance(figures, float):
        return round(figures, 7)
    if isinstance(figures, dict):
        return {name: _rounded(of) for name, of in figures.items()}
    return [_rounded(of) for of in figures] if isinstance(figures, (list, tuple)) else figures


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(driving.SIZES), help="memories of one user")
    parser.add_argument(
        "--only", action="append", choices=list(CONTENDERS), help="may be repeated; memx is the measure"
    )
    parser.add_argument("--rounds", type=int, default=driving.ROUNDS, help="how often each is asked, in turn")
    parser.add_argument("--turns", type=int, default=driving.TURNS, help="in a row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where every figure goes; `plots` draws from it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
