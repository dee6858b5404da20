"""Where and what somebody studies or studied."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import cut, said, timed
from memx_core.extraction.rules.rule import Claim, Match, Rule

_NO_SUBJECT = re.compile(
    r"(?:it|that|this|them|the|my|hard|for|a lot|every|with|all|at|in|on|too|abroad)\b", re.IGNORECASE
)
_AT = re.compile(r"\b(?:at|from) (?P<at>.+)$", re.IGNORECASE)
_DEGREE = (
    r"(?P<degree>an? (?:[\w'-]+ ){0,2}?(?:degree|ph\.?d|phd|master'?s?(?: degree)?|bachelor'?s?(?: degree)?|mba|diploma|doctorate|minor|"
    r"ba|bsc|ma|msc)\b|my (?:phd|master'?s|bachelor'?s|degree|mba|doctorate))"
)


def _studies(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    subject = cut(re.sub(r"\b(?:at|with|to) .*$", "", rest), narrow=True)
    past = match["how"].lower() in {"studied", "majored in"} or clause.truth == "past"
    if subject and not _NO_SUBJECT.match(subject) and len(subject) < 50:
        verb = "studied" if past else "studies"
        yield Claim(
            "education.past" if past else "education",
            f"{{I}} {verb} {said(subject)}",
            subject.lower(),
            when,
            beside=past,
        )
    yield from _school(rest, clause, past=past)


def _attends(match: Match, clause: Clause) -> Iterator[Claim]:
    yield from _school(f"at {timed(match['where'], clause)[0]}", clause, past=False)


def _school(words: str, clause: Clause, *, past: bool) -> Iterator[Claim]:
    at = _AT.search(words)
    name = cut(re.sub(r"\s+(?:in|on|with|as|for)\s.*$", "", at["at"]), narrow=False) if at else ""
    if name and re.search(r"(?-i:[A-Z])|university|college|school|academy", name) and len(name) < 60:
        verb = "studied" if past else "studies"
        slot = "education.past" if past else "school"
        yield Claim(slot, f"{{I}} {verb} at {said(name)}", value=name.lower(), beside=past)


def _graduated(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    what = cut(rest)
    text = " ".join(f"{{I}} graduated {said(what)} {said(when)}".split())
    if what or when:
        yield Claim("education.graduated", text, value=(what or when).lower(), when=when, replaces=("school",))


def _degree(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    doing = match["how"].lower() in {"am doing", "am working on", "am pursuing", "am getting"}
    what = said(cut(f"{match['degree']} {rest}".strip()))
    slot = "education" if doing else "education.degree"
    verb = "is doing" if doing else "has" if match["how"].lower() in {"have", "hold"} else "got"
    yield Claim(slot, f"{{I}} {verb} {what}", value=what.lower(), when=when, beside=not doing)


def _stage(match: Match, _: Clause) -> Iterator[Claim]:
    stage = said(cut(match["stage"]))
    yield Claim("education.stage", f"{{I}} is {match['how'].lower()} {stage}", value=stage.lower())


def _dropped_out(match: Match, clause: Clause) -> Iterator[Claim]:
    what, when = timed(match["rest"], clause)
    yield Claim(
        "education.past",
        f"{{I}} dropped out {said(cut(what))}".strip(),
        "dropped",
        when,
        beside=True,
        replaces=("school",),
    )


RULES = (
    Rule(r"i (?P<how>study|am studying|studied|majored in|am majoring in|major in) (?P<what>.+)", _studies),
    Rule(r"i (?:am (?:a|an|currently a)?\s?(?:[\w-]+ )?student at|attend|go to|am enrolled at|study at|am studying at|got into) "
         r"(?P<where>(?:the )?(?-i:[A-Z]).*|.*(?:university|college|high school).*)", _attends),
    Rule(r"i graduated\b(?P<rest>.*)", _graduated),
    Rule(rf"i (?P<how>have|got|hold|earned|finished|completed|am doing|am working on|am pursuing|am getting|did) {_DEGREE}(?P<rest>.*)", _degree),
    Rule(r"i am (?P<how>in) (?P<stage>(?:high school|college|university|grad school|medical school|med school|law school|middle school|"
         r"(?:the )?\d{1,2}th grade|my (?:first|second|third|fourth|final|last|senior|junior|sophomore|freshman) year)\b.*)", _stage),
    Rule(r"i dropped out\b(?P<rest>.*)", _dropped_out),
)  # fmt: skip
