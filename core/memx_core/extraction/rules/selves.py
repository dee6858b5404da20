"""Who somebody is: name, age, birthday, where they come from, what they speak, how to reach them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core import time
from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import cut, key, listed, said, timed
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import DEMONYMS, LANGUAGES, RELIGIONS, words

NAME = r"(?:(?-i:[A-Z])[\w'-]*|(?-i:[a-z])[\w'-]+)(?: (?-i:[A-Z])[\w'.-]*){0,3}"
_CAPITAL_NAME = r"(?-i:[A-Z][a-z'-]+)(?: (?-i:[A-Z])[\w'-]+){0,2}"
_NO_NAMES = words(
    "team gen type class level version mr mrs ms spelled spelt pronounced written short long hard too common unusual misspelled "
    "sorry sure fine good great back home done here ready happy sad glad tired new not ok okay well better busy late "
    "early all so just very really excited bored sick lost stuck confused interested curious afraid right wrong free "
    "alone hungry thirsty writing trying looking thinking going working using currently still also now in on at from "
    "with by an a the american batman legend human alive english crying dead dying off out up down over under"
)
_PARTICIPLE_NAMES = words(
    "fred ted ned jed ahmed mohammed mohamed jared alfred reed syed saeed wilfred manfred winifred"
)
_NO_CALLS = words("back later tomorrow when if a an the at on crazy maybe in to up anytime today tonight soon now by")
_TOWN = re.compile(r"an? (?:[\w-]+ ){0,2}(?:town|village|city|island|farm|suburb)\b", re.IGNORECASE)
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?"
_AGE = rf"(?P<age>\d{{1,3}}|{_TENS}|eighteen|nineteen|sixteen|seventeen|fifteen|fourteen|thirteen)"
_ZONE = r"(?:utc|gmt)(?: ?[+-] ?\d{1,2}(?::\d\d)?)?|[ecmp][sd]t|cest|cet|bst|ist|jst|aest|eastern time|pacific time|central time|mountain time"


def _name(match: Match, _: Clause) -> Iterator[Claim]:
    name = match["name"].strip(" .'")
    if name.lower().split()[0] not in _NO_NAMES:
        part = match.groupdict().get("part")
        slot = "name.last" if part in {"last", "family"} else "name"
        yield Claim(slot, f"{{my}} {'last ' if slot != 'name' else ''}name is {said(name)}", value=name.lower())


def _nickname(match: Match, _: Clause) -> Iterator[Claim]:
    name = match["name"].strip(" .'")
    if name.lower() not in _NO_CALLS:
        yield Claim("name.called", f"{{I}} goes by {said(name)}", value=name.lower())


def _introduced(match: Match, _: Clause) -> Iterator[Claim]:
    name = (match["name"] or match["caller"]).strip(" .'")
    low = name.lower()
    if low in DEMONYMS | RELIGIONS | LANGUAGES or low.split()[0] in _NO_NAMES:
        return
    if not low.endswith(("ing", "free")) and (not low.endswith("ed") or low in _PARTICIPLE_NAMES):
        yield Claim("name", f"{{my}} name is {said(name)}", value=low)


def _age(match: Match, _: Clause) -> Iterator[Claim]:
    age = match["age"].lower()
    if not age.isdecimal() or 3 <= int(age) <= 120:
        yield Claim("age", f"{{I}} is {age} years old", value=age)


def _decade(match: Match, _: Clause) -> Iterator[Claim]:
    yield Claim("age", f"{{I}} is in their {said(match['decade'])}", value=match["decade"].lower())


def _birthday(match: Match, clause: Clause) -> Iterator[Claim]:
    day = cut(match["day"])
    if time.spots(f"on {day}") or time.spots(day):
        yield Claim("birthday", f"{{my}} birthday is {said(day)}", value=day.lower(), when=day)


def _birthday_now(match: Match, clause: Clause) -> Iterator[Claim]:
    day = match["before"] or match["after"] or clause.fronted or "today"
    yield Claim("birthday", f"{{my}} birthday is {day.lower()}", when=day)


def _born(match: Match, clause: Clause) -> Iterator[Claim]:
    place_part, when = timed(match["rest"], clause)
    if when and not clause.fronted:
        slot = "birthday" if re.search(r"\d{1,2}\D", when.replace("in ", "")) else "born"
        yield Claim(slot, f"{{I}} was born {said(when)}", value=re.sub(r"^(?:on|in) ", "", when.lower()), when=when)
    where = re.match(r"(?:and (?:raised|grew up|brought up) )?(?:in|at|near|on) (?P<where>.+)", place_part)
    if where and (found := place(where["where"])):
        yield Claim("origin.born", f"{{I}} was born in {found}", value=found.lower())


def _from(match: Match, _: Clause) -> Iterator[Claim]:
    if found := place(match["where"], loose=_TOWN.match(match["where"]) is not None):
        yield Claim("origin", f"{{I}} is from {found}", value=found.lower())


def _raised(match: Match, _: Clause) -> Iterator[Claim]:
    if found := place(match["where"], loose=True):
        yield Claim("origin.raised", f"{{I}} grew up {match['how'].lower()} {found}", value=found.lower())


def _nationality(match: Match, clause: Clause) -> Iterator[Claim]:
    what = re.sub(r"^(?:an? |half[- ]|part )", "", match["what"].lower())
    if what in DEMONYMS or f"a {what}" in DEMONYMS or f"an {what}" in DEMONYMS:
        yield Claim(
            "nationality", f"{{I}} is {said(match['what'])}{match['status'] or ''}", value=what, beside=clause.also
        )
    elif match["what"].lower() in RELIGIONS:
        yield Claim("religion", f"{{I}} is {said(match['what'])}", value=what)


def _speaks(match: Match, _: Clause) -> Iterator[Claim]:
    how = match["how"].lower()
    for item in listed(match["what"]):
        language = _language(item)
        if language is None:
            return
        if how in {"speak", "fluent"}:
            verb = "speaks" if how == "speak" else "is fluent in"
            ended = (f"hobby.{key(language)}",)
            yield Claim(f"language.{key(language)}", f"{{I}} {verb} {language}", language.lower(), replaces=ended)
        else:
            yield Claim(f"hobby.{key(language)}", f"{{I}} is learning {language}", language.lower())


def _speaks_not(match: Match, _: Clause) -> Iterator[Claim]:
    for item in listed(match["what"]):
        if language := _language(item):
            yield Claim(f"language.{key(language)}", f"{{I}} does not speak {language}", language.lower())


def _native(match: Match, _: Clause) -> Iterator[Claim]:
    if language := _language(cut(match["what"])):
        yield Claim("language.native", f"{{my}} native language is {language}", value=language.lower())


def _language(words: str) -> str | None:
    plain = re.sub(
        r"^(?:fluent |fluently |a (?:little|bit of|lot of) |some |basic |native |good |both |conversational |decent |broken |only )+|"
        r"\s+(?:fluently|too|well|at home|natively|at work|very well|a (?:little|bit)|pretty well|now|with .+|at .+|since .+|for .+)$",
        "", cut(words), flags=re.IGNORECASE,
    )  # fmt: skip
    return plain if plain.lower() in LANGUAGES else None


def _mail(match: Match, _: Clause) -> Iterator[Claim]:
    address = match["mail"].rstrip(".,")
    yield Claim("email", f"{{my}} email address is {address}", value=address.lower())


def _phone(match: Match, _: Clause) -> Iterator[Claim]:
    number = match["phone"].strip(" .,")
    if sum(map(str.isdigit, number)) >= 5:
        yield Claim("phone", f"{{my}} phone number is {number}", value=number.lower())


def _zone(match: Match, _: Clause) -> Iterator[Claim]:
    zone = cut(match["zone"])
    yield Claim("timezone", f"{{my}} time zone is {zone}", value=zone.lower())


def _pronouns(match: Match, _: Clause) -> Iterator[Claim]:
    yield Claim("pronouns", f"{{my}} pronouns are {match['what'].lower()}", value=match["what"].lower())


_MAIL = r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
_PHONE = r"(?P<phone>\+?[\d(][\d ().-]{4,20}\d)"

RULES = (
    Rule(
        rf"my (?:(?P<part>full|first|last|family|real|given) )?name is (?:actually )?(?P<name>{NAME})(?:\W.*)?", _name
    ),
    Rule(rf"i am called (?P<name>{NAME})(?:\W.*)?", _name),
    Rule(r"i go by (?P<name>(?-i:[A-Z])[\w'-]+)", _nickname),
    Rule(
        rf"(?:you can |please |just |people |everyone |(?:my )?friends )*calls? me (?P<name>{NAME})(?:,.*| please)?",
        _nickname,
    ),
    Rule(rf"my (?:friends|family|colleagues) call me (?P<name>{NAME})", _nickname),
    Rule(rf"i am (?:turning )?{_AGE}(?: ?(?:years? old|years? of age|yrs? old|yo|y/o)\b.*|,.*)?", _age),
    Rule(rf"i turned {_AGE}(?: .*)?", _age),
    Rule(rf"my age is {_AGE}", _age),
    Rule(
        r"i am in my (?P<decade>(?:early |mid[- ]|late )?(?:teens|twenties|thirties|forties|fifties|sixties|[2-9]0s))\b.*",
        _decade,
    ),
    Rule(r"my (?:birthday|bday|birth day|date of birth) is (?P<day>.+)", _birthday),
    Rule(r"(?:it is |is |(?P<before>today|tomorrow) is )my birthday(?: (?P<after>today|tomorrow))?", _birthday_now),
    Rule(r"i was born (?P<rest>.+)", _born),
    Rule(r"i (?:am|come|came) (?:originally )?from (?P<where>.+)", _from),
    Rule(r"my home ?town is (?P<where>.+)", _from),
    Rule(r"i (?:grew up|was (?:raised|brought up)) (?P<how>in|on|near|outside) (?P<where>.+)", _raised),
    Rule(
        r"i am (?P<what>(?:an? |half[- ]|part )?[\w ]{2,20}?)(?P<status> citizen| national)?(?: by birth| by origin)?(?:,.*| (?:and|but|living|who) .*)?",
        _nationality,
    ),
    Rule(r"i (?P<how>speak)s? (?P<what>.+)", _speaks, _speaks_not),
    Rule(r"i am (?P<how>fluent) in (?P<what>.+)", _speaks, _speaks_not),
    Rule(r"i (?:am|have been|started) (?P<how>learning|studying) (?P<what>.+)", _speaks),
    Rule(r"my (?:native|first|mother) (?:language|tongue) is (?P<what>.+)", _native),
    Rule(r"i am a native (?P<what>\w+) speaker", _native),
    Rule(
        rf"(?:my (?:e-?mail(?: address)?|mail) is|(?:you can )?(?:reach|email|contact) me (?:at|on|via)) {_MAIL}.*",
        _mail,
    ),
    Rule(
        rf"(?:my (?:(?:cell |mobile |home |tele)?phone(?: number)?|(?:cell|mobile|number)) is|(?:you can )?(?:reach|call|text) me (?:at|on)) {_PHONE}.*",
        _phone,
    ),
    Rule(r"my time ?zone is (?P<zone>.+)", _zone),
    Rule(rf"i am (?:in|on) (?:the )?(?P<zone>{_ZONE})(?: time ?zone| time)?", _zone),
    Rule(r"my pronouns are (?P<what>[\w/ ]{3,30})", _pronouns),
)

INTRODUCTION = Rule(
    rf"(?:i am (?P<name>{_CAPITAL_NAME})(?:,? (?:from|and|by the way|the) .*|,.*)?|this is (?P<caller>{_CAPITAL_NAME}) (?:speaking|here|from .*))",
    _introduced,
)
"""Tried last: nearly every other "I'm ..." says what somebody is, not who."""
