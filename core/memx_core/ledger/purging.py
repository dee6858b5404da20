"""Getting what was erased out of a database's files, and looking whether it is out.

A deleted row leaves traces: earlier pages in a write-ahead log, stale copies in the slack of
pages, dead rows. What can be done about it differs from database to database; a function for
each does it and says what remains. It may be asked again at any time.
"""

from __future__ import annotations

from sqlalchemy import Connection

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


def purge(database: Database, blocks: Blocks | None, *, rebuild: bool) -> tuple[str, ...]:
    """Overwrites what deleted rows left in the files, and says what remains, each `code: detail`.

    Args:
        database: Where rows were deleted.
        blocks: By which bytes those are known.
        rebuild: Write the whole database anew in any case: not all that was deleted is known.
    """
    database.engine.clear_compiled_cache()  # a compiled statement keeps the values that it was first run with
    match database.engine.dialect.name:
        case "sqlite":
            sought = residue.NOTHING if blocks is None else blocks
            return sqlite_files.purge(database, sought, rebuild=rebuild)
        case "postgresql":
            return _vacuum(database)
        case name:
            return (f"pages: memx does not know how {name} lets go of deleted rows",)


def flush(database: Database) -> None:
    """Moves what was just overwritten from a log into the database, if nobody is in the way."""
    if database.engine.dialect.name == "sqlite":
        sqlite_files.flush(database)


def _vacuum(database: Database) -> tuple[str, ...]:
    with database.maintaining(writes=False) as connection:
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f'VACUUM "{table.name}"')
    return ("pages: PostgreSQL may keep deleted rows in its log, on replicas and in free space until it reuses them",)
