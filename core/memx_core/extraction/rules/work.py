"""What somebody does: profession, employer, and how they left it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.rule import Claim, Match, Rule, compiled, cut, key, said, timed
from memx_core.extraction.rules.vocabulary import JOBS, TRAITS

_NO_JOB = re.compile(
    r"(?:terrible|bad|good|great|awful|decent|slow|fast|huge|big|bit|little|lousy|horrible|lot|kind|sort|fan|believer|"
    r"hopeless|wonderful|lovely|natural|member|user|better|worse|heavy|light|picky|proud|true|real|total|complete)\b",
    re.IGNORECASE,
)
_AT_PLACE = re.compile(r"\b(?:at|for|with|by)\s+(?P<at>.+)$", re.IGNORECASE)
_NO_EMPLOYER = re.compile(
    r"(?:home|nights?|the moment|a living|myself|it|that|this|him|her|them|you|me|least|first|last|all|fun|free|work|"
    r"school|this project|a project|my (?:own|phone|desk|project|thesis|computer|laptop)|the (?:weekend|office|same|time|past|last)|"
    r"\d+|people|kids|children|python|numbers|data)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(r"(?:[\w-]+ ){0,3}(?:years?|months?|weeks?|days?|hours?|decades?)\b", re.IGNORECASE)
_FIELD_LED = re.compile(r"(?:an?|the|my|this|that|silence|peace|person|progress|parallel|vain|it|\d)\b", re.IGNORECASE)
_AGED = re.compile(r"(?P<age>\d{1,3})[- ]years?[- ]old\s+", re.IGNORECASE)
_NP_END = re.compile(
    r"\s+(?:at|for|in|with|who|and|from|by|on|specializing|specialising|working|living|based|but|turned|here|there|to|since|"
    r"by trade|by profession|by day|these days|now)\b|[,;(]",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"(?:the |an? )?(?:founder|co-?founder|ceo|cto|cfo|coo|vp|head|director|owner|manager|president|partner)\b",
    re.IGNORECASE,
)


def occupation(words: str) -> str | None:
    """The profession that `words` begin with, without its article; `None` if they name none."""
    phrase = re.sub(r"^(?:an?|the|my)\s+", "", _NP_END.split(words, maxsplit=1)[0].strip(" ."), flags=re.IGNORECASE)
    plain = phrase.lower()
    if not plain or len(plain) > 60 or _NO_JOB.match(plain) or plain in TRAITS:
        return None
    parts = plain.split(" of ")[0].split()
    heads = {" ".join(parts[-size:]) for size in (1, 2, 3)}
    return phrase if heads & JOBS or heads & {f"{job}s" for job in ()} else None


def employer(words: str) -> str | None:
    """The employer that `words` begin with; `None` if they name none."""
    words = re.sub(r",(?! (?:inc|llc|ltd|gmbh)\b).*$", "", words, flags=re.IGNORECASE)
    name = cut(
        re.sub(
            r"\s+(?:in|as|on|near|from|full|part|here|there|since|for|to|now)\b.*$", "", cut(words), flags=re.IGNORECASE
        )
    )
    return None if not name or _NO_EMPLOYER.match(name) or _DURATION.match(name) or len(name) > 60 else said(name)


def _employed(name: str, when: str = "", *, how: str = "at", beside: bool = False) -> Claim:
    return Claim("employer", f"{{I}} works {how} {name}", name.lower(), when, beside, replaces=("job.none",))


def _is_a(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    if aged := _AGED.match(rest):
        yield Claim("age", f"{{I}} is {aged['age']} years old", value=aged["age"])
        rest = rest[aged.end() :]
    if match["article"] or _FULL.match(rest):
        yield from _profession(rest, clause, when, article=(match["article"] or "").strip().lower())


def _works_as(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    article = re.match(r"(an?|the) ", rest, re.IGNORECASE)
    if occupation(rest):
        yield from _profession(rest, clause, when, article=article[1].lower() if article else "")
    elif re.match(r"an? ", rest, re.IGNORECASE) and (what := cut(rest, narrow=True)):
        yield Claim("job", f"{{I}} works as {said(what)}", value=key(what), when=when)


def _profession(words: str, clause: Clause, when: str, *, article: str) -> Iterator[Claim]:
    job = occupation(words)
    if job is None:
        return
    past = "was" if clause.truth == "past" else "is"
    if article in {"a", "an"}:
        article = "an" if job[0].lower() in "aeiou" else "a"
    text = f"{{I}} {past} {article} {said(job)}".replace("  ", " ")
    slot = f"job.{key(job)}" if clause.also else "job"
    yield Claim(slot, text, job.lower(), when, beside=clause.also, replaces=("job.none",))
    at = _AT_PLACE.search(words)
    if at and (name := employer(at["at"])):
        yield _employed(name, when, beside=clause.also)


def _works_at(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    if name := employer(rest):
        preposition = match.groupdict().get("how") or "at"
        yield _employed(name, when, how=preposition.lower(), beside=clause.also)
        as_a = re.search(r"\bas (?P<job>(?:an? |the )?.+)$", rest, re.IGNORECASE)
        if as_a and (job := occupation(as_a["job"])):
            article = re.match(r"(?:an?|the) ", as_a["job"], re.IGNORECASE)
            yield Claim("job", f"{{I}} is {article[0].lower() if article else ''}{said(job)}", value=job.lower())


def _works_in(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["field"], clause)
    what = cut(rest, narrow=True)
    if not what or (_FIELD_LED.match(what) and not re.match(r"(?:an?|the) \w+ ?\w*$", what)):
        return
    if what[0].isupper() and not what.isupper() and (where := place(rest)):
        yield Claim("workplace", f"{{I}} works in {where}", value=where.lower(), when=when)
    elif len(what) < 40 and not re.match(r"(?:silence|peace|person|progress|parallel|vain|it)\b", what):
        yield Claim("job.field", f"{{I}} works in {said(what)}", value=what.lower(), when=when)


def _works_how(match: Match, _: Clause) -> Iterator[Claim]:
    yield Claim("job.mode", f"{{I}} works {match['how'].lower()}", value=match["how"].lower())


def _new_job(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    as_a = re.match(r"\s*as (?P<job>.+)", rest, re.IGNORECASE)
    found = list(_works_as(compiled(r"(?P<what>.+)").fullmatch(as_a["job"]), clause)) if as_a else []  # type: ignore[arg-type]
    at = re.search(r"\b(?:at|with|for) (?P<at>.+)", rest, re.IGNORECASE)
    if at and (name := employer(at["at"])):
        found.append(_employed(name, when))
    yield from found or [Claim("job.new", f"{{I}} got a new job {said(when)}".strip(), value="new", when=when)]


def _joined(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    if re.match(r"(?-i:[A-Z])", rest) and (name := employer(rest)):
        yield _employed(name, when)
        as_a = re.search(r"\bas (?P<job>(?:an? )?.+)$", rest, re.IGNORECASE)
        if as_a and (job := occupation(as_a["job"])):
            yield Claim("job", f"{{I}} is {said(cut(as_a['job'], narrow=True))}", value=job.lower())


def _left(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"] or "", clause)
    at = re.search(r"\b(?:at|with|from) (?P<at>.+)", rest, re.IGNORECASE)
    name = employer(at["at"]) if at else None
    how = {"quit": "quit", "left": "left", "lost": "lost", "resigned from": "resigned from"}[match["how"].lower()]
    text = f"{{I}} {how} their job" + (f" at {name}" if name else "")
    yield Claim("past.job", text, value=(name or "").lower(), when=when, replaces=("employer", "job"))


def _left_company(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    name = employer(rest)
    if name and name[0].isupper():
        yield Claim("past.job", f"{{I}} left {name}", value=name.lower(), when=when, replaces=("employer",))


def _dismissed(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    at = re.search(r"\b(?:from|by|at) (?P<at>.+)", rest, re.IGNORECASE)
    name = employer(at["at"]) if at else None
    text = f"{{I}} was {match['how'].lower()}" + (f" from {name}" if name else "")
    yield Claim("past.job", text, value=(name or "").lower(), when=when, replaces=("employer", "job"))


def _out_of_work(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    status = {"jobless": "unemployed", "out of a job": "out of work"}.get(match["how"].lower(), match["how"].lower())
    yield Claim("job.none", f"{{I}} is {status}", value=status, when=when, replaces=("employer",))


def _works_for_themself(match: Match, _: Clause) -> Iterator[Claim]:
    how = match["how"].lower()
    yield Claim("employer", f"{{I}} is {how}", value=how, replaces=("job.none",))


def _retired(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    yield Claim("job", "{I} is retired", value="retired", when=when, replaces=("employer",))


def _own_business(match: Match, clause: Clause) -> Iterator[Claim]:
    what = cut(timed(match["what"], clause)[0], narrow=True)
    verb = {"run": "runs", "own": "owns", "manage": "manages"}[match["how"].lower()]
    yield Claim("job.business", f"{{I}} {verb} {said(what)}", value=what.lower())


def _teaches(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, _ = timed(match["what"], clause)
    what = cut(rest, narrow=True)
    if what and not re.match(r"(?:you|him|her|them|it|my|that|this|myself|people)\b", what, re.IGNORECASE):
        yield Claim("job", f"{{I}} teaches {said(what)}", value=what.lower(), beside=clause.also)
        at = re.search(r"\bat (?P<at>.+)", rest)
        if at and (name := employer(at["at"])):
            yield _employed(name)


def _promoted(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    to = re.match(r"\s*to (?P<what>.+)", rest, re.IGNORECASE)
    what = cut(to["what"], narrow=True) if to else ""
    if what:
        yield Claim("job", f"{{I}} was promoted to {said(what)}", value=what.lower(), when=when)
    else:
        yield Claim("event.promotion", f"{{I}} got promoted {said(when)}".strip(), value="promoted", when=when)


def _job_is(match: Match, clause: Clause) -> Iterator[Claim]:
    what = cut(timed(match["what"], clause)[0])
    if occupation(what):
        yield Claim("job", f"{{I}} works as {said(what)}", value=key(occupation(what) or what), beside=clause.also)


def _company(match: Match, clause: Clause) -> Iterator[Claim]:
    if name := employer(timed(match["where"], clause)[0]):
        yield _employed(name)


_HOW = (
    r"(?:mostly )?(?:from home|remotely|remote|part[- ]time|full[- ]time|nights|night shifts|the night shift|shifts|freelance|"
    r"in shifts|weekends|for myself|hybrid)"
)
_BUSINESS = (
    r"(?:an? |my own |our own |the )?(?:[\w-]+ ){0,3}?(?:bakery|company|business|shop|store|restaurant|cafe|caf\u00e9|farm|startup|start-up|"
    r"agency|studio|salon|gym|clinic|practice|hotel|bar|pub|bookshop|bookstore|brewery|garage|food truck|firm|school|gallery|blog|"
    r"podcast|etsy shop|youtube channel|newsletter|b&b|vineyard|franchise)"
)

RULES = (
    Rule(r"i (?:work|am working|have (?:been working|worked)) as (?P<what>.+)", _works_as),
    Rule(rf"i (?:work|am working) (?P<how>{_HOW})(?:\b.*)?", _works_how),
    Rule(
        r"i (?:work|am working|am employed|have worked|have been working) (?P<how>at|for|with|by) (?P<where>.+)",
        _works_at,
    ),
    Rule(r"i (?:work|am working|have worked|have been working) in (?P<field>.+)", _works_in),
    Rule(
        r"i (?:got|started|accepted|took|landed|found|have|have started|got offered) (?:an? |my |the )?(?:new )?(?:job|position|role)\b(?! (?:interview|offer))"
        r"(?P<rest>.*)",
        _new_job,
    ),
    Rule(
        r"i (?:joined|started at|started working (?:at|for)|got hired (?:by|at)|was hired (?:by|at)|am joining) (?P<where>.+)",
        _joined,
    ),
    Rule(r"i started working (?:as|at|for) (?P<where>.+)", _joined),
    Rule(
        r"i (?P<how>quit|left|lost|resigned from) (?:my|the) (?:\w+ )?(?:job|position|work|company)\b(?P<rest>.*)",
        _left,
    ),
    Rule(r"i (?:quit|left|resigned from) (?P<where>(?-i:[A-Z]).+)", _left_company),
    Rule(r"i (?:got|was|have been) (?P<how>fired|laid off|let go|made redundant)(?P<rest>.*)", _dismissed),
    Rule(r"i am (?P<how>unemployed|jobless|between jobs|out of work|out of a job)(?P<rest>.*)", _out_of_work),
    Rule(r"i am (?P<how>self-employed|freelancing|a freelancer)\b.*", _works_for_themself),
    Rule(r"i (?:am retired|retired)\b(?P<rest>.*)", _retired),
    Rule(rf"i (?P<how>run|own|manage) (?P<what>{_BUSINESS}\b.*)", _own_business),
    Rule(r"i teach (?P<what>.+)", _teaches),
    Rule(r"i (?:got|was) promoted(?P<rest>.*)", _promoted),
    Rule(r"my (?:job|profession|occupation|job title|day job) is (?P<what>.+)", _job_is),
    Rule(r"my (?:employer|company) is (?P<where>.+)", _company),
    Rule(r"i have been (?P<article>an? )(?P<what>.+ (?:for|since) .+)", _is_a),
    Rule(r"i (?:am|became|am becoming) (?P<article>an? |the )?(?P<what>.+)", _is_a),
)
