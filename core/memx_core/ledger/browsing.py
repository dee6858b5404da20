"""Looking through what is kept, page by page: whose it is, every version there is, and what a conversation left.

For people who look at a whole database. A page never reads more than it shows, but for the names that are
passed over: on PostgreSQL, whose indexes hold digests of ids, they are sorted for each page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, func, or_, select

from memx_core.ledger import rows
from memx_core.ledger.identifiers import among
from memx_core.ledger.provenance import words
from memx_core.ledger.tables import evidence, messages, operations, versions
from memx_core.provenance import Learned
from memx_core.reports import OwnerKind, OwnerReport
from memx_core.types import Page, Scope, Status

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether `text` is in there, letter by letter or but for the case of ASCII's: nothing in it is a wildcard."""
    lowered = func.lower(column)
    return or_(func.replace(column, text, "") != column, func.replace(lowered, text.translate(_LOWER), "") != lowered)


def owners(
    connection: Connection,
    namespace: str,
    scope: Scope,
    kind: OwnerKind,
    *,
    containing: str,
    after: str | None,
    limit: int,
    now: datetime,
) -> list[OwnerReport]:
    """The ids of a kind that occur within `scope`, by their code points, from behind `after`."""
    found: set[str] = set()
    for table in (versions, messages):
        own = _own(table, kind)
        wanted = [rows.owned(table, namespace, scope), own.is_not(None)]
        if table is messages:
            wanted.append(~messages.c.cleared)
        if after is not None:
            wanted.append(own > after)
        if containing:
            wanted.append(contains(own, containing))
        found.update(connection.execute(select(own).where(*wanted).distinct().order_by(own).limit(limit)).scalars())
    return _counted(connection, namespace, scope, kind, sorted(found)[:limit], now)


def _own(table: Table, kind: OwnerKind) -> Column[str]:
    return table.c[f"{kind}_id"]


def _counted(
    connection: Connection, namespace: str, scope: Scope, kind: OwnerKind, ids: list[str], now: datetime
) -> list[OwnerReport]:
    if not ids:
        return []
    own = _own(versions, kind)
    known = (
        select(
            own.label("id"),
            func.count().filter(rows.believed(now)).label("memories"),
            func.min(versions.c.created_at).label("first"),
            func.max(versions.c.recorded_at).label("last"),
        )
        .where(rows.owned(versions, namespace, scope), among(own, "ids"))
        .group_by(own)
    )
    own = _own(messages, kind)
    said = (
        select(
            own.label("id"),
            func.count().label("messages"),
            func.min(messages.c.recorded_at).label("first"),
            func.max(messages.c.recorded_at).label("last"),
        )
        .where(rows.owned(messages, namespace, scope), ~messages.c.cleared, among(own, "ids"))
        .group_by(own)
    )
    memories, turns = defaultdict[str, int](int), defaultdict[str, int](int)
    times = defaultdict[str, list[datetime]](list)
    for counts, statement in ((memories, known), (turns, said)):
        for row in connection.execute(statement, {"ids": ids}):
            counts[row.id] = row[1]
            times[row.id] += [row.first, row.last]
    return [OwnerReport(kind, each, memories[each], turns[each], min(times[each]), max(times[each])) for each in ids]


def page(
    connection: Connection,
    namespace: str,
    scope: Scope,
    *,
    statuses: Collection[Status],
    containing: str,
    limit: int,
    after: tuple[int, int] | None,
) -> Page:
    """Every version of `scope`, newest memory first, from behind the memory and version `after`."""
    wanted = [rows.owned(versions, namespace, scope)]
    if statuses:
        wanted.append(or_(*(versions.c.status == each for each in sorted(statuses))))
    if containing:
        wanted.append(contains(versions.c.text, containing))
    if after is not None:
        wanted.append(rows.behind(*after))
    statement = (
        rows.select_items()
        .add_columns(versions.c.memory)
        .where(*wanted)
        .order_by(versions.c.memory.desc(), versions.c.version.desc())
        .limit(limit + 1)
    )
    return rows.page(connection.execute(statement).all(), limit)


def learned(connection: Connection, namespace: str, scope: Scope, session: str | None) -> list[Learned]:
    """What the turns of a conversation led to, in their order; not what was taken back."""
    statement = (
        select(
            evidence.c.quote,
            evidence.c.start,
            messages.c.id.label("message_id"),
            messages.c.content,
            versions.c.id.label("memory_id"),
            versions.c.version,
            versions.c.status,
            versions.c.text,
        )
        .join(messages, messages.c.row == evidence.c.message)
        .join(versions, (versions.c.memory == evidence.c.memory) & (versions.c.version == evidence.c.version))
        .join(operations, operations.c.seq == evidence.c.operation)
        .where(
            rows.owned(messages, namespace, scope),
            messages.c.session == (session or ""),
            ~messages.c.cleared,
            operations.c.undone_by.is_(None),
        )
        .order_by(messages.c.row, evidence.c.start, evidence.c.seq)
    )
    return [
        Learned(
            row.message_id,
            row.quote,
            *words(row.content, row.quote, row.start),
            row.memory_id,
            row.version,
            row.status,
            row.text,
        )
        for row in connection.execute(statement)
    ]
