"""Being with somebody, and no longer: relationship and marriage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import cut, said, timed
from memx_core.extraction.rules.rule import Claim, Match, Rule

_NAME = r"(?-i:[A-Z])[\w'-]*(?: (?-i:[A-Z])[\w'-]+)?"


def _status(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    status = match["status"].lower()
    to = re.match(rf"\s*(?:to|with) (?P<name>{_NAME})", rest, re.IGNORECASE)
    text = f"{{I}} is {status}" + (f" {said(cut(re.sub(r' (?:for|in|at|since|on) .*$', '', rest)))}" if to else "")
    yield Claim("relationship", text, value=status.split()[-1], when=when, replaces=_ends(status))
    if to and status in {"married", "engaged"}:
        yield Claim("partner", f"{{my}} partner is called {to['name']}", value=to["name"].lower())


def _not_status(match: Match, clause: Clause) -> Iterator[Claim]:
    status = match["status"].lower()
    if clause.truth == "no" and status == "married":
        yield Claim("relationship", "{I} is not married", value="not")
    else:
        yield Claim("relationship", "", value=status.split()[-1], retracts=True)


def _ends(status: str) -> tuple[str, ...]:
    return ("partner",) if status in {"single", "divorced", "separated", "widowed"} else ()


def _wed(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    what = match["what"].lower()
    to = re.match(rf"\s*(?:to|with) (?P<name>{_NAME})", rest, re.IGNORECASE)
    name = f" to {to['name']}" if to else ""
    text = f"{{I}} got {what}{name} {said(when)}".strip()
    yield Claim("relationship", text, value=what, when=when, replaces=_ends(what))
    if to:
        yield Claim("partner", f"{{my}} partner is called {to['name']}", value=to["name"].lower())


def _wed_to(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    name = re.match(_NAME, rest.strip())
    whom = f" {name[0]}" if name else f" {said(cut(rest, narrow=True))}"
    yield Claim("relationship", f"{{I}} married{whom} {said(when)}".strip(), value="married", when=when)
    if name:
        yield Claim("partner", f"{{my}} partner is called {name[0]}", value=name[0].lower())


def _dates(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["whom"], clause)
    whom = cut(rest, narrow=True)
    if re.match(rf"(?:{_NAME}|someone(?: new)?|somebody|an? \w+)", whom, re.IGNORECASE):
        yield Claim("relationship", f"{{I}} is {match['how'].lower()} {said(whom)}", value=whom.lower(), when=when)


def _broke_up(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"] or "", clause)
    whom = re.match(r"\s*with (?P<whom>.+)", rest, re.IGNORECASE)
    name = said(cut(whom["whom"], narrow=True)) if whom else "their partner"
    yield Claim(
        "relationship", f"{{I}} broke up with {name} {said(when)}".strip(), "broke", when, replaces=("partner",)
    )


_STATUS = r"married|engaged|divorced|separated|widowed|single|in a (?:long-distance )?relationship|in an open relationship|a widow(?:er)?|a bachelor"

RULES = (
    Rule(rf"i (?:am|have been) (?:happily |newly )?(?P<status>{_STATUS})\b(?! to (?:get|go|do|be|say)\b| (?:day|life|most|handed|father|mother|mom|mum|dad|parent))(?P<rest>.*)", _status, _not_status),
    Rule(r"i (?:got|get) (?P<what>married|engaged|divorced|separated)\b(?P<rest>.*)", _wed),
    Rule(r"i (?P<what>married)(?P<rest> (?!off|rich).*)", _wed_to),
    Rule(r"i am (?P<how>dating|seeing|going out with) (?P<whom>.+)", _dates),
    Rule(r"i (?:broke up|split up|split|parted ways|separated)(?P<rest>\b.*)?", _broke_up),
    Rule(r"my (?:boyfriend|girlfriend|husband|wife|partner|fiance|fiancee)(?: [A-Z]\w+)? (?:and i (?:broke|split) up|broke up with me|left me|dumped me|divorced me)(?P<rest>.*)", _broke_up),
    Rule(r"i (?:dumped|left) my (?:boyfriend|girlfriend|husband|wife|partner)(?P<rest>.*)", _broke_up),
)  # fmt: skip
