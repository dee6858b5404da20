"""What time expressions mean: `resolve`, `find` and `window`, and where they stand: `spots`.

English, without a date parsing library: such a library guesses, and a memory with a guessed date
is worse than one that keeps the wording. What has two readings resolves to `None`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from memx_core.time import calendar, words
from memx_core.time.calendar import Stretch
from memx_core.time.rule import Anchor, Tense
from memx_core.time.scanning import RULES, Spot, scan
from memx_core.time.tense import tense_at
from memx_core.types import TimeSpan

_FIRST = datetime(1, 1, 2)
_LAST = datetime(9999, 12, 31)
_LONGEST_PHRASE = 200
_MOST = 1000
"""Expressions looked at in one text."""
_DOUBT = re.compile(
    r"\b(?:before|after|until|till|every|each|or|not|never|to|between|from|except|half|few|several|some|many|ago|"
    r"over|under|more|less|least|most|almost|nearly|later|earlier|following|if|when)\b|\d",
    re.IGNORECASE,
)
_HOURS = {"noon": 12, "midday": 12, "midnight": 0}


def resolve(phrase: str, *, said_at: datetime, context: str = "") -> TimeSpan | None:
    """The stretch of time that `phrase` names, or `None` if it names none or more than one.

    Args:
        phrase: A time expression as said: "last Tuesday", "in two weeks", "7 May 2023".
        said_at: When it was said. Days begin at midnight of its own time zone (UTC if it has none).
        context: The sentence it stands in. Its tense tells which May "in May" is; without one,
            such a phrase resolves to `None`.
    """
    if len(phrase) > _LONGEST_PHRASE:
        return None
    found = list(scan(phrase, loose=True))
    if len(found) != 1 or _DOUBT.search(phrase[: found[0].start] + " " + phrase[found[0].end :]):
        return None
    at = context.find(phrase) if phrase else -1
    tense = tense_at(context, at, at + len(phrase)) if at >= 0 else tense_at(context, len(context), len(context))
    tense = tense or tense_at(phrase, found[0].start, found[0].end)
    return _span(found[0], phrase.strip(), _anchor(said_at, tense))


def find(text: str, *, said_at: datetime) -> list[TimeSpan]:
    """The stretches of time that `text` names, in order, read in the tense of the words around them."""
    anchor = _anchor(said_at, None)
    return [span for spot in _scanned(text) if (span := _span(spot, *_in_tense(text, spot, anchor)))]


def spots(text: str) -> list[tuple[int, int]]:
    """Where time expressions stand in `text`, as offsets, whether or not they can be resolved."""
    return [(spot.start, spot.end) for spot in _scanned(text)]


def window(query: str, *, now: datetime) -> TimeSpan | None:
    """The stretch of time that a search asks about; "in May" is the latest May not after `now`.

    Several expressions make the stretch that holds them all; "before" and "after" leave it open to
    that side, to the years 1 and 9999.
    """
    anchor = _anchor(now, "past")
    found = [(spot, stretch) for spot in _scanned(query) if (stretch := _read(spot, anchor, is_open=True))]
    if not found:
        return None
    start, end = min(stretch.start for _, stretch in found), max(stretch.end for _, stretch in found)
    phrase = query[found[0][0].start : found[-1][0].end]
    return _in_utc(Stretch(start, end, found[0][1].precision), phrase, anchor)


def _scanned(text: str) -> Iterator[Spot]:
    return islice(scan(text), _MOST)


def _anchor(said_at: datetime, tense: Tense | None) -> Anchor:
    return Anchor(said_at.replace(tzinfo=None, fold=0), tense, said_at.tzinfo or UTC)


def _in_tense(text: str, spot: Spot, anchor: Anchor) -> tuple[str, Anchor]:
    tense = tense_at(text, spot.start, spot.end)
    return text[spot.start : spot.end], Anchor(anchor.now, tense, anchor.zone)


def _span(spot: Spot, phrase: str, anchor: Anchor) -> TimeSpan | None:
    stretch = _read(spot, anchor)
    return _in_utc(stretch, phrase, anchor) if stretch else None


def _in_utc(stretch: Stretch, phrase: str, anchor: Anchor) -> TimeSpan | None:
    try:
        start, end = (at.replace(tzinfo=anchor.zone).astimezone(UTC) for at in (stretch.start, stretch.end))
    except (OverflowError, ValueError):
        return None
    return TimeSpan(start, end, stretch.precision, phrase) if start < end else None


def _read(spot: Spot, anchor: Anchor, *, is_open: bool = False) -> Stretch | None:
    """What `spot` means; `is_open` gives "before 2020" a meaning too."""
    if spot.lead == "since":
        anchor = Anchor(anchor.now, "past", anchor.zone)
    try:
        stretch = None if _is_vague(spot) else _date(spot.date, anchor)
        if stretch and spot.last:
            last = _date(spot.last.date, anchor)
            return stretch.until(last.end) if last else None
        return stretch and _led(spot, _timed(spot, stretch), anchor, is_open=is_open)
    except (OverflowError, ValueError):
        return None


def _is_vague(spot: Spot) -> bool:
    return spot.lead == "over" and spot.date.lower().endswith(("ago", "back"))


def _date(text: str, anchor: Anchor) -> Stretch | None:
    for rule in RULES:
        if match := words.compiled(rule.pattern).fullmatch(text):
            return rule.read(match, anchor)
    return None


def _timed(spot: Spot, stretch: Stretch) -> Stretch:
    """The hour on that day, if one was said with it; a part of the day stays the day."""
    clock, one_day = spot.clock, stretch.end - stretch.start == timedelta(days=1)
    if clock is None or not one_day:
        return stretch
    if clock["name"]:
        return calendar.moment(stretch.start.date(), _HOURS[clock["name"].lower()], 0)
    if clock["hour24"]:
        return calendar.moment(stretch.start.date(), int(clock["hour24"]), int(clock["minute24"]))
    if not clock["hour"]:
        return stretch
    hour, minute = int(clock["hour"]), clock["minute"]
    if not 1 <= hour <= 12:
        raise ValueError(f"{hour} o'clock has no half of the day")
    after_noon = clock["half"].lower() == "p"
    return calendar.moment(stretch.start.date(), hour % 12 + 12 * after_noon, int(minute) if minute else None)


def _led(spot: Spot, stretch: Stretch, anchor: Anchor, *, is_open: bool) -> Stretch | None:
    """What the preposition makes of `stretch`."""
    if spot.lead == "since":
        return stretch.until(anchor.now)
    if spot.relation:
        return _beside(spot, stretch)
    if spot.lead in {"before", "until", "till"}:
        end = stretch.start if spot.lead == "before" else stretch.end
        return Stretch(_FIRST, end, stretch.precision) if is_open else None
    if spot.lead == "after":
        return Stretch(stretch.end, _LAST, stretch.precision) if is_open else None
    return stretch


def _beside(spot: Spot, stretch: Stretch) -> Stretch | None:
    """The week before, the Sunday after, three days before `stretch`."""
    assert spot.relation is not None
    before, name = spot.lead == "before", spot.relation["unit"].lower()
    edge = stretch.start if before else stretch.end
    if re.fullmatch(words.WEEKDAY, name):
        number, near = words.weekday_number(name), edge - timedelta(days=1 if before else 0)
        away = (near.weekday() - number) % 7 if before else -((number - near.weekday()) % 7)
        return calendar.day((near - timedelta(days=away)).date())
    return _units_beside(edge, words.count(spot.relation["count"] or "one"), words.unit(name), before=before)


def _units_beside(edge: datetime, count: int, unit: str, *, before: bool) -> Stretch | None:
    sign = -1 if before else 1
    if unit == "weekend":
        near = calendar.weekend(edge.date())
        over = near.start >= edge if not before else near.end <= edge
        return near if over else calendar.weekend((edge + timedelta(weeks=sign)).date())
    if unit == "week" and count == 1:
        start = edge - timedelta(days=7) if before else edge
        return Stretch(start, start + timedelta(days=7), "week")
    if unit in {"day", "week", "month", "year"}:
        start_of = edge if before else edge - timedelta(days=1)
        return calendar.shifted(start_of, sign * count, unit)
    return None
