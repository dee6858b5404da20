"""The collections: what they are called, how they are laid out, and whether they are as they should be.

An application has one for each space of vectors, and perhaps one for entries before there is any
vector, whose number of dimensions nobody knows yet. Never one for each user: the user is a tenant
within. What is found under our names and is not as we make it is refused, not changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from threading import RLock
from typing import Any, cast

from qdrant_client import models

from memx_core.errors import EmbeddingMismatchError, IndexMismatchError, IndexUnavailableError
from memx_core.index.qdrant.clients import GoneError, Server, ThereError
from memx_core.index.qdrant.points import DENSE, WORDS

LAYOUT = 1
_TENANT_IDF = (1, 19)
"""The first server that weighs words by how rare they are among the points of a filter."""
_KEYWORD, _INTEGER = models.PayloadSchemaType.KEYWORD, models.PayloadSchemaType.INTEGER
_INDEXED: Mapping[str, models.PayloadSchemaType | models.KeywordIndexParams] = {
    "user_id": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "agent_id": _KEYWORD,
    "run_id": _KEYWORD,
    "found": _KEYWORD,
    "names": _KEYWORD,
    "session": _KEYWORD,
    "revision": _INTEGER,
    "row": _INTEGER,
    "words": _INTEGER,
}
"""All that is filtered, ordered or counted by."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How collections are made.

    Attributes:
        prefix: What their names begin with.
        sharded: Each shard has a key: they are laid out by hand.
        given: Arguments of `create_collection` that the user chose.
    """

    prefix: str = "memx"
    sharded: bool = False
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Collection:
    """One that is there.

    Attributes:
        space: Fingerprint of the embedder; empty if none was named.
        dimensions: Of its vectors; 0 if it has none.
        weighs: The server knows how rare a word is in a scope.
    """

    name: str
    space: str
    dimensions: int
    weighs: bool


class Collections:
    """Those of each application, as they were when last looked at. Thread-safe."""

    def __init__(self, server: Server, settings: Settings) -> None:
        self._server = server
        self._settings = settings
        self._known: dict[str, tuple[Collection, ...]] = {}
        self._lock = RLock()

    def of(self, namespace: str, *, anew: bool = False) -> tuple[Collection, ...]:
        """Those of `namespace`; the server is asked the first time, or `anew`.

        Raises:
            IndexUnavailableError: If one is there that is not as it should be.
        """
        with self._lock:
            if anew or namespace not in self._known:
                self._known[namespace] = tuple(map(self._checked, self._names(namespace)))
            return self._known[namespace]

    def serving(self, namespace: str, space: str, *, compared: bool) -> Collection | None:
        """The one to search with vectors of `space`; `None` if there is none yet.

        Args:
            namespace: The application.
            space: Of the query's vectors; empty if that does not matter.
            compared: Whether vectors are searched by.

        Raises:
            EmbeddingMismatchError: If the only vectors that are there are of another space.
        """
        there: tuple[Collection, ...] = ()
        for anew in (False, True):
            there = self.of(namespace, anew=anew)
            dense = [one for one in there if one.dimensions]
            same = [one for one in dense if one.space == space] or [one for one in dense if not (one.space and space)]
            if fitting := same or ([] if dense else there):
                return fitting[0]
        if there and compared:
            raise EmbeddingMismatchError.between(there[0].space, space)
        return next(iter(there), None)

    def receiving(self, namespace: str, space: str, dimensions: int) -> tuple[Collection, tuple[Collection, ...]]:
        """The one for entries of `space`, made if it is not there; and those that it has outgrown.

        Raises:
            EmbeddingMismatchError: If it holds vectors of another size.
        """
        with self._lock:
            found = self._fitting(namespace, space, dimensions)
            if found is None:
                self._make(namespace, space, dimensions)
                self.of(namespace, anew=True)
                found = self._fitting(namespace, space, dimensions)
            if found is None:
                raise IndexUnavailableError("the collection that was made is not there; is somebody dropping it?")
            outgrown = [one for one in self.of(namespace) if found.dimensions and not one.dimensions]
            return found, tuple(outgrown)

    def delete(self, namespace: str, collections: Sequence[Collection] | None = None) -> None:
        """Removes `collections`, or all that the application has by now."""
        there = self._names(namespace) if collections is None else [one.name for one in collections]
        for name in there:
            self._delete(name)
        self.forget(namespace)

    def _delete(self, name: str) -> None:
        with suppress(GoneError):
            self._server.ask("delete a collection", lambda client: client.delete_collection(collection_name=name))

    def forget(self, namespace: str) -> None:
        """Looks anew before the next use."""
        with self._lock:
            self._known.pop(namespace, None)

    def _fitting(self, namespace: str, space: str, dimensions: int) -> Collection | None:
        there = self.of(namespace)
        same = [one for one in there if one.dimensions and one.space == space]
        if same and dimensions and same[0].dimensions != dimensions:
            raise EmbeddingMismatchError(
                f"collection {same[0].name!r} holds vectors of {same[0].dimensions} dimensions, and these have "
                f"{dimensions}: `memory.rebuild_index()` makes it anew"
            )
        return next(iter(same or [one for one in there if not (one.dimensions or dimensions)]), None)

    def _names(self, namespace: str) -> list[str]:
        begins = self._begins(namespace)
        there = self._server.ask("list its collections", lambda client: client.get_collections())
        return sorted(one.name for one in there.collections if one.name.startswith(begins))

    def _begins(self, namespace: str) -> str:
        """A name that is the application's alone, whatever characters it is called with."""
        readable = re.sub(r"[^A-Za-z0-9_]+", "_", namespace)[:40]
        return f"{self._settings.prefix}-{readable}-{_digest(namespace)}-"

    def _make(self, namespace: str, space: str, dimensions: int) -> None:
        version = self._server.version
        name = self._begins(namespace) + (_digest(space) if dimensions else "words")
        vectors = {DENSE: models.VectorParams(size=dimensions, distance=models.Distance.DOT)} if dimensions else {}
        weighed = models.Modifier.IDF if version >= _TENANT_IDF else None
        settings: dict[str, Any] = {
            # A graph for each tenant and none over all of them: nobody searches everything.
            "hnsw_config": models.HnswConfigDiff(m=0, payload_m=16),
            "sharding_method": models.ShardingMethod.CUSTOM if self._settings.sharded else None,
            **self._settings.given,
        }
        try:
            self._server.ask(
                "make a collection",
                lambda client: client.create_collection(
                    collection_name=name,
                    vectors_config=vectors,
                    sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=weighed)},
                    metadata={"memx": {"layout": LAYOUT, "namespace": namespace, "space": space}},
                    **settings,
                ),
            )
        except ThereError:
            self.forget(namespace)  # another process made it: it is looked at like any that is found

    def _checked(self, name: str) -> Collection:
        """What is called `name`, with every index that it needs before its next point."""
        version = self._server.version
        info = self._server.ask("describe a collection", lambda client: client.get_collection(collection_name=name))
        params, marks = info.config.params, _marks(info.config.metadata)
        dense = params.vectors.get(DENSE) if isinstance(params.vectors, dict) else None
        words = (params.sparse_vectors or {}).get(WORDS)
        if marks.get("layout") != LAYOUT or words is None:
            raise IndexMismatchError(
                f"collection {name!r} was not made by this version of memx; give another `prefix`, or delete it"
            )
        if dense is not None and dense.distance != models.Distance.DOT:
            raise IndexMismatchError(
                f"collection {name!r} compares by {dense.distance.value!r} instead of 'Dot'; delete it, it is made anew"
            )
        if not self._server.local:
            self._index_payload(name, info.payload_schema)
        weighs = words.modifier == models.Modifier.IDF and version >= _TENANT_IDF
        return Collection(name, str(marks.get("space", "")), 0 if dense is None else dense.size, weighs)

    def _index_payload(self, name: str, there: Mapping[str, object]) -> None:
        for field_name in _INDEXED.keys() - there.keys():
            self._index_field(name, field_name)

    def _index_field(self, name: str, field_name: str) -> None:
        self._server.ask(
            "index a field",
            lambda client: client.create_payload_index(
                collection_name=name, field_name=field_name, field_schema=_INDEXED[field_name]
            ),
        )


def _marks(metadata: Mapping[str, object] | None) -> Mapping[str, object]:
    """What we noted when we made it."""
    noted = (metadata or {}).get("memx")
    return cast("Mapping[str, object]", noted) if isinstance(noted, Mapping) else {}


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
