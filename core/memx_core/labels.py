"""What a framework's document or node says of the memory that it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from memx_core.types import SearchHit, TimeSpan

TIMES = ("created_at", "updated_at", "said_at", "valid_from", "valid_to")
"""The labels that are times, as ISO 8601."""


def labels(hit: SearchHit) -> dict[str, Any]:
    """What memx knows of a hit, as JSON values, and the memory's own metadata.

    Of two of one name memx's stays: nobody's metadata say whose a memory is, or since when it is true.
    """
    known = _known(hit)
    own = {name: value for name, value in hit.memory.metadata.items() if name not in known}
    given = {name: value for name, value in known.items() if value is not None}
    return {**own, **given}


def _known(hit: SearchHit) -> dict[str, Any]:
    item, message = hit.memory, hit.message
    return {
        "score": hit.score,
        "memory_id": item.id,
        "user_id": item.user_id,
        "agent_id": item.agent_id,
        "run_id": item.run_id,
        "kind": item.kind,
        "version": item.version,
        "status": item.status,
        "subject": item.subject,
        "when": _when(item.when),
        "role": message and message.role,
        "name": message and message.name,
        "session_id": message and message.session_id,
        **{name: _iso(getattr(item, name)) for name in TIMES},
    }


def _when(when: TimeSpan | None) -> dict[str, str] | None:
    if when is None:
        return None
    return {
        "start": when.start.isoformat(),
        "end": when.end.isoformat(),
        "precision": when.precision,
        "phrase": when.phrase,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
