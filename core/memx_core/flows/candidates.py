"""Which known memories are shown beside the new messages.

Each message brings three lists: nearest by vector, nearest by words, and those that fill an
attribute it speaks to. They are interleaved, not fused: fusion buries the one duplicate that
matters. If this fails the whole call fails; extracting blindly would pile up duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, zip_longest
from typing import TypeAlias

from memx_core import text
from memx_core._io import IO
from memx_core.flows.room import Room
from memx_core.ports import IndexHit, IndexQuery, Vectors
from memx_core.types import MemoryItem, Message, Scope

MOST = 16
"""Candidates shown at most."""
Found: TypeAlias = Sequence[Sequence[IndexHit]]
"""What an index found, per query."""


async def find(
    io: IO, room: Room, scope: Scope, messages: Sequence[Message], vectors: Vectors, now: datetime
) -> tuple[MemoryItem, ...]:
    """Memories at exactly `scope` that `messages` may touch, oldest first."""
    same_slot = await io.call(_same_slot, room, scope, messages, now)
    query = IndexQuery(
        namespace=room.namespace,
        scope=scope,
        vectors=vectors,
        words=[text.tokens(message.content) for message in messages],
        limit=MOST,
        space=io.fingerprint,
    )

    def choose(found: Found) -> list[int]:
        lists = [ranked for hits in found for ranked in (_by_vector(hits), _by_words(hits))]
        return _interleave([list(same_slot), *lists])

    chosen, _ = await confirmed(io, room, query, choose, now)
    return tuple(item for _, item in sorted(chosen.items(), key=lambda placed: (placed[1].created_at, placed[0])))


def _same_slot(room: Room, scope: Scope, messages: Sequence[Message], now: datetime) -> dict[int, MemoryItem]:
    from memx_core.extraction import rules  # a tenth of what importing memx costs, and nothing to who only reads

    return room.ledger.by_slot(room.namespace, scope, rules.slots(messages), now, MOST)


async def confirmed(
    io: IO,
    room: Room,
    query: IndexQuery,
    choose: Callable[[Sequence[Sequence[IndexHit]]], Collection[int]],
    now: datetime,
) -> tuple[dict[int, MemoryItem], Sequence[Sequence[IndexHit]]]:
    """The current memories at exactly the query's scope among the rows that `choose` picks, and all hits.

    An index answers for a scope and all that is in it. Where the ledger denies some of what was
    picked (narrower addresses, expired memories), it is asked again for the living rows of this
    very address.
    """
    hits = await io.call(room.index.search, query)
    picked = choose(hits)
    mine = await _mine(io, room, query.scope, picked, now)
    if len(mine) == len(picked):
        return mine, hits
    rows = await io.call(
        room.ledger.rows_left, room.namespace, query.scope, kinds=query.kinds, condition=None, now=now, exact=True
    )
    hits = await io.call(room.index.search, replace(query, rows=rows))
    return await _mine(io, room, query.scope, choose(hits), now), hits


async def _mine(io: IO, room: Room, scope: Scope, rows: Collection[int], now: datetime) -> dict[int, MemoryItem]:
    items, _ = await io.call(room.ledger.found, room.namespace, scope, memories=rows, messages=(), now=now)
    return {row: item for row, item in items.items() if Scope(item.user_id, item.agent_id, item.run_id) == scope}


def _by_vector(hits: Iterable[IndexHit]) -> list[int]:
    scored = [(hit.dense, hit.row) for hit in hits if hit.dense is not None]
    return [row for _, row in sorted(scored, key=lambda pair: -pair[0])]


def _by_words(hits: Iterable[IndexHit]) -> list[int]:
    scored = [(hit.words, hit.row) for hit in hits if hit.words > 0]
    return [row for _, row in sorted(scored, key=lambda pair: -pair[0])]


def _interleave(lists: Sequence[Sequence[int]]) -> list[int]:
    turns = chain.from_iterable(zip_longest(*lists))
    return list(dict.fromkeys(row for row in turns if row is not None))[:MOST]
