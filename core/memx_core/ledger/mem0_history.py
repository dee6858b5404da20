"""mem0's history database, read and never written to."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from memx_core.errors import InvalidInputError

_TEXTS = ("old_memory", "new_memory", "prev_value", "new_value")
_COLUMNS = ("memory_id", "event", *_TEXTS, "created_at", "updated_at", "timestamp")


@contextmanager
def mem0_history(path: Path) -> Generator[Iterator[Mapping[str, Any]], None, None]:
    """Its rows, memory by memory, each as its rows were written; the memory that was first comes first.

    Raises:
        InvalidInputError: If it is no such database.
    """
    try:
        # Through a URI, as only that opens without the right to write.
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        ) as connection:
            connection.row_factory = sqlite3.Row
            there = {row["name"] for row in connection.execute("PRAGMA table_info(history)")}
            if "memory_id" not in there or "event" not in there:
                raise InvalidInputError(f"{str(path)!r} has no table `history` as mem0 writes it")
            chosen = ", ".join(f'"{name}"' for name in _COLUMNS if name in there)
            first = "MIN(rowid) OVER (PARTITION BY memory_id)"
            rows = connection.execute(f"SELECT {chosen}, {first} AS first FROM history ORDER BY first, rowid")
            yield (dict(row) for row in rows)
    except sqlite3.Error as error:
        raise InvalidInputError(f"{str(path)!r} is no database that can be read: {error}") from error
