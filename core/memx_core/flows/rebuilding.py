"""Deriving the index anew, and changing the embedder.

While the vectors of a new embedder are made, the old ones serve searches, and writes go on. The
change itself is one transaction. What is in flight then was begun with the old embedder: it is
told so by the ledger or the index, and goes on with the new one (see `_io.IO.renewed`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

from memx_core._io import IO
from memx_core.errors import EmbeddingMismatchError
from memx_core.flows.room import Room
from memx_core.ledger import Unembedded, Write
from memx_core.ports import AsyncEmbedder, Embedder
from memx_core.types import Scope, Usage

BATCH = 128
"""Texts embedded in one call."""
STRICT = 8
"""How often the change waits for what was written meanwhile; then at most a batch of it has its vectors after it."""


async def rebuild(
    io: IO, room: Room, embedder: Embedder | AsyncEmbedder | None, told: Callable[[int, int], object]
) -> int:
    """Rows that were embedded: those that had no vector, or with a new `embedder` all that have a text.

    Args:
        told: Hears how many are done, and of how many.

    Raises:
        EmbeddingMismatchError: If another embedder's vectors are kept than the memory's own, and none is given.
    """
    making = _Making(io if embedder is None else io.using(embedder), room, told)
    if embedder is None:
        await _check_serving(io, room)
    else:
        await io.call(room.ledger.abandon, room.namespace, making.io.fingerprint)
    making.total = await io.call(room.ledger.count_unembedded, room.namespace, making.io.fingerprint)
    if embedder is not None:
        await _change(io, making, embedder)
    await making.fill(serves=True)
    await _refill(io, room)
    return making.done


async def _check_serving(io: IO, room: Room) -> None:
    kept = await io.call(room.ledger.fingerprint, room.namespace)
    if kept is not None and kept != io.fingerprint:
        raise EmbeddingMismatchError.between(kept, io.fingerprint)


async def _change(io: IO, making: _Making, embedder: Embedder | AsyncEmbedder) -> None:
    """Fills the new space until nothing is missing, and has it serve: here and in the ledger at once."""
    for tried in count():
        await making.fill(serves=False)
        lacking = 0 if tried < STRICT else BATCH
        if await io.change(embedder, partial(making.room.ledger.serve, making.request("rebuild"), lacking=lacking)):
            return


async def _refill(io: IO, room: Room) -> None:
    """Has the index begin anew: what it lacks meanwhile is not found, what it finds is read back as ever."""
    await io.call(room.index.drop, room.namespace)
    await io.call(room.index.apply, room.namespace, ())


@dataclass(slots=True)
class _Making:
    """The making of vectors.

    Attributes:
        io: With the embedder that they are to be of.
        told: Hears how many are done, and of how many.
    """

    io: IO
    room: Room
    told: Callable[[int, int], object]
    done: int = 0
    total: int = 0

    async def fill(self, *, serves: bool) -> None:
        """Embeds what has no vector, to the end of what is there; what is done already is passed over."""
        last: Unembedded | None = None
        while True:
            lacking = await self.io.call(
                self.room.ledger.unembedded, self.room.namespace, self.io.fingerprint, after=last, limit=BATCH
            )
            if lacking:
                last = lacking[-1]
                vectors = await self.io.embed_documents([one.text for one in lacking])
                made = dict(zip(lacking, vectors, strict=True))
                await self.io.call(self.room.ledger.embed, self.request("embed", calls=1), made, serves=serves)
                await self._tell(len(lacking))
            if len(lacking) < BATCH:  # not when none is left: writers may be as fast as this
                return

    async def _tell(self, rows: int) -> None:
        self.done += rows
        self.total = max(self.total, self.done)
        await self.io.call(self.told, self.done, self.total)  # not on the caller's loop: it may block

    def request(self, kind: str, *, calls: int = 0) -> Write:
        """How it is noted in the ledger."""
        return Write(
            id=self.room.new_id(),
            kind=kind,
            namespace=self.room.namespace,
            scope=Scope(),
            at=self.room.clock(),
            actor="user",
            usage=Usage(embedding_calls=calls),
            fingerprint=self.io.fingerprint,
        )
