"""Moments: aware and in UTC, because a naive one means another moment on every machine."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import overload

from memx_core.errors import InvalidInputError
from memx_core.inputs.showing import show


@overload
def moment(value: datetime | str | float, name: str = "timestamp") -> datetime: ...
@overload
def moment(value: object, name: str = "timestamp") -> datetime | None: ...
def moment(value: object, name: str = "timestamp") -> datetime | None:
    """A moment in UTC, or `None` for none.

    Args:
        value: An aware datetime, an ISO 8601 string with an offset, or seconds since 1970.
        name: What it is called in an error.

    Raises:
        InvalidInputError: If it is naive, out of range, or no moment at all.
    """
    match value:
        case None:
            return None
        case datetime():
            return _utc(value, name)
        case str():
            return _utc(_parsed(value, name), name)
        case int() | float() if not isinstance(value, bool):
            return _since_epoch(value, name)
        case _:
            raise InvalidInputError(
                f"{name} must be an aware datetime, an ISO 8601 string or seconds since 1970, not {show(value)}"
            )


def iso(value: datetime) -> str:
    """How a moment is written in metadata and filters: UTC, so that text order is time order."""
    return value.astimezone(UTC).isoformat()


def _parsed(value: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError as error:
        raise InvalidInputError(
            f"{name} is not an ISO 8601 date and time such as '2026-05-01T12:00:00+00:00': {show(value)}"
        ) from error


def _utc(value: datetime, name: str) -> datetime:
    try:
        naive = value.utcoffset() is None
        moved = None if naive else value.astimezone(UTC)
        # A plain datetime also from a subclass, such as pandas' or pendulum's.
        plain = None if moved is None else datetime.combine(moved.date(), moved.time(), UTC)
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise InvalidInputError(f"{name} is not a moment that can be told in UTC: {show(value)}") from error
    if plain is None:
        raise InvalidInputError(
            f"{name} is naive: {value!s}; say where its clock stands, as in value.replace(tzinfo=datetime.UTC)"
        )
    return plain


def _since_epoch(value: float, name: str) -> datetime:
    try:
        if not math.isfinite(value):
            raise ValueError(value)
        return datetime.fromtimestamp(value, UTC)
    except (ArithmeticError, OSError, ValueError) as error:
        raise InvalidInputError(
            f"{name} is not a number of seconds since 1970 (milliseconds are divided by 1000): {show(value)}"
        ) from error
