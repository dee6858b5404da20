"""Measures what is found again: `python -m benchmarks.retrieval PATH … [--system NAME …]`."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks import machine
from benchmarks.retrieval import held_out, scoring, tables
from benchmarks.retrieval.ablation import ablate
from benchmarks.retrieval.cases import Conversation, of_users
from benchmarks.retrieval.embedding import EMBEDDERS, Remembering
from benchmarks.retrieval.readers import read
from benchmarks.retrieval.systems import NAMES, make
from memx_core.ports import Embedder

_USUAL = ("memx-turns", "bm25-turns", "dense-turns")
_ABLATED = ("memx-turns", "memx-both")
_HELD_OUT = ("memx-turns", "memx-facts", "memx-both")
_WITH_FACTS = ("memx-facts", "memx-both", "bm25-facts", "dense-facts")
_DETAILS = (f"recall@{scoring.K}", "MRR", "evidence@1000", "answer@1000")


def main() -> None:
    """Reads, measures and prints."""
    asked = _arguments()
    conversations = [conversation for path in asked.paths for conversation in read(path)]
    if asked.only_users:
        conversations = [of_users(conversation) for conversation in conversations]
    if asked.held_out and len(conversations) < 2:
        raise SystemExit("--held-out chooses on other conversations: give it two at least")
    usual = _HELD_OUT if asked.held_out else _ABLATED if asked.ablation else _systems(conversations)
    names: Sequence[str] = asked.system or usual
    embedder = Remembering(EMBEDDERS[asked.embedder]())
    print(_header(conversations, embedder.fingerprint), flush=True)
    results: dict[str, Mapping[str, Mapping[str, float]]] = {}
    rows: list[dict[str, object]] = []
    for name, scored in _measured(names, embedder, conversations, asked):
        results[name] = scoring.means(scored)
        rows += [{"system": name, "conversation": one.conversation, "category": one.category, "question": one.question,
                  **one.values} for one in scored]  # fmt: skip
    print("", *tables.overall(results), "", *tables.by_category(results, _DETAILS), sep="\n")
    if asked.means:
        asked.means.parent.mkdir(parents=True, exist_ok=True)
        about = {
            "commit": machine.commit(),
            "machine": machine.described(),
            "data": [path.name for path in asked.paths],
        }
        said = {**about, "embedder": embedder.fingerprint, "means": results}
        asked.means.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    if asked.json:
        asked.json.write_text(json.dumps({"means": results, "questions": rows}, indent=1), encoding="utf-8")


def _measured(
    names: Sequence[str], embedder: Embedder, conversations: Sequence[Conversation], asked: argparse.Namespace
) -> Iterator[tuple[str, list[scoring.Asked]]]:
    for name in names:
        begun = time.process_time()
        if asked.held_out:
            held = held_out.hold_out(partial(make, name, embedder), conversations)
            print(*held_out.lines(name, held), "", sep="\n", flush=True)
            yield f"{name}, held out", held.chosen
            yield f"{name}, defaults", held.defaults
        elif asked.ablation:
            found = ablate(partial(make, name, embedder), conversations)
            yield from ((f"{name}, {what}", scored) for what, scored in found.items())
        else:
            yield name, scoring.score(partial(make, name, embedder), conversations)
        print(f"{name}: {time.process_time() - begun:.0f} s of CPU", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="LoCoMo, LongMemEval (JSON) or BEAM (folder)"
    )
    parser.add_argument(
        "--system", action="append", choices=list(NAMES), help="may be repeated; by default all but mem0's"
    )
    parser.add_argument("--embedder", choices=list(EMBEDDERS), default="minilm")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--ablation", action="store_true", help="take parts of memx's ranking away, one by one")
    ways.add_argument(
        "--held-out", action="store_true", help="choose the ranking's numbers for each conversation on the others"
    )
    parser.add_argument("--only-users", action="store_true", help="keep only what users said")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where every question's scores go")
    parser.add_argument(
        "--means", type=Path, metavar="FILE", help="where the means go, and no question; `plots` draws them"
    )
    return parser.parse_args()


def _systems(conversations: Sequence[Conversation]) -> Sequence[str]:
    """All that need nothing installed and have something to do."""
    learned = any(turn.facts for conversation in conversations for turn in conversation.turns)
    return (*_USUAL, *_WITH_FACTS) if learned else _USUAL


def _header(conversations: Sequence[Conversation], fingerprint: str) -> str:
    turns = sum(len(conversation.turns) for conversation in conversations)
    facts = sum(len(turn.facts) for conversation in conversations for turn in conversation.turns)
    questions = sum(len(conversation.questions) for conversation in conversations)
    return (
        f"memx-core {version('memx-core')}, Python {platform.python_version()}, {platform.machine()}, {fingerprint}\n"
        f"{len(conversations)} conversations, {turns:,} turns, {facts:,} facts, {questions:,} questions\n"
    )


if __name__ == "__main__":
    main()
