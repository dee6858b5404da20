"""How near an answer is to the right one, and how sure a mean is. Pure."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from statistics import fmean

import numpy as np
import Stemmer

_ARTICLES = re.compile(r"\b(a|an|the|and)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_UNKNOWN = ("no information available", "not mentioned")
_RESAMPLES = 2_000
_Z = 1.959964  # 95 % of a normal distribution lie within so many deviations
_stems = Stemmer.Stemmer("porter")


def f1(answer: str, right: str, *, category: str) -> float:
    """LoCoMo's: harmonic mean of precision and recall over stems, by its rule for the category.

    Args:
        answer: The model's.
        right: The author's; of `open-domain` only what stands before a semicolon.
        category: In `multi-hop` both are lists with commas: of each right part the best answered.
    """
    if category == "open-domain":
        right = right.split(";")[0]
    if category != "multi-hop":
        return _overlap(answer, right)
    answers = answer.split(",")
    return fmean(max(_overlap(one, part) for one in answers) for part in right.split(","))


def _overlap(answer: str, right: str) -> float:
    said, wanted = _words(answer), _words(right)
    common = sum((Counter(said) & Counter(wanted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(said), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _words(text: str) -> list[str]:
    bare = _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION))
    return list(_stems.stemWords(bare.split()))


def says_unknown(answer: str) -> bool:
    """LoCoMo's own test for an adversarial question: one of two phrases."""
    return any(phrase in answer.lower() for phrase in _UNKNOWN)


def order(places: Sequence[int], events: int) -> float:
    """BEAM's for the order of events: Kendall's tau-b of the ranks, scaled to [0, 1].

    Events that the answer leaves out, and lines that tell none, share the last rank in the list
    where they are missing. 0 where tau is undefined.

    Args:
        places: Of each line of the answer its event, counted from 1; 0 for none, and no event twice.
        events: How many there are, in the right order.
    """
    ranks = {event: rank for rank, event in enumerate(places, 1) if event}
    strangers = [rank for rank, event in enumerate(places, 1) if not event]
    last = events + len(strangers) + 1
    wanted = [*range(1, events + 1), *(last for _ in strangers)]
    found = [*(ranks.get(event, last) for event in range(1, events + 1)), *strangers]
    tau = _tau(wanted, found)
    return 0.0 if tau is None else (tau + 1) / 2


def _tau(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Kendall's tau-b; `None` where all of a list are equal."""
    pairs = [(one, other) for other in range(len(first)) for one in range(other)]
    signs = [(_sign(first[a] - first[b]), _sign(second[a] - second[b])) for a, b in pairs]
    untied = [sum(1 for pair in signs if pair[side]) for side in (0, 1)]
    return sum(x * y for x, y in signs) / sqrt(untied[0] * untied[1]) if all(untied) else None


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean lies with 95 % confidence.

    Wilson's where every value is 0 or 1, else the middle of 2,000 means of as many values drawn
    with replacement (the same ones each time).
    """
    count = len(values)
    if not count:
        return 0.0, 1.0
    mean = fmean(values)
    if any(value not in (0, 1) for value in values):
        drawn = np.random.default_rng(0).choice(np.asarray(values), (_RESAMPLES, count)).mean(axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
        return low, high
    square = _Z * _Z / count
    middle = (mean + square / 2) / (1 + square)
    width = _Z * sqrt(mean * (1 - mean) / count + square / (4 * count)) / (1 + square)
    return max(0.0, middle - width), min(1.0, middle + width)
