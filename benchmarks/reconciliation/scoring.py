"""What was done beside what was right, and what is known in the end beside what is true. Pure.

An operation is right if it fits one that is wanted and that none before it did: a second one that says the same is
wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from benchmarks.reconciliation.cases import Call, Event, Scenario, Wanted
from benchmarks.reconciliation.patterns import fits, still_claims


@dataclass(frozen=True, slots=True)
class Done:
    """A change that a call made: its event, the new text (of a DELETE none) and the old one (of an ADD none)."""

    event: Event
    text: str
    old_text: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over calls and scenarios; each is a number of things.

    Attributes:
        right: Operations that were wanted.
        wrong: Operations that were not.
        missed: Wanted operations that were not made.
        true: Facts that hold in the end.
        known: Those of them that a current memory says.
        over: Values that were known at some time and have ended.
        stale: Those of them that a current memory still says.
        forbidden: Things that must not be known.
        broken: Those of them that a current memory says.
        surplus: Current memories that say what another one says already.
        unwanted: Current memories that say nothing of what holds, nor what may be said.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    true: int = 0
    known: int = 0
    over: int = 0
    stale: int = 0
    forbidden: int = 0
    broken: int = 0
    surplus: int = 0
    unwanted: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def precision(self) -> float | None:
        """The part of the operations that was wanted; `None` without any."""
        return _part(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """The part of what was wanted that was done; `None` if nothing was."""
        return _part(self.right, self.right + self.missed)


@dataclass(frozen=True, slots=True)
class Truth:
    """What holds at one moment of a scenario.

    Attributes:
        holds: Pattern by key.
        over: Patterns of what held and does not any more, or was over when it was told.
        allowed: Patterns that memories may fit besides.
    """

    holds: Mapping[str, str] = field(default_factory=dict[str, str])
    over: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How one scenario went.

    Attributes:
        remarks: What was not as it should be, one a line.
        memories: How many memories are current in the end.
    """

    scenario: Scenario
    counts: Counts
    remarks: tuple[str, ...]
    memories: int


def score(scenario: Scenario, done: Sequence[Sequence[Done]], current: Sequence[str]) -> Score:
    """The counts of `scenario`.

    Args:
        scenario: See `Scenario`.
        done: What each call did.
        current: The texts of the current memories in the end.
    """
    truth, counts, remarks = Truth(), Counts(), list[str]()
    for call, made in zip(scenario.calls, done, strict=True):
        judged, noted = operations(call, made, truth)
        counts += judged
        remarks += noted
        truth = after(truth, call)
    learned = [each.text for made in done for each in made]
    ending, noted = state(truth, [words for call in scenario.calls for words in call.never], learned, current)
    return Score(scenario, counts + ending, (*remarks, *noted), len(current))


def operations(call: Call, made: Iterable[Done], before: Truth) -> tuple[Counts, list[str]]:
    """The operations of one call, and what was not as it should be."""
    wanted = [each for each in call.wanted if not each.optional]
    optional = [each for each in call.wanted if each.optional]
    met: set[int] = set()
    right, remarks = 0, list[str]()
    for each in made:
        fitting = {at for at, one in enumerate(wanted) if _fits(one, each, before)} - met
        if fitting:
            met |= fitting
            right += len(fitting)
        elif not any(_fits(one, each, before) for one in optional):
            remarks.append(f"wrong: {each.event} {each.text or each.old_text}")
    wrong = len(remarks)
    missed = [one for at, one in enumerate(wanted) if at not in met]
    remarks += [f"missed: {'|'.join(one.events)} {one.key}: {one.pattern}" for one in missed]
    return Counts(right=right, wrong=wrong, missed=len(missed)), remarks


