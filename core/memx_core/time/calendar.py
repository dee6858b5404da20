"""Stretches of the calendar as naive local times: arithmetic alone, no words.

Seasons are the northern meteorological ones: spring is March to May. A winter carries the year
it begins in. Whatever leaves the years 1 to 9999 raises `ValueError` or `OverflowError`, and
whoever asked treats that as "no such time".
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from memx_core.types import Precision

SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
"""Each season and the month it begins with."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open stretch of local time.

    Attributes:
        start: First moment.
        end: First moment after it.
        precision: How exactly it was said.
    """

    start: datetime
    end: datetime
    precision: Precision

    def until(self, end: datetime) -> Stretch:
        """The same beginning, up to `end`."""
        return Stretch(self.start, end, self.precision)


def midnight(day: date) -> datetime:
    """The first moment of `day`."""
    return datetime.combine(day, time())


def add_months(day: date, months: int) -> date:
    """`day` so many months later, or the last day of that month if it is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not 1 <= year <= 9999:
        raise OverflowError(f"{day} and {months} months is outside the calendar")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def day(of: date, *, count: int = 1) -> Stretch:
    """`count` whole days from `of` on."""
    start = midnight(of)
    return Stretch(start, start + timedelta(days=count), "day")


def week(of: date) -> Stretch:
    """The week that `of` is in, Monday to Sunday."""
    start = midnight(of) - timedelta(days=of.weekday())
    return Stretch(start, start + timedelta(days=7), "week")


def weekend(of: date) -> Stretch:
    """Saturday and Sunday of the week that `of` is in."""
    return day((week(of).start + timedelta(days=5)).date(), count=2)


def month(of: date) -> Stretch:
    """The month that `of` is in."""
    first = of.replace(day=1)
    return Stretch(midnight(first), midnight(add_months(first, 1)), "month")


def season(name: str, year: int) -> Stretch:
    """The season that begins in `year`."""
    first = date(year, SEASONS[name], 1)
    return Stretch(midnight(first), midnight(add_months(first, 3)), "season")


def year(number: int, *, count: int = 1) -> Stretch:
    """`count` whole years from `number` on."""
    return Stretch(datetime(number, 1, 1), datetime(number + count, 1, 1), "year")


def moment(of: date, hour: int, minute: int | None) -> Stretch:
    """The minute said, or the whole hour when no minutes were."""
    start = datetime.combine(of, time(hour, minute or 0))
    return Stretch(start, start + (timedelta(hours=1) if minute is None else timedelta(minutes=1)), "time")


def shifted(now: datetime, count: int, unit: str) -> Stretch:
    """The day, week, month, … that lies `count` units from `now`; negative is before."""
    if unit in {"minute", "hour"}:
        start = (now + timedelta(**{f"{unit}s": count})).replace(second=0, microsecond=0)
        return Stretch(start, start + timedelta(**{f"{unit}s": 1}), "time")
    if unit == "day":
        return day((now + timedelta(days=count)).date())
    if unit == "week":
        return week((now + timedelta(weeks=count)).date())
    if unit == "weekend":
        return weekend((now + timedelta(weeks=count)).date())
    if unit == "month":
        return month(add_months(now.date(), count))
    return year(now.year + count)


def rolling(now: datetime, count: int, unit: str) -> datetime:
    """The moment `count` units from `now`, to the day."""
    if unit in {"minute", "hour"}:
        return now + timedelta(**{f"{unit}s": count})
    if unit in {"month", "year"}:
        return midnight(add_months(now.date(), count * (12 if unit == "year" else 1)))
    return midnight(now.date()) + timedelta(days=count * (7 if unit == "week" else 1))
