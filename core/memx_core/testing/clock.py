"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from memx_core.errors import InvalidInputError


class ManualClock:
    """The time, as a callable. Thread-safe.

    ```python
    clock = ManualClock()
    clock.advance(days=1)
    ```

    Args:
        start: The first time that it shows; any aware one. By default the start of 2026.

    Raises:
        InvalidInputError: If `start` has no time zone.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise InvalidInputError(f"{start!r} has no time zone; add tzinfo=UTC, if that is what it is")
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def __call__(self) -> datetime:
        """The time that it shows."""
        return self._now

    def advance(
        self,
        by: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Moves the clock by all of it together, back if that is negative; the new time."""
        step = (by or timedelta()) + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        with self._lock:
            self._now += step
            return self._now
