"""Whom somebody has: family, friends and animals, and what is so of them.

Everything here is a fact about the speaker's own ("Alice's sister lives in Rome") and fills a slot
of that relation, so that it can never be mistaken for the speaker's own home, job or age.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import both, compiled, cut, key, listed, said, timed
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import (
    CONDITIONED,
    CONDITIONS,
    DEMONYMS,
    DIETS,
    FOOD_LIMITS,
    ONE_OF_A_KIND,
    PETS,
    RELATIONS,
)
from memx_core.extraction.rules.work import employer, occupation

_KINDS = {**{word: f"pet.{kind}" for word, kind in PETS.items()}, **RELATIONS}
_WHO = "|".join(sorted(map(re.escape, _KINDS), key=len, reverse=True))
_AGES = {"big": "older", "elder": "older", "eldest": "oldest", "little": "younger", "twin": "twin", "half": "half"}
_ADJECTIVES = (
    r"(?P<adjectives>(?:(?:older|younger|big|little|elder|eldest|youngest|oldest|twin|half|other|new|late|best|middle|first|second|"
    r"dear|beloved|beautiful|lovely|wonderful|cute|adorable|amazing|rescue|pet|black|white|grey|gray|orange|ginger|tabby|"
    r"\w+[- ](?:year|month|week)s?[- ]old|pregnant|elderly|biological|adopted|foster|only|own|good|old|close|golden|german|siamese|small|tiny|crazy|"
    r"ex|teenage|newborn|future)[ -])*)"
)
_NAME = r"(?-i:[A-Z])[\w'-]*(?: (?-i:[A-Z])[\w'-]+)?"
_COUNT = r"(?P<count>an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|\d{1,2}|no|any|several|some|twin)"
_OF = rf"my {_ADJECTIVES}(?P<who>{_WHO})(?:,? (?P<name>{_NAME}),?)?"
_CALLED = r"(?:,? (?:is |are )?(?:called|named|whose names? (?:is|are)|who is called|by the name of|and (?:his|her|its|their) names? (?:is|are)|(?:his|her|its|their) names? (?:is|are))|,|:|(?= (?-i:[A-Z])))"

_AFTER = (
    r"(?:[,:;(].*| (?:called|named|who|whose|that|and|with|in(?! (?:this|that|the (?:fight|race))\b)|from|at|by|now|of|together|already|aged|as|but|living|for|back|since|"
    r"(?-i:[A-Z])|last|this|yesterday|today|two|a few|on)\b.*)?"
)


_NONE = {
    **dict.fromkeys(("family.son", "family.daughter", "family.child"), ("family.child.none",)),
    **dict.fromkeys(("family.sister", "family.brother"), ("family.sibling.none",)),
}
"""Whom having one of these contradicts having none of."""


def _slot(who: str, adjectives: str) -> str:
    """The slot of a relation; "older sister" and "younger sister" have one each."""
    base = _KINDS[who.lower()]
    told_apart = [_AGES.get(word, word) for word in re.split(r"[ -]+", adjectives.lower()) if word]
    told_apart = [
        word for word in told_apart if word in {"older", "younger", "oldest", "youngest", "twin", "half", "other"}
    ]
    head, _, last = base.rpartition(".")
    return ".".join(filter(None, [head, "_".join([*told_apart, last])])) if not base.startswith("pet.") else base


def _whose(who: str, adjectives: str) -> str:
    return f"{said(adjectives)} {who.lower()}".strip()


def _names(words: str, *, loose: bool) -> list[str]:
    """The names that `words` begin with; `loose` takes them without capitals."""
    found: list[str] = []
    for item in listed(cut(re.sub(r"\s+(?:who|and (?:he|she|it|they|I)|is|are|was|has)\b.*$", "", words))):
        name = re.match(_NAME if not loose or (found and found[0][0].isupper()) else rf"{_NAME}|[\w'-]+", item)
        if name is None or item.lower().split()[0] in {
            "he",
            "she",
            "it",
            "they",
            "a",
            "an",
            "the",
            "my",
            "i",
            "so",
            "who",
            "after",
        }:
            break
        found.append(name[0])
    return found


def _has(match: Match, clause: Clause) -> Iterator[Claim]:
    who, count, rest = match["who"].lower(), match["count"].lower(), match["rest"]
    slot = _slot(who, match["adjectives"])
    if count in {"no", "any"}:
        yield from _has_none(match, clause)
        return
    called = re.match(rf"{_CALLED}\s*(?P<names>.+)", rest, re.IGNORECASE)
    loose = called is not None and re.search(r"called|named|name", called[0][: -len(called["names"])]) is not None
    names = _names(called["names"], loose=loose) if called else []
    what = f"{count} {_whose(who, match['adjectives'])}"
    text = f"{{I}} has {what}" + (f" called {both(names)}" if names else "")
    many = count not in {"a", "an", "one"}
    if not names and slot.startswith("people."):
        return
    about = f"{who} {names[0]}" if len(names) == 1 and slot not in ONE_OF_A_KIND else ""
    if names or not many:
        value = " ".join(names).lower() or key(who)
        yield Claim(
            slot, text, value, beside=slot not in ONE_OF_A_KIND, about=about, replaces=tuple(_NONE.get(slot, ()))
        )
    else:
        counted = "children" if slot == "family.child" else f"{slot}.count"
        yield Claim(counted, text, value=count, replaces=tuple(_NONE.get(slot, ())))
    age = re.search(r"\b(?:who|that|and (?:he|she|it)) (?:is|turned|are|just turned) (?P<age>\d{1,2})\b", rest)
    if age and not many:
        yield Claim(f"{slot}.age", f"{{my}} {who} is {age['age']} years old", value=age["age"])


def _has_none(match: Match, _: Clause) -> Iterator[Claim]:
    slot, who = _slot(match["who"], match["adjectives"]), match["who"].lower()
    ended = ("children", f"{slot}.count") if slot == "family.child" else (f"{slot}.count",)
    yield Claim(f"{slot}.none", f"{{I}} has no {who}", value="no", replaces=ended)


def _lacks(match: Match, clause: Clause) -> Iterator[Claim]:
    """Who says "I don't have a dog" ends what is known of one; to have no children is a fact."""
    slot = _slot(match["who"], match["adjectives"])
    if slot.startswith("family") and clause.truth == "no":
        yield from _has_none(match, clause)
    else:
        yield Claim(slot, "", key(match["who"]), replaces=(f"{slot}.count",), retracts=True)


def _got(match: Match, clause: Clause) -> Iterator[Claim]:
    if match["who"].lower() in PETS:
        yield from _has(match, clause)


def _is_mine(match: Match, clause: Clause) -> Iterator[Claim]:
    if match["name"].split()[0].lower() not in {"this", "that", "it", "he", "she", "today", "here"} | DEMONYMS:
        yield _called(match["who"], match["adjectives"], [match["name"]])


def _called(who: str, adjectives: str, names: list[str]) -> Claim:
    slot = _slot(who, adjectives)
    whose = _whose(who, adjectives)
    one = len(names) == 1
    if slot.startswith("pet.") and one:
        article = "an" if whose[0] in "aeiou" else "a"
        text = f"{{I}} has {article} {whose} called {names[0]}"
    else:
        text = f"{{my}} {whose} {'is' if one else 'are'} called {both(names)}"
    beside = slot not in ONE_OF_A_KIND
    return Claim(
        slot, text, " ".join(names).lower(), beside=beside, about=f"{who.lower()} {names[0]}" if one and beside else ""
    )


def _named(match: Match, _: Clause) -> Iterator[Claim]:
    names = _names(match["names"], loose=True)
    names = [name for name in names if name.lower() not in DEMONYMS | {"me", "him", "her", "back", "in"}]
    if names:
        yield _called(match["who"], match["adjectives"], names)


def _is_name(match: Match, clause: Clause) -> Iterator[Claim]:
    names = _names(match["names"], loose=False)
    if names and names[0].lower() not in DEMONYMS and not compiled(DIETS).match(names[0]):
        yield _called(match["who"], match["adjectives"], names)


def _facet(match: Match, clause: Clause) -> Iterator[Claim]:
    """What is so of a relative or an animal: each kind of statement fills its own slot."""
    slot, rest = _slot(match["who"], match["adjectives"]), match["rest"].strip()
    name = match["name"] or ""
    who = _whose(match["who"], match["adjectives"]) + (f" {name}" if name else "")
    if name and name.lower() not in DEMONYMS and not re.match(_GONE, rest, re.IGNORECASE):
        yield _called(match["who"], match["adjectives"], [name])
    plain, when = timed(rest, clause)
    for pattern, facet in _FACETS:
        found = compiled(pattern).fullmatch(plain) or compiled(pattern).fullmatch(rest)
        value = _facet_value(facet, found) if found else None
        if found and value and (facet != "kind" or slot.startswith("pet.")):
            text = f"{{my}} {who} {said(cut(rest))}"
            about = "" if slot in ONE_OF_A_KIND else f"{match['who'].lower()} {name}".strip()
            over = facet == "died"
            yield Claim(
                f"past.{slot}" if over else f"{slot}.{facet}" + (f".{key(value)}" if facet in {"like", "allergy", "health"} else ""),
                text, value.lower(), when, beside=facet == "has", about=about, replaces=(slot,) if over else (),
            )  # fmt: skip
            return


def _facet_value(facet: str, found: Match) -> str | None:
    value = found.groupdict().get("value") or found[0]
    if facet in {"home", "origin"}:
        return place(value)
    if facet == "job":
        works = re.match(r"(?:works|worked|is working) (?:as|at|for|in) (.+)", found[0], re.IGNORECASE)
        return (employer(works[1]) and cut(works[1])) if works else occupation(value)
    return cut(value)


def _parent(match: Match, _: Clause) -> Iterator[Claim]:
    what = said(cut(match["what"], narrow=True))
    of = match["of"]
    text = f"{{I}} is {match['article'] or ''}{what}" + (f" of {of.lower()}" if of else "")
    yield Claim("children" if of else "family.role", text, value=(of or what).lower())


def _baby(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    kind = match["kind"] or "baby"
    called = re.match(rf"{_CALLED}\s*(?P<names>.+)", rest, re.IGNORECASE)
    names = _names(called["names"], loose=False) if called else []
    text = f"{{I}} had a {kind.lower()}" + (f" called {names[0]}" if names else "") + (f" {said(when)}" if when else "")
    ended = ("health.pregnant", "health.expecting", "plan.having-a-baby", "family.child.none")
    yield Claim(
        _KINDS.get(kind.lower(), "family.child"), text, (names or [kind])[0].lower(), when, beside=True, replaces=ended
    )


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

RULES = (
    Rule(rf"i have {_COUNT} {_ADJECTIVES}(?P<who>{_WHO})(?P<rest>{_AFTER})", _has, _lacks),
    Rule(rf"i have (?P<adjectives>)(?P<who>{_WHO})\b(?P<count>(?!))?(?P<rest>)", lambda _m, _c: (), _has_none),
    Rule(r"there (?:are|is) (?P<count>two|three|four|five|six|seven) of us (?P<who>siblings|kids|children)(?P<adjectives>)(?P<rest>.*)", _has),
    Rule(rf"i (?:got|adopted|bought|rescued|welcomed|brought home) {_COUNT} {_ADJECTIVES}(?P<who>{_WHO})(?P<rest>{_AFTER})", _got),
    Rule(rf"my {_ADJECTIVES}(?P<who>{_WHO})(?:'s|s')? names? (?:is|are) (?P<names>.+)", _named),
    Rule(rf"my {_ADJECTIVES}(?P<who>{_WHO}),? (?:is|are) (?:called|named) (?P<names>.+)", _named),
    Rule(rf"the names? of my {_ADJECTIVES}(?P<who>{_WHO}) (?:is|are) (?P<names>.+)", _named),
    Rule(rf"(?P<name>{_NAME}) is my {_ADJECTIVES}(?P<who>{_WHO})(?:'s name)?(?:,.*)?", _is_mine),
    Rule(rf"my {_ADJECTIVES}(?P<who>{_WHO}) (?:is|are) (?P<names>{_NAME}(?:(?:,| and) {_NAME})*)", _is_name),
    Rule(rf"{_OF}'s birthday is (?P<rest>.+)", lambda match, _: [
        Claim(f"{_slot(match['who'], match['adjectives'])}.birthday", f"{{my}} {match['who'].lower()}'s birthday is {said(cut(match['rest']))}",
              cut(match["rest"]).lower(), cut(match["rest"]), about=match["who"].lower())]),
    Rule(rf"{_OF} (?P<rest>.+)", _facet),
    Rule(rf"my {_ADJECTIVES}(?P<who>{_WHO}),? (?P<names>{_NAME})", _is_name),
    Rule(r"i am (?P<article>an? |the )?(?P<what>(?:(?:proud|single|new|happy|working|soon-to-be|stay-at-home|expectant) )*(?:mother|father|mom|mum|dad|parent|grandmother|"
         r"grandfather|grandma|grandpa|grandparent|aunt|uncle|godmother|godfather|widow|widower|only child|twin))(?: (?:of|to) (?P<of>\w+)(?: .*)?)?", _parent),
    Rule(r"i (?:had|gave birth to|welcomed) (?:an? |my |our )(?:beautiful |healthy |little |first |second |third )*(?P<kind>baby girl|baby boy|baby|son|daughter|girl|boy)\b(?P<rest>.*)", _baby),
)  # fmt: skip
