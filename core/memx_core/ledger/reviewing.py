"""Operations that a policy holds back, until somebody approves or rejects them.

What was approved, or taken away by a call that can be undone, is closed and not removed: when that
call is undone, it waits again.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, or_, select, update

from memx_core import addresses
from memx_core.errors import OperationNotFoundError
from memx_core.ledger import rows, sources
from memx_core.ledger.tables import operations, reviews
from memx_core.ledger.values import Attributes, Held, Write
from memx_core.plans import operation_from, operation_json
from memx_core.text import fingerprint
from memx_core.types import Evidence, Job, Operation, Scope

_MOST_EVIDENCE = 32
"""Evidence that an operation gains at most while it waits, however often the same is said."""


@dataclass(slots=True)
class Kept:
    """What became of the operations of a write that are held back.

    Attributes:
        rows: Ids of those that wait now.
        warnings: What waited already.
    """

    rows: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])


def hold(connection: Connection, request: Write, operation: int, turns: Sequence[int]) -> Kept:
    """Keeps `request.held`; what waits already only gains evidence.

    Args:
        connection: Of the writing transaction.
        request: What is written.
        operation: Number of its row.
        turns: Rows of its turns, by position.
    """
    kept = Kept()
    if not request.held:
        return kept
    waits = {_sense(held.operation): held for held in _of_address(connection, request)}
    for proposed in request.held:
        fresh = _fresh(request, operation, proposed, turns)
        former = waits.get(_sense(proposed))
        if former is None:
            _insert(connection, request, fresh)
        elif former.operation.expected_version == proposed.expected_version:
            merged = _joined(former, fresh)
            connection.execute(update(reviews).where(reviews.c.id == former.id).values(proposal=_json(merged)))
            kept.warnings.append(f"waiting: {proposed.event} {proposed.text!r} waits to be approved already")
            continue
        else:  # what it was decided on has changed, and it is still so: now it can be approved again
            close(connection, [former.id], operation)
            _insert(connection, request, _joined(former, fresh, anew=True))
        kept.rows.append(fresh.id)
    marked = {"status": "review"} if kept.rows else {}
    warned = {"warnings": [*request.warnings, *kept.warnings]} if kept.warnings else {}
    if marked or warned:
        connection.execute(update(operations).where(operations.c.seq == operation).values(**marked, **warned))
    return kept


def _sense(operation: Operation) -> tuple[str, str | None, str]:
    """What is proposed, so that the same is not held twice."""
    target = operation.conflicts_with if operation.event in ("ADD", "CONFLICT") else operation.memory_id
    return operation.event, target, fingerprint(operation.text)


def _fresh(request: Write, operation: int, proposed: Operation, turns: Sequence[int]) -> Held:
    return Held(
        id=str(uuid.uuid4()),
        call=operation,
        operation_id=request.id,
        scope=request.scope,
        session=next((message.session_id for message in request.messages if message.session_id), None),
        created_at=request.at,
        operation=proposed,
        attributes=request.attributes,
        rows={item.message: turns[item.message] for item in proposed.evidence},
        replies=tuple(sources.replies([proposed], request.messages, turns)),
        actor=request.actor,
        prompt=request.prompt,
    )


def _joined(former: Held, fresh: Held, *, anew: bool = False) -> Held:
    """One of the two, with the evidence of both."""
    first, second = (fresh, former) if anew else (former, fresh)
    turns = dict(first.rows)
    evidence = list(first.operation.evidence)
    for item in second.operation.evidence:
        row = second.rows[item.message]
        position = next((at for at, known in turns.items() if known == row), max(turns, default=-1) + 1)
        turns[position] = row
        evidence.append(replace(item, message=position))
    kept = tuple(dict.fromkeys(evidence))[:_MOST_EVIDENCE]
    return replace(
        first,
        operation=replace(first.operation, evidence=kept),
        rows={item.message: turns[item.message] for item in kept},
        replies=tuple(dict.fromkeys((*first.replies, *second.replies))),
    )


def _insert(connection: Connection, request: Write, held: Held) -> None:
    values = {
        "id": held.id,
        "operation": held.call,
        **addresses.columns(request.namespace, held.scope),
        "session": held.session or "",
        "proposal": _json(held),
        "created_at": held.created_at,
    }
    connection.execute(insert(reviews).values(values))


def _json(held: Held) -> dict[str, Any]:
    attributes = asdict(held.attributes)
    expires = held.attributes.expires_at
    return {
        "operation": operation_json(held.operation),
        "attributes": {**attributes, "expires_at": None if expires is None else expires.isoformat()},
        "rows": list(held.rows.items()),
        "replies": list(held.replies),
        "actor": held.actor,
        "prompt": held.prompt,
    }


def _held(row: Row[Any]) -> Held:
    proposal = row.proposal
    attributes = proposal["attributes"]
    expires = attributes["expires_at"]
    return Held(
        id=row.id,
        call=row.operation,
        operation_id=row.operation_id,
        scope=rows.scope_of(row),
        session=row.session or None,
        created_at=row.created_at,
        operation=operation_from(proposal["operation"]),
        attributes=Attributes(
            kind=attributes["kind"],
            metadata=attributes["metadata"],
            merge=attributes["merge"],
            expires_at=None if expires is None else datetime.fromisoformat(expires),
            keep_expiry=attributes["keep_expiry"],
        ),
        rows=dict(proposal["rows"]),
        replies=tuple(proposal["replies"]),
        actor=proposal["actor"],
        prompt=proposal["prompt"],
    )


def waiting(connection: Connection, namespace: str, scope: Scope) -> list[Held]:
    """All of `scope`, oldest first."""
    return list(map(_held, connection.execute(_select().where(rows.owned(reviews, namespace, scope)))))


def job(held: Held) -> Job:
    """How `pending` shows it."""
    return Job(
        id=held.id,
        operation_id=held.operation_id,
        session_id=held.session,
        status="review",
        attempts=0,
        error=None,
        created_at=held.created_at,
        operation=held.operation,
    )


def find(connection: Connection, namespace: str, scope: Scope, ids: Iterable[str]) -> list[Held]:
    """What waits under `ids`, each its own or that of its call, oldest first.

    Raises:
        OperationNotFoundError: If nothing waits under one of them in `scope`.
    """
    wanted = tuple(dict.fromkeys(ids))
    named = or_(reviews.c.id.in_(wanted), operations.c.id.in_(wanted))
    statement = _select().where(rows.owned(reviews, namespace, scope), named)
    found = list(map(_held, connection.execute(statement)))
    there = {id for held in found for id in (held.id, held.operation_id)}
    for id in wanted:
        if id not in there:
            raise OperationNotFoundError(id)
    return found


def _of_address(connection: Connection, request: Write) -> list[Held]:
    address = addresses.digest(request.namespace, request.scope)
    return list(map(_held, connection.execute(_select().where(reviews.c.address == address))))


_CLOSER = operations.alias("closer")


def _select() -> Select[Any]:
    """What waits: its call holds, and no call that closed it does."""
    return _select_all().where(
        operations.c.undone_by.is_(None), or_(reviews.c.closed.is_(None), _CLOSER.c.undone_by.is_not(None))
    )


def _select_all() -> Select[Any]:
    return (
        select(reviews, operations.c.id.label("operation_id"))
        .join(operations, operations.c.seq == reviews.c.operation)
        .outerjoin(_CLOSER, _CLOSER.c.seq == reviews.c.closed)
        .order_by(reviews.c.seq)
    )


def remove(connection: Connection, ids: Collection[str]) -> None:
    """Takes away for good what waits under these ids of their own."""
    connection.execute(delete(reviews).where(reviews.c.id.in_(ids)))


def close(connection: Connection, ids: Collection[str], operation: int) -> None:
    """What waits under these ids of their own waits no more, unless the call `operation` is undone."""
    connection.execute(update(reviews).where(reviews.c.id.in_(ids)).values(closed=operation))


def close_all(connection: Connection, namespace: str, scope: Scope, operation: int) -> None:
    """Likewise everything of `scope` that waits."""
    close(connection, [held.id for held in waiting(connection, namespace, scope)], operation)


def approvals(connection: Connection, calls: Collection[int]) -> set[int]:
    """Numbers of the calls that approved something of `calls`, and hold."""
    statement = select(_CLOSER.c.seq).join(reviews, reviews.c.closed == _CLOSER.c.seq)
    statement = statement.where(
        reviews.c.operation.in_(calls), _CLOSER.c.kind == "approve", _CLOSER.c.undone_by.is_(None)
    )
    return set(connection.execute(statement).scalars())


def blank(connection: Connection, namespace: str, scope: Scope, turns: Collection[int]) -> None:
    """Takes the quotes of the rows `turns` out of what waits or waited, as they are taken out of all evidence."""
    gone = set(turns)
    for held in map(_held, connection.execute(_select_all().where(rows.owned(reviews, namespace, scope))).all()):
        evidence = tuple(_blanked(item, held, gone) for item in held.operation.evidence)
        if evidence != held.operation.evidence:
            blanked = replace(held, operation=replace(held.operation, evidence=evidence))
            connection.execute(update(reviews).where(reviews.c.id == held.id).values(proposal=_json(blanked)))


def _blanked(item: Evidence, held: Held, gone: Collection[int]) -> Evidence:
    return replace(item, quote="", start=-1) if held.rows[item.message] in gone else item
