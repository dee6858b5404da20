"""Asks live models: `python -m benchmarks.live PATH … --extractor M --answerer M --judge M --embedder M`."""

from __future__ import annotations

import argparse
import platform
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import Any

from benchmarks.live import models, prompts, report, rows
from benchmarks.live.arguments import arguments
from benchmarks.live.journal import Journal
from benchmarks.live.knowing import Known
from benchmarks.live.models import Counting
from benchmarks.live.rows import Everything, Memx, Nothing, Row
from benchmarks.live.run import Case, Result, Run
from benchmarks.live.sampling import cases, fingerprint
from benchmarks.retrieval.cases import Conversation
from benchmarks.retrieval.readers import read
from benchmarks.retrieval.systems import make


def main() -> None:
    """Reads, asks and prints; the status is 1 if anything failed."""
    asked = arguments(__doc__)
    conversations = [conversation for path in asked.paths for conversation in read(path, every=True)]
    chosen = cases(conversations, limit=asked.limit, most=asked.conversations, seed=asked.seed)
    journal = Journal(asked.journal, _settings(asked, conversations))
    try:
        result = _run(asked, journal).go(asked.row, chosen)
    except KeyboardInterrupt:
        raise SystemExit(f"interrupted; the same command goes on from {asked.journal}") from None
    finally:
        journal.close()
    lines = [*_header(asked, chosen), *report.scores(result), *report.costs(result, asked.price)]
    print(*lines, sep="\n")
    failures = list(_failures(result))
    if failures:
        print(*failures, f"the same command tries again, and goes on from {asked.journal}", sep="\n", file=sys.stderr)
        raise SystemExit(1)


def _settings(asked: argparse.Namespace, conversations: Sequence[Conversation]) -> dict[str, Any]:
    """What answers depend on; a journal has them once for all. Rows may be added."""
    return {
        "data": fingerprint(conversations),
        **{role: getattr(asked, role) for role in models.ROLES},
        "options": asked.set,
        **{name: getattr(asked, name) for name in ("budget", "window", "limit", "conversations", "seed")},
        "prompts": prompts.fingerprint(),
        "memx": version("memx-core"),
    }


def _run(asked: argparse.Namespace, journal: Journal) -> Run:
    chats = {role: models.chat_model(getattr(asked, role), asked.set.get(role, {})) for role in rows.needed(asked.row)}
    embedder = models.embedder(asked.embedder, asked.set.get("embedder", {}))
    stores = asked.journal.with_suffix(".stores")

    def row(name: str, case: Case, key: str, counting: Counting) -> Row:
        if name == rows.MEMX:
            now, database = _now(case), stores / f"{case.number}.db"
            return Memx(chats["extractor"], counting, database, now=now, journal=journal, key=key)
        if name == rows.FULL:
            return Everything(asked.window)
        return Nothing() if name == rows.NOTHING else make(name, counting)

    def know(name: str, case: Case, key: str) -> Known:
        turns = case.conversation.turns
        return Known(
            lambda counting: row(name, case, key, counting), embedder, turns, journal, key, budget=asked.budget
        )

    tell = partial(print, file=sys.stderr, flush=True)
    return Run(chats, journal, know, tell=tell, concurrency=asked.concurrency)


def _now(case: Case) -> datetime | None:
    """When the questions are asked: at the latest time that the data knows."""
    times = [one.asked_at for one in case.questions.values()] + [turn.said_at for turn in case.conversation.turns]
    return max((time for time in times if time is not None), default=None)


def _header(asked: argparse.Namespace, chosen: Sequence[Case]) -> Iterator[str]:
    yield f"memx-core {version('memx-core')}, Python {platform.python_version()}, {platform.machine()}"
    yield ", ".join(f"{role} {getattr(asked, role)}" for role in models.ROLES)
    yield f"{sum(len(case.questions) for case in chosen)} questions of {len(chosen)} conversations"
    yield f"{asked.budget} tokens are recalled for each"
    yield ""


def _failures(result: Result) -> Iterator[str]:
    """Each error once, and how many questions it cost."""
    told = [f"{one.row}, {one.conversation}: {type(one.error).__name__}: {one.error}" for one in result.failures]
    for error, count in Counter(told).items():
        yield f"failed: {error} ({count} question{'s' if count > 1 else ''})"
    if result.skipped:
        yield f"ended after too many failures in a row: {result.skipped} questions were not asked"


if __name__ == "__main__":
    main()
