"""Bringing a database to the present schema: new ones at once, old ones by Alembic."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select
from sqlalchemy.engine import URL

from memx_core.errors import LedgerError
from memx_core.ledger.engine import Database
from memx_core.ledger.tables import metadata, version_of_schema

HEAD = "0003"
"""The newest migration in `migrations/versions`."""


EVERYBODY = ""
"""No application's namespace: whoever changes the tables is the only one who does."""


def upgrade_database(database: str | PathLike[str] | URL | Engine) -> str:
    """Creates the tables of a database, or brings them to this release; the version of the schema.

    `Memory` does so by itself as it opens a database. This is for whoever deploys: applications
    whose role may not change tables find them as they should be.

    Args:
        database: A path, a SQLAlchemy URL, or an engine.

    Raises:
        LedgerError: If the database refuses, or a newer release of memx wrote it.
    """
    opened = Database(database)
    try:
        prepare(opened)
    finally:
        opened.close()
    return HEAD


def prepare(database: Database) -> None:
    """Creates or upgrades the tables, in one transaction.

    Raises:
        LedgerError: If a newer release of memx wrote the database.
    """
    with database.reading() as connection:
        found = version(connection)
    if found == HEAD:
        return
    with database.writing(EVERYBODY) as connection:
        found = version(connection)  # another process may have been faster
        if found is None:
            database.kind.check(connection)
            metadata.create_all(connection)
            connection.execute(insert(version_of_schema).values(version_num=HEAD))
        elif found != HEAD:
            upgrade(connection, found)


def upgrade(connection: Connection, found: str | None) -> None:
    """Runs the migrations between `found` and the present."""
    # Alembic takes a third of a second to import, and most openings need no migration.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        if found is not None:
            ScriptDirectory.from_config(config).get_revision(found)
        command.upgrade(config, "head")
    except (CommandError, ResolutionError) as error:
        raise LedgerError(
            f"the database has schema {found!r}, which this release does not know: upgrade memx"
        ) from error


def version(connection: Connection) -> str | None:
    """The newest migration that a database has; `None` where there are no tables of ours."""
    if not inspect(connection).has_table(version_of_schema.name):
        return None
    return connection.execute(select(version_of_schema.c.version_num)).scalar()
