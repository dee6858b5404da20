"""What follows from a table's columns: found out when first asked for, thrown away with any change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memx_core.index import bm25


class Facts:
    """Derived from one state of a table.

    Args:
        columns: The table's records.
        name_sets: What the numbers in the column `names` stand for.
    """

    def __init__(self, columns: NDArray[Any], name_sets: Sequence[tuple[str, ...]]) -> None:
        self._columns = columns
        self._name_sets = name_sets

    @property
    def nbytes(self) -> int:
        """Memory held once all was asked for."""
        return 22 * len(self._columns)

    @cached_property
    def living(self) -> int:
        """How many positions are not dead."""
        return int(np.count_nonzero(self._columns["alive"]))

    @cached_property
    def current(self) -> NDArray[np.bool_]:
        """Which positions every search may find."""
        both: NDArray[np.bool_] = self._columns["alive"] & self._columns["current"]
        return both

    @cached_property
    def currents(self) -> int:
        """How many those are."""
        return int(np.count_nonzero(self.current))

    @cached_property
    def embedded(self) -> NDArray[np.bool_]:
        """Which positions have a vector."""
        return np.ascontiguousarray(self._columns["embedded"])

    @cached_property
    def burdens(self) -> NDArray[np.float32]:
        """BM25's length term: what a count is divided by, besides itself."""
        words = self._columns["words"].astype(np.float32)
        mean = float(words[self.current].mean()) if self.currents else 0.0
        return bm25.burdens(words, mean)

    @cached_property
    def names(self) -> frozenset[str]:
        """Of speakers and subjects of what is current."""
        places: list[int] = np.flatnonzero(np.bincount(self._columns["names"][self.current])).tolist()
        return frozenset[str]().union(*(self._name_sets[place] for place in places))

    @cached_property
    def neighbours(self) -> NDArray[np.int64]:
        """Positions of the turns before and after, in two columns; -1 where there is none."""
        places = np.flatnonzero(self.current)
        columns = self._columns[places]
        order = np.lexsort((columns["row"], columns["session"]))
        same = np.diff(columns["session"][order]) == 0
        before, after = places[order[:-1]][same], places[order[1:]][same]
        beside = np.full((len(self._columns), 2), -1, np.int64)
        beside[after, 0] = before
        beside[before, 1] = after
        return beside

    def bearers(self, names: frozenset[str]) -> NDArray[np.bool_]:
        """Which positions are said by, or about, one of `names`."""
        places = [place for place, known in enumerate(self._name_sets) if not names.isdisjoint(known)]
        return np.isin(self._columns["names"], places)

    def positions(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the living entries with these rows are; -1 for those that are not there."""
        places, known = self._by_row
        if not len(known):
            return np.full(len(rows), -1, np.int64)
        found = np.minimum(np.searchsorted(known, rows), len(known) - 1)
        return np.where(known[found] == rows, places[found], -1)

    @cached_property
    def _by_row(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the living entries in order of their row, and those rows."""
        places = np.flatnonzero(self._columns["alive"])
        rows = self._columns["row"][places]
        if len(rows) > 1 and not (rows[1:] > rows[:-1]).all():
            order = np.argsort(rows)
            places, rows = places[order], rows[order]
        return places, np.ascontiguousarray(rows)
