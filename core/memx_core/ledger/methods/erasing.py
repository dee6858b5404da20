"""Removing for good, from the tables and from the files."""

from __future__ import annotations

from memx_core.ledger import erasing, purging, writes
from memx_core.ledger.erasing import Erasure
from memx_core.ledger.methods.base import Base
from memx_core.ledger.values import Write


class Erasing(Base):
    """Removing for good, from the tables and from the files."""

    def erase(self, request: Write) -> Erasure:
        """Removes every row of the request's scope for good; `purge` sees to the files."""
        with self._database.writing() as connection:
            mark = erasing.mark(writes.operation_row(request))
            return erasing.erase(connection, request.namespace, request.scope, mark, purging.collector(connection))

    def reset(self, request: Write) -> Erasure:
        """Removes every row of the namespace for good; `purge` sees to the files."""
        with self._database.writing() as connection:
            return erasing.reset(connection, request.namespace, erasing.mark(writes.operation_row(request)))

    def purge(self, erasure: Erasure) -> tuple[str, ...]:
        """Overwrites what is left in the files, of this and earlier erasures; what remains, each `code: detail`."""
        with self._database.reading() as connection:
            rows = erasing.left(connection, erasure)
            rebuild = erasure.blocks is None or erasing.unverified(connection, before=erasure.mark)
        remains = purging.purge(self._database, erasure.blocks, rebuild=rebuild)
        if rows:
            remains = (f"rows: {rows} rows are still there; erase again", *remains)
        if not remains:
            with self._database.writing() as connection:
                erasing.verify(connection, until=erasure.mark)
        return remains
