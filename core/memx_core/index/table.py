"""The entries of one kind in one scope, as columns.

An entry keeps its position. One whose text changed is put at a new position and its old one is
dead: rows in the columns are never shifted until so many are dead that all are packed anew.
The text itself is not held; only its hash, to see whether it changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memx_core.errors import EmbeddingMismatchError
from memx_core.index.facts import Facts
from memx_core.index.nearness import asks
from memx_core.index.postings import Postings, hashes
from memx_core.ports import IndexEntry
from memx_core.text import tokens

_RECORD = np.dtype(
    [
        ("row", np.int64),
        ("text", np.int64),  # hash
        ("words", np.int32),  # how many the text has
        ("names", np.int32),  # place in `name_sets`
        ("session", np.int32),  # place in `_sessions`
        ("asks", np.float32),  # how much of the text only asks; of a short turn
        ("alive", np.bool_),
        ("current", np.bool_),
        ("embedded", np.bool_),
    ]
)
_BYTES_OF_ID = 104  # a str of 36 characters, its slot in a list, and what the lists have in reserve
_BYTES_OF_A_TABLE = 3_700  # the objects around what it holds, and its share of those around them
_FEW_DEAD = 64


class Table:
    """Columns of entries that grow; `columns` and `vectors` show those in use."""

    def __init__(self) -> None:
        self.count = 0
        self.space = ""
        self.ids: list[str] = []
        self.postings = Postings()
        self.name_sets: list[tuple[str, ...]] = []
        self._name_places: dict[tuple[str, ...], int] = {}
        self._sessions: dict[str, int] = {}
        self._records: NDArray[np.void] = np.empty(0, _RECORD)
        self._vectors: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self.facts = self._facts()

    @property
    def columns(self) -> NDArray[Any]:
        """One record per position."""
        return self._records[: self.count]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """One vector per position; zeros where there is none."""
        return self._vectors[: self.count]

    @property
    def dimensions(self) -> int:
        """Of the vectors; 0 as long as none was seen."""
        return int(self._vectors.shape[1])

    @property
    def nbytes(self) -> int:
        """Memory held, as near as it can be told."""
        arrays = self._records.nbytes + self._vectors.nbytes + self.postings.nbytes
        return _BYTES_OF_A_TABLE + arrays + len(self.ids) * _BYTES_OF_ID + self.facts.nbytes

    def put(self, entries: Sequence[IndexEntry]) -> None:
        """Takes in new and changed entries; of several with one row the last.

        Raises:
            EmbeddingMismatchError: If a vector is of another space or size than those before.
        """
        latest = sorted({entry.row: entry for entry in entries}.values(), key=attrgetter("row"))
        self._check_vectors(latest)
        self._append(self._replace(latest) if self.count else latest)
        self.facts = self._facts()
        if self.count - self.facts.living > max(_FEW_DEAD, self.count // 4):
            self._pack()

    def _replace(self, entries: Sequence[IndexEntry]) -> list[IndexEntry]:
        """Puts entries whose text is the same where they are; those that are to be appended."""
        places = self.facts.positions(np.array([entry.row for entry in entries], np.int64)).tolist()
        fresh: list[IndexEntry] = []
        for entry, place in zip(entries, places, strict=True):
            if place >= 0 and self._records["text"][place] == hash(entry.text):
                self._fill(slice(place, place + 1), [entry], [int(self._records["words"][place])])
                continue
            if place >= 0:
                self._records["alive"][place] = False
            fresh.append(entry)
        return fresh

    def _append(self, entries: Sequence[IndexEntry]) -> None:
        if not entries:
            return
        words, lengths = list[str](), list[int]()
        for entry in entries:
            terms = tokens(entry.text)
            words += terms
            lengths.append(len(terms))
        self.postings.add(hashes(words), lengths, first=self.count)
        end = self.count + len(entries)
        self._reserve(end)
        self._fill(slice(self.count, end), entries, lengths)
        self.ids += [entry.id for entry in entries]
        self.count = end

    def _fill(self, places: slice, entries: Sequence[IndexEntry], words: Sequence[int]) -> None:
        """Column by column: many entries cost less so than record by record."""
        part, sessions = self._records[places], self._sessions
        part["row"] = [entry.row for entry in entries]
        part["text"] = [hash(entry.text) for entry in entries]
        part["words"] = words
        part["names"] = self._places_of_names([entry.names for entry in entries])
        part["session"] = [sessions.setdefault(entry.session, len(sessions)) for entry in entries]
        part["asks"] = [asks(entry, count) for entry, count in zip(entries, words, strict=True)]
        part["alive"] = True
        part["current"] = [entry.current for entry in entries]
        part["embedded"] = [entry.vector is not None for entry in entries]
        if self.dimensions:
            nothing = np.zeros(self.dimensions, np.float32)
            vectors = [nothing if entry.vector is None else entry.vector for entry in entries]
            np.concatenate(vectors, out=self._vectors[places].reshape(-1))  # no copy: a large one is slow to come by

    def _places_of_names(self, sets: Sequence[tuple[str, ...]]) -> list[int]:
        places = self._name_places
        for names in dict.fromkeys(sets):
            if places.setdefault(names, len(self.name_sets)) == len(self.name_sets):
                self.name_sets.append(names)
        return [places[names] for names in sets]

    def _check_vectors(self, entries: Sequence[IndexEntry]) -> None:
        """Sees to it that all vectors are of one space and size, which the first of all decides."""
        for space in dict.fromkeys(entry.space for entry in entries):
            self.space = self.space or space
            if space and space != self.space:
                raise EmbeddingMismatchError.between(space, self.space)
        for shape in dict.fromkeys(entry.vector.shape for entry in entries if entry.vector is not None):
            if not self.dimensions:
                self._vectors = np.zeros((len(self._records), *shape), np.float32)
            if shape != self._vectors.shape[1:]:
                raise _odd(entries, shape, self.dimensions)

    def _reserve(self, count: int) -> None:
        """Makes room, for an eighth more than needed: growing one by one stays cheap."""
        if count <= len(self._records):
            return
        size = count + count // 8 + 8
        records, vectors = np.zeros(size, _RECORD), np.empty((size, self.dimensions), np.float32)
        records[: self.count], vectors[: self.count] = self.columns, self.vectors
        self._records, self._vectors = records, vectors

    def _facts(self) -> Facts:
        return Facts(self.columns, self.name_sets)

    def _pack(self) -> None:
        """Drops what is dead."""
        kept = np.flatnonzero(self.columns["alive"])
        to = np.full(self.count, -1, np.int32)
        to[kept] = np.arange(len(kept), dtype=np.int32)
        self.postings = self.postings.moved(to)
        self.ids = [self.ids[place] for place in kept.tolist()]
        self._records, self._vectors = self.columns[kept], self.vectors[kept]
        self.count = len(kept)
        self.facts = self._facts()


def _odd(entries: Sequence[IndexEntry], shape: tuple[int, ...], dimensions: int) -> EmbeddingMismatchError:
    entry = next(entry for entry in entries if entry.vector is not None and entry.vector.shape == shape)
    return EmbeddingMismatchError(
        f"{entry.kind} {entry.id!r} has a vector of shape {shape!r} among vectors of "
        f"{dimensions} dimensions; embed it again with the present model"
    )
