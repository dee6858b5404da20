"""Moving, as flows."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from os import PathLike
from typing import Any, TypeAlias

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError
from memx_core.flows import backfilling, moving
from memx_core.flows.room import Room
from memx_core.ledger import JobRequest
from memx_core.memory import progressing
from memx_core.memory.calls.owners import owner
from memx_core.moving import Conversation, files, formats
from memx_core.moving.formats import Format
from memx_core.moving.reports import BackfillEstimate, BackfillReport, LoadReport
from memx_core.types import Message, Metadata, Scope
from memx_core.worker import keeper

_Said: TypeAlias = Message | Mapping[str, Any]
Conversations: TypeAlias = str | PathLike[str] | Iterable[Conversation] | Iterable[Iterable[_Said]] | Iterable[_Said]
"""Conversations, lists of messages, or messages; or the path of ChatGPT's `conversations.json`."""


def export(
    io: IO,
    room: Room,
    path: str | PathLike[str],
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    embeddings: bool = False,
) -> Coroutine[Any, Any, int]:
    """See `Memory.export`."""
    scope = owner(user_id, agent_id, run_id) or Scope()
    return moving.export(io, room, files.path(path), scope, embeddings=bool(embeddings))


def load(
    io: IO,
    room: Room,
    path: str | PathLike[str],
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    format: Format | None = None,
    results: str | PathLike[str] | None = None,
) -> Coroutine[Any, Any, LoadReport]:
    """See `Memory.load`."""
    wanted = moving.Wanted(
        path=files.path(path),
        format=formats.check(format),
        scope=owner(user_id, agent_id, run_id) or Scope(),
        results=None if results is None else files.path(results),
    )
    return moving.load(io, room, wanted)


async def backfill(
    io: IO,
    room: Room,
    conversations: Conversations,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    instructions: str | None = None,
    metadata: Metadata | None = None,
    tokens_per_call: int = 1_000,
    progress: bool | Callable[[int, int], object] = True,
    dry_run: bool = False,
) -> BackfillReport | BackfillEstimate:
    """See `Memory.backfill`."""
    if not isinstance(progress, bool) and not callable(progress):
        raise InvalidInputError(f"progress={progress!r} is neither True nor False, nor a function of done and total")
    wanted = backfilling.Wanted(
        scope=inputs.scope(user_id, agent_id, run_id),
        request=JobRequest(
            metadata=inputs.metadata(metadata),
            instructions=None if instructions is None else inputs.text(instructions, "instructions"),
        ),
        tokens_per_call=_tokens(tokens_per_call),
    )
    given = files.path(conversations) if isinstance(conversations, str | PathLike) else conversations
    return await backfilling.backfill(
        io, room, wanted, given, lambda title: progressing.shown(progress, title), keeper(room), dry_run=dry_run
    )


def _tokens(value: object) -> int:
    tokens = inputs.limit(value, "tokens_per_call", most=backfilling.MOST_TOKENS)
    if tokens < backfilling.LEAST_TOKENS:
        raise InvalidInputError(f"tokens_per_call must be at least {backfilling.LEAST_TOKENS}, not {tokens}")
    return tokens
