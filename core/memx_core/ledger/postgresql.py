"""What is special about PostgreSQL: one writer at a time for each namespace, by a lock that commits with it.

The number of a write is its revision, and everybody who reads relies on it that whoever sees 8 has
seen 7. A sequence gives numbers out before they are committed, so writers of one namespace come one
after the other: each takes the namespace's advisory lock first of all and gives it back by
committing, after what it wrote can be seen. `READ COMMITTED` has every later statement see what the
former holder wrote; a stricter level would fix what is seen before the lock is waited for. Readers
see one moment (`REPEATABLE READ`) and wait for nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, create_engine, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from memx_core.errors import InvalidInputError, LedgerError
from memx_core.ledger.prepared import Question

READING: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
WRITING: Mapping[str, Any] = {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}
MAINTAINING: Mapping[str, Any] = {"isolation_level": "AUTOCOMMIT"}
ONE_WRITER = False

_PATIENCE = "30s"  # that another writer is waited for
_STALLED = "60s"  # after which a writer that does nothing loses its transaction, and with it the lock
_LOCK = select(  # in one round trip, and gone with the transaction
    func.set_config("lock_timeout", _PATIENCE, True),
    func.set_config("idle_in_transaction_session_timeout", _STALLED, True),
    func.pg_advisory_xact_lock(bindparam("key")),
)
_POOL: Mapping[str, Callable[[str], int | float]] = {
    "pool_size": int,
    "max_overflow": int,
    "pool_recycle": int,
    "pool_timeout": float,
}


def create(url: URL) -> Engine:
    """An engine; the URL's query may set its pool: `?pool_size=20&max_overflow=0&pool_timeout=5&pool_recycle=1800`."""
    if "+" not in url.drivername:
        url = url.set(drivername="postgresql+psycopg")
    pool = {name: _number(name, url.query[name]) for name in _POOL if name in url.query}
    return create_engine(url.difference_update_query(_POOL), hide_parameters=True, pool_pre_ping=True, **pool)


def _number(name: str, value: str | tuple[str, ...]) -> int | float:
    try:
        return _POOL[name](str(value))
    except ValueError:
        raise InvalidInputError(f"{name}={value!r} in the URL of the database is no number") from None


def prepare(engine: Engine) -> None:
    """Sees to it that the driver blocks.

    Raises:
        InvalidInputError: If it can only be awaited.
    """
    if engine.dialect.is_async:
        raise InvalidInputError(
            f"{engine.dialect.driver} can only be awaited, and memx runs SQL in threads; use postgresql+psycopg"
        )


def begin(connection: Connection, namespace: str | None) -> None:
    """Has this transaction be the only one that writes to `namespace`, until it ends."""
    if namespace is not None:
        connection.execute(_LOCK, {"key": _key(namespace)})


def _key(namespace: str) -> int:
    """The 64 bits that stand for a namespace; two with the same would but wait for each other."""
    digest = hashlib.sha256(f"memx:{namespace}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def is_behind(error: OperationalError) -> bool:
    """Never: a transaction sees what is newest when it begins."""
    return False


def answers(engine: Engine, questions: Sequence[Question]) -> list[Sequence[Sequence[Any]]] | None:
    """Never any: beside the way to a server and back, what SQLAlchemy does is little."""
    return None


def check(connection: Connection) -> None:
    """Sees to it that the database keeps every text, before tables are made in it.

    Raises:
        LedgerError: If it does not.
    """
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise LedgerError(f"the database has the encoding {encoding}, which lacks most letters; make it with UTF8")
