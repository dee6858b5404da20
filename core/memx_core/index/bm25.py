"""BM25's formula, for whatever counts the words: every index is to score alike. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
"""How soon a repeated word adds no more."""
B = 0.75
"""How much a long text has to make up for."""
MOST_COUNTED = 255
"""A word said more often counts as if said so often."""


def rarity(entries: int, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """What words weigh that are in so many of the entries."""
    return np.log1p((np.maximum(entries, frequencies) - frequencies + 0.5) / (frequencies + 0.5))


def burdens(words: NDArray[np.float32], mean: float) -> NDArray[np.float32]:
    """What the counts of a text are divided by, besides themselves.

    Args:
        words: How many words each text has.
        mean: How many those have on the average that are current; 0 if there are none.
    """
    return (K1 * (1 - B + B * words / (mean or 1.0))).astype(np.float32)


def gains(
    rarities: NDArray[np.float64], counts: NDArray[np.float32], burden: NDArray[np.float32]
) -> NDArray[np.float64]:
    """What each word adds to its text's score."""
    gained: NDArray[np.float64] = (K1 + 1) * rarities * counts / (counts + burden)
    return gained


def share(
    covered: NDArray[np.float64], scores: NDArray[np.float64], entries: int, frequencies: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Scores on a scale from 0 to 1, whatever the size of the scope.

    Half of it is BM25, of what all the words score once each in a text of middling length, and
    half the part of the words that is there, which no length can diminish.

    Args:
        covered: What the words weigh that are in each text.
        scores: Its BM25.
        entries: How many are current.
        frequencies: In how many of those each of the query's words is.
    """
    total = float(rarity(entries, np.maximum(frequencies, 1)).sum())
    shares = (covered + np.minimum(scores, total)) / (2 * total)
    return np.minimum(shares, 1).astype(np.float32)
