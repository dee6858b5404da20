"""Memories as LangChain's documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from langchain_core.documents import Document

from memx_core import SearchHit


def document(hit: SearchHit) -> Document:
    """A hit as a document; its metadata are the memory's own, under what memx says of it."""
    item = hit.memory
    known: dict[str, Any] = {
        "memory_id": item.id,
        "user_id": item.user_id,
        "agent_id": item.agent_id,
        "run_id": item.run_id,
        "kind": item.kind,
        "version": item.version,
        "status": item.status,
        "score": hit.score,
        "created_at": _iso(item.created_at),
        "updated_at": _iso(item.updated_at),
        "said_at": _iso(item.said_at),
        "valid_from": _iso(item.valid_from),
        "valid_to": _iso(item.valid_to),
        "subject": item.subject,
    }
    given = {name: value for name, value in known.items() if value is not None}
    return Document(id=item.id, page_content=item.text, metadata={**item.metadata, **given})


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
