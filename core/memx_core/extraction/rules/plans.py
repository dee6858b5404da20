"""What somebody is going to do, and what became of it.

A plan needs a place or a date: "I'm going to bed" and "I'm going to try that" are none. Nothing
that hangs on an "if" is one either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import conjugated
from memx_core.extraction.rules.phrases import compiled, cut, key, said, timed
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import COUNTRIES, words

EVENT = (
    r"appointment|interview|exam|exams|test|finals|flight|meeting|surgery|operation|wedding|trip|holiday|vacation|concert|recital|party|"
    r"conference|deadline|date|check-?up|race|marathon|half[- ]marathon|graduation|honeymoon|reunion|presentation|performance|show|game|"
    r"match|tournament|competition|reservation|due date|move|anniversary|baby shower|bachelorette party|bachelor party|gig|workshop|"
    r"driving test|thesis defen[sc]e|defen[sc]e|job interview|doctor's appointment|first day|start date|baby|scan|mri|ultrasound|funeral"
)
_NO_DEED = re.compile(
    r"(?:be (?:honest|happy|ok|fine|sure|able)|do|try|ask|tell|say|give you|send|use|check|see|need|have to|start by|go ahead|let|keep|look|think|take a "
    r"look|bed|sleep|work|school|the (?:gym|store|shop|toilet|bathroom|office)|need|remember|never|always|miss|die|cry|explode|lunch|dinner|it|that|this|assume|paste|make it|"
    r"get (?:to|back|some|it)|call it|skip|pass|stop|add|explain|test|implement|refactor|deploy|upgrade|update|be)\b",
    re.IGNORECASE,
)
_GREAT_DEEDS = re.compile(
    r"(?:move|relocate|get married|marry|propose|adopt|have a baby|start a (?:new job|business|company|family)|buy a (?:house|home|flat|apartment|car)|retire|"
    r"quit my job|be an? (?:dad|father|mom|mum|mother|parent|uncle|aunt|grand\w+|big (?:brother|sister))|go back to (?:school|university|college)|visit|travel to|run (?:a|the) \w*\s?marathon|study|become|open a|apply (?:for|to)|climb|learn)\b",
    re.IGNORECASE,
)
_TODAY = re.compile(r"(?:today|tonight|now|this (?:morning|afternoon|evening))$", re.IGNORECASE)
_POINTING = re.compile(r"\b(?:it|this|that|these|those|you|your|him|her|them|something|anything)\b", re.IGNORECASE)
_IDLE = words(
    "doing trying looking thinking feeling using making asking wondering getting having being saying talking telling "
    "hoping planning going considering writing reading working living learning studying building coding debugging "
    "running into dying kidding joking sitting standing waiting wearing holding watching listening eating drinking "
    "sleeping expecting struggling dealing"
)
_JOURNEY = r"(?:going|travel?ling|flying|heading|driving|off|returning|moving|relocating|sailing|cycling|taking a trip|going on (?:a trip|holiday|vacation)|going back|moving back)"


def _goes(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    where = place(rest)
    first = rest.split()[0] if rest.split() else ""
    named = where is not None and (where[0].isupper() or where.lower().removeprefix("the ") in COUNTRIES)
    if (
        clause.conditional
        or where is None
        or not (named or (when and re.match(r"(?:an?|the|my|our)\b", rest, re.IGNORECASE)))
    ):
        where = None
    if where and not _NO_DEED.match(first):
        how = re.sub(r"\btaking\b", "is taking", match["how"].lower())
        text = " ".join(f"{{I}} {'is ' if not how.startswith('is ') else ''}{how} to {where} {said(when)}".split())
        yield Claim(f"plan.{key(where)}", text, value=f"{where} {when}".lower(), when=when)
    elif not clause.conditional and match["how"].lower() == "going" and (_is_dated(when) or _GREAT_DEEDS.match(rest)):
        yield from _deed(match["where"], when, "is going to")


def _is_dated(when: str) -> bool:
    return bool(when) and not _TODAY.search(when)


def _deed(words: str, when: str, verb: str) -> Iterator[Claim]:
    what = cut(words)
    if not what or (_NO_DEED.match(what) and not _GREAT_DEEDS.match(what)) or _POINTING.search(what) or len(what) > 120:
        return
    text = f"{{I}} {verb} {said(what)}"
    if when and when.lower() not in text.lower():
        text += f" {said(when)}"
    yield Claim(_slot(what, when), text, value=key(what.replace(when, "")), when=when)


def _slot(what: str, when: str) -> str:
    """By destination if there is one, else by its first words."""
    plain = what.replace(when, " ") if when else what
    to = re.search(r"\b(?:to|visit|visiting) (?P<where>(?:the )?(?-i:[A-Z])[\w' -]*)", plain)
    where = place(to["where"]) if to else None
    return f"plan.{key(where)}" if where else f"plan.{'-'.join(key(plain).split('-')[:4])}"


def _plans(match: Match, clause: Clause) -> Iterator[Claim]:
    if not clause.conditional:
        _, when = timed(match["what"], clause)
        how = match["how"].lower()
        verb = {
            "plan": "plans",
            "am planning": "is planning",
            "intend": "intends",
            "hope": "hopes",
            "am hoping": "hopes",
        }.get(how, "plans")
        link = f" {match['link']}" if match.groupdict().get("link") else ""
        if _GREAT_DEEDS.match(match["what"]) or when or re.match(r"an? |my |our ", match["what"], re.IGNORECASE):
            yield from _deed(match["what"], when, f"{verb}{link}")


def _will(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    if not _is_dated(when) or clause.conditional:
        return
    be_in = re.match(r"be (?:in|at|on|visiting|travell?ing to|back in) (?P<where>.+)", rest, re.IGNORECASE)
    where = place(be_in["where"]) if be_in else None
    if be_in and where and where[0].isupper():
        yield Claim(f"plan.{key(where)}", f"{{I}} will {said(cut(match['what']))}", where.lower(), when)
    elif aged := re.match(r"be (?P<age>\d{2})(?: years old)?$", rest, re.IGNORECASE):
        yield Claim("plan.birthday", f"{{I}} will be {aged['age']} {said(when)}", aged["age"], when)
    else:
        yield from _deed(match["what"], when, "will")


def _is_doing(match: Match, clause: Clause) -> Iterator[Claim]:
    verb, (_, when) = match["verb"].lower(), timed(match["what"], clause)
    special = compiled(
        r"(?:getting married|having (?:a baby|surgery|twins|an operation|a party)|getting an? (?:dog|cat|puppy|kitten|divorce)|starting (?:a|my) new job)\b.*"
    ).match(f"{verb} {match['what']}")
    if clause.conditional or not (special or (_is_dated(when) and verb not in _IDLE and _is_ahead(when))):
        return
    yield from _deed(f"{verb} {match['what']}", when, "is")


def _is_ahead(when: str) -> bool:
    return re.match(r"(?:for|since|every|last|over the (?:last|past))\b|.*\bago\b", when, re.IGNORECASE) is None


def _starts(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["what"], clause)
    if _is_dated(when) and not clause.conditional and _is_ahead(when):
        for claim in _deed(f"{match['verb'].lower()} {match['what']}", when, ""):
            yield replace(claim, text=f"{{I}} {conjugated(match['verb'])} {said(cut(match['what']))}")


def _has_event(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    if _is_dated(when) and not clause.conditional and _is_ahead(when):
        what = said(cut(f"{match['what']}{match['rest']}"))
        text = f"{{I}} has {what}" + ("" if said(when).lower() in what.lower() else f" {said(when)}")
        yield Claim(f"plan.{key(match['what'])}", text, value=f"{match['event']} {when}".lower(), when=when)


def _event_is(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    if when and not clause.conditional:
        verb = match["verb"].lower()
        yield Claim(
            f"plan.{key(match['what'])}",
            f"{{my}} {said(match['what'])} {verb} {said(cut(match['rest']))}",
            f"{match['event']} {when}".lower(),
            when,
        )


def _booked(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    to = re.search(r"\b(?:to|for|in|at) (?P<where>(?:the )?(?-i:[A-Z]).*)", rest)
    where = place(to["where"]) if to else None
    if (where or when) and not _POINTING.search(rest):
        text = f"{{I}} booked {said(cut(match['what']))}"
        yield Claim(f"plan.{key(where)}" if where else _slot(rest, when), text, (where or key(rest)).lower(), when)


def _visits(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    where = cut(rest)
    if not clause.conditional and where and (where[0].isupper() or _is_dated(when)) and not _POINTING.search(where):
        text = f"{{I}} is visiting {said(where)} {said(when)}".strip()
        yield Claim(f"plan.{key(place(where) or where)}", text, value=where.lower(), when=when)


def _back_from(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    where = place(
        re.sub(r"^(?:my|our) (?:\w+ ){0,2}(?:trip|holiday|vacation|honeymoon|visit|travels?) (?:to|in) ", "", rest)
    )
    if where and (where[0].isupper() or where.lower() in COUNTRIES):
        yield Claim(
            f"event.{key(where)}",
            f"{{I}} went to {where}",
            value=where.lower(),
            when=when,
            replaces=(f"plan.{key(where)}",),
        )


def _cancelled(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, _ = timed(match["what"], clause)
    to = re.search(r"\b(?:to|in|with) (?P<where>.+)", rest)
    where = place(to["where"]) if to else None
    if where:
        yield Claim(f"plan.{key(where)}", "", value=where.lower(), retracts=True)
    yield Claim(f"plan.{key(cut(re.split(r' (?:to|in|with|for) ', rest)[0]))}", "", retracts=True)


_PLAN_VERBS = r"plan|am planning|intend|hope|am hoping"

RULES = (
    Rule(rf"i am (?:also )?(?P<how>{_JOURNEY})(?: back| over| down| up)? to (?P<where>.+)", _goes),
    Rule(r"i am (?P<verb>visiting) (?P<what>.+)", _visits),
    Rule(r"i (?:(?:am|got|came) (?:back|home|returned)|returned) from (?P<where>.+)", _back_from),
    Rule(r"i (?:cancelled|canceled|called off|postponed) (?:my|the) (?P<what>.+)", _cancelled),
    Rule(r"my (?P<what>.+?) (?:is|was|got|has been) (?:cancelled|canceled|called off|off)\b.*", _cancelled),
    Rule(rf"i (?P<how>{_PLAN_VERBS}) (?P<link>to|on) (?P<what>.+)", _plans),
    Rule(r"i (?P<how>am planning) (?P<what>(?:an?|my|our) .+)", _plans),
    Rule(r"i will (?P<what>.+)", _will),
    Rule(rf"i have (?P<what>(?:an? |my |the |our )?(?:[\w'-]+ ){{0,4}}?(?P<event>{EVENT}))\b(?P<rest>.*)", _has_event),
    Rule(rf"my (?P<what>(?:[\w'-]+ ){{0,4}}?(?P<event>{EVENT})(?: (?:to|with|in|at|for) [\w'. ]+?)?) (?P<verb>is|are|will be|starts|begins|was moved to|got moved to|has been moved to|is moved to) (?P<rest>.+)", _event_is),
    Rule(r"i (?:booked|reserved|have booked|bought tickets|got tickets) (?P<what>.+)", _booked),
    Rule(r"i (?P<verb>start|begin|turn|fly|leave|travel|move|graduate|retire|return|defend) (?P<what>.+)", _starts),
    Rule(r"i am (?P<verb>[a-z]+ing) ?(?P<what>.*)", _is_doing),
)  # fmt: skip
