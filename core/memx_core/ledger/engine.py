"""Opening the database, and its one kind of transaction for reading and one for writing.

What is special about SQLite is in `ledger.sqlite`; what is here holds for every database.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from os import PathLike
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from memx_core.errors import InvalidInputError, LedgerError
from memx_core.ledger import sqlite
from memx_core.ledger.damage import damaged


class Database:
    """An engine with transactions that fail as `LedgerError`.

    Args:
        database: A path, `":memory:"`, a SQLAlchemy URL, or a ready-made engine (kept open by `close`).
    """

    def __init__(self, database: str | PathLike[str] | URL | Engine) -> None:
        self._owned = not isinstance(database, Engine)
        self.engine = database if isinstance(database, Engine) else _create(database)
        self._writing = threading.Lock()  # one writer a process at a time: the others wait without polling
        self._closed = False
        self._process = os.getpid()
        self._single: threading.RLock | None = None
        if self.engine.dialect.name == "sqlite":
            sqlite.prepare(self.engine)
            self._single = threading.RLock() if sqlite.is_shared_connection(self.engine) else None

    @contextmanager
    def reading(self) -> Generator[Connection, None, None]:
        """A transaction that sees one moment and changes nothing."""
        self._check_open()
        with _heard(), self._alone(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection, None, None]:
        """A transaction that is applied whole, or not at all when its block raises."""
        self._check_open()
        with _heard(), self._writing, self._alone(), self.engine.connect() as connection:
            connection = connection.execution_options(**{sqlite.WRITE: True})
            with connection.begin():
                yield connection

    @property
    def closed(self) -> bool:
        """Whether it was given back."""
        return self._closed

    @contextmanager
    def maintaining(self, *, writes: bool) -> Generator[Connection, None, None]:
        """A connection outside of any transaction, for what databases refuse inside of one."""
        self._check_open()
        with _heard(), self._writing if writes else nullcontext(), self._alone(), self.engine.connect() as connection:
            if self.engine.dialect.name != "sqlite":  # whose transactions are begun by `ledger.sqlite` only
                connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    def close(self) -> None:
        """Gives back the connections, if they are ours."""
        self._closed = True
        if self._owned:
            self.engine.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise LedgerError("this memory is closed; make a new one")
        if self._process != os.getpid():
            self._after_fork()

    def _after_fork(self) -> None:
        """Leaves the parent's connections and locks alone: neither may be used in a child."""
        self._process = os.getpid()
        self._writing = threading.Lock()
        if self._single is not None:
            self._single = threading.RLock()  # and a copy of the database, which is the child's own
        else:
            self.engine.dispose(close=False)

    @contextmanager
    def _alone(self) -> Generator[None, None, None]:
        """One thread at a time where there is only one connection (`:memory:`)."""
        if self._single is None:
            yield
        else:
            with self._single:
                yield


@contextmanager
def _heard() -> Generator[None, None, None]:
    try:
        yield
    except SQLAlchemyError as error:
        # Not str(error): it may show the statement and what was bound to it.
        raise LedgerError(f"the database refused: {getattr(error, 'orig', None) or type(error).__name__}") from error
    except UnicodeDecodeError:  # the driver's, whose own message shows bytes of a damaged file
        raise damaged("the file holds bytes that are no text") from None


def _create(database: str | PathLike[str] | URL) -> Engine:
    url = _url(database)
    if url.get_backend_name() == "sqlite":
        return sqlite.create(url)
    try:
        return create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except ImportError as error:
        raise ImportError(
            f'{error}: the database needs a driver; for PostgreSQL pip install "memx-core[postgres]"'
        ) from error


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
        return make_url(name)
    except ArgumentError as error:
        raise InvalidInputError("database= is not a URL that SQLAlchemy understands") from error
