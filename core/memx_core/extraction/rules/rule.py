"""What a rule is, and what the rules find in a clause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import compiled

Match: TypeAlias = re.Match[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a speaker says of themself.

    Attributes:
        slot: The attribute it fills.
        text: The fact in the third person, with `{I}` and `{my}` for the speaker.
        value: The words that tell this filler of the slot from another: "oslo".
        when: A time that was said with it, as said.
        beside: It stands beside other fillers of its slot instead of replacing them.
        replaces: Other slots that it makes untrue: who dislikes a thing no longer likes it.
        retracts: It only ends what is known in its slot, if that mentions `value`.
        about: The relative or animal it speaks of, and its name: "sister", "Anna".
    """

    slot: str
    text: str
    value: str = ""
    when: str = ""
    beside: bool = False
    replaces: tuple[str, ...] = ()
    retracts: bool = False
    about: tuple[str, str] = ("", "")


Reader: TypeAlias = Callable[[Match, Clause], Iterable[Claim]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A shape of clause and what it says.

    Attributes:
        pattern: What the whole clause looks like; its words are one blank apart.
        read: The claims of the positive statement.
        denied: The claims of its negation; without it, the negation retracts what `read` claims.
    """

    pattern: str
    read: Reader
    denied: Reader | None = None


def nothing(_match: Match, _clause: Clause) -> tuple[Claim, ...]:
    """Reads a statement such as "I can stand it", which says something only when it is denied."""
    return ()


def retraction(claim: Claim) -> Claim:
    """What denies `claim`."""
    return replace(claim, text="", replaces=(), retracts=True)


def claims(rules: Iterable[Rule], clause: Clause) -> list[Claim]:
    """What the first rule that finds anything in `clause` makes of it."""
    low = clause.text.lower()
    for rule in rules:
        if not low.startswith(_beginning(rule.pattern)):
            continue
        match = compiled(rule.pattern).fullmatch(clause.text)
        if found := list(_read(rule, match, clause)) if match else []:
            return found
    return []


@cache
def _beginning(pattern: str) -> str:
    """The plain words that `pattern` begins with; most rules are ruled out by them alone."""
    plain = re.match(r"[a-z ]*(?![?*+{|])", pattern)
    return plain[0] if plain and "|" not in re.sub(r"\(.*\)", "", pattern) else ""


def _read(rule: Rule, match: Match, clause: Clause) -> Iterable[Claim]:
    if clause.truth == "yes":
        return rule.read(match, clause)
    if rule.denied:
        return rule.denied(match, clause)
    return [retraction(claim) for claim in rule.read(match, clause) if not claim.retracts]
