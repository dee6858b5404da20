"""What the methods of `Ledger` stand on."""

from __future__ import annotations

from memx_core.ledger.engine import Database


class Base:
    """A database with the tables of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
