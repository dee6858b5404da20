"""Looking into a database behind memx's back, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, text

from memx_core.ledger.tables import metadata

Place: TypeAlias = Path | Engine
"""Where a test's memories are kept: an SQLite file, or PostgreSQL."""
UNCOUNTED = ("memx_costs", "memx_alembic_version")


@contextmanager
def connected(place: Place) -> Iterator[Connection]:
    """A connection whose changes are kept."""
    engine = place if isinstance(place, Engine) else create_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        yield connection
    if engine is not place:
        engine.dispose()


def rows(place: Place, *, without: tuple[str, ...] = UNCOUNTED) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is in the database, but for what calls cost."""
    with connected(place) as connection:
        tables = [table for table in metadata.sorted_tables if table.name not in without]
        keys = {table: list(table.primary_key) for table in tables}
        found = {table: connection.execute(table.select().order_by(*keys[table])) for table in tables}
        return {table.name: [tuple(row) for row in result] for table, result in found.items()}


def asked(place: Place, sql: str, **values: object) -> list[tuple[Any, ...]]:
    """What a statement of our own says."""
    with connected(place) as connection:
        result = connection.execute(text(sql), values)
        return [tuple(row) for row in result] if result.returns_rows else []
