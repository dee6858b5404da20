"""Where time expressions stand in a text: a date, the words that lead to it, and its hour.

One pattern made of all the rules finds them in a single linear pass; nothing is resolved here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from memx_core.time import absolute, relative
from memx_core.time.words import CLOCK, COUNT, PART, UNIT, WEEKDAY, compiled, unnamed

RULES = (*relative.RULES, *absolute.RULES)

_LEADS = (
    "in|on|at|during|over|around|about|by|for|from|since|until|till|before|after|between|through|throughout|sometime"
)
_LEAD = rf"(?:back )?(?:{_LEADS})(?: in| on)? "
_PART_OF = r"(?:(?:early|earlier|late|later|mid)(?:-| (?:in )?)|(?:beginning|start|middle|end) of )(?:the )?"
_HEAD = rf"(?P<lead>{_LEAD})?(?:the )?(?:{_PART_OF})?"
_TAIL = rf"(?:,? (?:in the |at )?(?P<part>{PART})(?!\w))?(?:,? {CLOCK}(?!\w))?"
_BEFORE_IT = rf"(?<!\w)(?:{CLOCK},?|(?:(?:the|an?) )?(?:(?P<count>{COUNT}) )?(?P<unit>{UNIT}|{WEEKDAY})) $"
_TO = re.compile(r"\s*(?:to|and|until|till|through|-|\u2013)?\s*(?:the\s+)?", re.IGNORECASE)
_NOT_ONCE = re.compile(r"\b(?:every|each|most|per)\s+(?:other\s+)?$", re.IGNORECASE)
_LONELY = re.compile(r"(?:may|mar|march)\s+\d{1,2}|\d{1,2}\s+(?:may|mar|march)")
_REACH = 40


@dataclass(frozen=True, slots=True)
class Spot:
    """A time expression in a text.

    Attributes:
        start: Where it begins, with the words that lead to it.
        end: Where it ends.
        lead: Its preposition, lower-cased, or empty.
        date: The date alone.
        date_start: Where that begins.
        clock: The hour that was said with it.
        relation: "two weeks" in "two weeks before 9 June".
        last: The other end of "from ... to ...".
    """

    start: int
    end: int
    lead: str
    date: str
    date_start: int
    clock: re.Match[str] | None = None
    relation: re.Match[str] | None = None
    last: Spot | None = None


def scan(text: str, *, loose: bool = False) -> Iterator[Spot]:
    """The time expressions of `text` in order; `loose` also takes a bare "May" or "2019" for one."""
    waiting: Spot | None = None
    for match in compiled(_expression(loose=loose)).finditer(text):
        if _NOT_ONCE.search(text[max(0, match.start() - _REACH) : match.start()]) or _LONELY.fullmatch(match[0]):
            continue
        spot = _in_context(text, match)
        if waiting and _TO.fullmatch(text, waiting.end, spot.date_start):
            spot = replace(waiting, end=spot.end, last=spot)
            waiting = None
        if waiting:
            yield waiting
        waiting = spot if spot.lead in {"from", "between"} and not spot.last else None
        if not waiting:
            yield spot
    if waiting:
        yield waiting


@cache
def _expression(*, loose: bool) -> str:
    free = "|".join(unnamed(rule.pattern) for rule in RULES if not rule.leads)
    led: dict[str, list[str]] = {}
    for rule in RULES:
        if rule.leads:
            led.setdefault(rule.leads, []).append(unnamed(rule.pattern))
    shapes = [rf"(?:{_LEAD})?(?:the )?(?:{_PART_OF})?(?:{free})"]
    for leads, patterns in led.items():
        lead = rf"(?:(?:back )?(?:{leads}) (?:the )?(?:{_PART_OF})?|{_PART_OF})"
        shapes.append(rf"{lead}{'?' if loose else ''}(?:{'|'.join(patterns)})")
    return rf"(?<![\w/])(?=\w)(?:{'|'.join(shapes)})(?!\w|[-/.:]\d)"


def _in_context(text: str, match: re.Match[str]) -> Spot:
    """The spot with what stands around it: an hour, "the week before", a lead."""
    lead, date = _split(match[0])
    tail = compiled(_TAIL).match(text, match.end())
    spot = Spot(match.start(), match.end(), lead, date, match.end() - len(date))
    if tail and tail[0]:
        spot = replace(spot, end=tail.end(), clock=tail)
    before_from = max(0, match.start() - _REACH)
    before = compiled(_BEFORE_IT).search(text[before_from : match.start()])
    if before is None:
        return spot
    if before["unit"] and lead in {"before", "after"}:
        return replace(spot, start=before_from + before.start(), relation=before)
    if not before["unit"] and not (tail and _says_hour(tail)):
        return replace(spot, start=before_from + before.start(), clock=before)
    return spot


def _says_hour(clock: re.Match[str]) -> bool:
    return any(clock[name] for name in ("hour", "hour24", "name"))


def _split(expression: str) -> tuple[str, str]:
    """The preposition and the date; a date such as "in two days" keeps its own."""
    if any(compiled(rule.pattern).fullmatch(expression) for rule in RULES):
        return "", expression
    head = compiled(_HEAD).match(expression)
    assert head is not None  # It may be empty, so it always matches.
    lead = (head["lead"] or "").lower().removeprefix("back ").split()
    return (lead[0] if lead else ""), expression[head.end() :]
