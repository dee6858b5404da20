"""Telling one collection: what is there now, what is gone, and on which shard.

A request may be repeated, or come late, after one that was sent later. A point is replaced only by
what was written no earlier than it, which the server decides for each point as it applies the
request: so every order of arrival ends alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from qdrant_client import models

from memx_core.errors import IndexUnavailableError
from memx_core.index.qdrant import queries
from memx_core.index.qdrant.clients import Server
from memx_core.index.qdrant.points import point
from memx_core.index.qdrant.reading import ShardKey
from memx_core.ports import IndexEntry
from memx_core.types import Scope


@dataclass(slots=True)
class ShardKeys:
    """The shards that were made sure of. Thread-safe."""

    made: set[tuple[str, str | int]] = field(default_factory=set[tuple[str, str | int]])
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True)
class Writer:
    """How one collection is written to.

    Attributes:
        shards: Where an entry of an address belongs; `None`: wherever the server puts it.
        keys: Those of which it is known that they are there.
    """

    server: Server
    collection: str
    shards: Callable[[Scope], ShardKey | None]
    keys: ShardKeys

    def put(self, entries: Sequence[IndexEntry]) -> None:
        """Puts the points of `entries` there, in one request."""
        lists: dict[tuple[int, str], models.PointsList] = {}
        for entry in {(entry.kind, entry.row): entry for entry in entries}.values():
            key = self.shards(entry.scope)
            fresh = models.PointsList(points=[], shard_key=key, update_filter=queries.older(entry.revision))
            lists.setdefault((entry.revision, repr(key)), fresh).points.append(point(entry))
        for listed in lists.values():
            self._make_sure(listed.shard_key)
        operations = [models.UpsertOperation(upsert=listed) for listed in lists.values()]
        if operations:
            self.server.ask(
                "take entries in",
                lambda client: client.batch_update_points(
                    collection_name=self.collection, update_operations=operations, wait=True
                ),
            )

    def remove(self, scope: Scope) -> None:
        """Removes all points of `scope`."""
        self.server.ask(
            "remove entries",
            lambda client: client.delete(
                collection_name=self.collection,
                points_selector=models.FilterSelector(filter=queries.within(scope)),
                wait=True,
                shard_key_selector=self.shards(scope),
            ),
        )

    def _make_sure(self, key: models.ShardKeySelector | None) -> None:
        """Makes a shard that is not there; one that a tenant may be given later is left to the administrator."""
        wanted = key.fallback if isinstance(key, models.ShardKeyWithFallback) else key
        if not isinstance(wanted, str | int) or self.server.local:
            return
        with self.keys.lock:
            if (self.collection, wanted) in self.keys.made:
                return
            try:
                self.server.ask(
                    "make a shard",
                    lambda client: client.create_shard_key(collection_name=self.collection, shard_key=wanted),
                )
            except IndexUnavailableError as error:
                if "already exists" not in str(error):
                    raise
            self.keys.made.add((self.collection, wanted))
