"""An index that outlives its process as a server does: what it is told goes to a file, and is read from there."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memx_core.ports import IndexEntry
from memx_core.testing import PushedIndex
from memx_core.types import Scope


class JournalIndex(PushedIndex):
    """A `PushedIndex` that is there again after its process was killed.

    Args:
        path: Where its journal is; a call that was cut off while it was written never came.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        for name, arguments in _calls(path):
            getattr(super(), name)(*arguments)

    def apply(self, namespace: str, entries: Sequence[IndexEntry]) -> None:
        """Takes the entries in, for good."""
        self._note("apply", namespace, list(entries))
        super().apply(namespace, entries)

    def drop(self, namespace: str, scope: Scope | None = None) -> None:
        """Forgets it, for good."""
        self._note("drop", namespace, scope)
        super().drop(namespace, scope)

    def _note(self, name: str, *arguments: object) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(pickle.dumps((name, arguments)))


def _calls(path: Path) -> list[tuple[str, Any]]:
    calls: list[tuple[str, Any]] = []
    if path.exists():
        with path.open("rb") as file:
            while True:
                try:
                    calls.append(pickle.load(file))
                except (EOFError, pickle.UnpicklingError):
                    break
    return calls
