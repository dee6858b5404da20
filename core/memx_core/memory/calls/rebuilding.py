"""Rebuilding, as a flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from memx_core._io import IO
from memx_core.errors import InvalidInputError
from memx_core.flows import rebuilding
from memx_core.flows.room import Room
from memx_core.memory import progressing, providers
from memx_core.ports import AsyncEmbedder, Embedder

Progress: TypeAlias = bool | Callable[[int, int], object]
"""Whether a bar is shown, or what is called with how much is done, and of how much."""


async def rebuild_index(
    io: IO, room: Room, *, embedder: Embedder | AsyncEmbedder | None = None, progress: Progress = False
) -> int:
    """See `Memory.rebuild_index`."""
    checked = None if embedder is None else providers.check_embedder(embedder)
    if not isinstance(progress, bool) and not callable(progress):
        raise InvalidInputError(f"progress={progress!r} is neither True nor False, nor a function of done and total")
    with progressing.shown(progress, "embedding") as told:
        return await rebuilding.rebuild(io, room, checked, told)
