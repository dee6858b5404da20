"""Memories of another application, and the lines that they become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from memx_core.moving.lines import ChangeLine, Line, MemoryLine, VersionLine
from memx_core.text import fingerprint
from memx_core.types import Event, Metadata, Scope, Status

_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Past:
    """One version of a foreign memory: its text, or `None` for its deletion."""

    text: str | None
    at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Foreign:
    """A memory of another application, oldest version first."""

    id: str
    scope: Scope
    past: tuple[Past, ...]
    metadata: Metadata = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None


def lines(memories: Iterable[Foreign], operation: str, *, actor: str) -> Iterator[Line]:
    """The lines of the memories: some memories, their versions, their changes, and so on."""
    for some in _chunks(memories):
        yield from map(_memory, some)
        yield from (_version(memory, at) for memory in some for at in range(len(memory.past)))
        yield from (_change(memory, at, operation, actor) for memory in some for at in range(len(memory.past)))


def _chunks(memories: Iterable[Foreign]) -> Iterator[list[Foreign]]:
    rest = iter(memories)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _memory(memory: Foreign) -> MemoryLine:
    last = memory.past[-1].text
    return MemoryLine(
        type="memory",
        id=memory.id,
        user_id=memory.scope.user_id,
        agent_id=memory.scope.agent_id,
        run_id=memory.scope.run_id,
        head=len(memory.past),
        latest=len(memory.past),
        alive=last is not None,
        fingerprint=None if last is None else fingerprint(last),
        created_at=memory.past[0].at,
    )


def _version(memory: Foreign, at: int) -> VersionLine:
    one = memory.past[at]
    later = memory.past[at + 1].at if at + 1 < len(memory.past) else None
    current: Status = "deleted" if one.text is None else "active"
    return VersionLine(
        type="version",
        memory=memory.id,
        version=at + 1,
        status=current if later is None else "superseded",
        kind="fact",
        text=one.text or "",
        metadata=dict(memory.metadata),
        said_at=one.at,
        valid_from=one.at,
        valid_to=later,
        expires_at=memory.expires_at,
        recorded_at=one.at,
        known_until=later,
    )


def _change(memory: Foreign, at: int, operation: str, actor: str) -> ChangeLine:
    one = memory.past[at]
    return ChangeLine(
        type="change",
        memory=memory.id,
        version=at + 1,
        operation=operation,
        event=one.event,
        before=at or None,
        reason="",
        actor=actor,
        at=one.at,
    )
