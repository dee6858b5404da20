"""The English words of time, and the pieces of pattern that the grammar is made of.

In a pattern here a single blank stands for any short run of white space; `compiled` sees to it.
"""

from __future__ import annotations

import re
from functools import cache

from memx_core.time.calendar import SEASONS

MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""In English whatever the locale."""
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_COUNTS = {
    **{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8},
    **{"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40},
}
HOLIDAYS = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "christmas": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
    "new year's day": (1, 1),
    "halloween": (10, 31),
    "valentine's day": (2, 14),
}
"""Feasts with a fixed date, and their month and day."""

MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?)"
)
WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
SHORT_WEEKDAY = r"(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)"
SEASON = r"(?:spring|summer|autumn|fall|winter)"
HOLIDAY = r"(?:christmas(?: eve| day)?|boxing day|new year'?s (?:eve|day)|halloween|valentine'?s day)"
YEAR = r"(?:1[5-9]\d\d|20\d\d)"
NTH = r"\d{1,2}(?:st|nd|rd|th)"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
COUNT = r"(?:\d{1,4}|(?:a )?couple(?: of)?|" + "|".join(sorted(_COUNTS, key=len, reverse=True)) + ")"
UNIT = r"(?:minutes?|mins?|hours?|days?|nights?|weeks?|fortnights?|weekends?|months?|years?|yrs?)"
PART = r"(?:morning|afternoon|evening|night|lunchtime)"
CLOCK = (
    r"(?:at |around |by |about )?"
    r"(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))? ?(?P<half>[ap])\.?m\.?"
    r"|(?P<hour24>[01]?\d|2[0-3]):(?P<minute24>[0-5]\d)|(?P<name>noon|midday|midnight))"
)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern` as a compiled one, made when it is first needed so that importing stays cheap."""
    return re.compile(pattern.replace(" ?", r"\s{0,2}").replace(" ", r"\s{1,3}"), re.IGNORECASE)


def unnamed(pattern: str) -> str:
    """`pattern` without the names of its groups, to stand beside others in one pattern."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


def count(words: str) -> int:
    """The number that `words` say: digits, a word, "a couple of"."""
    words = words.lower()
    if "couple" in words:
        return 2
    return int(words) if words.isdecimal() else _COUNTS[words]


def unit(words: str) -> str:
    """The unit in the singular and in full; a night counts as a day."""
    word = words.lower().rstrip("s")
    return {"min": "minute", "night": "day", "yr": "year"}.get(word, word)


def month_number(name: str) -> int:
    """1 for January."""
    return next(number for number, full in enumerate(MONTH_NAMES, start=1) if full[:3].lower() == name[:3].lower())


def weekday_number(name: str) -> int:
    """0 for Monday."""
    return _WEEKDAYS.index(name[:3].lower())


def season_name(name: str) -> str:
    """The season as the calendar names it; "fall" is "autumn"."""
    return name.lower() if name.lower() in SEASONS else "autumn"


def holiday(name: str) -> tuple[int, int]:
    """Month and day of a feast."""
    words = " ".join(name.lower().replace("'", "").split())
    return next(day for known, day in HOLIDAYS.items() if known.replace("'", "") == words)
