"""Days on which memories expire: mem0 counts in whole days of UTC, and the last one still counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from memx_core import inputs
from memx_core.errors import InvalidInputError

_MOMENT = timedelta(microseconds=1)


def end_of(value: object, name: str = "expiration_date") -> datetime | None:
    """The moment at which a memory is not returned any more, or `None` for never.

    Args:
        value: A date, a datetime on that day, `"YYYY-MM-DD"`, or `None`.
        name: What it is called in an error.

    Raises:
        InvalidInputError: If it is no day.
    """
    if value is None:
        return None
    last = datetime.combine(_day(value, name), time.max, UTC)
    # The last day of the calendar has no next one, and is what people write for "never".
    return last if last.date() == date.max else last + _MOMENT


def last_day(expires_at: datetime) -> str:
    """The day that `end_of` made this moment from."""
    return (expires_at - _MOMENT).astimezone(UTC).date().isoformat()


def _day(value: object, name: str) -> date:
    match value:
        case datetime():
            return (value if value.tzinfo is None else value.astimezone(UTC)).date()
        case date():
            return value
        case str():
            try:
                return date.fromisoformat(value)
            except ValueError as error:
                raise InvalidInputError(f"{name} is no day such as '2027-01-31': {inputs.show(value)}") from error
        case _:
            raise InvalidInputError(f"{name} must be a date or a str such as '2027-01-31', not {inputs.show(value)}")
