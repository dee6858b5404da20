"""Measures what becomes of what is said: `python -m benchmarks.reconciliation [--proposer NAME …] [--misses]`."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.reconciliation import malformed, tables
from benchmarks.reconciliation.reading import read
from benchmarks.reconciliation.running import PROPOSERS, run
from benchmarks.reconciliation.scoring import Score
from benchmarks.retrieval.embedding import EMBEDDERS, Remembering


def main() -> None:
    """Plays, measures and prints."""
    asked = _arguments()
    scenarios = [each for each in read() if not asked.kind or each.kind in asked.kind]
    embedder = Remembering(EMBEDDERS[asked.embedder]())
    calls = sum(len(each.calls) for each in scenarios)
    print(
        f"memx-core {version('memx-core')}, Python {platform.python_version()}, {platform.machine()}, "
        f"{embedder.fingerprint}\n{len(scenarios)} scenarios, {calls} calls\n",
        flush=True,
    )
    results: dict[str, Sequence[Score]] = {}
    for name in asked.proposer or PROPOSERS:
        begun = time.process_time()
        results[name] = run(name, scenarios, embedder)
        print(f"{name}: {time.process_time() - begun:.0f} s of CPU", flush=True)
    if asked.misses:
        _print_remarks(results)
    print("", *tables.overall(results), "", *tables.by_kind(results), sep="\n")
    outcomes = malformed.run(embedder)
    print("", *malformed.table(outcomes), sep="\n")
    if asked.json:
        asked.json.write_text(json.dumps(_rows(results), indent=1, ensure_ascii=False), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reconciliation", description=__doc__)
    parser.add_argument(
        "--proposer", action="append", choices=PROPOSERS, help="may be repeated; by default all of them"
    )
    parser.add_argument("--kind", action="append", help="only scenarios of this kind; may be repeated")
    parser.add_argument("--embedder", choices=list(EMBEDDERS), default="minilm")
    parser.add_argument("--misses", action="store_true", help="print what was not as it should be")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where every scenario's counts go")
    return parser.parse_args()


def _print_remarks(results: Mapping[str, Sequence[Score]]) -> None:
    for name, scores in results.items():
        for score in scores:
            for remark in score.remarks:
                print(f"{name} · {score.scenario.kind} · {score.scenario.name} · {remark}")


def _rows(results: Mapping[str, Sequence[Score]]) -> list[dict[str, object]]:
    return [
        {"proposer": name, "scenario": score.scenario.name, "kind": score.scenario.kind, "memories": score.memories,
         **asdict(score.counts), "remarks": score.remarks}
        for name, scores in results.items()
        for score in scores
    ]  # fmt: skip


if __name__ == "__main__":
    main()
