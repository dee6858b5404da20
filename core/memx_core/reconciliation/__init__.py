"""What a proposer wants, weighed against what was said and what is known. Pure.

A proposal is a wish of a model that can be wrong or misled. `reconcile` turns it into operations
that hold: every one on a memory that was shown, with evidence, with nothing invented in it, at
most one per memory. What does not hold is left out and named in a warning, never lost silently.
"""

from __future__ import annotations

from memx_core.reconciliation.duplicates import fold_duplicates
from memx_core.reconciliation.outcome import Limits, Reconciled
from memx_core.reconciliation.plan import reconcile

__all__ = ["Limits", "Reconciled", "fold_duplicates", "reconcile"]
