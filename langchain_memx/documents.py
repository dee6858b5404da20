"""Memories as LangChain's documents, and documents as the block for a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, cast, get_args

from langchain_core.documents import Document

from memx_core import MemoryItem, Message, Recall, SearchHit, TimeSpan
from memx_core.labels import TIMES, labels
from memx_core.rendering import UNDATED, pack
from memx_core.types import Precision

_NO_BUDGET = 10_000_000
_PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def document(hit: SearchHit) -> Document:
    """A hit as a document: the text, the memory's id, and in the metadata what memx knows of it.

    The memory's own metadata are there too, but for those whose names are memx's: nobody's metadata say whose
    a memory is, or since when it is true.
    """
    return Document(id=hit.memory.id, page_content=hit.memory.text, metadata=labels(hit))


def format_memories(
    memories: Iterable[Document] | Iterable[SearchHit] | Recall, *, max_tokens: int = _NO_BUDGET
) -> str:
    """The memories as one block of dated lines for a prompt, as data; empty if there are none.

    Takes what a `MemxRetriever` returns, so it can stand after one in a chain, or what `search`
    and `recall` return. Texts are escaped, so that none can leave the block or speak as somebody
    else; put the result in as a variable, never by an f-string template of your own.

    Args:
        memories: Best first.
        max_tokens: Size of the block, estimated; what does not fit is left out.
    """
    if isinstance(memories, Recall):
        return memories.text
    hits = [found if isinstance(found, SearchHit) else _hit(found) for found in memories]
    return pack(hits, max_tokens=max_tokens).text


def _hit(found: Document) -> SearchHit:
    """A document as a hit again, whoever handed it on; what it does not say, or somebody else says, is left open."""
    metadata = cast("Mapping[str, Any]", found.metadata)
    said = metadata if "memory_id" in metadata else dict[str, Any]()
    times = {name: _moment(said.get(name)) for name in TIMES}
    item = MemoryItem(
        id=str(found.id or ""),
        text=found.page_content,
        user_id=None,
        agent_id=None,
        run_id=None,
        metadata={},
        kind="message" if said.get("kind") == "message" else "fact",
        version=1,
        created_at=times["created_at"] or UNDATED,
        updated_at=times["updated_at"] or UNDATED,
        valid_from=times["valid_from"],
        valid_to=times["valid_to"],
        expires_at=None,
        status=_status(said.get("status")),
        subject=_text(said.get("subject")),
        said_at=times["said_at"],
        when=_span(said.get("when")),
    )
    message = None
    if item.kind == "message":
        message = Message(_text(said.get("role")) or "user", item.text, name=_text(said.get("name")))
    return SearchHit(item, 0.0, message=message)


def _status(value: object) -> Literal["active", "superseded", "conflict"]:
    if value == "superseded":
        return "superseded"
    return "conflict" if value == "conflict" else "active"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _span(value: object) -> TimeSpan | None:
    if not isinstance(value, Mapping):
        return None
    said = cast("Mapping[str, Any]", value)
    start, end, phrase = _moment(said.get("start")), _moment(said.get("end")), said.get("phrase")
    precision = said.get("precision")
    if start is None or end is None or not start < end or not isinstance(phrase, str) or precision not in _PRECISIONS:
        return None
    return TimeSpan(start, end, precision, phrase)