def after(truth: Truth, call: Call) -> Truth:
    """What holds after `call`.

    Of what may be done in several ways the first tells what becomes of the old text: after `UPDATE|ADD` it holds no
    longer, after `ADD|UPDATE` it may stay beside the new one.
    """
    holds, over, allowed = dict(truth.holds), [*truth.over], [*truth.allowed]
    for each in call.wanted:
        event = each.events[0]
        if each.optional:
            allowed.append(each.pattern)
        elif event == "PAST":
            over.append(each.pattern)
        elif event == "CONFLICT":
            holds[f"{each.key}'"] = each.pattern
        elif event == "DELETE":
            over += filter(None, [holds.pop(each.key, "")])
        else:
            before = filter(None, [holds.pop(each.key, "")])
            (over if event == "UPDATE" else allowed).extend(before)
            holds[each.key] = each.pattern
    return Truth(holds, tuple(over), tuple(allowed))


def state(
    truth: Truth, never: Iterable[str], learned: Iterable[str], current: Sequence[str]
) -> tuple[Counts, list[str]]:
    """What is known in the end, and what of it is not as it should be.

    Args:
        truth: What holds.
        never: Patterns that no memory may fit.
        learned: Every text that was ever written.
        current: The texts of the current memories.
    """
    holds = list(truth.holds.values())
    texts = list(learned)
    ended = [words for words in dict.fromkeys(truth.over) if any(fits(words, each) for each in texts)]
    outdated = [each for each in current if not any(fits(words, each) for words in holds)]
    stale = [words for words in ended if any(still_claims(words, each) for each in outdated)]
    forbidden = list(dict.fromkeys(never))
    broken = [words for words in forbidden if any(fits(words, each) for each in current)]
    surplus, unwanted = _superfluous(truth, [each for each in current if not _is_stale(each, stale, outdated)])
    counts = Counts(
        true=len(holds),
        known=sum(any(fits(words, each) for each in current) for words in holds),
        over=len(ended),
        stale=len(stale),
        forbidden=len(forbidden),
        broken=len(broken),
        surplus=len(surplus),
        unwanted=len(unwanted),
    )
    remarks = (
        *(f"stale: {words}" for words in stale),
        *(f"must not be known: {words}" for words in broken),
        *(f"said twice: {each}" for each in surplus),
        *(f"unwanted: {each}" for each in unwanted),
    )
    return counts, list(remarks)


def _fits(wanted: Wanted, made: Done, before: Truth) -> bool:
    """Whether `made` is what was wanted, of the memory that was meant."""
    if made.event not in wanted.events:
        return False
    known = before.holds.get(wanted.key)
    meant = made.event in ("ADD", "CONFLICT") or known is None or fits(known, made.old_text)
    if made.event == "DELETE" and known is not None:
        return meant
    return meant and fits(wanted.pattern, made.text or made.old_text)


def _is_stale(text: str, stale: Iterable[str], outdated: Sequence[str]) -> bool:
    return text in outdated and any(still_claims(words, text) for words in stale)


def _superfluous(truth: Truth, current: Iterable[str]) -> tuple[list[str], list[str]]:
    """Memories that say what another one says, and those that say nothing of what they may."""
    patterns = list(dict.fromkeys((*truth.holds.values(), *truth.allowed)))
    saying: dict[str, str] = {}  # By pattern, the memory that is taken to say it.
    surplus, unwanted = list[str](), list[str]()
    for each in current:
        if not any(fits(words, each) for words in (*patterns, *truth.over)):
            unwanted.append(each)
        elif any(fits(words, each) for words in patterns) and not _finds_room(each, patterns, saying, set()):
            surplus.append(each)
    return surplus, unwanted


def _finds_room(text: str, patterns: Sequence[str], saying: dict[str, str], tried: set[str]) -> bool:
    """Whether `text` says something that no other text has to say, once others have made room where they can."""
    for words in patterns:
        if words in tried or not fits(words, text):
            continue
        tried.add(words)
        if words not in saying or _finds_room(saying[words], patterns, saying, tried):
            saying[words] = text
            return True
    return False


def _part(some: int, all_of_them: int) -> float | None:
    return some / all_of_them if all_of_them else None
