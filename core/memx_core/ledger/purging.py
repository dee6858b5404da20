"""Getting what was erased out of a database's files, and looking whether it is out.

A deleted row leaves traces: earlier pages in a write-ahead log, stale copies in the slack of
pages, dead rows. What can be done about it differs from database to database; a function for
each does it and says what remains. It may be asked again at any time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from memx_core.errors import LedgerError
from memx_core.ledger import residue, sqlite, sqlite_files
from memx_core.ledger.engine import Database
from memx_core.ledger.residue import Blocks, Collector
from memx_core.ledger.tables import metadata


def collector(connection: Connection) -> Collector | None:
    """What gathers the bytes to look for later; `None` where there are no files to look through."""
    if connection.dialect.name != "sqlite":
        return None
    path, encoding = sqlite.file(connection)
    return Collector(encoding) if path else None


@dataclass(frozen=True, slots=True)
class Purged:
    """What is known of traces of deleted rows afterwards, each `code: detail`.

    Attributes:
        found: What is still there, or may be, and can be seen to by purging again.
        beyond: What no client of the database can look at.
    """

    found: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()


def purge(database: Database, blocks: Blocks | None, *, touched: Collection[str], rebuild: bool) -> Purged:
    """Overwrites what deleted rows left in the files, as far as that can be had.

    Args:
        database: Where rows were deleted.
        blocks: By which bytes those are known.
        touched: The tables that they were in.
        rebuild: Write the whole database anew in any case: not all that was deleted is known.
    """
    database.engine.clear_compiled_cache()  # a compiled statement keeps the values that it was first run with
    if database.engine.dialect.name == "postgresql":
        return Purged(_vacuum(database, touched), (_SERVER,))
    sought = residue.NOTHING if blocks is None else blocks
    return Purged(sqlite_files.purge(database, sought, rebuild=rebuild))


def flush(database: Database) -> None:
    """Moves what was just overwritten from a log into the database, if nobody is in the way."""
    if database.engine.dialect.name == "sqlite":
        sqlite_files.flush(database)


_SERVER = (
    "server: PostgreSQL keeps deleted rows in its log until that is recycled, in replicas and backups as long as "
    "those are kept, and in free space of its files until that is used again"
)


def _vacuum(database: Database, touched: Collection[str]) -> tuple[str, ...]:
    """Has the server let go of dead rows: it does so by itself some time, and this is sooner."""
    try:
        with database.maintaining(writes=False) as connection:
            for table in metadata.sorted_tables:
                if table.name in touched:
                    connection.exec_driver_sql(f'VACUUM "{table.name}"')
    except LedgerError as error:
        return (f"vacuum: {error}; erase again, or have the server do it",)
    return ()
