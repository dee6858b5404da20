"""What somebody does for a living, and for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import cut, key, said, timed
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.rule import Claim, Match, Rule, retraction
from memx_core.extraction.rules.vocabulary import JOBS, TRAITS

_NO_JOB = re.compile(
    r"(?:former|ex|aspiring|future|wannabe|would-be|terrible|bad|good|great|awful|decent|slow|fast|huge|big|bit|little|"
    r"lousy|horrible|lot|kind|sort|fan|believer|hopeless|wonderful|lovely|natural|member|user|better|worse|heavy|light|"
    r"picky|proud|true|real|total|complete)\b",
    re.IGNORECASE,
)
_NO_EMPLOYER = re.compile(
    r"(?:home|nights?|the moment|a living|myself|it|that|this|him|her|them|you|me|least|first|last|all|fun|free|work|school|"
    r"this project|a project|my (?:own|phone|desk|project|thesis|computer|laptop)|the (?:weekend|office|same|time|past|last)|"
    r"\d+|people|kids|children|python|numbers|data|(?:[\w-]+ ){0,3}(?:years?|months?|weeks?|days?|hours?|decades?))\b",
    re.IGNORECASE,
)
_JOB_ENDS = re.compile(
    r"\s+(?:at|for|in|with|who|and|from|by|on|specializing|specialising|working|living|based|but|turned|here|there|to|since|"
    r"by trade|by profession|by day|these days|now)\b|[,;(]",
    re.IGNORECASE,
)
_EMPLOYER_ENDS = re.compile(
    r"\s+(?:in|as|on|near|from|full|part|here|there|since|for|to|now)\b.*$|,(?! (?:inc|llc|ltd|gmbh)\b).*$",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:founder|co-?founder|ceo|cto|cfo|coo|vp|head|director|owner|manager|president|partner)\b", re.IGNORECASE
)
_AT_WHICH = (
    r"at|(?:for|with)(?= (?:(?-i:[A-Z])|(?:an?|the) (?:[\w-]+ ){0,3}(?:company|firm|start-?up|bank|agency|hospital|school|"
    r"university|government|state|city|council|studio|store|chain|charity|ngo|non-?profit)\b))"
)
_AGED = re.compile(r"(?P<age>\d{1,3})[- ]years?[- ]old\s+", re.IGNORECASE)
_NO_FIELD = re.compile(r"(?:an?|the|my|this|that|silence|peace|person|progress|parallel|vain|it|\d)\b", re.IGNORECASE)


def occupation(text: str) -> str | None:
    """The profession that `text` begins with, without its article; `None` if it names none."""
    phrase = re.sub(r"^(?:an?|the|my)\s+", "", _JOB_ENDS.split(text, maxsplit=1)[0].strip(" ."), flags=re.IGNORECASE)
    plain = phrase.lower()
    if not plain or len(plain) > 60 or _NO_JOB.match(plain) or plain in TRAITS:
        return None
    parts = plain.split(" of ")[0].split()
    heads = {" ".join(parts[-size:]) for size in (1, 2, 3)}
    return phrase if heads & JOBS else None


def employer(text: str) -> str | None:
    """The employer that `text` begins with; `None` if it names none."""
    name = cut(_EMPLOYER_ENDS.sub("", cut(text)))
    return None if not name or _NO_EMPLOYER.match(name) or len(name) > 60 else said(name)


def employer_in(text: str, *, led: str = _AT_WHICH) -> str | None:
    """The employer that a preposition in `text` leads to: "a job at Google"."""
    at = re.search(rf"\b(?:{led}) (?P<at>.+)", text, re.IGNORECASE)
    return employer(at["at"]) if at else None


def employed(name: str, when: str = "", *, how: str = "at", beside: bool = False) -> Claim:
    """That the speaker works at, or for, `name`."""
    return Claim("employer", f"{{I}} works {how} {name}", name.lower(), when, beside, replaces=("job.none",))


def profession(text: str, when: str = "", *, article: str = "", beside: bool = False) -> Iterator[Claim]:
    """That the speaker is what `text` begins with, and works where it goes on to say."""
    job = occupation(text)
    if job is None:
        return
    if article in {"a", "an"}:
        article = "an" if job[0].lower() in "aeiou" else "a"
    fact = " ".join(f"{{I}} is {article} {said(job)}".split())
    yield Claim(f"job.{key(job)}" if beside else "job", fact, job.lower(), when, beside, replaces=("job.none",))
    if name := employer_in(text):
        yield employed(name, when, beside=beside)


def works_as(text: str, when: str = "", *, beside: bool = False) -> Iterator[Claim]:
    """What "working as" `text` says; other than after "I am", any noun is a job there."""
    article = re.match(r"(an?|the) ", text, re.IGNORECASE)
    if occupation(text):
        yield from profession(text, when, article=article[1].lower() if article else "", beside=beside)
    elif article and (what := cut(text, narrow=True)):
        yield Claim("job", f"{{I}} works as {said(what)}", value=key(what), when=when)


def works_at(text: str, when: str = "", *, how: str = "at", beside: bool = False) -> Iterator[Claim]:
    """What "working at" `text` says."""
    if name := employer(text):
        yield employed(name, when, how=how, beside=beside)
        if as_a := re.search(r"\bas (?P<job>.+)$", text, re.IGNORECASE):
            yield from works_as(as_a["job"])


def former(claim: Claim) -> Claim:
    """What was so, as a fact of its own."""
    verb = "used to work" if claim.text.startswith("{I} works") else "used to be"
    text = re.sub(r"^\{I\} (?:works|is)\b", f"{{I}} {verb}", claim.text)
    return Claim(f"past.job.{key(claim.value)}", text, claim.value, claim.when)


def _ended(found: Iterator[Claim], clause: Clause) -> Iterator[Claim]:
    """Ends what is known, and keeps what it was if it was said as a thing of the past."""
    for claim in found:
        yield retraction(claim)
        if clause.truth == "past":
            yield former(claim)


def _as(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    yield from works_as(rest, when, beside=clause.also)


def _at(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    yield from works_at(rest, when, how=match["how"].lower(), beside=clause.also)


def _is_a(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    if aged := _AGED.match(rest):
        yield Claim("age", f"{{I}} is {aged['age']} years old", value=aged["age"])
        rest = rest[aged.end() :]
    article = (match["article"] or "").strip().lower()
    if article or _TITLE.match(rest):
        yield from profession(rest, when, article=article, beside=clause.also)


def _in(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["field"], clause)
    what = cut(rest, narrow=True)
    if not what or (not what.isupper() and _NO_FIELD.match(what) and not re.match(r"(?:an?|the) \w+ ?\w*$", what)):
        return
    if what[0].isupper() and not what.isupper() and (where := place(rest)):
        yield Claim("workplace", f"{{I}} works in {where}", value=where.lower(), when=when)
    elif len(what) < 40:
        yield Claim("job.field", f"{{I}} works in {said(what)}", value=what.lower(), when=when)


def _how(match: Match, _: Clause) -> Iterator[Claim]:
    how = said(match["how"].lower())
    yield Claim("job.mode", f"{{I}} works {how}", value=how)


def _for_themself(match: Match, _: Clause) -> Iterator[Claim]:
    how = match["how"].lower()
    yield Claim("employer", f"{{I}} is {how}", value=how, replaces=("job.none",))


def _business(match: Match, clause: Clause) -> Iterator[Claim]:
    what = cut(timed(match["what"], clause)[0], narrow=True)
    yield Claim("job.business", f"{{I}} {match['how'].lower()}s {said(what)}", value=what.lower())


def _teaches(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, _ = timed(match["what"], clause)
    what = cut(rest, narrow=True)
    if what and not re.match(r"(?:you|him|her|them|it|my|that|this|myself|people)\b", what, re.IGNORECASE):
        yield Claim("job.teaching", f"{{I}} teaches {said(what)}", value=what.lower(), replaces=("job.none",))
        if name := employer_in(rest):
            yield employed(name)


def _job_is(match: Match, clause: Clause) -> Iterator[Claim]:
    what = cut(timed(match["what"], clause)[0])
    if job := occupation(what):
        yield Claim("job", f"{{I}} works as {said(what)}", value=job.lower(), beside=clause.also)


def _company(match: Match, clause: Clause) -> Iterator[Claim]:
    yield from works_at(timed(match["where"], clause)[0])


_WORK = r"i (?:work|am working|am employed|have worked|have been working)"
_HOW = (
    r"(?:mostly )?(?:from home|remotely|remote|part[- ]time|full[- ]time|nights|night shifts|the night shift|shifts|freelance|"
    r"in shifts|weekends|for myself|hybrid)"
)
_A_BUSINESS = (
    r"(?:an? |my own |our own |the )?(?:[\w-]+ ){0,3}?(?:bakery|company|business|shop|store|restaurant|cafe|caf\u00e9|farm|"
    r"startup|start-up|agency|studio|salon|gym|clinic|practice|hotel|bar|pub|bookshop|bookstore|brewery|garage|food truck|firm|"
    r"school|gallery|blog|podcast|etsy shop|youtube channel|newsletter|b&b|vineyard|franchise)"
)

RULES = (
    Rule(rf"{_WORK} as (?P<what>.+)", _as, lambda match, clause: _ended(_as(match, clause), clause)),
    Rule(rf"{_WORK} (?P<how>{_HOW})(?:\b.*)?", _how),
    Rule(
        rf"{_WORK} (?P<how>at|for|with|by) (?P<where>.+)", _at, lambda match, clause: _ended(_at(match, clause), clause)
    ),
    Rule(rf"{_WORK} in (?P<field>.+)", _in),
    Rule(r"i am (?P<how>self-employed|freelancing|a freelancer)\b.*", _for_themself),
    Rule(rf"i (?P<how>run|own|manage) (?P<what>{_A_BUSINESS}\b.*)", _business),
    Rule(r"i teach (?P<what>.+)", _teaches),
    Rule(r"my (?:job|profession|occupation|job title|day job) is (?P<what>.+)", _job_is),
    Rule(r"my (?:employer|company) is (?P<where>.+)", _company),
    Rule(r"i have been (?P<article>an? )(?P<what>.+ (?:for|since) .+)", _is_a),
    Rule(
        r"i (?:am|became|am becoming) (?P<article>an? |the )?(?P<what>.+)",
        _is_a,
        lambda match, clause: _ended(_is_a(match, clause), clause),
    ),
)
