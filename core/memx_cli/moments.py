"""Moments as people write and read them at a terminal: "yesterday", "3d", "2026-03-09 14:00"; "5 minutes ago"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from memx_core.errors import InvalidInputError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (7, "day"), (5, "week"), (12, "month"))
_SIZES = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 30.44 * 86_400}
_YEAR = 365.25 * 86_400


def read(text: str, *, now: datetime | None = None) -> datetime:
    """The moment that somebody wrote, aware UTC; a date is its beginning, where this machine is.

    Raises:
        InvalidInputError: If it is none.
    """
    here = (now or datetime.now(UTC)).astimezone()
    said = " ".join(text.split())
    if said.lower() == "now":
        return here.astimezone(UTC)
    try:
        if match := re.fullmatch(r"(\d{1,6})\s?([smhdw])", said.lower()):
            return (here - timedelta(**{_UNITS[match[2]]: int(match[1])})).astimezone(UTC)
        written = datetime.fromisoformat(said)
        return (written if written.tzinfo else written.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError):
        return _in_words(said, here)


def _in_words(said: str, here: datetime) -> datetime:
    from memx_core.time import resolve

    span = resolve(said, said_at=here)
    if span is None:
        raise InvalidInputError(f"{said[:60]!r} is no moment: write 2026-03-09, 2026-03-09T14:00, 3d, 2h, or yesterday")
    return span.start


def day(at: datetime | None) -> str:
    """`2026-03-09`, where this machine is; `-` for never."""
    return "-" if at is None else f"{at.astimezone():%Y-%m-%d}"


def minute(at: datetime | None) -> str:
    """`2026-03-09 14:00`, where this machine is; `-` for never."""
    return "-" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"


def ago(at: datetime | None, *, now: datetime | None = None) -> str:
    """How long ago, or how far ahead, in one unit: "5 minutes ago", "in 2 days"; `-` for never."""
    if at is None:
        return "-"
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    if abs(seconds) < 1:
        return "now"
    said = _said(abs(seconds))
    return f"{said} ago" if seconds > 0 else f"in {said}"


def _said(seconds: float) -> str:
    for most, unit in _STEPS:
        count = int(seconds / _SIZES[unit])
        if count < most:
            return f"{max(count, 1)} {unit}{'s' if count > 1 else ''}"
    count = max(int(seconds / _YEAR), 1)
    return f"{count} year{'s' if count > 1 else ''}"


def both(at: datetime | None) -> str:
    """Absolute and relative."""
    return "-" if at is None else f"{minute(at)} ({ago(at)})"
