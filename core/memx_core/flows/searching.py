"""`search` and `recall`: no model is asked. The index proposes rows, the ledger confirms them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from memx_core import rendering, text, time
from memx_core._io import IO
from memx_core.errors import EmbeddingMismatchError, InvalidInputError
from memx_core.filters import Filter
from memx_core.flows.room import Room
from memx_core.ledger import Then
from memx_core.ports import EntryKind, IndexHit, IndexQuery, Vector
from memx_core.ranking import Fused, fuse, mask_names, refine, swing
from memx_core.types import MemoryItem, Message, Recall, Scope, SearchHit

POOL = 30
"""Hits of each arm that are weighed at least, however few are wanted."""
_Confirmed: TypeAlias = tuple[Fused, MemoryItem, Message | None]


class _Cut(NamedTuple):
    """How many hits are wanted, and the least and greatest factor that may yet change their scores."""

    wanted: int
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Search:
    """A checked call of `search` or `recall`; without `then` about the present.

    Attributes:
        excluded: Ids of turns that are not wanted.
        vector: The query's, if somebody embedded it already.
    """

    query: str
    scope: Scope
    limit: int
    condition: Filter | None = None
    threshold: float | None = None
    kinds: tuple[EntryKind, ...] = ("memory",)
    explain: bool = False
    then: Then | None = None
    excluded: frozenset[str] = frozenset()
    vector: Vector | None = None


async def search(io: IO, room: Room, asked: Search) -> list[SearchHit]:
    """What is nearest to the query, best first."""
    while True:
        try:
            return await _search(io, room, asked)
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)


async def _search(io: IO, room: Room, asked: Search) -> list[SearchHit]:
    now = room.clock() if asked.then is None else asked.then.moment
    rows = None if asked.condition is None and asked.then is None else await _rows(io, room, asked, now)
    query, masked = await _query(io, room, asked, rows)
    wanted = max(asked.limit, POOL) if room.reranked else asked.limit
    window = time.window(asked.query, now=now)
    found = await _found(io, room, asked, query, _Cut(wanted, *swing(window)), now)
    hits = refine(
        [(fused, item) for fused, item, _ in found],
        now=now,
        window=window,
        limit=wanted,
        explain=asked.explain,
        query=(query.words or [[]])[0],
    )
    hits = _with_messages(hits, {id(item): message for _, item, message in found if message is not None})
    if room.reranked:
        hits = await _reranked(io, masked, hits)
    return [hit for hit in hits if asked.threshold is None or hit.score >= asked.threshold][: asked.limit]


async def recall(io: IO, room: Room, asked: Search, *, max_tokens: int) -> Recall:
    """What is nearest to the query, packed into a budget and rendered as data."""
    hits = await search(io, room, asked)
    return rendering.pack(hits, max_tokens=max_tokens, as_of=None if asked.then is None else asked.then.as_of)


async def _rows(io: IO, room: Room, asked: Search, now: datetime) -> Mapping[EntryKind, NDArray[np.int64]]:
    return await io.call(
        room.ledger.rows_left,
        room.namespace,
        asked.scope,
        kinds=asked.kinds,
        condition=asked.condition,
        now=now,
        then=asked.then,
    )


async def _query(
    io: IO, room: Room, asked: Search, rows: Mapping[EntryKind, NDArray[np.int64]] | None
) -> tuple[IndexQuery, str]:
    """The query for the index: names boost their bearers and are taken out of what is embedded."""
    known = await io.call(room.index.names, room.namespace, asked.scope, asked.kinds)
    names, masked = _masked(asked.query, known)
    vector = await io.embed_query(masked) if asked.vector is None else asked.vector
    query = IndexQuery(
        namespace=room.namespace,
        scope=asked.scope,
        vectors=vector[np.newaxis],
        words=[text.tokens(asked.query)],
        limit=max(POOL, 2 * asked.limit) + len(asked.excluded),
        kinds=asked.kinds,
        names=names,
        rows=rows,
        space=io.fingerprint,
    )
    return query, masked


def _masked(query: str, known: frozenset[str]) -> tuple[frozenset[str], str]:
    masked, names = mask_names(query, known)
    return names, masked


async def _found(
    io: IO, room: Room, asked: Search, query: IndexQuery, cut: _Cut, now: datetime, *, again: bool = True
) -> list[_Confirmed]:
    """Hits that the ledger confirms, best first: at least those that can be among the best."""
    (hits,) = await io.call(room.index.search, query)
    fused = [one for one in fuse(hits) if one.hit.kind == "memory" or one.hit.id not in asked.excluded]
    first = _contenders(fused, cut)
    found = await _confirmed(io, room, asked, first, now)
    if len(found) < len(first):
        # The ledger denies some (expired, or changed meanwhile): the others move up, or take their place.
        found += await _confirmed(io, room, asked, fused[len(first) :], now)
        if len(found) < min(cut.wanted, len(fused)) and again:
            living = await _rows(io, room, asked, now)
            return await _found(io, room, asked, replace(query, rows=living), cut, now, again=False)
    return found


def _contenders(fused: Sequence[Fused], cut: _Cut) -> Sequence[Fused]:
    """Those that nudges could bring among the best."""
    if len(fused) <= cut.wanted:
        return fused
    least = fused[cut.wanted - 1].score * cut.least / cut.most
    return [one for one in fused if one.score >= least]


async def _confirmed(io: IO, room: Room, asked: Search, fused: Sequence[Fused], now: datetime) -> list[_Confirmed]:
    """Those that the ledger confirms, with what it says of them."""
    memories, messages = await io.call(
        room.ledger.found,
        room.namespace,
        asked.scope,
        memories=_rows_of(fused, "memory"),
        messages=_rows_of(fused, "message"),
        now=now,
        then=asked.then,
    )
    read = [(one, *_read(one.hit, memories, messages)) for one in fused]
    return [(one, item, message) for one, item, message in read if item is not None]


def _rows_of(fused: Sequence[Fused], kind: EntryKind) -> Collection[int]:
    return {one.hit.row for one in fused if one.hit.kind == kind}


def _read(
    hit: IndexHit, memories: Mapping[int, MemoryItem], messages: Mapping[int, tuple[MemoryItem, Message]]
) -> tuple[MemoryItem | None, Message | None]:
    if hit.kind == "memory":
        return memories.get(hit.row), None
    return messages.get(hit.row, (None, None))


def _with_messages(hits: Sequence[SearchHit], messages: Mapping[int, Message]) -> list[SearchHit]:
    """The hits with the turns they are; by identity, as two conversations may use the same message id."""
    return [SearchHit(hit.memory, hit.score, hit.explain, messages.get(id(hit.memory))) for hit in hits]


async def _reranked(io: IO, query: str, hits: Sequence[SearchHit]) -> list[SearchHit]:
    if not hits:
        return []
    scores = await io.rerank(query, [hit.memory.text for hit in hits])
    if len(scores) != len(hits):
        raise InvalidInputError(f"the reranker gave {len(scores)} scores for {len(hits)} texts; it must give one each")
    judged = [replace(hit, score=min(1.0, max(0.0, float(score)))) for hit, score in zip(hits, scores, strict=True)]
    return sorted(judged, key=lambda hit: -hit.score)
