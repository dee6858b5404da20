"""memx's values as the dictionaries that mem0 answers with. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from memx_core.mem0 import days
from memx_core.types import Change, Explanation, MemoryItem, SearchHit

Answer: TypeAlias = dict[str, Any]
SPEAKER = ("actor_id", "role")
"""Kept in the metadata of what is stored as it was said, and shown beside it."""
_BESIDE = (*SPEAKER, "attributed_to")


def stored(changes: Sequence[Change], speaker: Mapping[str, Any] | None = None) -> list[Answer]:
    """What a call of `add` changed; not what was only true before what was known already."""
    return [{**_stored(change), **(speaker or {})} for change in changes if not change.ended]


def _stored(change: Change) -> Answer:
    answer: Answer = {"id": change.memory_id, "memory": change.new_text or change.old_text, "event": _event(change)}
    return answer | ({"previous_memory": change.old_text} if change.event == "UPDATE" else {})


def found(item: MemoryItem) -> Answer:
    """One memory as `get` shows it, which is as `search` does, with no score."""
    return _shown(item, {"score": None})


def listed(item: MemoryItem) -> Answer:
    """One memory as `get_all` shows it."""
    return _shown(item, {})


def hit(hit: SearchHit, threshold: float) -> Answer:
    """One memory as `search` shows it."""
    details = {} if hit.explain is None else {"score_details": _details(hit.explain, hit.score, threshold)}
    return _shown(hit.memory, {"score": hit.score}) | details


def rows(changes: Sequence[Change], metadata: Mapping[str, Any]) -> list[Answer]:
    """A memory's history; replayed, it gives the memory, so what was stored as the past is left out.

    Args:
        changes: All changes of the memory, oldest first.
        metadata: That of its first version, which says who said it.
    """
    said_by = {name: metadata.get(name) for name in SPEAKER}
    return [_row(change, changes[0].at) | said_by for change in changes if not change.ended]


def _row(change: Change, created_at: datetime) -> Answer:
    return {
        "id": f"{change.memory_id}:{change.version}",
        "memory_id": change.memory_id,
        "old_memory": change.old_text,
        "new_memory": None if change.event == "DELETE" else change.new_text,
        "event": _event(change),
        "created_at": created_at.isoformat(),
        "updated_at": change.at.isoformat(),
        "is_deleted": change.event == "DELETE",
    }


def _event(change: Change) -> str:
    return "ADD" if change.event == "CONFLICT" else change.event  # mem0 has no word for a contradiction


def _shown(item: MemoryItem, score: Answer) -> Answer:
    expiry = None if item.expires_at is None else days.last_day(item.expires_at)
    ids = {"user_id": item.user_id, "agent_id": item.agent_id, "run_id": item.run_id}
    beside = {name: item.metadata.get(name) for name in _BESIDE}
    promoted = {**ids, **beside, "expiration_date": expiry}
    return {
        "id": item.id,
        "memory": item.text,
        "hash": hashlib.md5(item.text.encode(), usedforsecurity=False).hexdigest(),
        "metadata": {name: value for name, value in item.metadata.items() if name not in _BESIDE} or None,
        **score,
        "created_at": item.created_at.isoformat(),
        "updated_at": item.updated_at.isoformat(),
        **{name: value for name, value in promoted.items() if value is not None},
    }


def _details(explain: Explanation, score: float, threshold: float) -> Answer:
    return {
        "semantic_score": explain.dense or 0.0,
        "bm25_score": explain.words,
        "entity_boost": 0.0,
        "raw_score": explain.fused,
        "max_possible_score": 1.0,
        "final_score": score,
        "threshold": threshold,
    }
