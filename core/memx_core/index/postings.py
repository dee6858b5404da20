"""Which entries contain which word, and how often.

Words are kept as Python's own 64-bit hashes, not as text: no dictionary to hold or to leak, and
nothing of a forgotten text stays in memory. What is new waits unsorted in a tail, which is
merged into the sorted rest now and then, so that adding stays cheap on the average.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from memx_core.index.bm25 import MOST_COUNTED

Positions: TypeAlias = NDArray[np.int32]
Counts: TypeAlias = NDArray[np.uint8]
Hashes: TypeAlias = NDArray[np.int64]

_SHORT_TAIL = 2_000
_TAIL_SHARE = 16  # a tail of this part of the whole is merged


def hashes(words: Iterable[str]) -> Hashes:
    """The words as this process knows them; another process hashes otherwise."""
    return np.fromiter(map(hash, words), np.int64)


class Postings:
    """A growing list of (word, position, count), quick to ask for a word."""

    def __init__(self) -> None:
        self._words: Hashes = np.empty(0, np.int64)  # each once, sorted
        self._starts: NDArray[np.int64] = np.zeros(1, np.int64)  # of its postings, and one end
        self._positions: Positions = np.empty(0, np.int32)
        self._counts: Counts = np.empty(0, np.uint8)
        self._tail: tuple[Hashes, Positions, Counts] = _NOTHING

    @property
    def nbytes(self) -> int:
        """Memory held."""
        sorted_part = self._words.nbytes + self._starts.nbytes + self._positions.nbytes + self._counts.nbytes
        return sorted_part + sum(part.nbytes for part in self._tail)

    def add(self, words: Hashes, lengths: Sequence[int], *, first: int) -> None:
        """Adds entries at positions from `first` on, all new.

        Args:
            words: The words of all of them, one entry after the other.
            lengths: How many of those belong to each.
            first: Position of the first entry, above all there are.
        """
        positions = np.repeat(np.arange(first, first + len(lengths), dtype=np.int32), lengths)
        added = _counted(words, positions)
        self._tail = (
            np.concatenate([self._tail[0], added[0]]),
            np.concatenate([self._tail[1], added[1]]),
            np.concatenate([self._tail[2], added[2]]),
        )
        if len(self._tail[0]) > max(_SHORT_TAIL, len(self._positions) // _TAIL_SHARE):
            self._merge()

    def of(self, words: Hashes) -> list[tuple[Positions, Counts]]:
        """Per word where it is, and how often there."""
        found: list[tuple[Positions, Counts]] = []
        tail_words, tail_positions, tail_counts = self._tail
        for word, place in zip(words, np.searchsorted(self._words, words), strict=True):
            positions, counts = _NOTHING[1], _NOTHING[2]
            if place < len(self._words) and self._words[place] == word:
                part = slice(self._starts[place], self._starts[place + 1])
                positions, counts = self._positions[part], self._counts[part]
            if len(tail_words) and len(late := np.flatnonzero(tail_words == word)):
                positions = np.concatenate([positions, tail_positions[late]])
                counts = np.concatenate([counts, tail_counts[late]])
            found.append((positions, counts))
        return found

    def moved(self, to: Positions) -> Postings:
        """The same for entries at other positions; `to` has the new one of each, or -1."""
        self._merge()
        words = np.repeat(self._words, np.diff(self._starts))
        positions = to[self._positions]
        kept = positions >= 0
        fresh = Postings()
        fresh._tail = (words[kept], positions[kept], self._counts[kept])
        fresh._merge()
        return fresh

    def _merge(self) -> None:
        """Sorts the tail in. Both parts are in order of position within a word, and stay so."""
        words = np.concatenate([np.repeat(self._words, np.diff(self._starts)), self._tail[0]])
        order = np.argsort(words, kind="stable")
        words = words[order]
        self._positions = np.concatenate([self._positions, self._tail[1]])[order]
        self._counts = np.concatenate([self._counts, self._tail[2]])[order]
        firsts = _firsts(words)
        self._words = words[firsts]
        self._starts = np.append(firsts, len(words))
        self._tail = _NOTHING


_NOTHING: tuple[Hashes, Positions, Counts] = (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8))


def _counted(words: Hashes, positions: Positions) -> tuple[Hashes, Positions, Counts]:
    """Each pair of word and position once, with its number (at most `MOST_COUNTED`), by word and position."""
    order = np.argsort(words, kind="stable")  # positions ascend already
    words, positions = words[order], positions[order]
    firsts = _firsts(words, positions)
    counts = np.minimum(np.diff(np.append(firsts, len(words))), MOST_COUNTED).astype(np.uint8)
    return words[firsts], positions[firsts], counts


def _firsts(*columns: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
    """Where a new combination begins."""
    changes = np.ones(len(columns[0]), np.bool_)
    if len(changes):
        changes[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(changes).astype(np.int64)
