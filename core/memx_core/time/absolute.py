"""Dates that name a place in the calendar: "7 May 2023", "in May", "summer 2019", "2023-05-07".

Where the year is left out, the tense of the words around decides; without a tense there is none.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from memx_core.time import calendar, words
from memx_core.time.calendar import Stretch
from memx_core.time.rule import Anchor, Match, Rule, nearest
from memx_core.time.words import DAY, HOLIDAY, MONTH, NTH, SEASON, SHORT_WEEKDAY, WEEKDAY, YEAR


def _iso(match: Match, anchor: Anchor) -> Stretch:
    on = date(int(match["year"]), int(match["month"]), int(match["day"]))
    if match["hour"] is None:
        return calendar.day(on)
    at = calendar.moment(on, int(match["hour"]), int(match["minute"]))
    if match["zone"] is None:
        return at
    local = datetime.fromisoformat(f"{at.start.isoformat()}{match['zone'].upper()}").astimezone(anchor.zone)
    return calendar.moment(local.date(), local.hour, local.minute)


def _iso_month(match: Match, _: Anchor) -> Stretch:
    return calendar.month(date(int(match["year"]), int(match["month"]), 1))


def _slashed(match: Match, _: Anchor) -> Stretch | None:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    if first != second and max(first, second) <= 12:
        return None
    return calendar.day(date(year, min(first, second), max(first, second)))


def _day(match: Match, anchor: Anchor) -> Stretch | None:
    month, number = words.month_number(match["month"]), int(re.sub(r"\D", "", match["day"]))
    if match["year"]:
        return calendar.day(date(int(match["year"]), month, number))
    return nearest(lambda year: calendar.day(date(year, month, number)), anchor)


def _week_of(match: Match, anchor: Anchor) -> Stretch | None:
    found = _day(match, anchor)
    return found and calendar.week(found.start.date())


def _days(match: Match, anchor: Anchor) -> Stretch | None:
    month, first, last = words.month_number(match["month"]), int(match["first"]), int(match["last"])

    def days(year: int) -> Stretch:
        return calendar.day(date(year, month, first)).until(calendar.day(date(year, month, last)).end)

    return days(int(match["year"])) if match["year"] else nearest(days, anchor)


def _month(match: Match, anchor: Anchor) -> Stretch | None:
    number = words.month_number(match["month"])
    if match["year"]:
        return calendar.month(date(int(match["year"]), number, 1))
    return nearest(lambda year: calendar.month(date(year, number, 1)), anchor)


def _months(match: Match, _: Anchor) -> Stretch:
    first, last = (date(int(match["year"]), words.month_number(match[name]), 1) for name in ("first", "last"))
    return calendar.month(first).until(calendar.month(last).end)


def _season(match: Match, anchor: Anchor) -> Stretch | None:
    name = words.season_name(match["season"])
    if not match["year"]:
        return nearest(lambda year: calendar.season(name, year), anchor)
    year, second = int(match["year"]), match["second"]
    if name == "winter" and not second:  # Its January or its December? Both are "winter 2023".
        return None
    if second and (name != "winter" or (year + 1) % 100 != int(second) % 100):
        return None
    return calendar.season(name, year)


def _year(match: Match, _: Anchor) -> Stretch:
    return calendar.year(int(match["year"]))


def _years(match: Match, _: Anchor) -> Stretch:
    first, last = int(match["first"]), int(match["last"])
    return calendar.year(first, count=last - first + 1)


def _decade(match: Match, _: Anchor) -> Stretch:
    return calendar.year(int(match["decade"]) * 10, count=10)


def _weekday(match: Match, anchor: Anchor) -> Stretch | None:
    distance = (words.weekday_number(match["weekday"]) - anchor.today.weekday()) % 7
    if anchor.tense is None or distance == 0:  # "On Monday", said on a Monday.
        return None
    return calendar.day(anchor.today + timedelta(days=distance - (7 if anchor.tense == "past" else 0)))


def _nth(match: Match, anchor: Anchor) -> Stretch | None:
    number, past = int(match["nth"][:-2]), anchor.tense == "past"
    if anchor.tense is None:
        return None
    first = anchor.today.replace(day=1)
    if (number <= anchor.today.day) != past:
        first = calendar.add_months(first, -1 if past else 1)
    return calendar.day(first.replace(day=number))


def _holiday(match: Match, anchor: Anchor) -> Stretch | None:
    month, number = words.holiday(match["holiday"])
    if match["year"]:
        return calendar.day(date(int(match["year"]), month, number))
    return nearest(lambda year: calendar.day(date(year, month, number)), anchor)


_TO = r"(?: ?[-\u2013] ?| (?:to|and|until|till|through) )"
_ON_A = rf"(?:(?:{WEEKDAY}|{SHORT_WEEKDAY}\.?),? (?:the )?)?"
_DAY_FIRST = rf"{_ON_A}(?P<day>{DAY})(?: of)? (?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?"
_MONTH_FIRST = rf"{_ON_A}(?P<month>{MONTH}) (?:the )?(?P<day>{DAY})(?:,? (?P<year>{YEAR}))?"
_OF_YEAR = rf"(?: of|,)? (?P<year>{YEAR})"
_NO_YEAR = r"(?P<year>(?!))?"
# "In 2000 steps" is no year.
_NO_THINGS = (
    r"(?! (?:people|steps|words|met(?:er|re)s|miles|km|calories|dollars|euros|pounds|users|rows|lines|times)\b)"
)
_SPANS = "in|during|since|by|until|till|before|after|around|from|through|throughout"

RULES = (
    Rule(
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
        r"(?:[Tt\s](?P<hour>\d\d):(?P<minute>\d\d)(?::\d\d(?:\.\d{1,6})?)?(?P<zone>z|[+-]\d\d:\d\d)?)?",
        _iso,
    ),
    Rule(rf"(?P<first>{YEAR}){_TO}(?P<last>{YEAR})", _years, leads="from|between|in|during"),
    Rule(r"(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])", _iso_month),
    Rule(r"(?P<year>\d{4})[/.](?P<month>\d\d)[/.](?P<day>\d\d)(?P<hour>(?!))?", _iso),
    Rule(r"(?P<first>\d{1,2})[/.](?P<second>\d{1,2})[/.](?P<year>\d{4})", _slashed),
    Rule(rf"week of (?:the )?{_DAY_FIRST}", _week_of),
    Rule(rf"week of {_MONTH_FIRST}", _week_of),
    Rule(rf"(?P<first>\d{{1,2}}){_TO}(?P<last>\d{{1,2}}) (?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?", _days),
    Rule(rf"(?P<month>{MONTH}) (?P<first>\d{{1,2}}){_TO}(?P<last>\d{{1,2}})(?:,? (?P<year>{YEAR}))?", _days),
    Rule(_DAY_FIRST, _day),
    Rule(_MONTH_FIRST, _day),
    Rule(rf"(?P<first>{MONTH}){_TO}(?P<last>{MONTH}){_OF_YEAR}", _months),
    Rule(rf"(?P<month>{MONTH}){_OF_YEAR}", _month),
    Rule(rf"(?P<season>{SEASON})(?: of|,)? (?P<year>{YEAR})(?:[/-](?P<second>\d\d(?:\d\d)?))?", _season),
    Rule(rf"(?P<holiday>{HOLIDAY})(?: of|,)? (?P<year>{YEAR})", _holiday),
    Rule(rf"(?P<month>{MONTH}){_NO_YEAR}", _month, leads=_SPANS),
    Rule(rf"(?P<season>{SEASON}){_NO_YEAR}(?P<second>(?!))?", _season, leads=f"over|{_SPANS}"),
    Rule(rf"(?P<holiday>{HOLIDAY}){_NO_YEAR}", _holiday, leads=f"at|on|over|for|{_SPANS}"),
    Rule(r"(?P<decade>1[5-9]\d|20\d)0'?s", _decade, leads=_SPANS),
    Rule(rf"(?P<year>{YEAR}){_NO_THINGS}", _year, leads=_SPANS),
    Rule(rf"(?P<weekday>{WEEKDAY})(?! (?:before|after) (?:\d|last|next|{MONTH}|{WEEKDAY}))", _weekday),
    Rule(rf"(?P<weekday>{SHORT_WEEKDAY})", _weekday, leads="on"),
    Rule(rf"(?P<nth>{NTH})", _nth, leads="on"),
)
"""From the longest shape to the shortest: the first that fits is it."""
