"""What is special about SQLite: durable by pragma, a writer lock taken at once, deleted bytes overwritten."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, SingletonThreadPool, StaticPool

from memx_core.errors import InvalidInputError, LedgerError
from memx_core.ledger import prepared
from memx_core.ledger.prepared import Question

_WRITE = "memx_write"  # the execution option of a connection that is going to write
READING: Mapping[str, Any] = {}
WRITING: Mapping[str, Any] = {_WRITE: True}
MAINTAINING: Mapping[str, Any] = {}  # transactions are begun by `_on_begin` only
ONE_WRITER = True

_PREPARED = "memx_prepared"
_ASKED = "memx_asked"
_REMEMBERED = 1_000
_BUSY_MILLISECONDS = 30_000
_PRAGMAS = (
    f"busy_timeout={_BUSY_MILLISECONDS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
)


def create(url: URL) -> Engine:
    """An engine on a file or in memory."""
    if url.database in (None, "", ":memory:"):
        return create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True)
    folder = Path(str(url.database)).parent
    if not str(url.database).startswith("file:") and not folder.is_dir():
        raise LedgerError(f"the folder {str(folder)!r} of the database does not exist; create it first")
    return create_engine(
        url,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=-1,  # readers do not wait for each other
        connect_args={"check_same_thread": False, "timeout": _BUSY_MILLISECONDS / 1000},
        hide_parameters=True,
    )


def is_shared_connection(engine: Engine) -> bool:
    """Whether all threads get the same connection, as with `:memory:`."""
    return isinstance(engine.pool, StaticPool)


def prepare(engine: Engine) -> None:
    """Makes every connection durable, and every transaction explicit; once, however often it is asked.

    The driver's own transaction control starts transactions late and commits behind one's
    back; it is switched off. A writer takes the lock at once, so that it never has to give up
    half way for having read something old. What is left unread, by an iterator that nobody
    finished or an error half way, would keep a connection at the moment of reading, for
    whoever gets it next: it is let go of as the connection goes back.

    Raises:
        InvalidInputError: If each thread would see a database of its own.
    """
    if isinstance(engine.pool, SingletonThreadPool):
        raise InvalidInputError(
            "this engine has one database in memory for each thread; pass database=':memory:', or make it with "
            "poolclass=StaticPool and connect_args={'check_same_thread': False}"
        )
    if not event.contains(engine, "begin", _on_begin):
        event.listen(engine, "checkout", _on_checkout)
        event.listen(engine, "begin", _on_begin)
        event.listen(engine, "after_cursor_execute", _on_executed)
        event.listen(engine, "checkin", _on_checkin)


def begin(connection: Connection, namespace: str | None) -> None:
    """Nothing: a writer took the only lock there is as it began."""


def is_behind(error: OperationalError) -> bool:
    """Whether a writer could not begin for its connection's looking at an older moment: waiting would not help."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY_SNAPSHOT


def check(connection: Connection) -> None:
    """Nothing: every text is kept."""


def answers(engine: Engine, questions: Sequence[Question]) -> list[Sequence[Sequence[Any]]] | None:
    """What `questions` find, all of one moment, by the driver; `None` where SQLAlchemy is to ask.

    That is where somebody listens to its statements, and where one fails: it says what is wrong as it always does.
    """
    heard = engine.echo or engine.dispatch.before_cursor_execute
    if heard or engine.dialect.driver != "pysqlite" or not all(map(prepared.fits, questions)):
        return None
    pooled = engine.raw_connection()
    try:
        asked: Any = pooled.driver_connection
        asked.execute("BEGIN")
        return [prepared.ask(asked, question) for question in questions]
    except sqlite3.Error:
        return None
    finally:
        pooled.close()  # and the transaction with it


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, which begins no transaction by itself."""
    own: Any = connection.connection.driver_connection
    return own  # type: ignore[no-any-return]  # the engine is SQLite's


def file(connection: Connection) -> tuple[str, str]:
    """The database's file, empty for one in memory, and how texts are encoded in it."""
    asked = driver(connection)
    path = next(path for _, name, path in asked.execute("PRAGMA database_list") if name == "main")
    (encoding,) = asked.execute("PRAGMA encoding").fetchone()
    return path or "", encoding.lower()


@contextmanager
def patience(connection: Connection, milliseconds: int) -> Generator[None, None, None]:
    """Waits for others no longer than this."""
    asked = driver(connection)
    asked.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        asked.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")


def _on_checkout(connection: Any, record: Any, proxy: object) -> None:  # noqa: ANN401  # a DBAPI connection has no type
    """Not at connecting: an engine may have connected before it was handed over."""
    if record.info.get(_PREPARED) is connection:
        return
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    record.info[_PREPARED] = connection


def _on_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITE, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        driver(connection).execute("BEGIN")  # takes no lock and cannot fail, so the driver is asked at once


def _on_executed(connection: Connection, cursor: sqlite3.Cursor, *_: object) -> None:
    asked: list[weakref.ref[sqlite3.Cursor]] = connection.connection.info.setdefault(_ASKED, [])
    if len(asked) == _REMEMBERED:
        asked[:] = [each for each in asked if each() is not None]
    asked.append(weakref.ref(cursor))


def _on_checkin(connection: object, record: ConnectionPoolEntry) -> None:
    for asked in record.info.pop(_ASKED, ()):
        cursor = asked()
        if cursor is not None:
            with suppress(sqlite3.ProgrammingError):  # of a connection that is closed already
                cursor.close()
