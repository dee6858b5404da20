"""What becomes of somebody's work: hired, promoted, gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import cut, said, timed
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.work import employed, employer, employer_in, former, profession, works_as, works_at


def _hired(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    as_a = re.search(r"\bas (?P<job>.+)", rest, re.IGNORECASE)
    found = list(works_as(as_a["job"], when)) if as_a else []
    name = employer_in(rest)
    if name and not any(claim.slot == "employer" for claim in found):
        found.append(employed(name, when))
    yield from found or [Claim("job.new", f"{{I}} got a new job {said(when)}".strip(), value="new", when=when)]


def _joined(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    if rest[:1].isupper():
        yield from works_at(rest, when)


def _left(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    yield _gone(f"{match['how'].lower()} their job", "at", employer_in(rest), when)


def _left_company(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    name = employer(rest)
    if name and name[0].isupper():
        yield Claim("past.job", f"{{I}} left {name}", name.lower(), when, replaces=("employer",))


def _dismissed(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    yield _gone(f"was {match['how'].lower()}", "from", employer_in(rest, led="from|by|at"), when)


def _gone(how: str, preposition: str, name: str | None, when: str) -> Claim:
    text = f"{{I}} {how} {preposition} {name}" if name else f"{{I}} {how}"
    return Claim("past.job", text, (name or "").lower(), when, replaces=("employer",))


def _out_of_work(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    status = {"jobless": "unemployed", "out of a job": "out of work"}.get(match["how"].lower(), match["how"].lower())
    yield Claim("job.none", f"{{I}} is {status}", value=status, when=when, replaces=("employer",))


def _retired(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    yield Claim("job", "{I} is retired", value="retired", when=when, replaces=("employer",))


def _promoted(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    to = re.match(r"\s*to (?P<what>.+)", rest, re.IGNORECASE)
    what = cut(to["what"], narrow=True) if to else ""
    if what:
        yield Claim("job", f"{{I}} was promoted to {said(what)}", value=what.lower(), when=when)
    else:
        yield Claim("event.promotion", f"{{I}} got promoted {said(when)}".strip(), value="promoted", when=when)


def _worked(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    if match["how"].lower() == "as":
        yield from map(former, works_as(rest, when))
    elif rest[:1].isupper():
        yield from map(former, works_at(rest, when))


def _was_a(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    yield from map(former, profession(rest, when, article=match["article"].strip().lower()))


_LANDED = r"got|started|accepted|took|landed|found|have|have started|got offered"
_HIRED = r"joined|started at|started working (?:at|for)|got hired (?:by|at)|was hired (?:by|at)|am joining"

RULES = (
    Rule(
        rf"i (?:{_LANDED}) (?:an? |my |the )?(?:new )?(?:job|position|role)\b(?! (?:interview|offer))(?P<rest>.*)",
        _hired,
    ),
    Rule(rf"i (?:{_HIRED}) (?P<where>.+)", _joined),
    Rule(
        r"i (?P<how>quit|left|lost|resigned from) (?:my|the) (?:\w+ )?(?:job|position|work|company)\b(?P<rest>.*)",
        _left,
    ),
    Rule(r"i (?:quit|left|resigned from) (?P<where>(?-i:[A-Z]).+)", _left_company),
    Rule(r"i (?:got|was|have been) (?P<how>fired|laid off|let go|made redundant)(?P<rest>.*)", _dismissed),
    Rule(r"i am (?P<how>unemployed|jobless|between jobs|out of work|out of a job)(?P<rest>.*)", _out_of_work),
    Rule(r"i (?:am retired|retired)\b(?P<rest>.*)", _retired),
    Rule(r"i (?:got|was) promoted(?P<rest>.*)", _promoted),
    Rule(r"i (?:worked|was working) (?P<how>at|for|as) (?P<what>.+)", _worked),
    Rule(r"i was (?P<article>an? )(?P<what>.+ (?:for|until|before|back|at|in) .+)", _was_a),
)
