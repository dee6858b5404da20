"""Answers that are broken, cut, wrapped or wrong: nothing may be lost in silence, and nothing wrong be done.

Each answer of `malformed.txt`, and the right answer cut at many places, is given to a memory that knows three facts.
Then what can be repaired has to be done; what cannot has to be told, by a warning or by an error with a job that waits;
and nothing else may have changed. Whatever waits is learned from once more with the right answer, after which all has
to be there. A model that answers badly is asked twice, and answers badly twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from benchmarks.reconciliation.recorded import RecordedLLM
from benchmarks.reconciliation.running import current, opened
from memx_core import Memory
from memx_core.errors import ExtractionError
from memx_core.extraction.schema import MemoryOperation, MemoryOperations
from memx_core.ports import Embedder
from memx_core.types import Message

FILE = Path(__file__).with_name("malformed.txt")
STEP = 17
"""Characters between two places at which the right answer is cut."""

Heard: TypeAlias = Literal["done", "warned", "queued", "silent"]

KNOWN = ("Mara lives in Bruges", "Mara plays the cello", "Mara has a cat named Olive")
NEW = ("Mara moved to Namur in June", "Mara gave up the cello", "Mara started learning Dutch")
SAID = "We moved to Namur in June. I gave up the cello, and I started learning Dutch."

_BEFORE = Message("user", "I live in Bruges, I play the cello, and I have a cat named Olive.", "Mara",
                  datetime(2024, 1, 10, 12, tzinfo=UTC))  # fmt: skip
_NOW = Message("user", SAID, "Mara", datetime(2024, 7, 10, 12, tzinfo=UTC))
_TITLE = re.compile(r"== (?P<name>.+) \| (?P<right>\d)")


@dataclass(frozen=True, slots=True)
class Case:
    """An answer, and how many of the three right operations are to come of it; `None` if any number is right."""

    name: str
    answer: str
    right: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer came to.

    Attributes:
        right: How many of the right operations were made.
        heard: `done`: all of them; `warned`: what is missing is told by a warning; `queued`: an error was raised and
            the messages wait; `silent`: something is missing, and nobody hears of it.
        wrong: What is known that should not be, or gone that should not be.
        recovered: Of what waited, whether all was there after it was learned from again.
        turns: Whether the transcript has what was said.
    """

    case: Case
    right: int
    heard: Heard
    wrong: tuple[str, ...]
    recovered: bool | None
    turns: bool

    @property
    def is_as_expected(self) -> bool:
        """Whether nothing is lost or wrong, and what can be repaired is done."""
        enough = self.case.right is None or self.right == self.case.right
        return enough and self.turns and self.heard != "silent" and not self.wrong and self.recovered is not False


def cases() -> list[Case]:
    """The answers of the file, and the right one cut."""
    right = RIGHT.model_dump_json()
    return [*parse(FILE.read_text(encoding="utf-8")), *(_cut(right, at) for at in range(1, len(right), STEP))]


def parse(text: str) -> Iterator[Case]:
    """The answers of a file, with what stands for operations put in.

    Raises:
        ValueError: If a title cannot be read.
    """
    parts = re.split(r"^(?=== )", text, flags=re.MULTILINE)[1:]
    for part in parts:
        title, _, answer = part.partition("\n")
        match = _TITLE.fullmatch(title)
        if match is None:
            raise ValueError(f"a title looks like `== name | 3`, not like {title!r}")
        yield Case(match["name"], _written_out(answer.strip()), int(match["right"]))


