"""Keys: who may ask, and for which namespace. Only digests are kept, in a table of their own.

A key is `memx_<id>_<secret>`. The id finds the row; the secret is 256 random bits, so one round of SHA-256
keeps it, and it is compared in constant time. A key is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    MetaData,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.engine import URL

from memx_core import inputs
from memx_core.errors import InvalidInputError
from memx_core.ledger.engine import Database

_METADATA = MetaData()
_KEYS = Table(
    "memx_api_keys",
    _METADATA,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("namespace", Text),
    Column("name", Text, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
_PREFIX = "memx"
_LONGEST = 200
_NOBODY = hashlib.sha256(b"nobody").hexdigest()


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key, without what opens anything.

    Attributes:
        id: By which it is revoked.
        namespace: What it opens; `None` for an admin key.
        name: Whose it is, for people.
        admin: Whether it opens metrics and keys, and no memories.
        created_at: Aware UTC.
        revoked_at: Since when it opens nothing any more.
    """

    id: str
    namespace: str | None
    name: str
    admin: bool
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the only moment at which it can be read.

    Attributes:
        key: What a client sends.
        info: What is kept of it, beside a digest.
    """

    key: str
    info: KeyInfo

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.info!r})"


class Keys:
    """The keys of a server.

    Args:
        database: A path, a SQLAlchemy URL or engine: the memories' own, or another one.

    Raises:
        LedgerError: If the database cannot be opened.
    """

    def __init__(self, database: str | PathLike[str] | URL | Engine = "memx.db") -> None:
        self._database = Database(database)
        with self._database.writing(None) as connection:
            _METADATA.create_all(connection)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def create(self, namespace: str = "default", *, name: str = "") -> NewKey:
        """A new key, for the memories of one namespace."""
        return self._made(inputs.namespace(namespace), name, admin=False)

    def create_admin(self, *, name: str = "") -> NewKey:
        """A new key for metrics and keys; it opens no memories."""
        return self._made(None, name, admin=True)

    def _made(self, namespace: str | None, name: object, *, admin: bool) -> NewKey:
        if not isinstance(name, str) or len(name) > _LONGEST:
            raise InvalidInputError(f"name must be a str of at most {_LONGEST} characters, not {inputs.show(name)}")
        secret = secrets.token_urlsafe(32)
        info = KeyInfo(secrets.token_hex(8), namespace, inputs.clean(name), admin, datetime.now(UTC))
        row = {
            "id": info.id,
            "digest": _digest(secret),
            "namespace": namespace,
            "name": info.name,
            "admin": admin,
            "created_at": _microseconds(info.created_at),
        }
        with self._database.writing(None) as connection:
            connection.execute(insert(_KEYS).values(row))
        return NewKey(f"{_PREFIX}_{info.id}_{secret}", info)

    def list(self) -> tuple[KeyInfo, ...]:
        """All keys, revoked ones too, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_KEYS).order_by(_KEYS.c.created_at, _KEYS.c.id)).all()
        return tuple(map(_info, rows))

    def revoke(self, key_id: str) -> bool:
        """Has a key open nothing from the next request on; whether it did until now."""
        with self._database.writing(None) as connection:
            return _revoked(connection, key_id)

    def check(self, presented: str) -> KeyInfo | None:
        """Whose key this is; `None` if it opens nothing."""
        prefix, _, rest = presented.partition("_")
        key_id, _, secret = rest.partition("_")
        with self._database.reading() as connection:
            row = connection.execute(select(_KEYS).where(_KEYS.c.id == key_id[:32])).one_or_none()
        same = hmac.compare_digest(_digest(secret), _NOBODY if row is None else row.digest)
        if row is None or not same or prefix != _PREFIX or row.revoked_at is not None:
            return None
        return _info(row)

    def ping(self) -> None:
        """Asks the database for nothing.

        Raises:
            LedgerError: If it does not answer.
        """
        with self._database.reading() as connection:
            connection.execute(select(_KEYS.c.id).limit(1)).all()

    def close(self) -> None:
        """Gives back the database, unless an engine was handed over."""
        self._database.close()


def _revoked(connection: Connection, key_id: str) -> bool:
    now = _microseconds(datetime.now(UTC))
    statement = update(_KEYS).where(_KEYS.c.id == key_id[:32], _KEYS.c.revoked_at.is_(None)).values(revoked_at=now)
    return connection.execute(statement).rowcount > 0


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _info(row: Row[tuple[object, ...]]) -> KeyInfo:
    revoked = None if row.revoked_at is None else _moment(row.revoked_at)
    return KeyInfo(row.id, row.namespace, row.name, row.admin, _moment(row.created_at), revoked)


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
