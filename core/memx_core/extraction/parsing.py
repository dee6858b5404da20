"""A model's answer to proposed operations: forgiving in form, and honest about what was lost.

Only an explicit empty list means "nothing worth knowing". An answer in which no operation can
be found is `unusable`, however it came about, and deserves another try; one that declines is
`refused` and deserves none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from memx_core.extraction.fields import MOST
from memx_core.extraction.items import operation
from memx_core.extraction.reading import Reading, read
from memx_core.extraction.refusals import is_refusal
from memx_core.extraction.shapes import Found, Item, choose, find
from memx_core.ports import Completion
from memx_core.types import ProposedOperation

Verdict: TypeAlias = Literal["ok", "partial", "refused", "unusable"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer came to.

    Attributes:
        operations: What it proposes, unchecked.
        warnings: What in it was left out, each `code: detail`.
        verdict: `ok`; `partial`: something was left out; `refused`; `unusable`: ask again.
        problem: Of an unusable answer, what is wrong with it, as one would tell the model.
    """

    operations: tuple[ProposedOperation, ...] = ()
    warnings: tuple[str, ...] = ()
    verdict: Verdict = "ok"
    problem: str = ""


def parse(completion: Completion) -> Answer:
    """What `completion` proposes. Never raises, whatever the answer."""
    if completion.data is not None and (found := find(completion.data)) is not None:
        return _judged(found)
    if completion.text is None:
        return _refused() if completion.data is None else _unusable("it has no list of operations")
    reading = read(completion.text)
    if (found := choose(reading)) is not None:
        return _judged(found)
    return _refused() if is_refusal(completion.text) else _unusable(_problem(completion.text, reading))


def _problem(text: str, reading: Reading) -> str:
    """What is wrong with an answer in which no operations were found."""
    if not text.strip():
        return "it is empty"
    if reading.damaged or not reading.values:
        return "it is not valid JSON"
    return "it has no list of operations"


def _refused() -> Answer:
    return Answer(warnings=("refused: the model declined to answer",), verdict="refused")


def _unusable(problem: str) -> Answer:
    return Answer(verdict="unusable", problem=problem)


def _judged(found: Found) -> Answer:
    """The operations in `found`, with a warning for each entry that is none."""
    if found.withheld:
        return _refused()
    entries = [_entry(item) for item in found.items[:MOST]]
    operations = tuple(entry for entry in entries if isinstance(entry, ProposedOperation))
    warnings = (*(entry for entry in entries if isinstance(entry, str)), *_losses(found, entries))
    if operations or (not found.cut and all(_is_blank(item.value) for item in found.items)):
        return Answer(operations, warnings, "partial" if warnings else "ok")
    if any(warning.startswith("refused") for warning in warnings):
        return Answer(warnings=warnings, verdict="refused")
    if any(warning.startswith("unknown_event") for warning in warnings):
        return Answer(warnings=warnings, verdict="partial")  # Understood, but not to be done.
    return _unusable("it is cut off" if found.cut else "none of its entries is an operation")


def _entry(item: Item) -> ProposedOperation | str:
    entry = operation(item)
    if isinstance(entry, ProposedOperation) and is_refusal(entry.text):
        return "refused: the model declined in place of a fact"
    return entry


def _losses(found: Found, entries: Sequence[ProposedOperation | str]) -> list[str]:
    """Warnings about the answer as a whole."""
    losses: list[str] = []
    if found.cut and not any(isinstance(entry, str) and entry.startswith("truncated") for entry in entries):
        losses.append("truncated: the answer ends in the middle; what was complete in it counts")
    if found.damaged:
        losses.append("not_an_operation: a part of the answer is not valid JSON")
    if len(found.items) > MOST:
        losses.append(f"too_many: the answer has more than {MOST} entries; the rest was not read")
    return losses


def _is_blank(value: object) -> bool:
    return not value.strip() if isinstance(value, str) else value is None or value in ([], {})
