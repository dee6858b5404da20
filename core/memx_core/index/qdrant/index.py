"""`QdrantIndex`: the port, on a server."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from qdrant_client import AsyncQdrantClient, QdrantClient

from memx_core.errors import EmbeddingMismatchError, IndexUnavailableError
from memx_core.index.qdrant.clients import GoneError, opened
from memx_core.index.qdrant.figures import Figures
from memx_core.index.qdrant.kept import Kept
from memx_core.index.qdrant.layout import Collection, Collections, Settings
from memx_core.index.qdrant.reading import Consistency, Reader, ShardKey
from memx_core.index.qdrant.search import Search
from memx_core.index.qdrant.writing import ShardKeys, Writer
from memx_core.ports import EntryKind, IndexEntry, IndexHit, IndexQuery, IndexSource
from memx_core.types import Scope

T = TypeVar("T")
MANY = 2_000
"""Points from which on local mode is no longer to be recommended: it looks at all of them, in Python."""
_CHUNK = 256


class QdrantIndex:
    """Vectors and words on a Qdrant server (1.16 or newer), in Qdrant Cloud or on a cluster. Thread-safe.

    It is told what is written; what it was not told, because one of the two was down, it is told
    before the next search. It ranks as `ExactIndex` does. A text never leaves the database; who it
    belongs to, its names and numbers for its words do.

    Args:
        url: Where the server is; `":memory:"` for the library's local mode, which is for tests.
        api_key: The server's, or the cloud's.
        path: A folder for the local mode: one process, and brute force.
        client: Instead of all that a client of your own: a `QdrantClient`, or an `AsyncQdrantClient`
            whose settings are used. memx does not close it.
        prefix: What the names of collections begin with; give each database that shares a server its own.
        shard_number: Shards of a new collection.
        replication_factor: Copies of each shard of a new collection.
        write_consistency_factor: Copies that have to acknowledge a write.
        read_consistency: Copies that are asked by a search, or `majority`, `quorum`, `all`.
        shard_key_fn: For custom sharding: on which shard the entries of an address lie. It is asked
            with the scope of a search too, and returns `None` where that is more than one shard's.
        exact: Compare with every vector of a scope, without a graph.
        collection: Further arguments of `create_collection`, such as `quantization_config`.
        options: Further arguments of `QdrantClient`, such as `prefer_grpc` or `timeout`.

    Raises:
        InvalidInputError: If not exactly one of `url`, `path` and `client` is given.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        path: str | None = None,
        client: QdrantClient | AsyncQdrantClient | None = None,
        prefix: str = "memx",
        shard_number: int | None = None,
        replication_factor: int | None = None,
        write_consistency_factor: int | None = None,
        read_consistency: Consistency | None = None,
        shard_key_fn: Callable[[Scope], ShardKey | None] | None = None,
        exact: bool = False,
        collection: Mapping[str, Any] | None = None,
        **options: Any,  # noqa: ANN401  # the client knows what they are
    ) -> None:
        key = {} if api_key is None else {"api_key": api_key}
        self._server = opened(url, path, client, {**key, **options})
        factors = {
            "shard_number": shard_number,
            "replication_factor": replication_factor,
            "write_consistency_factor": write_consistency_factor,
        }
        settings = Settings(prefix, shard_key_fn is not None, {**factors, **(collection or {})})
        self._collections = Collections(self._server, settings)
        self._consistency = read_consistency
        self._shards = shard_key_fn or _anywhere
        self._keys = ShardKeys()
        self._exact = exact
        self._source: IndexSource | None = None
        self._figures = Kept[Figures]()
        self._names = Kept[frozenset[str]]()
        self._warned = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'local' if self._server.local else 'remote'})"

    @property
    def pulls(self) -> bool:
        """Never: it is told."""
        return False

    def attach(self, source: IndexSource) -> None:
        """Reads from `source` when a collection has to be made anew."""
        self._source = source

    def apply(self, namespace: str, entries: Sequence[IndexEntry]) -> None:
        """Puts `entries` there; what the server has of a later write stays.

        Raises:
            EmbeddingMismatchError: If a vector is of another size than those before.
            IndexUnavailableError: If the server refuses, or is not there.
        """
        for space in sorted({entry.space for entry in entries}):
            mine = [entry for entry in entries if entry.space == space]
            self._steadily(namespace, partial(self._receive, namespace, space, mine))
        self._forget(namespace)

    def search(self, query: IndexQuery) -> list[list[IndexHit]]:
        """Per query the union of both arms' best entries of each kind.

        Raises:
            EmbeddingMismatchError: If the query's vectors are of another space than the entries'.
            IndexUnavailableError: If the server refuses, or is not there.
        """
        return self._steadily(query.namespace, lambda: self._search(query))

    def names(self, namespace: str, scope: Scope, kinds: tuple[EntryKind, ...] = ("memory",)) -> frozenset[str]:
        """Lower-cased names of speakers and subjects of `kinds` in `scope`."""
        return self._steadily(namespace, lambda: self._bearers(namespace, scope, kinds))

    def check(self, namespace: str, space: str) -> None:
        """Looks at the server, and at what of ours is there, anew.

        Raises:
            EmbeddingMismatchError: If the only vectors that are there are of another space.
            IndexUnavailableError: If the server refuses, or is not there.
            IndexMismatchError: If it is too old, or a collection is not as it should be.
        """
        self._collections.forget(namespace)
        if self._server.version:  # also where nothing is there yet
            self._steadily(namespace, lambda: self._collections.serving(namespace, space, compared=True))

    def drop(self, namespace: str, scope: Scope | None = None) -> None:
        """Removes what is in `scope`, or all collections of the application.

        Raises:
            IndexUnavailableError: If the server refuses, or is not there.
        """
        if scope is None or scope == Scope():
            self._collections.delete(namespace)
        else:
            self._steadily(namespace, lambda: self._remove(namespace, scope))
        self._forget(namespace)

    def close(self) -> None:
        """Closes the client, if it was made here."""
        self._server.close()

    def _steadily(self, namespace: str, work: Callable[[], T]) -> T:
        """`work`; once more if another process has replaced the collection meanwhile."""
        try:
            return work()
        except GoneError:
            self._forget(namespace)
            self._collections.forget(namespace)
            self._keys.made.clear()
            return work()

    def _forget(self, namespace: str) -> None:
        self._figures.forget(namespace)
        self._names.forget(namespace)

    def _receive(self, namespace: str, space: str, entries: Sequence[IndexEntry]) -> None:
        dimensions = next((len(entry.vector) for entry in entries if entry.vector is not None), 0)
        collection, outgrown = self._collections.receiving(namespace, space, dimensions)
        if outgrown:
            self._put(collection, list(self._reader.entries(namespace, Scope(), since=0)[0]))
        self._put(collection, entries)
        if outgrown:
            self._collections.delete(namespace, outgrown)

    @property
    def _reader(self) -> IndexSource:
        if self._source is None:
            raise IndexUnavailableError("the index has no source; attach(ledger) comes before anything else")
        return self._source

    def _put(self, collection: Collection, entries: Sequence[IndexEntry]) -> None:
        _check_sizes(collection, entries)
        for start in range(0, len(entries), _CHUNK):
            self._writer(collection.name).put(entries[start : start + _CHUNK])
        if self._server.local and not self._warned:
            self._warn(collection)

    def _warn(self, collection: Collection) -> None:
        held = self._server.ask("count", lambda client: client.count(collection_name=collection.name)).count
        if held > MANY:
            self._warned = True
            warnings.warn(
                f"Qdrant's local mode holds {held:,} points and looks at all of them for each search; "
                "it is for tests: leave `index` out, or run a server",
                stacklevel=2,
            )

    def _search(self, query: IndexQuery) -> list[list[IndexHit]]:
        count = len(query.vectors) if query.vectors is not None else len(query.words or ())
        collection = self._collections.serving(query.namespace, query.space, compared=query.vectors is not None)
        if collection is None:
            return [[] for _ in range(count)]
        revision = self._reader.revision(query.namespace)
        figures: dict[EntryKind, Figures] = {}
        for kind in query.kinds:
            known = self._figures.get(query.namespace, (collection.name, query.scope, kind), revision)
            if known is not None:
                figures[kind] = known
        hits = Search(self._reading(collection), self._reader, collection, query, figures).hits()
        for kind, found in figures.items():
            self._figures.put(query.namespace, (collection.name, query.scope, kind), revision, found)
        return hits

    def _bearers(self, namespace: str, scope: Scope, kinds: tuple[EntryKind, ...]) -> frozenset[str]:
        collection = self._collections.serving(namespace, "", compared=False)
        if collection is None:
            return frozenset()
        revision, asked = self._reader.revision(namespace), (collection.name, scope, kinds)
        known = self._names.get(namespace, asked, revision)
        if known is not None:
            return known
        return self._names.put(namespace, asked, revision, self._reading(collection).names(scope, kinds))

    def _remove(self, namespace: str, scope: Scope) -> None:
        for collection in self._collections.of(namespace, anew=True):
            self._writer(collection.name).remove(scope)

    def _reading(self, collection: Collection) -> Reader:
        return Reader(self._server, collection.name, self._consistency, self._shards, self._exact)

    def _writer(self, collection: str) -> Writer:
        return Writer(self._server, collection, self._shards, self._keys)


def _anywhere(scope: Scope) -> None:
    """Without custom sharding the server knows where an entry is."""


def _check_sizes(collection: Collection, entries: Sequence[IndexEntry]) -> None:
    for entry in entries:
        if entry.vector is not None and entry.vector.shape != (collection.dimensions,):
            raise EmbeddingMismatchError(
                f"{entry.kind} {entry.id!r} has a vector of shape {entry.vector.shape!r} among vectors of "
                f"{collection.dimensions} dimensions; embed it again with the present model"
            )
