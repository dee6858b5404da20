"""A stretch of time in words, as exact as it was said and no more."""

from __future__ import annotations

from datetime import datetime, timedelta

from memx_core.time.words import MONTH_NAMES
from memx_core.types import Precision, TimeSpan

_INSTANT = timedelta(microseconds=1)
_EASTERNMOST = timedelta(hours=13)


def describe(span: TimeSpan) -> str:
    """`span` in words: "7 May 2023", "week of 1 May 2023", "May 2023", "spring 2024", "2022"."""
    if span.precision == "time":
        return f"{_name(span.start, 'day')}, {span.start:%H:%M} UTC"
    start, last = _local(span)
    if span.phrase.lower().startswith("since"):
        return f"since {_name(start, span.precision)}"
    if span.start.year == 1:
        return f"before {_name(last + _INSTANT, span.precision)}"
    if span.end.year == 9999:
        return f"after {_name(start - _INSTANT, span.precision)}"
    return _from_to(_name(start, span.precision), _name(last, span.precision))


def describe_day(at: datetime) -> str:
    """The day of `at` in words: "7 May 2023"."""
    return f"{at.day} {MONTH_NAMES[at.month - 1]} {at.year}"


def _local(span: TimeSpan) -> tuple[datetime, datetime]:
    """First and last instant in the speaker's time, whose midnight a span longer than hours begins at."""
    if span.start.year == 1:
        return span.start, span.end - _INSTANT
    midnight = (span.start + _EASTERNMOST).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight, span.end + (midnight - span.start) - _INSTANT


def _name(at: datetime, precision: Precision) -> str:
    if precision == "year":
        return f"{at.year}"
    if precision == "season":
        return _season(at)
    month = f"{MONTH_NAMES[at.month - 1]} {at.year}"
    if precision == "month":
        return month
    if precision == "week":
        return f"week of {describe_day(at)}"
    return describe_day(at)


def _season(at: datetime) -> str:
    name = ("winter", "spring", "summer", "autumn")[at.month % 12 // 3]
    if name != "winter":
        return f"{name} {at.year}"
    begun = at.year - (at.month < 3)
    return f"winter {begun}/{(begun + 1) % 100:02}"


def _from_to(first: str, last: str) -> str:
    """Both names, without what they share at the end."""
    if first == last or first.startswith("week"):
        return first
    ours, theirs = first.split(), last.split()
    while len(ours) > 1 and ours[-1] == theirs[-1]:
        ours.pop()
        theirs.pop()
    return f"{' '.join(ours)} to {last}"
