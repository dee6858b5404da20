"""An index that is told what is written, and may fail as a server does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from memx_core.errors import IndexUnavailableError
from memx_core.index import ExactIndex
from memx_core.ports import EntryKind, IndexEntry, IndexHit, IndexQuery, IndexSource
from memx_core.testing.source import ListSource
from memx_core.types import Scope

Fault: TypeAlias = Literal["refused", "lost"] | None
"""A call that does nothing, or one whose answer is lost; both raise."""


def _none() -> Fault:
    return None


class PushedIndex:
    """An index that reads nothing by itself: all it knows it was told by `apply`. Thread-safe.

    Args:
        fault: Asked at each `apply` and `drop` how that is to fail.
    """

    pulls = False

    def __init__(self, fault: Callable[[], Fault] = _none) -> None:
        self._fault = fault
        self._told = ListSource()
        self._exact = ExactIndex()
        self._exact.attach(self._told)

    def attach(self, source: IndexSource) -> None:
        """Takes no notice: it does not read."""

    def apply(self, namespace: str, entries: Sequence[IndexEntry]) -> None:
        """Takes the entries in, perhaps."""
        fault = self._fault()
        if fault != "refused":
            self._told.write(namespace, *entries)
        _raise(fault)

    def search(self, query: IndexQuery) -> list[list[IndexHit]]:
        """Among what it was told."""
        return self._exact.search(query)

    def names(self, namespace: str, scope: Scope, kinds: tuple[EntryKind, ...] = ("memory",)) -> frozenset[str]:
        """Of what it was told."""
        return self._exact.names(namespace, scope, kinds)

    def drop(self, namespace: str, scope: Scope | None = None) -> None:
        """Forgets it, perhaps."""
        fault = self._fault()
        if fault != "refused":
            self._told.erase(namespace, scope or Scope())
            self._exact.drop(namespace, scope)
        _raise(fault)

    def close(self) -> None:
        """Keeps what it was told, as a server does."""


def _raise(fault: Fault) -> None:
    if fault is not None:
        raise IndexUnavailableError(f"the index fails, as the test wants it: {fault}")
