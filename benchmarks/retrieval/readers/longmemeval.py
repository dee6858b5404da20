"""LongMemEval: each question has a history of its own, in which the turns that answer it are marked.

Left out are questions without a marked turn, those that cannot be answered and data without marks,
unless every question is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.retrieval.cases import Conversation, Question, Turn


def conversation(row: Mapping[str, Any], *, every: bool = False) -> Conversation:
    """One entry of the file."""
    marked: set[str] = set()
    turns = tuple(_turns(row, marked))
    question = Question(
        str(row["question"]),
        str(row["answer"]),
        str(row["question_type"]),
        frozenset(marked),
        unanswerable=str(row["question_id"]).endswith("_abs"),
        asked_at=_time(row["question_date"]) if row.get("question_date") else None,
    )
    asked = every or (marked and not question.unanswerable)
    return Conversation(str(row["question_id"]), turns, (question,) if asked else (), "longmemeval")


def _turns(row: Mapping[str, Any], marked: set[str]) -> Iterator[Turn]:
    sessions = zip(row["haystack_session_ids"], row["haystack_dates"], row["haystack_sessions"], strict=True)
    ordered = sorted((_time(date), number, id, turns) for number, (id, date, turns) in enumerate(sessions))
    for at, place, id, turns in ordered:
        for number, one in enumerate(turns):
            if not one["content"].strip():
                continue
            name = f"{place}:{id}:{number}"
            if one.get("has_answer"):
                marked.add(name)
            yield Turn(name, f"{place}:{id}", one["role"], one["content"], said_at=at)


def _time(said: str) -> datetime:
    """Of "2023/05/20 (Sat) 02:21"."""
    day, _, hour = said.split()
    return datetime.strptime(f"{day} {hour}", "%Y/%m/%d %H:%M").replace(tzinfo=UTC)
