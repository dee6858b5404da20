"""What is so of somebody's relatives, friends and animals: "my sister Anna lives in Rome"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import compiled, cut, key, said, timed
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.relations import ADJECTIVES, NAME, OF, WHO, Relation, called, names_in, relation
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import CONDITIONED, CONDITIONS, DEMONYMS, DIETS, FOOD_LIMITS
from memx_core.extraction.rules.work import employer, occupation

_GONE = r"(?:died|passed away|passed|has died|has passed(?: away)?|was put (?:down|to sleep)|is dead|ran away)\b"
_FACETS = (
    (r"(?:lives?|is living|are living|is based|currently lives) (?:in|near|at|outside|on) (?P<value>.+)", "home"),
    (r"(?:moved|has moved|relocated)(?: back)? to (?P<value>.+)", "home"),
    (r"(?:is|are|comes|come)(?: originally)? from (?P<value>.+)", "origin"),
    (rf"{_GONE}(?: .*)?", "died"),
    (r"(?:works?|is working|are working) (?:as|at|for|in) (?P<value>.+)", "job"),
    (r"(?:is|are) allergic to (?P<value>.+)", "allergy"),
    (rf"(?:is|are|went|became) (?:an? )?(?P<value>{DIETS}|{FOOD_LIMITS})\b.*", "diet"),
    (rf"(?:has|have|suffers from|was diagnosed with) (?P<value>{CONDITIONS})\b.*", "health"),
    (rf"(?:is|are) (?P<value>{CONDITIONED})\b.*", "health"),
    (r"(?:turned|turns) (?P<value>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: .*)?", "age"),
    (r"(?:is|are|turned|turns|just turned|will be|is turning) (?P<value>\d{1,3}|\w+teen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?"
     r"|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?= (?:years|months|weeks)))"
     r"(?: ?(?:years?|months?|weeks?)(?: old)?| yo)?(?:,.*|\.| and .*)?", "age"),
    (r"(?:is|are) (?P<value>retired|unemployed|self-employed)\b.*", "job"),
    (r"(?:is|are|became) (?P<value>(?:an? |the )?.+)", "job"),
    (r"(?:is|are) (?P<value>(?:getting )?(?:married|engaged|divorced|separated)|single|widowed)\b.*", "relationship"),
    (r"(?:is|are) an? (?P<value>(?:[\w-]+ ){0,2}[\w-]+)", "kind"),
    (r"(?:loves?|likes?|enjoys?|adores?|hates?|dislikes?|prefers?) (?P<value>(?!it\b|that\b|this\b|you\b|me\b|him\b|her\b|them\b).+)", "like"),
    (r"(?:speaks?) (?P<value>.+)", "language"),
    (r"(?:studies|study|is studying|goes to|attends|go to) (?P<value>.+)", "education"),
    (r"(?:plays?) (?P<value>(?!with\b|a role\b).+)", "hobby"),
    (r"(?:has|have) (?P<value>(?:an?|two|three|four|five|\d) (?:\w+ )?(?:kids?|child(?:ren)?|sons?|daughters?|dogs?|cats?|brothers?|sisters?).*)", "has"),
    (r"was born (?P<value>.+)", "birthday"),
)  # fmt: skip
"""What is said of them, and the name of that below their slot; the first that fits is it."""
_SEVERAL = {"like", "allergy", "health"}
"""Of these, each value has a slot of its own."""


def _facet(match: Match, clause: Clause) -> Iterator[Claim]:
    who, rest, name = relation(match), match["rest"].strip(), match["name"] or ""
    plain, when = timed(rest, clause)
    is_gone = re.match(_GONE, plain, re.IGNORECASE) is not None
    if name and name.lower() not in DEMONYMS and not is_gone:
        yield called(who, [name])
    for pattern, facet in _FACETS:
        found = compiled(pattern).fullmatch(plain) or compiled(pattern).fullmatch(rest)
        value = _value(facet, found) if found else None
        if value and (facet != "kind" or who.slot.startswith("pet.")):
            text = f"{{my}} {who.whose} {name}".rstrip() + f" {said(cut(rest))}"
            yield _claim(who, facet, text, value, when, name)
            return


def _claim(who: Relation, facet: str, text: str, value: str, when: str, name: str) -> Claim:
    about = who.about(name)
    if facet == "died":
        return Claim(f"past.{who.slot}", text, value.lower(), when, about=about, replaces=(who.slot,))
    slot = f"{who.slot}.{facet}.{key(value)}" if facet in _SEVERAL else f"{who.slot}.{facet}"
    return Claim(slot, text, value.lower(), when, beside=facet == "has", about=about)


def _value(facet: str, found: Match) -> str | None:
    value = found.groupdict().get("value") or found[0]
    if facet in {"home", "origin"}:
        return place(value)
    if facet == "job":
        works = re.match(r"(?:works?|is working|are working) (?:as|at|for|in) (.+)", found[0], re.IGNORECASE)
        return (employer(works[1]) and cut(works[1])) if works else occupation(value)
    return cut(value)


def _birthday(match: Match, _: Clause) -> Iterator[Claim]:
    who, day = relation(match), cut(match["day"])
    yield Claim(f"{who.slot}.birthday", f"{{my}} {who.whose}'s birthday is {said(day)}", day.lower(), day)


def _beside_me(match: Match, _: Clause) -> Iterator[Claim]:
    """Who comes with "my wife Anna and I" has a name, whatever follows."""
    if names := names_in(match["names"]):
        yield called(relation(match), names)


RULES = (
    Rule(rf"{OF}'s birthday is (?P<day>.+)", _birthday),
    Rule(rf"{OF} (?P<rest>.+)", _facet),
    Rule(rf"my {ADJECTIVES}(?P<who>{WHO}),? (?P<names>{NAME})", _beside_me),
)
