"""Whether what the tables say agrees: memories, versions, changes, evidence, vectors and jobs.

Asked in plain SQL, and not of memx, which could hide its own mistakes. A namespace at a time, so that
campaigns may share a database.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, text

from memx_core import Memory, MemoryItem
from memx_core.memory.arguments import ScopeIds
from memx_core.text import fingerprint

_OF_MEMORIES = """
SELECT m.id FROM memx_memories m
LEFT JOIN memx_versions head ON head.memory = m.seq AND head.version = m.head
WHERE m.namespace = :namespace AND
"""
_CURRENT = "status IN ('active', 'conflict')"
_RULES = {
    "has no current version": f"{_OF_MEMORIES} head.row IS NULL",
    "is alive and has none, or the other way round": f"{_OF_MEMORIES} m.alive <> (head.{_CURRENT})",
    "has a current version beside its head": f"""{_OF_MEMORIES} EXISTS (
        SELECT 1 FROM memx_versions v WHERE v.memory = m.seq AND v.version <> m.head AND v.{_CURRENT})""",
    "has a gap in its versions": f"""{_OF_MEMORIES} m.latest <> (
        SELECT count(*) FROM memx_versions v WHERE v.memory = m.seq AND v.version BETWEEN 1 AND m.latest)
        OR m.namespace = :namespace AND m.latest <> (SELECT count(*) FROM memx_versions v WHERE v.memory = m.seq)""",
    "does not have one change for each version": f"""{_OF_MEMORIES} m.latest <> (
        SELECT count(DISTINCT c.version) FROM memx_changes c WHERE c.memory = m.seq)
        OR m.namespace = :namespace AND m.latest <> (SELECT count(*) FROM memx_changes c WHERE c.memory = m.seq)""",
    "has evidence for a version that is not there": f"""{_OF_MEMORIES} EXISTS (
        SELECT 1 FROM memx_evidence e WHERE e.memory = m.seq AND NOT EXISTS (
            SELECT 1 FROM memx_versions v WHERE v.memory = e.memory AND v.version = e.version))""",
    "has a quote that nobody said": f"""{_OF_MEMORIES} EXISTS (
        SELECT 1 FROM memx_evidence e JOIN memx_messages s ON s.row = e.message
        WHERE e.memory = m.seq AND e.start >= 0 AND substr(s.content, e.start + 1, length(e.quote)) <> e.quote)""",
    "has evidence of somebody else": f"""{_OF_MEMORIES} EXISTS (
        SELECT 1 FROM memx_evidence e JOIN memx_messages s ON s.row = e.message
        WHERE e.memory = m.seq AND s.address <> m.address)""",
    "has a version at another address": f"""{_OF_MEMORIES} EXISTS (
        SELECT 1 FROM memx_versions v WHERE v.memory = m.seq AND (v.address <> m.address OR v.id <> m.id))""",
}
_VECTORS = {
    "has a version without a vector": f"""{_OF_MEMORIES} EXISTS (
        SELECT 1 FROM memx_versions v WHERE v.memory = m.seq AND v.status <> 'deleted' AND NOT EXISTS (
            SELECT 1 FROM memx_version_vectors w JOIN memx_spaces s ON s.seq = w.space
            WHERE w.row = v.row AND s.serving AND s.namespace = m.namespace))""",
    "is a message without a vector or a job": """
        SELECT s.id FROM memx_messages s WHERE s.namespace = :namespace AND s.role IN ('user', 'assistant')
        AND NOT s.cleared AND trim(s.content) <> '' AND s.job IS NULL
        AND NOT EXISTS (SELECT 1 FROM memx_message_vectors w WHERE w.row = s.row)""",
}


def disagreements(engine: Engine, namespace: str = "default", *, vectors: bool = True) -> list[str]:
    """What the tables contradict each other about; `vectors`: everything is to have one."""
    rules = {**_RULES, **(_VECTORS if vectors else {})}
    with engine.connect() as connection:
        found = [
            f"{id} {rule}"
            for rule, statement in rules.items()
            for id in connection.execute(text(statement), {"namespace": namespace}).scalars()
        ]
        return [*found, *_fingerprints(connection, namespace), *_pages(connection)]


def _fingerprints(connection: Connection, namespace: str) -> list[str]:
    """Living memories that are known by another text than their own."""
    statement = text(f"{_OF_MEMORIES} m.fingerprint IS NOT NULL").text.replace("m.id", "m.id, m.fingerprint, head.text")
    rows = connection.execute(text(statement), {"namespace": namespace})
    return [f"{row.id} is known by another text" for row in rows if row.fingerprint != fingerprint(row.text or "")]


def _pages(connection: Connection) -> list[str]:
    """What the database itself finds wrong."""
    if connection.dialect.name != "sqlite":
        return []
    checked = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [f"integrity: {each}" for each in checked if each != "ok"] + [f"dangling: {row[0]}" for row in dangling]


def everything(memory: Memory, ids: ScopeIds) -> list[MemoryItem]:
    """All memories of a scope."""
    page = memory.get_all(limit=1000, **ids)
    items = list(page)
    while page.next_cursor:
        page = memory.get_all(limit=1000, cursor=page.next_cursor, **ids)
        items += page
    return items


def unfound(memory: Memory, scopes: Iterable[ScopeIds]) -> list[str]:
    """Where the index and the ledger differ: a memory that is not found by its own words, or one that is not there."""
    wrong: list[str] = []
    for ids in scopes:
        items = everything(memory, ids)
        known = {item.id for item in items}
        for item in items:
            found = _found(memory, item, ids, 10)
            if item.id not in found:  # beside so many of its like
                found = _found(memory, item, ids, max(10, len(items)))
            if item.id not in found:
                wrong.append(f"{item.text!r} is not found")
            wrong += [f"{id} is found and not there" for id in found - known]
    return wrong


def _found(memory: Memory, item: MemoryItem, ids: ScopeIds, limit: int) -> set[str]:
    return {hit.memory.id for hit in memory.search(item.text, limit=limit, **ids)}
