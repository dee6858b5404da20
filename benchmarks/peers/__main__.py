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

_HEADER = ("at", "python", "machine", "commit", "embedder", "tokens")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, writes the file and prints the tables."""
    asked = _asked(arguments)
    written = json.loads(asked.again.read_text(encoding="utf-8")) if asked.again else _measured(asked)
    print(*(f"{what}: {written[what]}" for what in _HEADER), sep="\n")
    print(*summary.measured(written), sep="\n")
    print("versions:", ", ".join(f"{name} {version}" for name, version in written["versions"].items()), end="\n\n")
    print(*summary.tables(written), sep="\n")


def _measured(asked: argparse.Namespace) -> dict[str, Any]:
    names = [name for name in CONTENDERS if not asked.only or name in asked.only]
    header = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": machine.described(),
        "commit": machine.commit(),
        "embedder": f"words, {stand_ins.DIMENSIONS} dimensions",
        "tokens": counting.ENCODING,
    }

    def keep(figures: driving.Figures) -> None:
        if asked.json:
            asked.json.parent.mkdir(parents=True, exist_ok=True)
            asked.json.write_text(json.dumps(_rounded({**figures, **header})) + "\n", encoding="utf-8")

    before = json.loads(asked.json.read_text(encoding="utf-8")) if asked.into and asked.json.exists() else None
    parts = asked.parts or driving.PARTS
    found = driving.run(
        names, asked.sizes, parts=parts, before=before, rounds=asked.rounds, turns=asked.turns, keep=keep
    )
    return {**found, **header}


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
    parser.add_argument("--parts", nargs="+", choices=driving.PARTS, help="what to measure; everything by itself")
    parser.add_argument("--into", action="store_true", help="keep what else the file of --json has")
    parser.add_argument("--again", type=Path, metavar="FILE", help="measure nothing: print what such a file says")
    asked = parser.parse_args(arguments)
    if asked.into and not asked.json:
        parser.error("--into needs the file of --json")
    return asked


if __name__ == "__main__":
    main()
