"""Before anybody waits: what has to be loaded is, and what is elsewhere is looked at."""

from __future__ import annotations

import logging

from memx_core._io import IO
from memx_core.errors import IndexMismatchError, IndexUnavailableError
from memx_core.flows.room import Room
from memx_core.ports import Checkable

_logger = logging.getLogger("memx_core")


async def warm_up(io: IO, room: Room) -> None:
    """Loads the embedder, and has an index on a server say whether it is there and fits.

    Raises:
        EmbeddingMismatchError: If it holds another embedder's vectors.
        IndexMismatchError: If it can never be used as it is. One that only does not answer is not waited for:
            memory goes on without it.
    """
    await io.warm_up()
    if isinstance(room.index, Checkable):
        try:
            await io.call(room.index.check, room.namespace, io.fingerprint)
        except IndexMismatchError:
            raise
        except IndexUnavailableError as error:
            _logger.warning("the index is unavailable, and the database is searched instead: %s", error)
