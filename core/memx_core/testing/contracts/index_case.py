"""The stage on which an index is tested: a source to read from, and short ways to write and find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from memx_core.ports import EntryKind, Index, IndexEntry, IndexHit, IndexQuery, Vector
from memx_core.testing.source import ListSource
from memx_core.text import tokens
from memx_core.types import Scope

Rows: TypeAlias = Mapping[EntryKind, Sequence[int]]

APP = "app"
ANNA = Scope(user_id="anna")
BEN = Scope(user_id="ben")


class IndexCase:
    """A new index for each test, attached to a source that is empty."""

    source: ListSource
    index: Index

    def make_index(self) -> Index:
        """A new, empty index for vectors of 4 dimensions."""
        raise NotImplementedError("make_index returns the index to be tested")

    def setup_method(self) -> None:
        """Called by pytest before each test."""
        self.source = ListSource()
        self.index = self.make_index()
        self.index.attach(self.source)

    def teardown_method(self) -> None:
        """Called by pytest after each test."""
        self.index.close()

    def write(self, *entries: IndexEntry, namespace: str = APP) -> None:
        """Commits `entries` and tells the index, as a flow does."""
        self.source.write(namespace, *entries)
        self.index.apply(namespace, entries)

    def find(
        self,
        *,
        vector: Sequence[float] | None = None,
        words: str | None = None,
        scope: Scope = ANNA,
        namespace: str = APP,
        limit: int = 10,
        kinds: tuple[EntryKind, ...] = ("memory",),
        names: frozenset[str] = frozenset(),
        among: Rows | None = None,
        space: str = "",
    ) -> list[IndexHit]:
        """What one search finds, in the order of kinds and rows; `among` is `IndexQuery.rows`."""
        query = IndexQuery(
            namespace=namespace,
            scope=scope,
            vectors=None if vector is None else unit(*vector).reshape(1, -1),
            words=None if words is None else [tokens(words)],
            limit=limit,
            kinds=kinds,
            names=names,
            rows=None if among is None else {kind: np.array(some, dtype=np.int64) for kind, some in among.items()},
            space=space,
        )
        answers = self.index.search(query)
        assert len(answers) == 1, "one query was asked"
        return sorted(answers[0], key=lambda hit: (hit.kind, hit.row))


def rows(hits: Sequence[IndexHit]) -> list[int]:
    """Which rows were found."""
    return [hit.row for hit in hits]


def only(hits: Sequence[IndexHit]) -> IndexHit:
    """The one that was found."""
    assert len(hits) == 1, f"one hit is right, not {hits!r}"
    return hits[0]


def unit(*numbers: float) -> Vector:
    """A normalised vector."""
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def memory(
    row: int,
    text: str = "",
    *,
    vector: Sequence[float] | None = None,
    scope: Scope = ANNA,
    id: str | None = None,
    names: tuple[str, ...] = (),
    current: bool = True,
    space: str = "",
) -> IndexEntry:
    """A memory's entry; each row is a memory of its own unless `id` says otherwise."""
    return IndexEntry(
        row=row,
        id=id or f"memory-{row}",
        kind="memory",
        scope=scope,
        text=text,
        vector=None if vector is None else unit(*vector),
        names=names,
        current=current,
        space=space,
    )


def message(
    row: int,
    text: str = "",
    *,
    vector: Sequence[float] | None = None,
    scope: Scope = ANNA,
    names: tuple[str, ...] = (),
) -> IndexEntry:
    """The entry of a chat turn, each in a conversation of its own."""
    return IndexEntry(
        row=row,
        id=f"message-{row}",
        kind="message",
        scope=scope,
        text=text,
        vector=None if vector is None else unit(*vector),
        names=names,
        session=f"session-{row}",
    )
