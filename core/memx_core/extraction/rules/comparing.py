"""How a claim and a known fact compare: in their slots, their words, and what they deny."""

from __future__ import annotations

import re

from memx_core.extraction.rules.phrases import singular
from memx_core.extraction.rules.rule import Claim
from memx_core.extraction.rules.speakers import Speaker
from memx_core.text import tokens
from memx_core.time.words import MONTH_NAMES

_LONGEST_SLOT = 60
_DENIES = re.compile(
    r"\b(?:not|no|never|cannot|used to|quit|gave up|stopped|left|lost|broke up|died|dislikes|hates)\b", re.IGNORECASE
)
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MONTHS = re.compile(rf"\b(?:{'|'.join(MONTH_NAMES)})\b", re.IGNORECASE)
_TELLS_NOTHING = frozenset({"is", "are", "has", "a", "an", "the"})
_FEW_WORDS = r"\S+(?: \S+){0,3}"
BLANK = frozenset({"i", "my", "a", "an", "the"})


def slot_name(slot: str) -> str:
    """A slot as it is kept: lower-case words joined by underscores."""
    return re.sub(r"\W+", "_", slot.casefold()).strip("_")[:_LONGEST_SLOT]


def words_of(text: str) -> frozenset[str]:
    """The words of `text`, the many as the one."""
    return frozenset(singular(word) for word in re.findall(r"[^\W_]+(?:[.'@+-][^\W_]+)*", text.lower()))


def terms(text: str, speaker: Speaker) -> frozenset[str]:
    """The words of a fact without its subject."""
    subject = {part for alias in (*speaker.aliases, speaker.name.lower()) for part in words_of(alias)}
    plain = re.sub(r"'s?(?=\s)", "", text)
    return words_of(plain) - subject - BLANK


def mentions(text: str, value: str) -> bool:
    """Whether `text` has all words of `value`."""
    return words_of(value.replace("-", " ")) - BLANK <= words_of(text.replace("-", " "))


def is_about(text: str, value: str) -> bool:
    """Whether `text` has the words of `value`, in whatever form: "divorced" has "divorce"."""
    stems = set(tokens(value))
    return bool(stems) and (mentions(text, value) or stems <= set(tokens(text)))


def denies(text: str) -> bool:
    """Whether `text` says that something is not, or no longer, so."""
    return _DENIES.search(text) is not None


def reads_alike(text: str, claim: Claim, speaker: Speaker) -> bool:
    """Whether `text` says of the speaker what `claim` does, but for its value: "lives in Oslo", and Rome.

    So a fact whose slot nobody noted is told to be of the claim's. Only where the words around the
    value tell: "is a nurse" may be anything.
    """
    said = re.search(re.escape(claim.value), claim.text, re.IGNORECASE) if claim.value else None
    if said is None or claim.beside or slot_name(claim.value) in slot_name(claim.slot):
        return False
    before = re.sub(r"^\{(?:I|my)\} ", "", claim.text[: said.start()])
    after = claim.text[said.end() :]
    if words_of(before + after) <= _TELLS_NOTHING:
        return False
    names = "|".join(map(re.escape, (*speaker.aliases, speaker.name.lower())))
    around = (rf"(?:(?:{names})(?:'s?)? )?{re.escape(before)}", rf"{re.escape(after)}\W?")
    found = re.fullmatch(f"{around[0]}(?P<value>{_FEW_WORDS}){around[1]}", text, re.IGNORECASE)
    return found is not None and found["value"][0].isupper() == said[0][0].isupper()


def is_dated_otherwise(text: str, when: str) -> bool:
    """Whether `text` tells of another year or month than `when`: of another marathon."""
    return any(
        (ours := _found(dates, when)) and (theirs := _found(dates, text)) and ours.isdisjoint(theirs)
        for dates in (_YEARS, _MONTHS)
    )


def _found(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(match.casefold() for match in pattern.findall(text))


def is_another(text: str, claim: Claim) -> bool:
    """Whether `text` names another relative or animal than `claim` does: "sister Eva", not "sister Anna"."""
    who, name = claim.about
    if not name:
        return False
    named = re.search(rf"\b{re.escape(who)} (?:is called |called |named )?(?P<name>[A-Z][\w'-]*)", text)
    return named is not None and named["name"].casefold() != name.casefold().split()[0]
