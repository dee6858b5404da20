"""Whom somebody has: family, friends and animals, and what they are called.

Everything here is a fact about the speaker's own ("Alice has a sister called Anna") and fills a slot
of that relation, so that it can never be mistaken for the speaker's own name, home or age.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import both, cut, key, said, timed
from memx_core.extraction.rules.relations import (
    ADJECTIVES,
    AFTER,
    COUNT,
    KINDS,
    NAME,
    WHO,
    called,
    names_after,
    names_in,
    relation,
)
from memx_core.extraction.rules.rule import Claim, Match, Rule, nothing
from memx_core.extraction.rules.vocabulary import PETS

_NONE = {
    **dict.fromkeys(("family.son", "family.daughter", "family.child"), ("family.child.none",)),
    **dict.fromkeys(("family.sister", "family.brother"), ("family.sibling.none",)),
}
"""Whom having one of these contradicts having none of."""


def _has(match: Match, clause: Clause) -> Iterator[Claim]:
    who, count, names = relation(match), match["count"].lower(), names_after(match["rest"])
    if count in {"no", "any"}:
        yield from _has_none(match, clause)
        return
    text = f"{{I}} has {count} {who.whose}" + (f" called {both(names)}" if names else "")
    one, no_longer_none = count in {"a", "an", "one"}, _NONE.get(who.slot, ())
    if names or (one and not who.slot.startswith("people.")):
        value, about = " ".join(names).lower() or key(who.word), who.about(names[0] if len(names) == 1 else "")
        yield Claim(who.slot, text, value, beside=not who.is_one, about=about, replaces=no_longer_none)
    elif not one:
        counted = "children" if who.slot == "family.child" else f"{who.slot}.count"
        yield Claim(counted, text, value=count, replaces=no_longer_none)
    age = re.search(r"\b(?:who|that|and (?:he|she|it)) (?:is|turned|just turned) (?P<age>\d{1,2})\b", match["rest"])
    if age and one:
        yield Claim(f"{who.slot}.age", f"{{my}} {who.word} is {age['age']} years old", value=age["age"])


def _has_none(match: Match, _: Clause) -> Iterator[Claim]:
    who = relation(match)
    ended = ("children", f"{who.slot}.count") if who.slot == "family.child" else (f"{who.slot}.count",)
    yield Claim(f"{who.slot}.none", f"{{I}} has no {who.word}", value="no", replaces=ended)


def _lacks(match: Match, clause: Clause) -> Iterator[Claim]:
    """Who says "I don't have a dog" ends what is known of one; to have no children is a fact."""
    who = relation(match)
    if who.slot.startswith("family") and clause.truth == "no":
        yield from _has_none(match, clause)
    else:
        yield Claim(who.slot, "", key(who.word), replaces=(f"{who.slot}.count",), retracts=True)


def _got(match: Match, clause: Clause) -> Iterator[Claim]:
    if match["who"].lower() in PETS:
        yield from _has(match, clause)


def _named(match: Match, _: Clause) -> Iterator[Claim]:
    if names := names_in(match["names"], loose=True):
        yield called(relation(match), names)


def _is_name(match: Match, _: Clause) -> Iterator[Claim]:
    if names := names_in(match["names"]):
        yield called(relation(match), names)


def _parent(match: Match, _: Clause) -> Iterator[Claim]:
    what, of = said(cut(match["what"], narrow=True)), match["of"]
    text = f"{{I}} is {match['article'] or ''}{what}" + (f" of {of.lower()}" if of else "")
    yield Claim("children" if of else "family.role", text, value=(of or what).lower())


def _baby(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    kind, names = match["kind"].lower(), names_after(rest)
    text = f"{{I}} had a {kind}" + (f" called {names[0]}" if names else "") + (f" {said(when)}" if when else "")
    ended = ("health.pregnant", "health.expecting", "plan.having-a-baby", "family.child.none")
    yield Claim(KINDS[kind], text, (names or [kind])[0].lower(), when, beside=True, replaces=ended)


_MINE = rf"my {ADJECTIVES}(?P<who>{WHO})"
_PARENT = (
    r"(?:(?:proud|single|new|happy|working|soon-to-be|stay-at-home|expectant) )*(?:mother|father|mom|mum|dad|parent|grandmother|"
    r"grandfather|grandma|grandpa|grandparent|aunt|uncle|godmother|godfather|widow|widower|only child|twin)"
)

RULES = (
    Rule(rf"i have {COUNT} {ADJECTIVES}(?P<who>{WHO})(?P<rest>{AFTER})", _has, _lacks),
    Rule(rf"i have (?P<adjectives>)(?P<who>{WHO})", nothing, _has_none),
    Rule(
        r"there are (?P<count>two|three|four|five|six|seven) of us (?P<adjectives>)(?P<who>siblings)(?P<rest>.*)", _has
    ),
    Rule(
        rf"i (?:got|adopted|bought|rescued|welcomed|brought home) {COUNT} {ADJECTIVES}(?P<who>{WHO})(?P<rest>{AFTER})",
        _got,
    ),
    Rule(rf"{_MINE}(?:'s|s')? names? (?:is|are) (?P<names>.+)", _named),
    Rule(rf"{_MINE},? (?:is|are) (?:called|named) (?P<names>.+)", _named),
    Rule(rf"the names? of {_MINE} (?:is|are) (?P<names>.+)", _named),
    Rule(rf"(?P<names>{NAME}) is {_MINE}(?:'s name)?(?:,.*)?", _is_name),
    Rule(rf"{_MINE} (?:is|are) (?P<names>{NAME}(?:(?:,| and) {NAME})*)", _is_name),
    Rule(rf"i am (?P<article>an? |the )?(?P<what>{_PARENT})(?: (?:of|to) (?P<of>\w+)(?: .*)?)?", _parent),
    Rule(
        r"i (?:had|gave birth to|welcomed) (?:an? |my |our )(?:beautiful |healthy |little |first |second |third )*"
        r"(?P<kind>baby girl|baby boy|baby|son|daughter|girl|boy)\b(?P<rest>.*)",
        _baby,
    ),
)
