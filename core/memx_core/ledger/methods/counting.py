"""What calls cost."""

from __future__ import annotations

from datetime import date, datetime

from memx_core.ledger import costs
from memx_core.ledger.methods.base import Base
from memx_core.ledger.refusals import repeated
from memx_core.reports import UsageReport
from memx_core.types import Scope, Usage


class Counting(Base):
    """What calls cost."""

    @repeated
    def spend(self, namespace: str, scope: Scope, *, at: datetime, model: str, usage: Usage) -> None:
        """Books what a model's answer cost, whatever becomes of it.

        `flows.proposing` does so for every answer; a write books only embedding calls.
        """
        with self._database.writing(namespace) as connection:
            costs.record(connection, namespace, scope, at=at, model=model, usage=usage)

    def spent(self, namespace: str, scope: Scope | None, *, at: datetime) -> int:
        """Tokens booked on the UTC day of `at`, of exactly this address; `None`: of the whole application."""
        with self._database.reading() as connection:
            return costs.spent(connection, namespace, scope, at)

    def usage(self, namespace: str, scope: Scope, *, since: date | None, until: date | None) -> UsageReport:
        """What `scope` cost on the UTC days from `since` to `until`, both included."""
        with self._database.reading() as connection:
            return costs.report(connection, namespace, scope, since=since, until=until)
