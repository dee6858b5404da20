"""What a run has come to so far, a JSON object a line: the settings first, then what each call brought."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Journal:
    """A file that is only appended to. Thread-safe; one process at a time.

    Args:
        path: Where it is, or will be.
        settings: Of the run, as JSON; the file must have been begun with the same.

    Raises:
        SystemExit: If it was begun with others, or is no journal.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._entries: dict[str, Mapping[str, Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = _whole_lines(path)
        if lines:
            self._compare(lines[0], settings)
        self._entries = {str(entry["key"]): entry for entry in lines[1:]}
        self._file = path.open("a", encoding="utf-8")
        if not lines:
            self._append({"settings": settings})

    def _compare(self, first: object, settings: Mapping[str, Any]) -> None:
        begun: Mapping[str, Any] | None = first.get("settings") if isinstance(first, dict) else None
        if begun is None:
            raise SystemExit(f"{self._path} is no journal: its first line holds no settings")
        given = json.loads(json.dumps(settings))
        other = [name for name in sorted({*begun, *given}) if begun.get(name) != given.get(name)]
        if other:
            differences = "; ".join(f"{name} was {begun.get(name)!r} and is {given.get(name)!r}" for name in other)
            raise SystemExit(f"{self._path} was begun with other settings: {differences}. Begin another with --journal")

    def find(self, key: str) -> Mapping[str, Any] | None:
        """What was written under `key`."""
        return self._entries.get(key)

    def write(self, key: str, **what: Any) -> Mapping[str, Any]:  # noqa: ANN401  # JSON
        """Keeps `what`, on disk when this returns."""
        entry = {"key": key, **what}
        self._append(entry)
        self._entries[key] = entry
        return entry

    def _append(self, line: Mapping[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _whole_lines(path: Path) -> list[Mapping[str, Any]]:
    """The lines; one that was cut off by the end of a process is taken away."""
    if not path.exists():
        return []
    written = path.read_bytes()
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:
        os.truncate(path, len(whole))
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError as error:
        raise SystemExit(f"{path} is no journal: {error}") from error