def run(embedder: Embedder, answers: Iterable[Case] | None = None) -> list[Outcome]:
    """What each of `answers` comes to; by default of all there are."""
    model = RecordedLLM()
    with opened(embedder, model=model) as (memory, _):
        return [_tried(memory, model, each, f"user {at}") for at, each in enumerate(answers or cases())]


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """How many came to what, cut answers apart, and a line for each that is not as it should be."""
    yield "| answers | number | all done | warned | queued | lost in silence | wrong applied | not recovered |"
    yield f"|---|{'---:|' * 7}"
    for name, cut in (("malformed", False), ("cut", True)):
        some = [each for each in outcomes if (each.case.right is None) == cut]
        heard = [sum(each.heard == kind for each in some) for kind in ("done", "warned", "queued", "silent")]
        wrong = sum(bool(each.wrong) for each in some)
        unrecovered = sum(each.recovered is False for each in some)
        yield f"| {' | '.join(map(str, (name, len(some), *heard, wrong, unrecovered)))} |"
    for each in outcomes:
        if not each.is_as_expected:
            yield f"- {each.case.name}: {each.right} of {each.case.right} right, {each.heard}, wrong {each.wrong}"


def _tried(memory: Memory, model: RecordedLLM, case: Case, user_id: str) -> Outcome:
    model.will_answer(_FIRST.model_dump_json())
    memory.add(_BEFORE, user_id=user_id, session_id=user_id)
    model.will_answer(case.answer)
    queued, warnings = False, tuple[str, ...]()
    try:
        warnings = memory.add(_NOW, user_id=user_id, session_id=user_id).warnings
    except ExtractionError:
        queued = bool(memory.pending(user_id=user_id))
    known = current(memory, user_id)
    right = sum(each in known for each in NEW)
    heard: Heard = "done" if right == len(NEW) else "warned" if warnings else "queued" if queued else "silent"
    turns = [message.content for message in memory.messages(user_id, user_id=user_id)]
    recovered = _recovers(memory, model, user_id) if heard == "queued" else None
    return Outcome(case, right, heard, tuple(_wrong(known)), recovered, turns == [_BEFORE.content, SAID])


def _wrong(known: Sequence[str]) -> Iterator[str]:
    """What is known and should not be, and what is gone and should not be."""
    yield from (f"known: {each}" for each in known if each not in (*KNOWN, *NEW))
    yield from (f"twice: {each}" for each in sorted({each for each in known if known.count(each) > 1}))
    for old, new in zip(KNOWN, (NEW[0], NEW[1], KNOWN[2]), strict=True):
        if old not in known and new not in known:
            yield f"gone: {old}"


def _recovers(memory: Memory, model: RecordedLLM, user_id: str) -> bool:
    """Whether all is known once the model answers as it should."""
    model.will_answer(RIGHT.model_dump_json())
    memory.flush(user_id=user_id)
    return sorted(current(memory, user_id)) == sorted((KNOWN[2], *NEW)) and not memory.pending(user_id=user_id)


def _cut(answer: str, at: int) -> Case:
    return Case(f"cut after {at} characters", answer[:at])


def _operation(event: str, text: str, target: int, quote: str, slot: str, when: str = "") -> MemoryOperation:
    return MemoryOperation.model_validate(
        {"event": event, "text": text, "target": target, "messages": [0], "quote": quote, "when": when,
         "subject": "Mara", "slot": slot, "reason": ""}
    )  # fmt: skip


_FIRST = MemoryOperations(
    operations=[
        _operation("ADD", KNOWN[0], -1, "I live in Bruges", "home"),
        _operation("ADD", KNOWN[1], -1, "I play the cello", "skill"),
        _operation("ADD", KNOWN[2], -1, "I have a cat named Olive", "pet"),
    ]
)
RIGHT = MemoryOperations(
    operations=[
        _operation("UPDATE", NEW[0], 0, "We moved to Namur in June", "home", "in June"),
        _operation("UPDATE", NEW[1], 1, "I gave up the cello", "skill"),
        _operation("ADD", NEW[2], -1, "I started learning Dutch", "skill"),
    ]
)
"""The right answer."""


def _written_out(answer: str) -> str:
    words = dict(zip(("NAMUR", "CELLO", "DUTCH"), (each.model_dump() for each in RIGHT.operations), strict=True))
    words["ALL"] = RIGHT.model_dump()
    return re.sub(r"\b(?:NAMUR|CELLO|DUTCH|ALL)\b", lambda match: json.dumps(words[match[0]]), answer)
