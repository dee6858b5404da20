"""Dates that are counted from the moment they are said: "two weeks ago", "last Tuesday", "tonight".

"Last" is the latest one that is over. "Next" is the first to begin, unless that one could as well
be called "this": "next Friday" on a Monday and "next summer" in May have two readings, hence none.
"""

from __future__ import annotations

from datetime import date, timedelta

from memx_core.time import calendar, words
from memx_core.time.calendar import Stretch
from memx_core.time.rule import Anchor, Match, Rule
from memx_core.time.words import COUNT, HOLIDAY, MONTH, SEASON, SHORT_WEEKDAY, UNIT, WEEKDAY
from memx_core.types import Precision

_SIDES = {"last": "last", "previous": "last", "past": "last", "next": "next", "upcoming": "coming", "coming": "coming"}
_CLOSE = timedelta(days=93)
"""A season or month of this year that begins sooner than this could also be called "this" one."""


def _side(match: Match) -> str:
    return _SIDES.get(match["side"].lower().split()[-1], "this")


def _ago(match: Match, anchor: Anchor) -> Stretch:
    return _shifted(match, anchor, -1)


def _ahead(match: Match, anchor: Anchor) -> Stretch | None:
    if anchor.tense == "past":  # "I read it in two days" says how long, not when.
        return None
    return _shifted(match, anchor, 1)


def _shifted(match: Match, anchor: Anchor, sign: int) -> Stretch:
    number, unit = words.count(match["count"]), words.unit(match["unit"])
    if unit == "fortnight":
        number, unit = number * 2, "week"
    return calendar.shifted(anchor.now, sign * number, unit)


def _rolling(match: Match, anchor: Anchor) -> Stretch | None:
    number, unit = words.count(match["count"] or "one"), words.unit(match["unit"])
    if unit in {"fortnight", "weekend"}:
        return None
    precision: Precision = "time" if unit in {"minute", "hour"} else "day"
    if _side(match) == "last":
        return Stretch(calendar.rolling(anchor.now, -number, unit), anchor.now, precision)
    start = anchor.now if precision == "time" else calendar.midnight(anchor.today)
    return Stretch(start, calendar.rolling(anchor.now, number, unit), precision)


def _named_day(match: Match, anchor: Anchor) -> Stretch:
    named = " ".join(match["named"].lower().split())
    shift = {"yesterday": -1, "last night": -1, "tomorrow": 1, "tmrw": 1}.get(named, 0)
    return calendar.day(anchor.today + timedelta(days=shift))


def _before_last(match: Match, anchor: Anchor) -> Stretch:
    return calendar.shifted(anchor.now, -2, words.unit(match["unit"]))


def _unit(match: Match, anchor: Anchor) -> Stretch:
    shift = {"last": -1, "this": 0}.get(_side(match), 1)
    return calendar.shifted(anchor.now, shift, words.unit(match["unit"]))


def _weekday(match: Match, anchor: Anchor) -> Stretch | None:
    side, number = _side(match), words.weekday_number(match["weekday"])
    ahead = (number - anchor.today.weekday()) % 7
    if side == "last" or (side == "this" and anchor.tense == "past" and ahead):
        return calendar.day(anchor.today + timedelta(days=ahead - 7))
    if side == "next" and number > anchor.today.weekday():
        return None
    return calendar.day(anchor.today + timedelta(days=ahead if side == "this" else ahead or 7))


def _month(match: Match, anchor: Anchor) -> Stretch | None:
    side, number = _side(match), words.month_number(match["month"])
    this_year = calendar.month(anchor.today.replace(month=number, day=1))
    if side == "this":
        return this_year
    if side == "last":
        over = this_year.end <= anchor.now
        return this_year if over else calendar.month(date(anchor.today.year - 1, number, 1))
    if this_year.start <= anchor.now:
        return calendar.month(date(anchor.today.year + 1, number, 1))
    return None if side == "next" and this_year.start - anchor.now < _CLOSE else this_year


def _season(match: Match, anchor: Anchor) -> Stretch | None:
    side, name, year = _side(match), words.season_name(match["season"]), anchor.today.year
    if side == "this":
        return _this_season(name, anchor)
    if side == "last":
        past = (calendar.season(name, year - back) for back in range(3))
        return next(found for found in past if found.end <= anchor.now)
    found = calendar.season(name, year)
    if found.start <= anchor.now:
        return calendar.season(name, year + 1)
    return None if side == "next" and found.start - anchor.now < _CLOSE else found


def _this_season(name: str, anchor: Anchor) -> Stretch:
    """Of the calendar year; a winter belongs to two, and in its early months it is the one that is on."""
    early = anchor.today.month <= (5 if anchor.tense == "past" else 2)
    return calendar.season(name, anchor.today.year - (name == "winter" and early))


def _holiday(match: Match, anchor: Anchor) -> Stretch:
    side, (month, number) = _side(match), words.holiday(match["holiday"])
    this_year = date(anchor.today.year, month, number)
    if side == "last":
        return calendar.day(this_year.replace(year=this_year.year - (this_year >= anchor.today)))
    if side == "this":
        return calendar.day(this_year)
    return calendar.day(this_year.replace(year=this_year.year + (this_year <= anchor.today)))


def _part_of_year(match: Match, anchor: Anchor) -> Stretch | None:
    year = anchor.today.year + {"last": -1, "this": 0}.get(_side(match), 1)
    if match["month"]:
        return calendar.month(date(year, words.month_number(match["month"]), 1))
    name = words.season_name(match["season"])
    return None if name == "winter" else calendar.season(name, year)


_SIDE = r"(?P<side>last|previous|this past|this coming|this|next|upcoming|coming)"

RULES = (
    Rule(rf"(?P<count>{COUNT}) (?P<unit>{UNIT}) (?:ago|back)", _ago),
    Rule(rf"in (?:about |around )?(?P<count>(?!a min){COUNT}) (?P<unit>{UNIT})(?:'s?)?(?: time)?", _ahead),
    Rule(rf"(?P<count>{COUNT}) (?P<unit>{UNIT}) from (?:now|today)", _ahead),
    Rule(rf"(?P<side>last|past|next|coming) (?P<count>(?!an? ){COUNT}) (?P<unit>{UNIT})", _rolling),
    Rule(r"(?P<side>past)(?P<count>(?!))? (?P<unit>week|month|year)", _rolling),
    Rule(r"day before (?P<named>yesterday)", lambda _, a: calendar.day(a.today - timedelta(days=2))),
    Rule(r"day after (?P<named>tomorrow)", lambda _, a: calendar.day(a.today + timedelta(days=2))),
    Rule(r"(?P<named>yesterday|today|tonight|tomorrow|tmrw|last night|this (?:morning|afternoon|evening))", _named_day),
    Rule(r"(?P<unit>night|week|weekend|month|year) before last", _before_last),
    Rule(rf"(?:(?P<month>{MONTH})|(?P<season>{SEASON}))(?: of)? (?P<side>last|this|next) year", _part_of_year),
    Rule(rf"{_SIDE} (?P<unit>week|weekend|month|year)(?! of )", _unit),
    Rule(rf"{_SIDE} (?P<weekday>{WEEKDAY}|{SHORT_WEEKDAY})(?! of )", _weekday),
    Rule(rf"{_SIDE} (?P<month>{MONTH})", _month),
    Rule(rf"{_SIDE} (?P<season>{SEASON})", _season),
    Rule(rf"{_SIDE} (?P<holiday>{HOLIDAY})", _holiday),
)
"""From the longest shape to the shortest: the first that fits is it."""
