"""How people speak of their relatives, friends and animals: who it is, what they are called, which slot that is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memx_core.extraction.rules.phrases import both, cut, listed, said
from memx_core.extraction.rules.rule import Claim, Match
from memx_core.extraction.rules.vocabulary import DEMONYMS, DIETS, ONE_OF_A_KIND, PETS, RELATIONS, words

KINDS = {**{word: f"pet.{kind}" for word, kind in PETS.items()}, **RELATIONS}
"""The slot of each word for a relative, a friend or an animal."""
WHO = "|".join(sorted(map(re.escape, KINDS), key=len, reverse=True))
ADJECTIVES = (
    r"(?P<adjectives>(?:(?:older|younger|big|little|elder|eldest|youngest|oldest|twin|half|other|new|late|best|middle|first|second|"
    r"dear|beloved|beautiful|lovely|wonderful|cute|adorable|amazing|rescue|pet|black|white|grey|gray|orange|ginger|tabby|"
    r"\w+[- ](?:year|month|week)s?[- ]old|pregnant|elderly|biological|adopted|foster|only|own|good|old|close|golden|german|siamese|small|tiny|crazy|"
    r"ex|teenage|newborn|future)[ -])*)"
)
NAME = r"(?-i:[A-Z])[\w'-]*(?: (?-i:[A-Z])[\w'-]+)?"
COUNT = r"(?P<count>an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|\d{1,2}|no|any|several|some|twin)"
OF = rf"my {ADJECTIVES}(?P<who>{WHO})(?:,? (?P<name>{NAME}),?)?"
CALLED = r"(?:,? (?:is |are )?(?:called|named|whose names? (?:is|are)|who is called|by the name of|and (?:his|her|its|their) names? (?:is|are)|(?:his|her|its|their) names? (?:is|are))|,|:|(?= (?-i:[A-Z])))"

AFTER = (
    r"(?:[,:;(].*| (?:called|named|who|whose|that|and|with|in(?! (?:this|that|the (?:fight|race))\b)|from|at|by|now|of|together|already|aged|as|but|living|for|back|since|"
    r"(?-i:[A-Z])|last|this|yesterday|today|two|a few|on)\b.*)?"
)

_AGES = {"big": "older", "elder": "older", "eldest": "oldest", "little": "younger"}
_TOLD_APART = words("older younger oldest youngest twin half other")
_NO_NAMES = words("he she it they a an the my i so who after me him her back in this that today here")


@dataclass(frozen=True, slots=True)
class Relation:
    """Somebody or some animal that a speaker has.

    Attributes:
        word: What the speaker calls them: "mom".
        whose: The same with its adjectives: "older sister".
        slot: What is known of them fills this slot, or one below it; "older sister" and "younger
            sister" have one each.
    """

    word: str
    whose: str
    slot: str

    @property
    def is_one(self) -> bool:
        """Whether nobody has two, so that another name is a change and no second person."""
        return self.slot in ONE_OF_A_KIND

    def about(self, name: str) -> tuple[str, str]:
        """What tells this one from others of the kind; empty where there are none."""
        return ("", "") if self.is_one or not name else (self.word, name)


def relation(match: Match) -> Relation:
    """Whom a pattern of `ADJECTIVES` and `WHO` has found."""
    word, adjectives = match["who"].lower(), match["adjectives"]
    slot = KINDS[word]
    if not slot.startswith("pet."):
        said_so = (_AGES.get(each, each) for each in re.split(r"[ -]+", adjectives.lower()))
        head, _, last = slot.rpartition(".")
        slot = ".".join(filter(None, [head, "_".join([*(each for each in said_so if each in _TOLD_APART), last])]))
    return Relation(word, f"{said(adjectives)} {word}".strip(), slot)


def names_in(text: str, *, loose: bool = False) -> list[str]:
    """The names that `text` begins with; `loose` takes them without capitals."""
    found: list[str] = []
    for item in listed(cut(re.sub(r"\s+(?:who|and (?:he|she|it|they|I)|is|are|was|has)\b.*$", "", text))):
        in_lower_case = loose and not (found and found[0][0].isupper())
        name = re.match(rf"{NAME}|[\w'-]+" if in_lower_case else NAME, item)
        if name is None or item.lower().split()[0] in _NO_NAMES | DEMONYMS or re.match(DIETS, item, re.IGNORECASE):
            break
        found.append(name[0])
    return found


def names_after(text: str) -> list[str]:
    """The names that follow "called" or a comma: of "a dog, Rex", of "two cats called tom and jerry"."""
    called = re.match(rf"{CALLED}\s*(?P<names>.+)", text, re.IGNORECASE)
    if called is None:
        return []
    return names_in(called["names"], loose="name" in called[0].lower() or "called" in called[0].lower())


def called(who: Relation, names: list[str]) -> Claim:
    """That `who` is called so."""
    name = names[0] if len(names) == 1 else ""
    if who.slot.startswith("pet.") and name:
        text = f"{{I}} has {'an' if who.whose[0] in 'aeiou' else 'a'} {who.whose} called {name}"
    else:
        text = f"{{my}} {who.whose} {'is' if name else 'are'} called {both(names)}"
    return Claim(who.slot, text, " ".join(names).lower(), beside=not who.is_one, about=who.about(name))
