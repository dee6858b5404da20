"""The verbatim conversation: kept, replaced by id, read, blanked.

Applications put whole conversations again and again. A turn that comes again as it was is the
same turn: what was taken back of it stays taken back, and it is not learned from once more.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Select, bindparam, delete, func, insert, select, update

from memx_core import addresses
from memx_core.ledger import periods, reviewing, rows
from memx_core.ledger.identifiers import among
from memx_core.ledger.tables import evidence, message_vectors, messages
from memx_core.ledger.touching import touch_behind
from memx_core.ledger.values import StoredMessage, Write
from memx_core.types import Message, Scope

_KEEP = insert(messages).returning(messages.c.session, messages.c.id, messages.c.row)


def keep(
    connection: Connection, request: Write, operation: int, queued: Callable[[Sequence[Message]], int] | None = None
) -> list[int]:
    """Stores the turns of `request`, replacing those whose id is known; their rows, by position.

    Args:
        connection: In a writing transaction.
        request: Whose turns.
        operation: What is written.
        queued: Makes the job of the turns that were not there, or said something else, if there are any.
    """
    if not request.messages:
        return []
    known = _known(connection, request)
    all_values = [_values(message, request, operation) for message in request.messages]
    formers = [known.get((values["session"], values["id"])) for values in all_values]
    says = [former is None or _says_more(former, values) for former, values in zip(formers, all_values, strict=True)]
    if queued is not None and any(says):
        job = queued([message for message, new in zip(request.messages, says, strict=True) if new])
        for values in all_values:
            values["job"] = job
    for former, values, new in zip(formers, all_values, says, strict=True):
        if former is not None:
            _replace(connection, former, values, changed=new)
    fresh = [values for former, values in zip(formers, all_values, strict=True) if former is None]
    made = {(row.session, row.id): row.row for row in connection.execute(_KEEP, fresh)} if fresh else {}
    return [
        made[values["session"], values["id"]] if former is None else former.row
        for former, values in zip(formers, all_values, strict=True)
    ]


def _says_more(former: Row[Any], values: dict[str, Any]) -> bool:
    return any(getattr(former, name) != values[name] for name in _SAYING)


def _replace(connection: Connection, former: Row[Any], values: dict[str, Any], *, changed: bool) -> None:
    """Puts a turn in the place of `former`; if it says nothing new, only what is beside its words."""
    if changed:
        for name in _MARKS:
            if getattr(former, name):
                periods.unmark(connection, name, messages.c.row == former.row, values["operation"])
        connection.execute(delete(message_vectors).where(message_vectors.c.row == former.row))
    else:
        values = {name: values[name] for name in _BESIDE}
    connection.execute(update(messages).where(messages.c.row == former.row).values(values))


_SAYING = ("role", "name", "content")
_MARKS: tuple[periods.Mark, ...] = ("withheld", "overtaken")
_BESIDE = ("metadata", "origin", "raw", "said_at", "revision")
_KNOWN = select(*(messages.c[name] for name in ("session", "id", "row", "operation", *_SAYING, *_MARKS))).where(
    messages.c.address == bindparam("at"), among(messages.c.session, "sessions"), among(messages.c.id, "ids")
)


def _known(connection: Connection, request: Write) -> dict[tuple[str, str], Row[Any]]:
    given = {(message.session_id or "", message.id) for message in request.messages if message.id}
    if not given:
        return {}
    sessions, ids = (list(dict.fromkeys(part)) for part in zip(*given, strict=True))
    values = {"at": addresses.digest(request.namespace, request.scope), "sessions": sessions, "ids": ids}
    return {(row.session, row.id): row for row in connection.execute(_KNOWN, values)}


def replaced_since(connection: Connection, request: Write, revision: int) -> list[str]:
    """Ids of turns of `request` that somebody else has put since, saying something else."""
    known = _known(connection, request)
    return [
        message.id
        for message in request.messages
        if message.id
        and (former := known.get((message.session_id or "", message.id))) is not None
        and former.operation > revision
        and any(getattr(former, name) != getattr(message, name) for name in _SAYING)
    ]


def _values(message: Message, request: Write, operation: int) -> dict[str, Any]:
    return {
        **addresses.columns(request.namespace, request.scope),
        "id": message.id or str(uuid.uuid4()),
        "session": message.session_id or "",
        "role": message.role,
        "name": message.name,
        "content": message.content,
        "metadata": dict(message.metadata),
        "origin": message.origin,
        "raw": None if message.raw is None else dict(message.raw),
        "said_at": message.timestamp or request.at,
        "recorded_at": request.at,
        "cleared": False,
        "withheld": False,
        "overtaken": False,
        "job": None,
        "operation": operation,
        "revision": operation,
    }


def read(connection: Connection, namespace: str, scope: Scope, session: str | None, limit: int | None) -> list[Message]:
    """The conversation in its order; with a limit its last turns.

    Without a session the turns that belong to none.
    """
    statement = select(messages).where(
        rows.owned(messages, namespace, scope), messages.c.session == (session or ""), ~messages.c.cleared
    )
    return [rows.message(row) for row in _last(connection, statement, limit)]


def sessions(connection: Connection, namespace: str, scope: Scope) -> list[str]:
    """The conversations of `scope` that have turns, in the order in which they began."""
    statement = (
        select(messages.c.session)
        .where(rows.owned(messages, namespace, scope), messages.c.session != "", ~messages.c.cleared)
        .group_by(messages.c.session)
        .order_by(func.min(messages.c.row))
    )
    return list(connection.execute(statement).scalars())


def before(
    connection: Connection, namespace: str, scope: Scope, session: str | None, limit: int, row: int | None
) -> list[Message]:
    """The last turns of the conversation at exactly this address, up to `row`; not what was deleted."""
    at = addresses.digest(namespace, scope)
    values = {"at": at, "of": session or "", "until": _ANY if row is None else row, "most": limit}
    newest = connection.execute(_BEFORE, values).all()
    return [rows.message(found) for found in newest[::-1]]


# Built once: building a statement costs more than running it.
_ANY = 2**62  # no row has a number as high
_BEFORE = (
    select(messages)
    .where(
        messages.c.address == bindparam("at"),
        messages.c.session == bindparam("of"),
        ~messages.c.cleared,
        ~messages.c.withheld,
        messages.c.row < bindparam("until", type_=BigInteger),
    )
    .order_by(messages.c.row.desc())
    .limit(bindparam("most", type_=BigInteger))
)


def _last(connection: Connection, statement: Select[Any], limit: int | None) -> Sequence[Any]:
    if limit is None:
        return connection.execute(statement.order_by(messages.c.row)).all()
    newest = connection.execute(statement.order_by(messages.c.row.desc()).limit(limit)).all()
    return newest[::-1]


def of_jobs(connection: Connection, jobs: Sequence[int]) -> tuple[StoredMessage, ...]:
    """The turns that jobs are to learn from, in their order."""
    statement = select(messages).where(messages.c.job.in_(jobs)).order_by(messages.c.row)
    return tuple(StoredMessage(row.row, rows.message(row)) for row in connection.execute(statement))


def clear(connection: Connection, request: Write, session: str, only: Collection[str] | None, operation: int) -> int:
    """Blanks a conversation, or turns of it: no text, no vector, no quote in anybody's evidence stays; their number."""
    owned = rows.owned(messages, request.namespace, request.scope)
    statement = select(messages.c.row).where(owned, messages.c.session == session, ~messages.c.cleared)
    if only is not None:
        statement = statement.where(messages.c.id.in_(only))
    found = connection.execute(statement).scalars().all()
    if not found:
        return 0
    # A new id, because the application may put a turn with the old one again.
    connection.execute(
        update(messages)
        .where(messages.c.row == bindparam("r"))
        .values(
            id=bindparam("blank"),
            content="",
            name=None,
            metadata={},
            raw=None,
            cleared=True,
            job=None,
            revision=operation,
        ),
        [{"r": row, "blank": f"cleared:{uuid.uuid4()}"} for row in found],
    )
    reviewing.blank(connection, request.namespace, request.scope, found)
    by_row = [{"r": row} for row in found]
    connection.execute(delete(message_vectors).where(message_vectors.c.row == bindparam("r")), by_row)
    connection.execute(update(evidence).where(evidence.c.message == bindparam("r")).values(quote="", start=-1), by_row)
    touch_behind(connection, messages.c.row.in_(found), operation)
    return len(found)
