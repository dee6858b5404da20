"""Whether a text says more than its sources: a name, a number or a date that nobody mentioned.

Leans to letting through: a fact refused by mistake is lost, one let through by mistake can be
undone. Names are judged where languages mark them with capitals, number words in English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from memx_core import text, time
from memx_core.reconciliation.sources import Sources
from memx_core.reconciliation.words import is_english
from memx_core.time.words import MONTH_NAMES
from memx_core.types import TimeSpan

_FIRST = re.compile(r"\W*([^\W\d_a-z][\w-]+)(['\u2019]s)?\s")
# What follows a subject: a verb of the third person or in the past, an adverb, another name.
_FOLLOWS = re.compile(
    r"(?:[a-z]+(?:s|ed|ly)|(?:isn|wasn|hasn|doesn|didn|won|can)['\u2019]t|had|will|can|cannot|may|might|would|could|should|did"
    r"|went|got|made|took|bought|met|found|felt|gave|grew|saw|said|told|left|began|ran|won|lost|wrote|taught|thought|broke"
    r"|became|built|came|chose|drew|drove|ate|fell|heard|kept|led|paid|sold|sent|spent|spoke|swam|and [A-Z]\w+)\b"
)
_CALENDAR = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|spring|summer|autumn|fall|winter|christmas|easter|thanksgiving|halloween",
    re.IGNORECASE,
)
_MONTHS = {name: str(number) for number, name in enumerate(map(str.lower, MONTH_NAMES), start=1)}
_RUN = re.compile(r"[^\W\d_a-z]\w+(?:\s+(?:of\s+|the\s+)*[^\W\d_a-z]\w+)+")
_ABOUT = timedelta(days=1)
_COUNTED = frozenset(map(str, range(13)))


@dataclass(frozen=True, slots=True)
class Claim:
    """A text that is to be stored, and what else but the turns may support it.

    Attributes:
        beside: Texts of the memories that it is about to replace, or that go with it.
        subject: Whom it is about, as the proposer said.
        said_at: When its evidence was said.
    """

    text: str
    beside: Sequence[str] = ()
    subject: str = ""
    said_at: datetime | None = None


def invented(claim: Claim, sources: Sources) -> str | None:
    """What in `claim` is in none of its sources, in words; `None` if nothing is."""
    if name := _invented_name(claim, sources):
        return f"the name {name!r}"
    spots = time.spots(claim.text)
    if date := _invented_time(claim, spots, sources):
        return f"the time {date!r}"
    if number := _invented_number(claim, spots, sources):
        return f"the number {number!r}"
    return None


def _invented_name(claim: Claim, sources: Sources) -> str | None:
    first = _FIRST.match(claim.text)
    leading = first[1].casefold() if first else ""
    names = set(text.names(claim.text)) - _abbreviated(claim.text, sources)
    if first and _is_subject(claim, first):
        names.add(leading)
    if leading in names and not sources.people:
        names.discard(leading)  # Nobody's name is known here: it is taken for the speaker's.
    if not sources.are_english and is_english(claim.text):
        return None  # Translated, and names perhaps with the rest.
    unknown = (name for name in sorted(names) if not sources.words.mention(name))
    return next((name for name in unknown if not _is_nickname(name, sources)), None)


def _abbreviated(words: str, sources: Sources) -> set[str]:
    """The words of names in `words` that were said by their initials: New York City as NYC."""
    runs = [run.split() for run in _RUN.findall(words)]
    capitals = [[word for word in run if word[0].isupper()] for run in runs]
    said = (run for run in capitals if sources.words.has("".join(word[0] for word in run)))
    return {word.casefold() for run in said for word in run}


def _is_nickname(name: str, sources: Sources) -> bool:
    """Whether `name` is somebody's here, cut short or in full: Jon, Jonathan."""
    return any(
        len(min(name, person, key=len)) > 2 and (name.startswith(person) or person.startswith(name))
        for person in sources.people
    )


def _is_subject(claim: Claim, first: re.Match[str]) -> bool:
    """Whether the first word of a fact names its subject, rather than begin its sentence."""
    word = first[1].casefold()
    may_be_name = word in text.names(f"with {first[1]}") and not word.endswith(("ing", "ly"))
    follows = first[2] or _FOLLOWS.match(claim.text, first.end())
    return bool(may_be_name and follows) and (not claim.subject or claim.subject.casefold().startswith(word))


def _invented_number(claim: Claim, spots: Sequence[tuple[int, int]], sources: Sources) -> str | None:
    """A number outside of dates that neither the turns nor the memories beside have."""
    supported = sources.numbers.union({"1"}, *map(text.numbers, claim.beside))
    missing = text.numbers(_without_times(claim.text, spots)) - supported
    if missing and not sources.are_english:
        missing -= _COUNTED
    return min(missing, default=None)


def _without_times(words: str, spots: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(spots):
        words = f"{words[:start]} {words[end:]}"
    return words


def _invented_time(claim: Claim, spots: Sequence[tuple[int, int]], sources: Sources) -> str | None:
    phrases = [claim.text[start:end] for start, end in spots]
    return next((phrase for phrase in phrases if not _is_supported(phrase, claim, sources)), None)


def _is_supported(phrase: str, claim: Claim, sources: Sources) -> bool:
    """Whether a time expression was said, part by part, or means a time that was said otherwise."""
    said = text.normal_form(phrase)
    if any(said in text.normal_form(each) for each in claim.beside):
        return True
    parts, numbers = _CALENDAR.findall(phrase), text.numbers(phrase)
    if not parts and not numbers:
        return sources.speak_of_time
    if numbers <= sources.numbers and all(_is_said(part, sources) for part in parts):
        return True
    span = time.resolve(phrase, said_at=claim.said_at, context=claim.text) if claim.said_at else None
    return span is not None and any(_overlap(span, other) for other in _times(claim, sources))


def _is_said(part: str, sources: Sources) -> bool:
    """Whether a month, a weekday or a feast was said, a month perhaps as its number."""
    return sources.words.mention(part) or _MONTHS.get(part.lower(), "") in sources.numbers


def _times(claim: Claim, sources: Sources) -> list[TimeSpan]:
    """The times that were said, and the day it was said on."""
    days = [turn.timestamp for turn in sources.turns if turn.timestamp]
    return [*sources.times, *(TimeSpan(day - _ABOUT, day + _ABOUT, "day", "") for day in days)]


def _overlap(one: TimeSpan, other: TimeSpan) -> bool:
    return one.start < other.end and other.start < one.end
