"""What an index is derived from, and how much of it an index has heard."""

from __future__ import annotations

from collections.abc import Collection

from memx_core.ledger import beside, hearing, lookups
from memx_core.ledger.hearing import Late
from memx_core.ledger.methods.base import Base
from memx_core.ledger.refusals import repeated
from memx_core.ports import KINDS, EntryKind, IndexEntry, News
from memx_core.types import Scope


class Indexing(Base):
    """What an index is derived from, and how much of it an index has heard."""

    def revision(self, namespace: str) -> int:
        """Number of the newest write of `namespace`."""
        with self._database.reading() as connection:
            return lookups.revision(connection, namespace)

    def entries(self, namespace: str, scope: Scope, *, since: int, kinds: Collection[EntryKind] = KINDS) -> News:
        """What of `kinds` was written to `scope` after revision `since`."""
        quick = self._database.quick_answers(lookups.newest(namespace)) if since else None
        if quick is not None and quick[0][0][0] == since:
            return News((), since)
        with self._database.reading() as connection:
            return lookups.entries(connection, namespace, scope, since, kinds)

    def beside(self, namespace: str, scope: Scope, turns: Collection[int]) -> dict[int, list[int]]:
        """By row of a turn, the rows of the current turns before and after it in its conversation."""
        with self._database.reading() as connection:
            return beside.rows_beside(connection, namespace, scope, turns)

    def all_entries(self, namespace: str, *, after: IndexEntry | None, limit: int) -> list[IndexEntry]:
        """The next entries of the whole application."""
        with self._database.reading() as connection:
            return list(lookups.all_entries(connection, namespace, after, limit))

    def holds_more(self, namespace: str, scope: Scope, than: int) -> bool:
        """Whether `scope` has more entries than so many."""
        with self._database.reading() as connection:
            return lookups.holds_more(connection, namespace, scope, than)

    def late(self, namespace: str, *, since: int | None = None) -> Late:
        """What an index that is told has not heard of; with `since` also what was written between that and now."""
        with self._database.reading() as connection:
            return hearing.late(connection, namespace, since)

    def is_late(self, namespace: str) -> bool:
        """Whether there is anything that an index which is told has not heard of."""
        late = self.late(namespace)
        return late.since != late.reached

    @repeated
    def hear(self, namespace: str, *, heard: int, reached: int) -> bool:
        """Notes that it was told up to `reached`; False if it has heard of something else than `heard` meanwhile."""
        with self._database.writing(namespace) as connection:
            return hearing.hear(connection, namespace, heard=heard, reached=reached)

    @repeated
    def unhear(self, namespace: str) -> None:
        """Notes that it is to be told of everything anew."""
        with self._database.writing(namespace) as connection:
            hearing.forget(connection, namespace)
