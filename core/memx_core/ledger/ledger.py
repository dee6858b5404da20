"""The ledger: the truth about every memory, message and change. One method, one transaction."""

from __future__ import annotations

from os import PathLike

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from memx_core.ledger import schema
from memx_core.ledger.engine import Database, address
from memx_core.ledger.methods.counting import Counting
from memx_core.ledger.methods.embedding import Embedding
from memx_core.ledger.methods.erasing import Erasing
from memx_core.ledger.methods.indexing import Indexing
from memx_core.ledger.methods.moving import Moving
from memx_core.ledger.methods.queueing import Queueing
from memx_core.ledger.methods.reading import Reading
from memx_core.ledger.methods.writing import Writing


class Ledger(Writing, Reading, Queueing, Indexing, Embedding, Erasing, Counting, Moving):
    """Reads and writes of one application's memories. Thread-safe; an `IndexSource`.

    Args:
        database: A path, `":memory:"`, a SQLAlchemy URL or an engine.

    Raises:
        LedgerError: From every method, if the database refuses.
    """

    def __init__(self, database: str | PathLike[str] | URL | Engine) -> None:
        super().__init__(Database(database))
        schema.prepare(self._database)

    @property
    def address(self) -> str:
        """The database's URL, from whatever folder it is opened, without a password."""
        return address(self._database.engine.url)

    @property
    def closed(self) -> bool:
        """Whether every further call raises."""
        return self._database.closed

    def close(self) -> None:
        """Gives back the connections."""
        self._database.close()
