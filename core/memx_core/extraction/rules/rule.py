"""What a rule is and what it finds, and the small tools that the rules share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

from memx_core import time
from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import others

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
        about: The relative or animal it speaks of, with its name: "sister Anna".
    """

    slot: str
    text: str
    value: str = ""
    when: str = ""
    beside: bool = False
    replaces: tuple[str, ...] = ()
    retracts: bool = False
    about: str = ""


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


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern`, compiled when it is first needed so that importing stays cheap."""
    return re.compile(pattern, re.IGNORECASE)


_STOP = (
    r"\s*(?:[;:()!?]|\s[-\u2013\u2014]+\s|(?<!\bst)(?<!\bdr)(?<!\bmt)(?<!\b\w)\.(?=\s|$)|,?\s+(?:but|because|'?cause|since|when|while|which|who|whom|whose|where|that|so|until|unless|if|"
    r"although|though|even|as long as|thanks to|due to|in order|plus|instead|except|lol|btw|and (?:i|it|he|she|they|we|my|"
    r"this|that|you|there|have|has|had|am|is|are|was|were|got|will|would|could|can|do|did|then|so|now)|i (?:have|am|was|got|just|think))\b|,\s+(?:it|he|she|they|you|this|there|we|my|i|not|please|thanks?|thank|also|then|just|especially|"
    r"mostly|mainly|particularly|for example|like|such as|including)\b).*$"
)
_NARROW = r"|,.*$|\s+(?:and|or|with|for|to|after|before|at|on|by|from|about|near|as|than|then|again|now|too)\b.*$"
_ARTICLE = re.compile(
    r"^(?:(?:a|an|the|some|any|my|our|his|her|their|all|most|both|every|each|kinds of|types of|sorts of)\s+)+",
    re.IGNORECASE,
)
_PADDING = re.compile(
    r"[\s,]+(?:a lot|lots|so much|very much|too much|a bit|a little|the most|more than anything|again|now|too|as well|"
    r"though|tho|lol|haha|really|these days|right now|at the moment|currently|in general|and stuff|and such|etc|"
    r"and so on|or so|by the way|btw|at all|either|much|yet|already|anymore|any more|lately|together|as always)\.?$",
    re.IGNORECASE,
)
_IE = frozenset({"movies", "cookies", "brownies", "smoothies", "zombies", "hoodies", "calories", "veggies", "rookies"})
_UNCOUNTED = frozenset({"series", "species", "diabetes", "glasses", "news", "sports", "maths", "tennis"})
_SPLIT = re.compile(
    r"\s*,\s*(?:and\s+|or\s+|but\s+|also\s+)*|\s+(?:and|or|&|plus|as well as)\s+(?:also\s+)?", re.IGNORECASE
)
_WHOLE = re.compile(
    r"rock (?:and|&|n) roll|mac (?:and|&) cheese|fish (?:and|&) chips|peanut butter (?:and|&) jelly|gin (?:and|&) tonic|"
    r"bread (?:and|&) butter|arts (?:and|&) crafts|dungeons (?:and|&) dragons|black (?:and|&) white|salt (?:and|&) vinegar|"
    r"r ?& ?b|drum (?:and|&|n) bass|science and technology|trial and error|bed and breakfast|cats and dogs|dogs and cats",
    re.IGNORECASE,
)


def cut(text: str, *, narrow: bool = False) -> str:
    """`text` up to where it turns to something else; `narrow` also stops at commas and prepositions."""
    text = compiled(_STOP + (_NARROW if narrow else "")).sub("", text)
    while shorter := _PADDING.search(text):
        text = text[: shorter.start()]
    return text.strip(" ,.!?'\"-")


def timed(text: str, clause: Clause) -> tuple[str, str]:
    """`text` without its first time expression, and that expression, or the one said before the subject."""
    found = time.spots(text)
    if not found:
        return text, clause.fronted
    start, end = found[0]
    before, after = text[:start].rstrip(" ,"), text[end:].lstrip()
    return f"{before}{after}" if after.startswith(",") and before else f"{before} {after.lstrip(' ,')}".strip(), text[
        start:end
    ]


def listed(text: str) -> Iterator[str]:
    """The items of "sushi, ramen and pizza"; what belongs together ("rock and roll") stays together."""
    kept = _WHOLE.sub(lambda match: re.sub(r"\s", "\x00", match[0]), text)
    for item in _SPLIT.split(kept):
        if item := item.replace("\x00", " ").strip(" ,.!"):
            yield item


def bare(text: str) -> str:
    """`text` without articles and quantities before it."""
    return _ARTICLE.sub("", text)


def both(names: list[str]) -> str:
    """ "Ana, Ben and Cleo"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def key(text: str) -> str:
    """`text` as the end of a slot: "the Beatles" is `beatle`, so that one and many share a slot."""
    words = re.findall(r"[\w+#.'-]+", bare(text).lower().replace("colour", "color"))[:6]
    if words:
        words[-1] = singular(words[-1].strip(".'"))
    return "-".join(words)


def singular(word: str) -> str:
    """`word` without the ending that makes it many; near enough to compare by."""
    if word in _UNCOUNTED:
        return word
    if word.endswith("ies") and len(word) > 4 and word not in _IE:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def said(text: str) -> str:
    """`text` as somebody else says it, ready to stand in a fact."""
    return others(" ".join(text.split())).replace("{", "(").replace("}", ")")


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
