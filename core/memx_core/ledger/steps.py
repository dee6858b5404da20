"""One operation on its way to a version: what it found, and the row that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from memx_core import addresses
from memx_core.ledger.rows import span
from memx_core.ledger.values import Write
from memx_core.types import Operation


@dataclass(slots=True)
class Step:
    """An operation, the head version that it found, and the numbers of what it makes.

    Attributes:
        head: The memory joined with its head version.
        source: The version that is brought back, if one is: all that it says comes from there.
        restores: Its number; 0 to bring back that there was nothing.
    """

    operation: Operation
    head: Row[Any] | None
    memory: int = 0
    version: int = 0
    source: Row[Any] | None = None
    restores: int | None = None

    @property
    def writes(self) -> bool:
        """Whether it leaves more than evidence."""
        return self.operation.event != "NONE"


def replaces_text(step: Step) -> bool:
    """Whether the former text no longer holds."""
    op, head = step.operation, step.head
    return head is not None and op.event == "UPDATE" and not op.ended and op.text != head.text


def keeps_text(step: Step) -> bool:
    """Whether only something beside the text changes, so that the vector stays right."""
    op, head = step.operation, step.head
    return head is not None and op.event == "UPDATE" and op.text == head.text and op.when == span(head)


def version_row(step: Step, request: Write, operation: int) -> dict[str, Any]:
    """The new version, or the tombstone."""
    op, head = step.operation, step.head
    if step.source is not None:
        return _restored_row(step, step.source, request, operation)
    since = valid_from(step, request)
    ended = op.ended and head is not None
    rival = head.conflicts_with if head is not None and keeps_text(step) else op.conflicts_with
    return {
        "memory": step.memory,
        "id": op.memory_id,
        **addresses.columns(request.namespace, request.scope),
        "version": step.version,
        "restores": step.restores,
        "status": _status(op, rival),
        "kind": request.attributes.kind if head is None else head.kind,
        "text": "" if op.event == "DELETE" else op.text,
        "metadata": _metadata(request, head),
        "subject": op.subject or (head.subject if head is not None else None),
        "slot": op.slot or (head.slot if head is not None else None),
        "when_start": op.when.start if op.when else None,
        "when_end": op.when.end if op.when else None,
        "when_precision": op.when.precision if op.when else None,
        "when_phrase": op.when.phrase if op.when else None,
        "conflicts_with": rival,
        "said_at": op.said_at or request.at,
        "valid_from": since,
        "valid_to": max(since, head.valid_from) if ended and head is not None else None,
        "expires_at": _expiry(request, head),
        "created_at": request.at if head is None else head.created_at,
        "recorded_at": request.at,
        "known_until": None,
        "revision": operation,
    }


_SAID = (
    *("kind", "text", "metadata", "subject", "slot", "when_start", "when_end", "when_precision", "when_phrase"),
    *("said_at", "valid_from", "expires_at"),
)
"""What a version says, and not when and how it was recorded."""


def _restored_row(step: Step, source: Row[Any], request: Write, operation: int) -> dict[str, Any]:
    """What `source` says, once more; its conflicts are for the caller to see to."""
    op, head = step.operation, step.head
    rival = head.conflicts_with if head is not None and keeps_text(step) else None
    return {
        **{name: getattr(source, name) for name in _SAID},
        "memory": step.memory,
        "id": op.memory_id,
        **addresses.columns(request.namespace, request.scope),
        "version": step.version,
        "restores": step.restores,
        "status": _status(op, rival),
        "conflicts_with": rival,
        "valid_to": source.valid_to if op.ended else None,
        "created_at": source.created_at,
        "recorded_at": request.at,
        "known_until": None,
        "revision": operation,
    }


def _status(operation: Operation, rival: str | None) -> str:
    if operation.event == "DELETE":
        return "deleted"
    if operation.ended:
        return "superseded"
    return "conflict" if rival else "active"


def _metadata(request: Write, head: Row[Any] | None) -> dict[str, Any]:
    asked = request.attributes.metadata
    former: dict[str, Any] = {} if head is None else head.metadata
    if asked is None:
        return dict(former)
    return {**former, **asked} if request.attributes.merge else dict(asked)


def _expiry(request: Write, head: Row[Any] | None) -> datetime | None:
    if request.attributes.keep_expiry and head is not None:
        former: datetime | None = head.expires_at
        return former
    return request.attributes.expires_at


def valid_from(step: Step, request: Write) -> datetime:
    """Since when it is true: the past time that was named for it, or when it was said."""
    op = step.operation
    if step.source is not None:
        since: datetime = step.source.valid_from
        return since
    said = op.said_at or request.at
    return said if op.since is None else min(said, op.since)
