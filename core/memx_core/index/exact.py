"""The default index: exact, in memory, one per process, always as new as the ledger.

A scope is loaded when it is first searched, and on every later search catches up with what was
written since, by whichever thread or process. So there is nothing to configure, nothing to
lock between processes, and nothing that can go stale: good for up to about 20,000 memories in
one scope. Scopes not searched for long are let go when all together hold too much.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock
from typing import TypeAlias

from memx_core.errors import EmbeddingMismatchError, IndexUnavailableError
from memx_core.index.arms import hits
from memx_core.index.table import Table
from memx_core.ports import EntryKind, IndexEntry, IndexHit, IndexQuery, IndexSource
from memx_core.types import Scope

_Key: TypeAlias = tuple[str, Scope]
_CHUNK = 20_000


class ExactIndex:
    """Vectors and words of the scopes searched lately, held in memory. Thread-safe.

    Args:
        max_bytes: What all scopes together may hold; the one being searched is never let go.
    """

    def __init__(self, *, max_bytes: int = 512 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._source: IndexSource | None = None
        self._holdings: OrderedDict[_Key, _Holding] = OrderedDict()
        self._counted = 0  # bytes that the holdings were last seen to hold: adding them up anew would cost every search
        self._told: Counter[str] = Counter()  # per application, the writes of this process
        self._lock = Lock()  # of these three; never held while reading or searching

    def __repr__(self) -> str:
        return f"{type(self).__name__}(scopes={len(self._holdings)}, nbytes={self.nbytes})"

    @property
    def nbytes(self) -> int:
        """Memory held by all scopes, as near as it can be told."""
        with self._lock:
            return sum(holding.nbytes for holding in self._holdings.values())

    @property
    def pulls(self) -> bool:
        """Always: what is new is read when somebody searches."""
        return True

    def attach(self, source: IndexSource) -> None:
        """Reads from `source` from now on, and forgets what it held."""
        self.close()
        self._source = source

    def apply(self, namespace: str, entries: Sequence[IndexEntry]) -> None:
        """Only notes that something was written: the next call reads it."""
        with self._lock:
            self._told[namespace] += 1

    def search(self, query: IndexQuery) -> list[list[IndexHit]]:
        """Per query the union of both arms' best entries of each kind.

        Raises:
            EmbeddingMismatchError: If vectors of two sizes meet.
            IndexUnavailableError: If it is attached to no source.
        """
        holding = self._holding(query.namespace, query.scope)
        told = self._told[query.namespace]
        with holding.lock:
            holding.catch_up(self._reader, query.kinds, told)
            found = [hits(holding.tables[kind], kind, query) for kind in query.kinds]
        self._let_go(holding)
        return [[hit for part in parts for hit in part] for parts in zip(*found, strict=True)]

    def names(self, namespace: str, scope: Scope, kinds: tuple[EntryKind, ...] = ("memory",)) -> frozenset[str]:
        """Lower-cased names of speakers and subjects of `kinds` in `scope`.

        Those of another process's writes are known after the next search: they only help to
        rank, and are not worth asking the ledger once more before each search.
        """
        holding = self._holding(namespace, scope)
        told = self._told[namespace]
        with holding.lock:
            if not holding.has_heard(told, kinds):
                holding.catch_up(self._reader, kinds, told)
            return frozenset[str]().union(*(holding.tables[kind].facts.names for kind in kinds))

    def drop(self, namespace: str, scope: Scope | None = None) -> None:
        """Forgets every held scope that may share an entry with `scope`."""
        with self._lock:
            gone = [key for key in self._holdings if key[0] == namespace and (scope is None or _meet(key[1], scope))]
            for key in gone:
                self._counted -= self._holdings.pop(key).counted

    def close(self) -> None:
        """Forgets everything; a later search reads it again."""
        with self._lock:
            self._holdings.clear()
            self._counted = 0

    @property
    def _reader(self) -> IndexSource:
        if self._source is None:
            raise IndexUnavailableError("the index has no source; attach(ledger) comes before anything else")
        return self._source

    def _holding(self, namespace: str, scope: Scope) -> _Holding:
        key = (namespace, scope)
        with self._lock:
            holding = self._holdings.setdefault(key, _Holding(namespace, scope))
            self._holdings.move_to_end(key)
            return holding

    def _let_go(self, searched: _Holding) -> None:
        """Forgets what was not searched for longest, until the rest fits."""
        with self._lock:
            if self._holdings.get(searched.key) is not searched:
                return  # forgotten meanwhile
            self._counted += searched.nbytes - searched.counted
            searched.counted = searched.nbytes
            while self._counted > self._max_bytes and len(self._holdings) > 1:
                _, oldest = self._holdings.popitem(last=False)
                self._counted -= oldest.counted


class _Holding:
    """One scope of one application: a table for each kind that was asked for."""

    def __init__(self, namespace: str, scope: Scope) -> None:
        self.lock = Lock()
        self.tables: dict[EntryKind, Table] = {}
        self.nbytes = 0
        self.counted = 0
        self._reached: dict[EntryKind, int] = {}  # revision
        self._heard: dict[EntryKind, int] = {}  # writes told of when it last caught up
        self._namespace = namespace
        self._scope = scope

    @property
    def key(self) -> _Key:
        """What it is held as."""
        return self._namespace, self._scope

    def has_heard(self, told: int, kinds: Iterable[EntryKind]) -> bool:
        """Whether the tables of `kinds` hold all writes that this process was told of."""
        return all(self._heard.get(kind) == told for kind in kinds)

    def catch_up(self, source: IndexSource, kinds: Iterable[EntryKind], told: int) -> None:
        """Brings the tables of `kinds` to what `source` holds now, which is no less than was `told`."""
        for since in {self._reached.get(kind, 0) for kind in kinds}:
            self._read_or_reload(source, [kind for kind in kinds if self._reached.get(kind, 0) == since], since)
        self._heard.update(dict.fromkeys(kinds, told))

    def _read_or_reload(self, source: IndexSource, kinds: Sequence[EntryKind], since: int) -> None:
        try:
            stale = self._read(source, kinds, since)
        except EmbeddingMismatchError:
            stale = True  # the embedding model may have been changed: what is held is of the old one
        if stale:
            for kind in kinds:
                self.tables.pop(kind, None)
                self._reached.pop(kind, None)
            self._read(source, kinds, 0)

    def _read(self, source: IndexSource, kinds: Sequence[EntryKind], since: int) -> bool:
        """Takes in what is new; True if what is held has to be forgotten instead."""
        news = source.entries(self._namespace, self._scope, since=since, kinds=kinds)
        if news.removed:
            return True
        if 0 < since == news.reached:
            return False
        for kind in kinds:
            self.tables.setdefault(kind, Table())
        for chunk in _chunks(news.entries):
            for kind in kinds:
                self.tables[kind].put([entry for entry in chunk if entry.kind == kind])
        self._reached.update(dict.fromkeys(kinds, news.reached))
        self.nbytes = sum(table.nbytes for table in self.tables.values())
        return False


def _chunks(entries: Iterable[IndexEntry]) -> Iterator[list[IndexEntry]]:
    rest = iter(entries)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _meet(one: Scope, other: Scope) -> bool:
    """Whether some address is in both: no id is given twice, differently."""
    pairs = ((one.user_id, other.user_id), (one.agent_id, other.agent_id), (one.run_id, other.run_id))
    return all(left is None or right is None or left == right for left, right in pairs)
