"""Which known memories are shown beside the new messages.

Each message brings three lists: nearest by vector, nearest by words, and those that fill an
attribute it speaks to. They are interleaved, not fused: fusion buries the one duplicate that
matters. If this fails the whole call fails; extracting blindly would pile up duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, zip_longest

from memx_core import text
from memx_core._io import IO
from memx_core.extraction import rules
from memx_core.flows.room import Room
from memx_core.ports import IndexHit, IndexQuery, Vectors
from memx_core.types import MemoryItem, Message, Scope

MOST = 16
"""Candidates shown at most."""


async def find(
    io: IO, room: Room, scope: Scope, messages: Sequence[Message], vectors: Vectors, now: datetime
) -> tuple[MemoryItem, ...]:
    """Memories at exactly `scope` that `messages` may touch, oldest first."""
    slots = rules.slots(messages)
    same_slot = await io.call(room.ledger.by_slot, room.namespace, scope, slots, now, MOST)
    query = IndexQuery(
        namespace=room.namespace,
        scope=scope,
        vectors=vectors,
        words=[text.tokens(message.content) for message in messages],
        limit=MOST,
    )
    found = await nearest(io, room, query, now)
    by_message = [lists for hits in found for lists in (_by_vector(hits), _by_words(hits))]
    chosen = _interleave([same_slot, *by_message])
    return tuple(sorted(chosen, key=lambda item: (item.created_at, item.id)))


async def nearest(io: IO, room: Room, query: IndexQuery, now: datetime) -> list[list[tuple[MemoryItem, IndexHit]]]:
    """Per query the current memories at exactly its scope, as the index found them.

    An index answers for a scope and all that is in it. Where narrower addresses crowd out the
    very one, it is asked again for the rows of that one only.
    """
    found, crowded = await _confirmed(io, room, query, now)
    if not crowded:
        return found
    rows = await io.call(
        room.ledger.rows_left, room.namespace, query.scope, kinds=query.kinds, condition=None, now=now, exact=True
    )
    narrowed = IndexQuery(
        query.namespace, query.scope, query.vectors, query.words, query.limit, query.kinds, query.names, rows
    )
    found, _ = await _confirmed(io, room, narrowed, now)
    return found


async def _confirmed(
    io: IO, room: Room, query: IndexQuery, now: datetime
) -> tuple[list[list[tuple[MemoryItem, IndexHit]]], bool]:
    """The hits that the ledger confirms, and whether some were of another address, or gone."""
    hits = await io.call(room.index.search, query)
    wanted = {hit.row for found in hits for hit in found}
    items, _ = await io.call(room.ledger.found, room.namespace, query.scope, memories=wanted, messages=(), now=now)
    mine = {row: item for row, item in items.items() if Scope(item.user_id, item.agent_id, item.run_id) == query.scope}
    confirmed = [[(mine[hit.row], hit) for hit in found if hit.row in mine] for found in hits]
    return confirmed, len(mine) < len(wanted)


def _by_vector(hits: Iterable[tuple[MemoryItem, IndexHit]]) -> list[MemoryItem]:
    scored = [(hit.dense, item) for item, hit in hits if hit.dense is not None]
    return [item for _, item in sorted(scored, key=lambda pair: -pair[0])]


def _by_words(hits: Iterable[tuple[MemoryItem, IndexHit]]) -> list[MemoryItem]:
    scored = [(hit.words, item) for item, hit in hits if hit.words > 0]
    return [item for _, item in sorted(scored, key=lambda pair: -pair[0])]


def _interleave(lists: Sequence[Sequence[MemoryItem]]) -> list[MemoryItem]:
    turns = chain.from_iterable(zip_longest(*lists))
    chosen = {item.id: item for item in turns if item is not None}
    return list(chosen.values())[:MOST]
