"""What every flow works with beside its `IO`: the ledger, the index, a clock, and names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from memx_core.background import Background
from memx_core.ledger import Ledger
from memx_core.plans import Policy
from memx_core.ports import Index, Screen
from memx_core.reports import Budget


def _nobody() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Room:
    """One application's memory.

    Attributes:
        namespace: Separates applications that share a database.
        offline: Rules propose; there is no model.
        reranked: A reranker has the last word in `search`.
        policy: Which operations may happen by themselves.
        budget: What a day's model calls may cost.
        screen: What is shown every text before anything of it is stored.
        clock: Now, aware UTC.
        new_id: A fresh id.
        told: The index is told what is written: it may be a server, with files of its own.
        background: How failures of what is queued are dealt with, and how long a lease lasts.
        queued: To be told that something was queued.
        no_worker: Why nobody learns from what is queued, as a warning.
    """

    ledger: Ledger
    index: Index
    namespace: str
    offline: bool
    reranked: bool
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    policy: Policy = "auto"
    budget: Budget | None = None
    screen: Screen | None = None
    told: bool = False
    background: Background = field(default_factory=Background)
    queued: Callable[[], None] = _nobody
    no_worker: str | None = None
