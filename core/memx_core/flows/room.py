"""What every flow works with beside its `IO`: the ledger, the index, a clock, and names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from memx_core.ledger import Ledger
from memx_core.plans import Policy
from memx_core.ports import Index
from memx_core.reports import Budget


@dataclass(frozen=True, slots=True)
class Room:
    """One application's memory.

    Attributes:
        namespace: Separates applications that share a database.
        fingerprint: The embedder's.
        offline: Rules propose; there is no model.
        reranked: A reranker has the last word in `search`.
        policy: Which operations may happen by themselves.
        budget: What a day's model calls may cost.
        clock: Now, aware UTC.
        new_id: A fresh id.
    """

    ledger: Ledger
    index: Index
    namespace: str
    fingerprint: str
    offline: bool
    reranked: bool
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    policy: Policy = "auto"
    budget: Budget | None = None
