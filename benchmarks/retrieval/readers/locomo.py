"""LoCoMo: two people talk for months; a question names the turns that answer it.

Left out are the adversarial questions (category 5), which have no answer, and those whose evidence is
no turn of the conversation, unless every question is wanted; and always pictures with their captions:
only what was said is read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.retrieval.cases import Conversation, Fact, Question, Turn, answerable

ADVERSARIAL = "adversarial"
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: ADVERSARIAL}
_TURN = re.compile(r"D(\d+):0*(\d+)")
_SESSION = re.compile(r"session_(\d+)")


def conversation(row: Mapping[str, Any], *, every: bool = False) -> Conversation:
    """One entry of the file."""
    turns = tuple(_turns(row["conversation"], _facts(row.get("observation", {}))))
    asked = [_question(one) for one in row["qa"] if one.get("category") in CATEGORIES]
    found = asked if every else answerable([one for one in asked if not one.unanswerable], turns)
    return Conversation(str(row.get("sample_id", "")), turns, tuple(found), "locomo")


def _turns(said: Mapping[str, Any], facts: Mapping[str, list[Fact]]) -> Iterator[Turn]:
    sessions = sorted((int(found[1]), key) for key in said if (found := _SESSION.fullmatch(key)))
    for number, key in sessions:
        at = _time(said[f"{key}_date_time"])
        for one in said[key]:
            yield Turn(
                id=one["dia_id"],
                session=str(number),
                role="user" if one["speaker"] == said["speaker_a"] else "assistant",
                text=one["text"],
                speaker=one["speaker"],
                said_at=at,
                facts=tuple(facts.get(one["dia_id"], ())),
            )


def _time(said: str) -> datetime:
    """Of "1:56 pm on 8 May, 2023"."""
    return datetime.strptime(said, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)


def _facts(observed: Mapping[str, Any]) -> Mapping[str, list[Fact]]:
    """By turn, what can be known once it was said."""
    facts: defaultdict[str, list[Fact]] = defaultdict(list)
    for session in observed.values():
        for about, lines in session.items():
            for text, where in lines:
                sources = sorted(_named(where), key=lambda id: [int(part) for part in id[1:].split(":")])
                if sources:
                    facts[sources[-1]].append(Fact(text, about, frozenset(sources)))
    return facts


def _question(one: Mapping[str, Any]) -> Question:
    kind = CATEGORIES[one["category"]]
    adversarial = kind == ADVERSARIAL
    answer = one.get("adversarial_answer" if adversarial else "answer", "")
    return Question(str(one["question"]), str(answer), kind, _named(one["evidence"]), unanswerable=adversarial)


def _named(where: object) -> frozenset[str]:
    """The turns that are meant; some are written "D8:6; D9:17", or "D30:05"."""
    return frozenset(f"D{session}:{turn}" for session, turn in _TURN.findall(str(where)))
