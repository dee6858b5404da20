"""What somebody owns, does every week, is by nature, and where they have been."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import conjugated
from memx_core.extraction.rules.phrases import cut, key, listed, said, timed
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import POSSESSIONS, TRAITS

_VEHICLES = re.compile(r"car|van|truck|tesla|suv|motorcycle|motorbike", re.IGNORECASE)
_OWNED = rf"(?P<what>(?:an?|my own|my first|two|three|a new|an old|a used) (?:[\w'-]+ ){{0,3}}?(?P<thing>{POSSESSIONS})\b(?: (?-i:[A-Z0-9])[\w-]*){{0,3}})"


_AFTER = (
    r"(?:[,.;:(].*| (?:and|with|that|which|in|at|from|for|of|now|last|this|yesterday|today|two|three|a|on|back|since|called|named|but|"
    r"so|because|already|again|\d+)\b.*)?"
)


def _slot(thing: str) -> str:
    return "car" if _VEHICLES.fullmatch(thing) else f"possession.{key(thing)}"


def _owns(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    slot, what = _slot(match["thing"]), said(match["what"])
    came = re.match(r"i (bought|got)\b", clause.text)
    text = f"{{I}} {came[1]} {what} {said(cut(match['rest']))}".strip() if came else f"{{I}} has {what}"
    yield Claim(slot, text, value=match["thing"].lower(), when=when)


def _owns_not(match: Match, clause: Clause) -> Iterator[Claim]:
    slot = _slot(match["thing"])
    if clause.truth == "no" and slot == "car":
        yield Claim(slot, f"{{I}} does not have a {match['thing'].lower()}", value="not")
    else:
        yield Claim(slot, "", match["thing"].lower(), retracts=True)


def _drives(match: Match, clause: Clause) -> Iterator[Claim]:
    what = cut(timed(match["what"], clause)[0], narrow=True)
    if what and not re.match(r"an? (?:hour|lot|bit|long|hard|few)\b", what, re.IGNORECASE):
        slot = "car" if match["verb"].lower() == "drive" else f"ride.{key(what)}"
        yield Claim(slot, f"{{I}} {conjugated(match['verb'])} {said(what)}", value=re.sub(r"^an? ", "", what.lower()))


def _my_thing(match: Match, _: Clause) -> Iterator[Claim]:
    what = cut(match["what"], narrow=True)
    if what:
        yield Claim(
            _slot(match["thing"]),
            f"{{my}} {match['thing'].lower()} is {said(what)}",
            value=re.sub(r"^an? ", "", what.lower()),
        )


def _sold(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    slot, thing = _slot(match["thing"]), match["thing"].lower()
    yield Claim(
        f"past.{slot}",
        f"{{I}} {match['how'].lower()} their {thing} {said(when)}".strip(),
        thing,
        when,
        replaces=(slot,),
    )


def _habit(match: Match, clause: Clause) -> Iterator[Claim]:
    what = f"{match['verb']} {match['rest'] or ''}".strip()
    if re.search(r"\b(?:it|this|that|these|those|you|your|him|her|them)\b", what, re.IGNORECASE) or len(what) > 90:
        return
    verb = match["verb"].lower()
    rest = said((match["rest"] or "").strip())
    yield Claim(
        f"habit.{key(f'{verb} {rest}')}",
        f"{{I}} {conjugated(verb)} {rest} {said(cut(match['often']))}".replace("  ", " "),
        value=verb,
    )


def _trait(match: Match, _: Clause) -> Iterator[Claim]:
    what = re.sub(
        r"^(?:bit of an? |total |real |huge |big |definite |natural |complete |true |avid |keen |passionate |proud )+",
        "",
        match["what"].lower(),
    )
    if what in TRAITS:
        article = "an" if what[0] in "aeiou" else "a"
        yield Claim(f"trait.{key(what)}", f"{{I}} is {article} {what}", value=what)


def _been_to(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    for item in listed(cut(re.sub(r"\s+(?:once|twice|\w+ times|before|with|for|on)\b.*$", "", rest))):
        where = place(item)
        if not where or not where[0].isupper():
            return
        yield Claim(f"visited.{key(where)}", f"{{I}} has been to {where}", value=where.lower(), when=when)


_EVERY = (
    r"every (?:single )?(?:other )?(?:day|morning|evening|night|week|weekday|weekend|month|year|summer|winter|spring|autumn|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday)\b.*|(?:once|twice|three times|four times|five times|\d times) (?:a|per) (?:day|week|month|year)\b.*|"
    r"on (?:mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|weekends|weekdays)\b.*|daily|weekly|each (?:day|morning|evening|night|week)\b.*"
)
_STATIVE = (
    r"need|want|think|see|feel|find|wish|hope|know|am|have|get|use|was|had|will|can|keep|say|hear|forget|try|like|love|hate|enjoy|look|do|check|"
    r"miss|seem|thank|ask|wonder|realize|learned|learn"
)

RULES = (
    Rule(rf"i (?P<verb>(?!(?:{_STATIVE})\b)[a-z]+(?<!ed)) (?P<rest>(?:(?!every\b|on \w+days\b).)*?)\s?(?P<often>{_EVERY})", _habit),
    Rule(rf"i (?P<verb>have|do) (?P<rest>(?:\w+ )?(?:class(?:es)?|lessons?|practice|training|rehearsals?|choir|therapy|band practice|yoga))\b\s?(?P<often>{_EVERY})", _habit),
    Rule(rf"i (?:have|own|bought|got|have got) {_OWNED}(?P<rest>{_AFTER})", _owns, _owns_not),
    Rule(r"i (?P<verb>drive|ride) (?P<what>(?:an?|my) .+)", _drives),
    Rule(rf"my (?:\w+ )?(?P<thing>{POSSESSIONS}) is (?P<what>an? .+)", _my_thing),
    Rule(rf"i (?P<how>sold|lost|crashed|totaled|got rid of|gave away) my (?:old |new |\w+ )?(?P<thing>{POSSESSIONS})\b(?P<rest>.*)", _sold),
    Rule(r"i am an? (?P<what>[\w -]{3,40}?)(?: myself| at heart| now)?(?:,.*)?", _trait),
    Rule(r"i have (?:(?:been|travell?ed) to|visited) (?P<where>.+)", _been_to),
)  # fmt: skip
