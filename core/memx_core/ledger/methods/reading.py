"""What is read of memories, their history and their conversations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from memx_core.filters import Filter
from memx_core.ledger import browsing, history, holdings, lookups, provenance, reads, rows, transcripts
from memx_core.ledger.methods.base import Base
from memx_core.ledger.moments import Then
from memx_core.ports import EntryKind
from memx_core.provenance import Learned, Provenance
from memx_core.reports import OwnerKind, OwnerReport, ScopeReport
from memx_core.types import Change, MemoryItem, Message, Page, Scope, Status


class Reading(Base):
    """What is read of memories, their history and their conversations."""

    def memory(
        self, namespace: str, scope: Scope | None, memory_id: str, now: datetime, then: Then | None = None
    ) -> MemoryItem | None:
        """One memory, as it is or as it was `then`; `scope=None`: whoever it belongs to."""
        with self._database.reading() as connection:
            return reads.memory(connection, namespace, scope, memory_id, now, then)

    def numbered(self, namespace: str, scope: Scope | None, memory_id: str, number: int) -> MemoryItem | None:
        """The version of one memory that has this number, whatever became of it."""
        with self._database.reading() as connection:
            return reads.numbered(connection, namespace, scope, memory_id, number)

    def version(self, namespace: str, memory_id: str, version: int) -> MemoryItem:
        """One version of a memory that is known to be there."""
        with self._database.reading() as connection:
            return reads.version(connection, namespace, memory_id, version)

    def memories_by_id(self, namespace: str, scope: Scope, ids: Collection[str], now: datetime) -> list[MemoryItem]:
        """The current versions of `ids` at exactly this address."""
        with self._database.reading() as connection:
            return reads.memories_by_id(connection, namespace, scope, ids, now)

    def by_slot(
        self, namespace: str, scope: Scope, slots: Collection[str], now: datetime, limit: int
    ) -> dict[int, MemoryItem]:
        """Current memories at exactly this address that fill one of `slots`, by row, newest first."""
        with self._database.reading() as connection:
            return reads.by_slot(connection, namespace, scope, slots, now, limit)

    def found(
        self,
        namespace: str,
        scope: Scope,
        *,
        memories: Collection[int],
        messages: Collection[int],
        now: datetime,
        then: Then | None = None,
    ) -> tuple[dict[int, MemoryItem], dict[int, tuple[MemoryItem, Message]]]:
        """What an index found, by row, as far as the ledger confirms it."""
        facts = lookups.memories_by_row(namespace, scope, memories, now, then)
        turns = lookups.messages_by_row(namespace, scope, messages, then)
        answers = self._database.answers(*facts, *turns)
        return (
            {row[0]: rows.memory_item(row) for answer in answers[: len(facts)] for row in answer},
            {row[0]: rows.turn(row) for answer in answers[len(facts) :] for row in answer},
        )

    def rows_left(
        self,
        namespace: str,
        scope: Scope,
        *,
        kinds: Sequence[EntryKind],
        condition: Filter | None,
        now: datetime,
        then: Then | None = None,
        exact: bool = False,
    ) -> dict[EntryKind, NDArray[np.int64]]:
        """Per kind, the rows to look at that a filter leaves; `exact`: of this very address only."""
        with self._database.reading() as connection:
            return reads.rows_left(
                connection, namespace, scope, kinds=kinds, condition=condition, now=now, then=then, exact=exact
            )

    def holdings(self, namespace: str, scope: Scope, now: datetime) -> list[ScopeReport]:
        """What each address within `scope` holds, the one that was first remembered first."""
        with self._database.reading() as connection:
            return holdings.holdings(connection, namespace, scope, now)

    def owners(
        self,
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
        with self._database.reading() as connection:
            return browsing.owners(
                connection, namespace, scope, kind, containing=containing, after=after, limit=limit, now=now
            )

    def versions(
        self,
        namespace: str,
        scope: Scope,
        *,
        statuses: Collection[Status],
        containing: str,
        limit: int,
        after: tuple[int, int] | None,
    ) -> Page:
        """Every version of `scope`, newest memory first, from behind the memory and version `after`."""
        with self._database.reading() as connection:
            return browsing.page(
                connection, namespace, scope, statuses=statuses, containing=containing, limit=limit, after=after
            )

    def learned(self, namespace: str, scope: Scope, session: str | None) -> list[Learned]:
        """What the turns of a conversation led to, in their order."""
        with self._database.reading() as connection:
            return browsing.learned(connection, namespace, scope, session)

    def changed(self, namespace: str, scope: Scope) -> int:
        """Number of the newest write that touched a memory of `scope`."""
        with self._database.reading() as connection:
            return lookups.changed(connection, namespace, scope)

    def page(
        self,
        namespace: str,
        scope: Scope,
        *,
        condition: Filter | None,
        limit: int,
        after: tuple[int, int] | None,
        superseded: bool,
        now: datetime,
        then: Then | None = None,
    ) -> Page:
        """Memories of `scope`, newest first, beginning behind the memory and version `after`."""
        with self._database.reading() as connection:
            return reads.page(
                connection,
                namespace,
                scope,
                condition=condition,
                limit=limit,
                after=after,
                superseded=superseded,
                now=now,
                then=then,
            )

    def history(self, namespace: str, scope: Scope | None, memory_id: str) -> list[Change]:
        """Every change of one memory, oldest first."""
        with self._database.reading() as connection:
            return history.history(connection, namespace, scope, memory_id)

    def diff(self, namespace: str, scope: Scope, since: datetime, until: datetime | None) -> list[Change]:
        """Every change of the scope's memories after `since`, up to and with `until`, oldest first."""
        with self._database.reading() as connection:
            return history.diff(connection, namespace, scope, since, until)

    def why(self, namespace: str, scope: Scope | None, memory_id: str) -> Provenance | None:
        """Every version of one memory with what it rests on; `scope=None`: whoever it belongs to."""
        with self._database.reading() as connection:
            return provenance.why(connection, namespace, scope, memory_id)

    def transcript(self, namespace: str, scope: Scope, session: str | None, limit: int | None) -> list[Message]:
        """A conversation in its order; with a limit its last turns."""
        with self._database.reading() as connection:
            return transcripts.read(connection, namespace, scope, session, limit)

    def sessions(self, namespace: str, scope: Scope) -> list[str]:
        """The conversations of `scope` that have turns, in the order in which they began."""
        with self._database.reading() as connection:
            return transcripts.sessions(connection, namespace, scope)

    def context(
        self, namespace: str, scope: Scope, session: str | None, *, limit: int, before: int | None = None
    ) -> list[Message]:
        """The last turns of a conversation at exactly this address, up to the row `before`."""
        with self._database.reading() as connection:
            return transcripts.before(connection, namespace, scope, session, limit, before)
