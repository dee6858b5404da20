"""Removing for good, from the tables and from the files."""

from __future__ import annotations

from dataclasses import replace

from memx_core.ledger import erasing, purging, writes
from memx_core.ledger.erasing import Erasure
from memx_core.ledger.methods.base import Base
from memx_core.ledger.purging import Purged
from memx_core.ledger.refusals import repeated
from memx_core.ledger.tables import costs
from memx_core.ledger.values import Write


class Erasing(Base):
    """Removing for good, from the tables and from the files."""

    @repeated
    def erase(self, request: Write) -> Erasure:
        """Removes every row of the request's scope for good; `purge` sees to the files."""
        with self._database.writing(request.namespace) as connection:
            mark = erasing.mark(writes.operation_row(request))
            return erasing.erase(connection, request.namespace, request.scope, mark, purging.collector(connection))

    @repeated
    def reset(self, request: Write) -> Erasure:
        """Removes every row of the namespace for good; `purge` sees to the files."""
        with self._database.writing(request.namespace) as connection:
            return erasing.reset(connection, request.namespace, erasing.mark(writes.operation_row(request)))

    def purge(self, erasure: Erasure) -> Purged:
        """Sees to it that nothing is left of it, in the tables and in the files, also of earlier erasures."""
        with self._database.reading() as connection:
            rows = erasing.left(connection, erasure)
            rebuild = erasure.blocks is None or erasing.unverified(connection, before=erasure.mark)
        touched = [costs.name, *(table for table, count in erasure.counts.items() if count)]
        purged = purging.purge(self._database, erasure.blocks, touched=touched, rebuild=rebuild)
        if rows:
            purged = replace(purged, found=(f"rows: {rows} rows are still there; erase again", *purged.found))
        if not purged.found:
            with self._database.writing(None) as connection:
                erasing.verify(connection, until=erasure.mark)
        return purged
