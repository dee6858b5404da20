"""Writing to the ledger what was decided, also when the embedder was changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memx_core import searchable
from memx_core._io import IO
from memx_core.errors import EmbeddingMismatchError
from memx_core.flows.batches import entry_text
from memx_core.flows.room import Room
from memx_core.ledger import Committed, Write


async def commit(io: IO, room: Room, request: Write) -> Committed:
    """Writes; where this memory has another embedder by now, with vectors of that one.

    Raises:
        EmbeddingMismatchError: If the database has another embedder than this memory.
    """
    while True:
        try:
            return await io.call(_written, room, request)
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)
            request = await _embedded_again(io, request)


def _written(room: Room, request: Write) -> Committed:
    """Writes and, if something was queued, says so: in one step, as the caller may be cancelled between two."""
    committed = room.ledger.write(request)
    if committed.result.status == "queued":
        room.queued()
    return committed


async def _embedded_again(io: IO, request: Write) -> Write:
    texts: Mapping[int | str, str] = {
        **{position: searchable.message_text(request.messages[position]) for position in request.message_vectors},
        **{op.memory_id: entry_text(op) for op in request.operations if op.memory_id in request.vectors},
    }
    vectors = dict(zip(texts, await io.embed_documents(list(texts.values())), strict=True))
    return replace(
        request,
        message_vectors={position: vectors[position] for position in request.message_vectors},
        vectors={id: vectors[id] for id in request.vectors if id in vectors},
        fingerprint=io.fingerprint,
    )
