"""The database, and its one kind of transaction for reading and one for writing.

What is special about SQLite and PostgreSQL is in `ledger.sqlite` and `ledger.postgresql`; what is here holds for both.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from os import PathLike
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from memx_core.errors import LedgerError
from memx_core.ledger import kinds, refusals, sqlite
from memx_core.ledger.damage import damaged
from memx_core.ledger.prepared import Question

_TRIES = 5


class Database:
    """An engine with transactions that fail as `LedgerError`.

    Args:
        database: A path, `":memory:"`, a SQLAlchemy URL, or a ready-made engine (kept open by `close`).
    """

    def __init__(self, database: str | PathLike[str] | URL | Engine) -> None:
        self._owned = not isinstance(database, Engine)
        self.engine = database if isinstance(database, Engine) else kinds.open_engine(database)
        self.kind = kinds.kind(self.engine.dialect.name)
        self._writing = threading.Lock()  # one writer a process at a time: the others wait without polling
        self._closed = False
        self._process = os.getpid()
        self.kind.prepare(self.engine)
        self._single = threading.RLock() if sqlite.is_shared_connection(self.engine) else None

    @contextmanager
    def reading(self) -> Generator[Connection, None, None]:
        """A transaction that sees one moment and changes nothing."""
        self._check_open()
        with _heard(), self._alone(), self.engine.connect() as connection:
            yield connection.execution_options(**self.kind.READING)

    def answers(self, *questions: Question) -> list[Sequence[Sequence[Any]]]:
        """The rows that each question finds, all of one moment."""
        quick = self.quick_answers(*questions)
        if quick is not None:
            return quick
        with self.reading() as connection:
            return [connection.execute(asked, values).all() for asked, values in questions]

    def quick_answers(self, *questions: Question) -> list[Sequence[Sequence[Any]]] | None:
        """Like `answers`, or `None` if that would take what any transaction takes."""
        self._check_open()
        with _heard(), self._alone():
            return self.kind.answers(self.engine, questions)

    @contextmanager
    def writing(self, namespace: str | None) -> Generator[Connection, None, None]:
        """A transaction that is applied whole, or not at all when its block raises.

        Args:
            namespace: Of which this is the only writer until it ends, so that it may give its write a
                number; `None` for what has none and stands in nobody's way: leases, and marks of erasures.
        """
        self._check_open()
        with _heard(), self._queued(namespace), self._alone(), self._begun() as connection:
            self.kind.begin(connection, namespace)
            yield connection

    @contextmanager
    def _begun(self) -> Generator[Connection, None, None]:
        """A writing transaction, on another connection if the first does not see what is newest."""
        for left in reversed(range(_TRIES)):
            with self.engine.connect() as connection:
                connection = connection.execution_options(**self.kind.WRITING)
                try:
                    transaction = connection.begin()
                except OperationalError as error:
                    if not left or not self.kind.is_behind(error):
                        raise
                    connection.invalidate()
                    continue
                with transaction:
                    yield connection
                return

    @property
    def closed(self) -> bool:
        """Whether it was given back."""
        return self._closed

    @contextmanager
    def maintaining(self, *, writes: bool) -> Generator[Connection, None, None]:
        """A connection outside of any transaction, for what databases refuse inside of one."""
        self._check_open()
        waited = self._writing if writes else nullcontext()
        with _heard(), waited, self._alone(), self.engine.connect() as connection:
            yield connection.execution_options(**self.kind.MAINTAINING)

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
    def _queued(self, namespace: str | None) -> Generator[None, None, None]:
        """Has threads that would wait in the database wait here instead, where that costs no connection."""
        if namespace is None and not self.kind.ONE_WRITER:
            yield
        else:
            with self._writing:
                yield


def address(url: URL) -> str:
    """The URL, from whatever folder it is opened, without a password."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        url = url.set(database=str(Path(url.database).resolve()))
    bare = url._replace(password=None).difference_update_query(["password", "sslpassword"])
    return bare.render_as_string(hide_password=False)


@contextmanager
def _heard() -> Generator[None, None, None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise refusals.refusal(error) from refusals.cause(error)
    except UnicodeDecodeError:  # the driver's, whose own message shows bytes of a damaged file
        raise damaged("the file holds bytes that are no text") from None
