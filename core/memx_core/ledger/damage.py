"""The error for what memx never wrote: raised where it is read, so that only its owner hears of it."""

from __future__ import annotations

from memx_core.errors import LedgerError


def damaged(what: str) -> LedgerError:
    """The error. It does not show what is there: somebody may have said that in confidence."""
    return LedgerError(f"the database is damaged: {what}; restore it from a backup or an export")
