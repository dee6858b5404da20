"""What the ranking finds where nobody looked: its numbers are chosen on the other conversations.

The defaults were chosen while looking at conversations that are also measured. So each conversation is asked
once more with numbers that only its neighbours know of. The search for those begins with every part off, not
with the defaults: what was learned by looking is not handed on that way. The parts themselves stay, and so do
the numbers that an index is built with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import fmean
from types import ModuleType
from typing import NamedTuple, TypeAlias

from benchmarks.retrieval import scoring, tables
from benchmarks.retrieval.ablation import changed
from benchmarks.retrieval.cases import Conversation
from benchmarks.retrieval.systems import System
from memx_core.ranking import fusion, refining

ROUNDS = 2
"""How often the numbers are gone through, one after the other."""
_MEASURES = (f"recall@{scoring.K}", "MRR")
_Values: TypeAlias = tuple[float, ...]


class Number(NamedTuple):
    """A number of the ranking, and what is tried in its place; first what has no effect, or nobody's favourite."""

    module: ModuleType
    name: str
    values: Sequence[float]


NUMBERS = (
    Number(fusion, "DENSE", (0.5, 0.4, 0.6, 0.7)),
    Number(fusion, "NAMED", (0.0, 0.05, 0.1, 0.2)),
    Number(fusion, "NEAR", (0.0, 0.3, 0.6, 0.8)),
    Number(fusion, "ASKS", (0.0, 0.15, 0.3, 0.5)),
    Number(refining, "MOST", (0.0, 0.05, 0.1)),
)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How the questions go.

    Attributes:
        defaults: As the ranking is.
        chosen: With numbers that were chosen on the other conversations.
        numbers: Those, by the conversation that is asked, in the order of `NUMBERS`.
    """

    defaults: list[scoring.Asked] = field(default_factory=list[scoring.Asked])
    chosen: list[scoring.Asked] = field(default_factory=list[scoring.Asked])
    numbers: dict[str, _Values] = field(default_factory=dict[str, _Values])


def hold_out(make: Callable[[], System], conversations: Sequence[Conversation]) -> HeldOut:
    """Asks each conversation with the defaults, and with what the others choose; it takes at least two."""
    found = HeldOut()
    with ExitStack() as stack:
        told = [_Told(stack.enter_context(scoring.told(make, each)), each) for each in conversations]
        for one in told:
            values = _best([other for other in told if other is not one])
            found.defaults.extend(scoring.rank(one.system, one.conversation))
            found.chosen.extend(one.asked(values))
            found.numbers[one.conversation.name] = values
    return found


class _Told:
    """A system that knows a conversation, and how that goes with each choice of numbers that was tried."""

    def __init__(self, system: System, conversation: Conversation) -> None:
        self.system, self.conversation = system, conversation
        self._tried: dict[_Values, list[scoring.Asked]] = {}

    def asked(self, values: _Values) -> list[scoring.Asked]:
        """How each question goes."""
        if values not in self._tried:
            numbers = [(number.module, number.name, value) for number, value in zip(NUMBERS, values, strict=True)]
            with changed(numbers):
                self._tried[values] = list(scoring.rank(self.system, self.conversation))
        return self._tried[values]


def _best(told: Sequence[_Told]) -> _Values:
    """Number by number what finds the most; of equals what was there before."""
    values = tuple(number.values[0] for number in NUMBERS)
    for _ in range(ROUNDS):
        for place, number in enumerate(NUMBERS):
            tried = [(*values[:place], value, *values[place + 1 :]) for value in number.values]
            values = max([values, *tried], key=lambda each: _gain(told, each))
    return values


def _gain(told: Sequence[_Told], values: _Values) -> float:
    """The mean of recall and MRR over all questions."""
    return fmean(one.values[measure] for each in told for one in each.asked(values) for measure in _MEASURES)


def lines(name: str, found: HeldOut) -> Iterator[str]:
    """A table with a line for each conversation, and the numbers that were chosen for it."""
    rows = {
        f"{name}, {group}": {
            **{f"{measure}, held out": value for measure, value in _of(found.chosen, group).items()},
            **{f"{measure}, defaults": value for measure, value in _of(found.defaults, group).items()},
        }
        for group in (scoring.ALL, *found.numbers)
    }
    yield from tables.table("system, conversation", rows)
    yield ""
    yield f"defaults: {_named(tuple(getattr(number.module, number.name) for number in NUMBERS))}"
    for conversation, values in found.numbers.items():
        yield f"{conversation}: {_named(values)}"


def _of(asked: Sequence[scoring.Asked], group: str) -> Mapping[str, float]:
    values = [one.values for one in asked if group in (scoring.ALL, one.conversation)]
    return {measure: fmean(each[measure] for each in values) for measure in _MEASURES}


def _named(values: _Values) -> str:
    return ", ".join(f"{number.name} {value:g}" for number, value in zip(NUMBERS, values, strict=True))
