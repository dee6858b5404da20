"""The files of an SQLite database: emptied of what was deleted, and looked through for it.

`secure_delete` overwrites deleted rows in the pages that they were on. Two things are left:
older pages in the write-ahead log, until a checkpoint truncates it, which a reader can hold up;
and now and then a stale copy in the slack of a page that was balanced, which is why the files
are read, and the database is written anew (`VACUUM`) when something is found.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from memx_core.ledger import residue, sqlite
from memx_core.ledger.engine import Database
from memx_core.ledger.residue import Blocks

PATIENCE = 3.0
"""Seconds that readers and writers are waited for."""
_WAIT = 100  # milliseconds of one attempt: a checkpoint that waits holds up the writers
_CHUNK = 1 << 20
_IN_USE = "another connection is reading or writing; erase again when it is done"


def purge(database: Database, blocks: Blocks, *, rebuild: bool) -> tuple[str, ...]:
    """See `purging.purge`."""
    with database.maintaining(writes=False) as connection:
        path, encoding = sqlite.file(connection)
    if not path:
        return ()
    if not _checkpoint(database, PATIENCE):
        return (f"wal: {_IN_USE}",)
    if not rebuild and not _residue(database, path, encoding, blocks):
        return ()
    if not _vacuum(database):
        return (f"pages: the database could not be written anew; {_IN_USE}",)
    if not _checkpoint(database, PATIENCE):
        return (f"wal: {_IN_USE}",)
    left = _residue(database, path, encoding, blocks)
    return (f"pages: {left} fragments of what was erased are in the files; erase again",) if left else ()


def flush(database: Database) -> None:
    """Empties the write-ahead log, if nobody is in the way."""
    _checkpoint(database, 0)


def _checkpoint(database: Database, patience: float) -> bool:
    """Whether the write-ahead log was emptied into the database."""
    until = time.monotonic() + patience
    while not _checkpointed(database, _WAIT if patience else 0):
        if time.monotonic() >= until:
            return False
        time.sleep(_WAIT / 1000)
    return True


def _checkpointed(database: Database, milliseconds: int) -> bool:
    with database.maintaining(writes=True) as connection, sqlite.patience(connection, milliseconds):
        try:
            busy, _, _ = sqlite.driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:  # locked
            return False
    return not busy


def _vacuum(database: Database) -> bool:
    """Whether the database was written anew, from its rows only."""
    with database.maintaining(writes=True) as connection, sqlite.patience(connection, int(PATIENCE * 1000)):
        try:
            sqlite.driver(connection).execute("VACUUM")
        except sqlite3.OperationalError:  # locked, or no room on the disk
            return False
    return True


def _residue(database: Database, path: str, encoding: str, blocks: Blocks) -> int:
    """How many of `blocks` the files hold, and no row."""
    seen = residue.found(blocks, _bytes(path))
    if not len(seen):
        return 0
    with database.maintaining(writes=False) as connection:
        lives = residue.found(seen, _living(sqlite.driver(connection), encoding))
    return len(seen) - len(lives)


# --- what rows hold -------------------------------------------------------------------------


def _living(driver: sqlite3.Connection, encoding: str) -> Iterator[bytes]:
    """Each row of each table, ours or not, as its values stand side by side in the table and in its indexes."""
    names = driver.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0").fetchall()
    layouts = [_layout(driver, name) for name in ("sqlite_master", *(name for (name,) in names))]
    former, driver.text_factory = driver.text_factory, bytes  # of others' tables not all need be UTF-8
    try:
        for layout in layouts:
            for row in driver.execute(f"SELECT * FROM {_quoted(layout.table)}"):
                values = [_stored(value, encoding) for value in row]
                yield b"".join(b"".join([values[at] for at in order]) + b"\0" for order in layout.orders)
    finally:
        driver.text_factory = former


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns of a table's rows stand: in the table, and in each index."""

    table: str
    orders: tuple[tuple[int, ...], ...]


def _layout(driver: sqlite3.Connection, table: str) -> _Layout:
    columns = driver.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    place = {name: at for at, (_, name, *_) in enumerate(columns)}
    keys = [at for at, (*_, key) in enumerate(columns) if key]
    # A key of whole numbers is the row's own number: not in the row, but at the end of each index.
    number = tuple(keys) if len(keys) == 1 and columns[keys[0]][2].upper() == "INTEGER" else ()
    orders = [tuple(at for at in place.values() if at not in number)]
    for _, index, *_ in driver.execute(f"PRAGMA index_list({_quoted(table)})"):
        names = [name for _, _, name in driver.execute(f"PRAGMA index_info({_quoted(index)})")]
        if None not in names:  # an expression, which our tables have none of
            orders.append((*(place[name] for name in names), *number))
    return _Layout(table, tuple(orders))


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _stored(value: object, encoding: str) -> bytes:
    """The bytes of a value in a row."""
    if isinstance(value, bytes):
        return value if encoding == "utf-8" else value.decode(errors="surrogateescape").encode(encoding, "replace")
    if isinstance(value, int):
        size = next(size for size in _SIZES if value >> (8 * size - 1) in (0, -1))
        return value.to_bytes(size, signed=True) if value not in (0, 1) else b""
    return b"" if value is None else struct.pack(">d", value)


_SIZES = (1, 2, 3, 4, 6, 8)
"""Bytes that SQLite keeps a whole number in; 0 and 1 take none."""


# --- what files hold ------------------------------------------------------------------------


def _bytes(path: str) -> Iterator[bytes]:
    """The database's file, its log and its journal. Not `-shm`: it holds numbers of pages only."""
    yield from _chunks(_kept_open(path))
    for suffix in ("-wal", "-journal"):
        yield b"\0" * residue.WIDTH  # one file does not go on in the next
        with suppress(FileNotFoundError), Path(path + suffix).open("rb") as file:
            yield from _chunks(file.fileno())


def _chunks(descriptor: int) -> Iterator[bytes]:
    place = 0
    while chunk := os.pread(descriptor, _CHUNK, place):
        yield chunk
        place += len(chunk)


_open: dict[tuple[int, int], int] = {}
_opening = threading.Lock()


def _kept_open(path: str) -> int:
    """A descriptor of the database's file that is not closed as long as the file is there.

    Closing any descriptor of a file gives up all the locks that the process holds on it, and
    SQLite's connections would stand there without theirs.
    """
    with _opening:
        for key, descriptor in list(_open.items()):
            if not os.fstat(descriptor).st_nlink:  # deleted: nobody else can open it any more
                os.close(descriptor)
                del _open[key]
        status = os.stat(path)
        key = (status.st_dev, status.st_ino)
        if key not in _open:
            _open[key] = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        return _open[key]
