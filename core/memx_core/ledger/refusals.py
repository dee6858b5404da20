"""What a database refuses, as our errors; and doing again what it only broke off."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError, StatementError

from memx_core.errors import LedgerError

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")
_BROKEN_OFF = ("40001", "40P01")  # SQLSTATE: serialization_failure, deadlock_detected
_REPETITIONS = 4


class Repeatable(LedgerError):
    """The database broke off a transaction that stood in another's way: nothing is wrong with it."""


def refusal(error: SQLAlchemyError) -> LedgerError:
    """`error` as ours, with the reason and nothing of what was to be written."""
    own = getattr(error, "orig", None)
    kind = Repeatable if getattr(own, "sqlstate", None) in _BROKEN_OFF else LedgerError
    # Not str(error): it may show the statement and what was bound to it.
    return kind(f"the database refused: {_reason(own) or type(error).__name__}")


def cause(error: SQLAlchemyError) -> SQLAlchemyError | None:
    """`error` as the cause of ours, unless printing it would show what is in a row."""
    if isinstance(error, StatementError):
        error.hide_parameters = True  # also of an engine that the application made, which would show them
    said = getattr(getattr(error, "orig", None), "diag", None)
    return None if said is not None and (said.message_detail or said.context) else error


def _reason(own: BaseException | None) -> str:
    """What the driver says, without the rows that PostgreSQL adds to it as details."""
    said = getattr(getattr(own, "diag", None), "message_primary", None)
    return str(said or own or "").strip()


def repeated(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """`method`, which is one transaction, done again when that is all it needs."""

    @wraps(method)
    def done(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_REPETITIONS):
            try:
                return method(self, *args, **kwargs)
            except Repeatable:
                continue
        return method(self, *args, **kwargs)

    return done
