"""The versions of one memory as a line of changes, some of which were taken back.

A version that an undo made stands for the one that it restores; whatever lies between the two is
taken back, and so no longer in force. What a person brings back with `revert` is a change like any
other: it is in force itself, and so is what was changed before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from memx_core.ledger.damage import damaged
from memx_core.ledger.rows import span
from memx_core.ledger.tables import changes, memories, operations, versions
from memx_core.types import Change

UNDO = "undo"
_SLICE = 500  # bound values a statement may carry, well under every database's limit


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version that is to be made of one that was there.

    Attributes:
        source: The version to bring back; `None` for nothing.
        ended: Behind the current version, as it was, not in its place.
    """

    source: Row[Any] | None
    ended: bool = False


class Lineage:
    """All versions of one memory, each with the change and the call that made it.

    Args:
        rows: In their order, from `read`.
    """

    def __init__(self, rows: Sequence[Row[Any]]) -> None:
        self.versions = {row.version: row for row in rows}
        self.latest: int = rows[-1].latest
        if rows[-1].head not in self.versions:
            raise damaged("a memory has no current version")
        if not all(isinstance(row.text, str) for row in rows):
            raise damaged("the text of a memory is none")
        self.head: Row[Any] = self.versions[rows[-1].head]

    def since(self, calls: Collection[int]) -> list[Row[Any]]:
        """What is in force from the first version of `calls` on, newest first; nothing if none of theirs is."""
        hidden = [row.version for row in self.versions.values() if row.operation in calls and _is_undoing(row)]
        found: list[Row[Any]] = []
        last, version = 0, self.latest
        while version > 0:
            row = self.versions[version]
            asked = row.operation in calls
            skips = _is_undoing(row) and (asked or not any(row.restores < one < version for one in hidden))
            if asked or not skips:
                found.append(row)
                last = len(found) if asked else last
            version = row.restores if skips else version - 1
        return found[:last]

    def before(self, first: Row[Any]) -> list[Wanted]:
        """What has to be made for the memory to be again as it was before the version `first`."""
        wanted = [Wanted(self.versions.get(first.before or 0))]
        if not _is_undoing(first):
            return wanted
        head = self.origin(first.before or 0)
        again = [row for row in self._in_force(first.version - 1) if row.version > first.restores]
        behind = [Wanted(row, ended=True) for row in reversed(again) if row.version != head and row.status != "deleted"]
        return behind if behind and self.origin(first.restores) == head else behind + wanted

    def _in_force(self, version: int) -> Iterator[Row[Any]]:
        """What was in force when `version` was the latest, newest first."""
        while version > 0:
            row = self.versions[version]
            if _is_undoing(row):
                version = row.restores
            else:
                yield row
                version -= 1

    def origin(self, version: int) -> int:
        """The version that `version` stands for, after undos; 0 for none."""
        while version > 0 and _is_undoing(self.versions[version]):
            version = self.versions[version].restores
        return version

    def stands_for(self, version: int) -> bool:
        """Whether the current version is `version`, or what undos made of it."""
        return version in self.versions and self.origin(self.head.version) == self.origin(version)

    def head_before(self, operation: int) -> Row[Any] | None:
        """The version that was current when the call `operation` came."""
        earlier = [row for row in self.versions.values() if row.operation < operation and not _is_ended(row)]
        return earlier[-1] if earlier else None

    def change(self, row: Row[Any]) -> Change:
        """The row of history that made a version."""
        return Change(
            memory_id=row.id,
            event=row.event,
            old_text=None if row.before is None else self.versions[row.before].text or None,
            new_text=None if row.event == "DELETE" else row.text,
            at=row.at,
            reason=row.reason,
            actor=row.actor,
            operation_id=row.operation_id,
            version=row.version,
            ended=_is_ended(row),
        )


def says_the_same(one: Row[Any], other: Row[Any]) -> bool:
    """Whether two versions make the same claim, whatever is beside it."""
    return one.text == other.text and span(one) == span(other)


def _is_undoing(row: Row[Any]) -> bool:
    return row.call == UNDO and row.restores is not None


def _is_ended(row: Row[Any]) -> bool:
    """Whether it was stored as already ended: nothing ever took its place."""
    return row.status == "superseded" and row.known_until is None


def read(connection: Connection, found: Iterable[int]) -> dict[int, Lineage]:
    """The lines of the memories `found`, by their numbers; nobody else changes those until the transaction ends."""
    wanted = sorted(set(found))
    lines: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for start in range(0, len(wanted), _SLICE):
        part = memories.c.seq.in_(wanted[start : start + _SLICE])
        connection.execute(select(memories.c.seq).where(part).order_by(memories.c.seq).with_for_update()).all()
        for row in connection.execute(_select().where(part)):
            lines[row.memory].append(row)
    if len(lines) < len(wanted):
        raise damaged("a memory lacks its versions, or its changes")
    return {memory: Lineage(rows) for memory, rows in lines.items()}


def _select() -> Select[Any]:
    return (
        select(
            versions,
            *(memories.c[name] for name in ("seq", "head", "latest", "alive", "fingerprint")),
            *(changes.c[name] for name in ("operation", "event", "before", "reason", "actor", "at")),
            changes.c.seq.label("change"),
            operations.c.id.label("operation_id"),
            operations.c.kind.label("call"),
        )
        .join(memories, memories.c.seq == versions.c.memory)
        .join(changes, (changes.c.memory == versions.c.memory) & (changes.c.version == versions.c.version))
        .join(operations, operations.c.seq == changes.c.operation)
        .order_by(versions.c.memory, versions.c.version)
    )
