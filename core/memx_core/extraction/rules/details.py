"""Smaller things that people tell of themselves: goals, fears, sizes, looks, clubs, what they follow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import conjugated
from memx_core.extraction.rules.phrases import cut, key, said, timed
from memx_core.extraction.rules.rule import Claim, Match, Rule, nothing
from memx_core.extraction.rules.tastes import taste, tastes
from memx_core.extraction.rules.vocabulary import LANGUAGES

_ATTRIBUTES = (
    r"shoe size|ring size|dress size|shirt size|clothing size|blood type|user ?name|handle|lucky number|favou?rite number|star sign|zodiac sign|"
    r"sign|middle name|maiden name|nickname|license plate|licence plate|student (?:id|number)|member(?:ship)? (?:id|number)|height|weight|"
    r"eye colou?r|hair colou?r|major|insurance|bank|gym|alma mater|mbti(?: type)?|resting heart rate|usual order|coffee order|"
    r"(?:github|twitter|instagram|discord)(?: (?:handle|name|username|account))?"
)
_GOAL_DEEDS = (
    r"become an? .+|learn (?:to (?:play|speak|swim|cook|drive|code|dance|sing|draw|surf|ski|knit) ?.*|how to (?:play|speak|swim|cook|drive|dance|sing|draw|surf) ?.*)|"
    r"run a (?:half )?marathon.*|lose (?:some )?weight.*|quit smoking|stop smoking|write a (?:book|novel)|start (?:my|our) own .+|buy a house.*|get (?:in shape|fit|healthier)"
)


def _attribute(match: Match, _: Clause) -> Iterator[Claim]:
    value = cut(match["value"])
    if (
        value
        and len(value) < 60
        and not re.match(r"(?:not|wrong|too|very|important|broken|irrelevant)\b", value, re.IGNORECASE)
    ):
        yield Claim(
            f"detail.{key(match['what'])}", f"{{my}} {match['what'].lower()} is {said(value)}", value=value.lower()
        )


def _expires(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    if when:
        what = match["what"].lower()
        yield Claim(
            f"plan.{key(what)}",
            f"{{my}} {said(what)} {match['verb'].lower()} {said(cut(match['rest']))}",
            when.lower(),
            when,
        )


def _goal(match: Match, _: Clause) -> Iterator[Claim]:
    what = cut(match["what"])
    if what and len(what) < 100 and not re.search(r"\b(?:it|this|that|you|your)\b", what, re.IGNORECASE):
        kind = match["kind"].lower()
        yield Claim(f"goal.{key(what)}", f"{{my}} {kind} is to {said(what)}", value=key(what))


def _wants(match: Match, clause: Clause) -> Iterator[Claim]:
    what = cut(match["what"])
    if not clause.conditional and not re.search(r"\b(?:it|this|that|you|your)\b", what, re.IGNORECASE):
        yield Claim(f"goal.{key(what)}", f"{{I}} wants to {said(what)}", value=key(what))


def _wants_language(match: Match, clause: Clause) -> Iterator[Claim]:
    if match["language"].lower() in LANGUAGES and not clause.conditional:
        yield Claim(
            f"goal.learn-{key(match['language'])}",
            f"{{I}} wants to learn {match['language']}",
            match["language"].lower(),
        )


def _saves(match: Match, _: Clause) -> Iterator[Claim]:
    if what := taste(match["what"]):
        yield Claim(f"goal.{key(what)}", f"{{I}} is {match['how'].lower()} for {what}", value=key(what))


def _fears(match: Match, _: Clause) -> Iterator[Claim]:
    for thing in tastes(match["what"]):
        yield Claim(f"fear.{key(thing)}", f"{{I}} is afraid of {thing}", value=key(thing))


def _looks(match: Match, _: Clause) -> Iterator[Claim]:
    yield Claim(f"looks.{match['part'].lower()}", f"{{I}} has {match['what'].lower()}", value=match["what"].lower())


def _member(match: Match, _: Clause) -> Iterator[Claim]:
    what = cut(match["what"])
    if what and len(what) < 70 and not re.search(r"\b(?:you|your|this|that|it)\b", what, re.IGNORECASE):
        yield Claim(f"member.{key(what)}", f"{{I}} is a member of {said(what)}", value=key(what))


def _takes_part(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, _ = timed(match["where"], clause)
    where = cut(rest)
    if where and len(where) < 60 and not re.search(r"\b(?:you|your|this|that|it)\b", where, re.IGNORECASE):
        verb, how = match["verb"].lower(), match["how"].lower()
        yield Claim(
            f"hobby.{key(f'{verb} {where}')}", f"{{I}} {conjugated(verb)} {how} {said(where)}", value=f"{key(where)}"
        )


def _has_been_doing(match: Match, clause: Clause) -> Iterator[Claim]:
    verb, rest = match["verb"].lower(), match["rest"].strip()
    plain, when = timed(rest, clause)
    what = cut(plain)
    if len(what) < 80 and not re.search(r"\b(?:you|your|this|that|it|them)\b", what, re.IGNORECASE):
        text = " ".join(f"{{I}} has been {verb} {said(cut(rest))}".split())
        yield Claim(f"hobby.{key(f'{verb} {what}')}", text, value=verb, when=when)


def _takes_class(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    what = said(cut(match["what"] + match["rest"]))
    yield Claim(f"hobby.{key(match['what'])}", f"{{I}} is taking {what}", value=key(match["what"]), when=when)


def _supports(match: Match, _: Clause) -> Iterator[Claim]:
    what = cut(match["what"], narrow=True)
    yield Claim(f"like.{key(what)}", f"{{I}} supports {said(what)}", replaces=(f"dislike.{key(what)}",))


def _consumes(match: Match, _: Clause) -> Iterator[Claim]:
    verb = match["verb"].lower()
    amount = match["amount"] or ""
    for thing in tastes(match["what"]):
        yield Claim(
            f"hobby.{key(f'{verb} {thing}')}", f"{{I}} {_CONSUMES[verb]} {amount.lower()}{thing}", value=thing.lower()
        )


def _cannot(match: Match, _: Clause) -> Iterator[Claim]:
    yield Claim(f"skill.{key(match['what'])}", f"{{I}} cannot {said(match['what'])}", value="cannot")


def _can(match: Match, _: Clause) -> Iterator[Claim]:
    yield Claim(f"skill.{key(match['what'])}", f"{{I}} can {said(match['what'])}", value=match["what"].lower())


def _avoids(match: Match, _: Clause) -> Iterator[Claim]:
    for thing in tastes(match["what"]):
        yield Claim(f"diet.{key(thing)}", f"{{I}} avoids {thing}", value=f"avoid {thing}".lower())


_CONSUMES = {"watch": "watches", "read": "reads", "listen to": "listens to"}

RULES = (
    Rule(rf"my (?P<what>{_ATTRIBUTES}) is (?P<value>.+)", _attribute),
    Rule(r"my (?P<what>passport|visa|driver's licen[sc]e|driving licen[sc]e|lease|contract|work permit|membership|subscription) (?P<verb>expires|ends|runs out|starts) (?P<rest>.+)", _expires),
    Rule(r"my (?:main |biggest |current |big )?(?P<kind>goal|dream|new year's resolution|resolution|ambition|aim)(?: for [\w ]{3,20})? is to (?P<what>.+)", _goal),
    Rule(rf"i (?:want|am trying|hope|am hoping) to (?P<what>{_GOAL_DEEDS})", _wants),
    Rule(r"i (?:want|am trying|hope) to learn (?P<language>\w+)(?:\b.*)?", _wants_language),
    Rule(r"i am (?P<how>saving(?: up)?|training) for (?P<what>(?:an?|my|the) .+)", _saves),
    Rule(r"i (?:am (?:really |so |very )?(?:afraid|scared|terrified|frightened) of|have a (?:fear|phobia) of) (?P<what>.+)", _fears, nothing),
    Rule(r"i have (?P<what>(?:[\w-]+ ){1,3}(?P<part>eyes|hair))", _looks),
    Rule(r"i am (?:a |an )?(?:(?:proud|active|founding|board|lifetime) )?member of (?P<what>.+)", _member),
    Rule(r"i am in (?P<what>an? (?:[\w-]+ )?(?:band|choir|orchestra|book club|quartet|theatre group|theater group|running club|chess club))\b.*", _member),
    Rule(r"i (?P<verb>sing|play|dance|act|row|volunteer|coach) (?P<how>in|at|for|with) (?P<where>(?:an?|the|my|our) .+)", _takes_part),
    Rule(r"i have been (?P<verb>volunteering|practi[cs]ing|training|running|swimming|cycling|climbing|painting|teaching|gardening|dancing|singing|meditating|"
         r"journaling|knitting|baking|surfing|coaching|fostering|playing|collecting|writing|skating|skiing|boxing|hiking)\b(?P<rest>.*)", _has_been_doing),
    Rule(r"i am taking (?P<what>(?:an? |some )?(?:[\w-]+ ){0,3}(?:class|classes|course|lessons|workshop))\b(?P<rest>.*)", _takes_class),
    Rule(r"i support (?P<what>(?-i:[A-Z]).+)", _supports),
    Rule(r"i (?P<verb>watch|read|listen to) (?P<amount>a lot of |lots of |mostly )(?P<what>.+)", _consumes),
    Rule(r"i (?P<verb>listen to) (?P<amount>)(?P<what>(?!you|music|him|her|my|the|it|what|people|that).+)", _consumes),
    Rule(r"i can (?P<what>swim|drive|cook|ride a bike|dance|sing|ski|juggle|whistle|read music|touch[- ]type)", _can, _cannot),
    Rule(r"i avoid (?P<what>.+)", _avoids),
)  # fmt: skip
