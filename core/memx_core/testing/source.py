"""What an index reads from when there is no ledger: entries in a list, numbered as written."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock

from memx_core.ports import KINDS, EntryKind, IndexEntry, News
from memx_core.types import Scope


class ListSource:
    """An `IndexSource` in memory. Thread-safe.

    A write with a `kind` and `row` that is there already replaces it and comes again to readers,
    as in the ledger. Revisions count the writes of all namespaces together, so that an index
    which mixes them up is found out.
    """

    def __init__(self) -> None:
        self._entries: dict[str, dict[tuple[EntryKind, int], tuple[int, IndexEntry]]] = {}
        self._revisions: dict[str, int] = {}
        self._erasures: dict[str, int] = {}
        self._newest = 0
        self._lock = Lock()

    def write(self, namespace: str, *entries: IndexEntry) -> int:
        """Commits `entries` and returns the revision that they made."""
        with self._lock:
            revision = self._next(namespace)
            rows = self._entries.setdefault(namespace, {})
            for entry in entries:
                rows[entry.kind, entry.row] = (revision, entry)
            return revision

    def erase(self, namespace: str, scope: Scope) -> int:
        """Removes what is in `scope`, as if it had never been, and returns how much that was."""
        with self._lock:
            self._erasures[namespace] = self._next(namespace)
            rows = self._entries.get(namespace, {})
            gone = [key for key, (_, entry) in rows.items() if within(entry.scope, scope)]
            for key in gone:
                del rows[key]
            return len(gone)

    def revision(self, namespace: str) -> int:
        """See `IndexSource`."""
        return self._revisions.get(namespace, 0)

    def entries(self, namespace: str, scope: Scope, *, since: int, kinds: Collection[EntryKind] = KINDS) -> News:
        """See `IndexSource`; as in the ledger, an erasure does not tell whose it was."""
        with self._lock:
            rows = [entry for revision, entry in self._entries.get(namespace, {}).values() if revision > since]
            found = [entry for entry in rows if entry.kind in kinds and within(entry.scope, scope)]
            return News(found, self.revision(namespace), 0 < since < self._erasures.get(namespace, 0))

    def beside(self, namespace: str, scope: Scope, turns: Collection[int]) -> dict[int, list[int]]:
        """See `IndexSource`."""
        sessions: dict[str, list[int]] = {}
        for entry in sorted(self.entries(namespace, scope, since=0)[0], key=lambda entry: entry.row):
            if entry.kind == "message" and entry.current:
                sessions.setdefault(entry.session, []).append(entry.row)
        found = {
            row: [*session[max(0, place - 1) : place], *session[place + 1 : place + 2]]
            for session in sessions.values()
            for place, row in enumerate(session)
        }
        return {row: found[row] for row in turns if row in found}

    def _next(self, namespace: str) -> int:
        self._newest += 1
        self._revisions[namespace] = self._newest
        return self._newest


def within(address: Scope, scope: Scope) -> bool:
    """Whether what was added with `address` is in `scope`: the ids that it gives are the same."""
    wanted = ((address.user_id, scope.user_id), (address.agent_id, scope.agent_id), (address.run_id, scope.run_id))
    return all(asked is None or asked == given for given, asked in wanted)
