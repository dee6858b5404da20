"""How two texts relate: whether one takes the other's place, contains it, or says the same.

Words decide, not vectors: what is compared here is a handful of short texts, and a wrong yes
loses a memory. So every doubt is a no.
"""

from __future__ import annotations

import re

from memx_core import text
from memx_core.types import MemoryItem

# Attributes that have one value at a time: a new one takes the old one's place.
_SINGLE = frozenset(
    (
        "name",
        "age",
        "birthday",
        "home",
        "address",
        "employer",
        "job",
        "partner",
        "relationship",
        "diet",
        "phone",
        "email",
    )
)
# Verbs that a thing can be true of many times over: sharing one proves nothing.
_MANIFOLD = frozenset(
    text.tokens(
        "like love enjoy hate dislike adore want need own name call go visit plan play read watch know use get take buy"
        " make speak learn travel see meet user favourite favorite interest dog cat friend"
    )
)
_TOPICS = {
    "home": "live lives lived move moved moving reside resides relocate relocated home apartment based settled",
    "work": "work works worked job employed employer hired joined joins retired career position",
    "love": "married dating engaged divorced single partner husband wife girlfriend boyfriend",
    "diet": "vegetarian vegan pescatarian omnivore diet eat eats meat",
    "age": "old age aged turned years birthday born",
}
_TOPIC_OF = {term: f"={topic}" for topic, words in _TOPICS.items() for term in text.tokens(words)}
_CAPITALISED = re.compile(r"(?<![^\W_])[^\W\d_a-z]\w+")


def fills(item: MemoryItem, *, subject: str | None, slot: str | None) -> bool:
    """Whether `item` holds the one value of the same attribute of the same subject."""
    same = (item.subject or "").casefold() == (subject or "").casefold()
    return bool(subject) and same and item.slot == slot and slot in _SINGLE


def replaces(old: str, new: str) -> bool:
    """Whether `new` plausibly takes the place of `old`: it says of the same subject what can be true but once."""
    before, after = _topical(old), _topical(new)
    if not before or not after or before[0] != after[0]:
        return False
    return bool((set(before[1:]) & set(after[1:])) - _MANIFOLD)


def contains(whole: str, part: str) -> bool:
    """Whether `whole` says all that `part` says."""
    terms = set(text.tokens(part))
    return (
        bool(terms)
        and terms <= set(text.tokens(whole))
        and text.numbers(part) <= text.numbers(whole)
        and text.negated(part) == text.negated(whole)
    )


def same_claim(one: str, other: str) -> bool:
    """Whether two texts agree in what vectors blur: numbers, names and negation."""
    return (
        text.numbers(one) == text.numbers(other)
        and text.negated(one) == text.negated(other)
        and _names_in(one, other)
        and _names_in(other, one)
    )


def _topical(words: str) -> list[str]:
    """The terms of a text, verbs of one topic made the same; the first is taken for its subject."""
    return [_TOPIC_OF.get(term, term) for term in text.tokens(words)]


def _names_in(one: str, other: str) -> bool:
    """Whether all that has a capital in `one` is in `other`, in any case."""
    capitalised = (match[0] for match in _CAPITALISED.finditer(one))
    return all(text.mentioned(word, other) for word in capitalised if word.casefold() not in text.STOP_WORDS)
