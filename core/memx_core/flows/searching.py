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
from memx_core.types import MemoryItem, Message, Recall, Scope, SearchHit, TimeSpan

POOL = 24
"""Hits of each arm that are weighed at least, however few are wanted."""
JUDGED = 30
"""Hits that a reranker judges at least."""
LINE, FEWEST = 24, 10
"""Tokens of a usual line of a recalled block, and how many lines are looked for at least."""
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


class _Ready(NamedTuple):
    """What a search needs besides the number of hits: `masked` is the query without names."""

    query: IndexQuery
    masked: str
    now: datetime
    window: TimeSpan | None


async def search(io: IO, room: Room, asked: Search) -> list[SearchHit]:
    """What is nearest to the query, best first."""
    while True:
        try:
            return await _ranked(io, room, asked, await _ready(io, room, asked))
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)


async def recall(io: IO, room: Room, asked: Search, *, max_tokens: int) -> Recall:
    """What is nearest to the query, packed into a budget and rendered as data."""
    while True:
        try:
            return await _packed(io, room, asked, await _ready(io, room, asked), max_tokens)
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)


async def _packed(io: IO, room: Room, asked: Search, ready: _Ready, max_tokens: int) -> Recall:
    """As many hits as fit. Usually few are enough; more are looked at if a tenth of the room is left."""
    looked, as_of = min(asked.limit, max(FEWEST, max_tokens // LINE)), None if asked.then is None else asked.then.as_of
    while True:
        hits = await _ranked(io, room, replace(asked, limit=looked), ready)
        packed = rendering.pack(hits, max_tokens=max_tokens, as_of=as_of)
        if len(hits) < looked or looked == asked.limit or packed.tokens > 0.9 * max_tokens:
            return packed
        looked = min(asked.limit, 2 * looked)


async def _ready(io: IO, room: Room, asked: Search) -> _Ready:
    """The query for the index: names boost their bearers and are taken out of what is embedded."""
    now = room.clock() if asked.then is None else asked.then.moment
    rows = None if asked.condition is None and asked.then is None else await _rows(io, room, asked, now)
    known = await io.call(room.index.names, room.namespace, asked.scope, asked.kinds)
    names, masked = _masked(asked.query, known)
    vector = await io.embed_query(masked) if asked.vector is None else asked.vector
    query = IndexQuery(
        namespace=room.namespace,
        scope=asked.scope,
        vectors=vector[np.newaxis],
        words=[text.tokens(asked.query)],
        limit=_pool(asked),
        kinds=asked.kinds,
        names=names,
        rows=rows,
        space=io.fingerprint,
    )
    return _Ready(query, masked, now, time.window(asked.query, now=now))


def _pool(asked: Search) -> int:
    """Hits of each arm that are weighed."""
    return max(POOL, 2 * asked.limit) + len(asked.excluded)


async def _ranked(io: IO, room: Room, asked: Search, ready: _Ready) -> list[SearchHit]:
    """The best hits of what is ready, as many as are asked for."""
    wanted = max(asked.limit, JUDGED) if room.reranked else asked.limit
    query = replace(ready.query, limit=_pool(asked))
    found = await _found(io, room, asked, query, _Cut(wanted, *swing(ready.window)), ready.now)
    hits = refine(
        [(fused, item) for fused, item, _ in found],
        now=ready.now,
        window=ready.window,
        limit=wanted,
        explain=asked.explain,
        query=(ready.query.words or [[]])[0],
    )
    if "message" in asked.kinds:
        hits = _with_messages(hits, {id(item): message for _, item, message in found if message is not None})
    if room.reranked:
        hits = await _reranked(io, ready.masked, hits)
    return [hit for hit in hits if asked.threshold is None or hit.score >= asked.threshold][: asked.limit]


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
