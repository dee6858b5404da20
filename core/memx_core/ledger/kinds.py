"""The databases that a ledger can be kept in, and opening one by a path or a URL."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from memx_core.errors import InvalidInputError
from memx_core.ledger import postgresql, sqlite
from memx_core.ledger.prepared import Question


class Kind(Protocol):
    """What differs between databases: a module for each.

    The three mappings are execution options of connections that read, write, and do what is refused
    inside of a transaction.
    """

    @property
    def READING(self) -> Mapping[str, Any]: ...  # noqa: D102  # a constant of a module
    @property
    def WRITING(self) -> Mapping[str, Any]: ...  # noqa: D102  # likewise
    @property
    def MAINTAINING(self) -> Mapping[str, Any]: ...  # noqa: D102  # likewise

    @property
    def ONE_WRITER(self) -> bool:  # likewise
        """Whether whoever writes anything keeps out everybody else who does."""
        ...

    def create(self, url: URL) -> Engine:
        """An engine."""
        ...

    def prepare(self, engine: Engine) -> None:
        """Makes an engine fit, whoever made it."""
        ...

    def answers(self, engine: Engine, questions: Sequence[Question]) -> list[Sequence[Sequence[Any]]] | None:
        """What `questions` find, all of one moment, where that goes without SQLAlchemy; else `None`."""
        ...

    def begin(self, connection: Connection, namespace: str | None) -> None:
        """Makes a transaction that has just begun the only one that writes to `namespace`."""
        ...

    def is_behind(self, error: OperationalError) -> bool:
        """Whether a writer could not begin because its connection looks at an older moment."""
        ...

    def check(self, connection: Connection) -> None:
        """Sees to it that the tables may be made here."""
        ...


_KINDS: Mapping[str, Kind] = {"sqlite": sqlite, "postgresql": postgresql}


def open_engine(database: str | PathLike[str] | URL) -> Engine:
    """The engine of a path, `":memory:"` or a URL.

    Raises:
        InvalidInputError: If it is none of these, or a database that memx does not know.
        ImportError: If the driver is missing.
    """
    url = _url(database)
    try:
        return kind(url.get_backend_name()).create(url)
    except ImportError as error:
        raise ImportError(
            f'{error}: the database needs a driver; for PostgreSQL pip install "memx-core[postgres]"'
        ) from error


def kind(name: str) -> Kind:
    """What is special about the dialect of this name.

    Raises:
        InvalidInputError: If memx does not know it.
    """
    if name not in _KINDS:
        raise InvalidInputError(f"memx keeps its ledger in SQLite or PostgreSQL, not in {name}")
    return _KINDS[name]


def _url(database: object) -> URL:
    if isinstance(database, URL):
        return database
    if not isinstance(database, str | PathLike):
        raise InvalidInputError(f"database={database!r} is no path, URL or SQLAlchemy engine")
    name = os.fsdecode(cast("str | PathLike[str]", database))
    if not name.strip():
        raise InvalidInputError(f'database={database!r} is blank; give a path such as "memx.db", or ":memory:"')
    if name == ":memory:" or "://" not in name:
        path = name if name == ":memory:" else str(Path(name).expanduser())
        return URL.create("sqlite", database=path)
    try:
        url = make_url(name)
    except ArgumentError as error:
        raise InvalidInputError("database= is not a URL that SQLAlchemy understands") from error
    return url.set(drivername="postgresql") if url.drivername == "postgres" else url
