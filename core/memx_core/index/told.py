"""An index that is told what is written, kept as new as the ledger.

Whoever comes first, after a write or before a search, tells it what it has not heard of, as it
stands then. So a telling that failed is made up for, also after a crash; one that comes again
does no harm; and what two processes tell in the wrong order is told once more. While it refuses,
the ledger itself is searched, as far as that is to be had.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol, TypeVar

from memx_core import addresses
from memx_core.errors import IndexUnavailableError
from memx_core.index.exact import ExactIndex
from memx_core.ledger import Late
from memx_core.ports import Checkable, EntryKind, Index, IndexEntry, IndexHit, IndexQuery, IndexSource
from memx_core.types import Scope

T = TypeVar("T")
MOST_READ = 20_000
"""Entries of a scope up to which the ledger is searched while the index refuses."""
REST = 5.0
"""Seconds that an index is left alone by searches after it refused: it may take long to do so."""
_CHUNK = 256
_HELD = 64 * 1024 * 1024
_logger = logging.getLogger("memx_core")


class Teller(IndexSource, Protocol):
    """A source that also remembers what an index has heard of."""

    def late(self, namespace: str, *, since: int | None = None) -> Late:
        """What is to be told; with `since` also what was written between that and now."""
        ...

    def hear(self, namespace: str, *, heard: int, reached: int) -> bool:
        """Notes that it was told up to `reached`; False if it has heard of something else than `heard` meanwhile."""
        ...

    def unhear(self, namespace: str) -> None:
        """Notes that everything is to be told anew."""
        ...

    def holds_more(self, namespace: str, scope: Scope, than: int) -> bool:
        """Whether `scope` has more entries than so many."""
        ...

    def all_entries(self, namespace: str, *, after: IndexEntry | None, limit: int) -> Sequence[IndexEntry]:
        """The next entries of the whole application."""
        ...


class ToldIndex:
    """`index`, which is told, as one that looks by itself. Thread-safe.

    Args:
        index: Told by `apply` alone; every process that uses it is to see the same.
        teller: The ledger.
    """

    def __init__(self, index: Index, teller: Teller) -> None:
        self._index = index
        self._teller = teller
        self._telling = Lock()
        self._instead = ExactIndex(max_bytes=_HELD)
        self._resting_until = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._index!r})"

    @property
    def pulls(self) -> bool:
        """Always: it is told here."""
        return True

    def attach(self, source: IndexSource) -> None:
        """See `Index`."""
        self._index.attach(source)
        self._instead.attach(self._teller)

    def apply(self, namespace: str, entries: Sequence[IndexEntry]) -> None:
        """Tells the index what it has not heard of; `entries` come from the source.

        Raises:
            IndexUnavailableError: If it refuses; it is told before the next search, or by the worker.
        """
        with self._telling:
            self._tell(namespace)

    def search(self, query: IndexQuery) -> Sequence[Sequence[IndexHit]]:
        """See `Index`; what is late is told first.

        Raises:
            IndexUnavailableError: If the index refuses, and the scope is too large to be searched without it.
        """
        return self._asked(
            query.namespace, query.scope, lambda: self._index.search(query), lambda: self._instead.search(query)
        )

    def names(self, namespace: str, scope: Scope, kinds: tuple[EntryKind, ...] = ("memory",)) -> frozenset[str]:
        """See `Index`; what is late is told first."""
        return self._asked(
            namespace,
            scope,
            lambda: self._index.names(namespace, scope, kinds),
            lambda: self._instead.names(namespace, scope, kinds),
        )

    def check(self, namespace: str, space: str) -> None:
        """See `Checkable`; there is nothing to look at where the index cannot tell."""
        if isinstance(self._index, Checkable):
            self._index.check(namespace, space)

    def drop(self, namespace: str, scope: Scope | None = None) -> None:
        """Forgets `scope` after its erasure; the whole application, to be told of it anew."""
        with self._telling:
            if scope is None:
                self._teller.unhear(namespace)
            self._index.drop(namespace, scope)
            if scope is not None:
                # What was written to it since the erasure may have been told already, and dropped with the rest.
                self._tell_since(namespace, scope, 0)
                self._tell(namespace, dropped=addresses.digest(namespace, scope))

    def close(self) -> None:
        """See `Index`."""
        self._index.close()
        self._instead.close()

    def _asked(self, namespace: str, scope: Scope, ask: Callable[[], T], instead: Callable[[], T]) -> T:
        """What the index answers, or the ledger while it does not."""
        resting = time.monotonic() < self._resting_until
        if not (resting and self._may_read(namespace, scope)):
            try:
                self.apply(namespace, ())
                answer = ask()
            except IndexUnavailableError as error:
                self._resting_until = time.monotonic() + REST
                if not self._may_read(namespace, scope):
                    raise
                _logger.warning("the index is unavailable, and the database is searched instead: %s", error)
            else:
                self._instead.close()
                return answer
        return instead()

    def _may_read(self, namespace: str, scope: Scope) -> bool:
        return not self._teller.holds_more(namespace, scope, MOST_READ)

    def _tell(self, namespace: str, *, dropped: str | None = None) -> None:
        late = self._teller.late(namespace)
        if late.since == late.reached:
            return
        begun = late.since
        while True:
            if late.since == 0 or any(digest != dropped for digest in late.erased):
                self._tell_all(namespace)
            else:
                self._tell_of(namespace, late)
            if self._teller.hear(namespace, heard=late.heard, reached=late.reached):
                return
            # Another process told it of something newer meanwhile, or of the same: what was told here may have
            # come last, and be older. So it is told again, as it is now.
            late = self._teller.late(namespace, since=begun)

    def _tell_of(self, namespace: str, late: Late) -> None:
        for scope in late.scopes:
            self._tell_since(namespace, scope, late.since)

    def _tell_since(self, namespace: str, scope: Scope, since: int) -> None:
        entries = list(self._teller.entries(namespace, scope, since=since)[0])
        for start in range(0, len(entries), _CHUNK):
            self._index.apply(namespace, entries[start : start + _CHUNK])

    def _tell_all(self, namespace: str) -> None:
        self._index.drop(namespace)
        last: IndexEntry | None = None
        while chunk := self._teller.all_entries(namespace, after=last, limit=_CHUNK):
            self._index.apply(namespace, chunk)
            last = chunk[-1]
