"""Dates said in words. Friday, 9 June 2023, half past two is now, unless a test says otherwise."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memx_core.time import describe, find, resolve, spots, window
from memx_core.time.calendar import add_months

NOW = datetime(2023, 6, 9, 14, 30, tzinfo=UTC)

RESOLVED = [
    # phrase, first day, last day, precision, described
    ("today", "2023-06-09", "2023-06-09", "day", "9 June 2023"),
    ("tonight", "2023-06-09", "2023-06-09", "day", "9 June 2023"),
    ("this morning", "2023-06-09", "2023-06-09", "day", "9 June 2023"),
    ("yesterday", "2023-06-08", "2023-06-08", "day", "8 June 2023"),
    ("last night", "2023-06-08", "2023-06-08", "day", "8 June 2023"),
    ("the day before yesterday", "2023-06-07", "2023-06-07", "day", "7 June 2023"),
    ("tomorrow evening", "2023-06-10", "2023-06-10", "day", "10 June 2023"),
    ("the day after tomorrow", "2023-06-11", "2023-06-11", "day", "11 June 2023"),
    ("last Tuesday", "2023-06-06", "2023-06-06", "day", "6 June 2023"),
    ("last friday", "2023-06-02", "2023-06-02", "day", "2 June 2023"),
    ("this past Sunday", "2023-06-04", "2023-06-04", "day", "4 June 2023"),
    ("next Tuesday", "2023-06-13", "2023-06-13", "day", "13 June 2023"),
    ("this coming Saturday", "2023-06-10", "2023-06-10", "day", "10 June 2023"),
    ("this weekend", "2023-06-10", "2023-06-11", "day", "10 to 11 June 2023"),
    ("last weekend", "2023-06-03", "2023-06-04", "day", "3 to 4 June 2023"),
    ("next weekend", "2023-06-17", "2023-06-18", "day", "17 to 18 June 2023"),
    ("last week", "2023-05-29", "2023-06-04", "week", "week of 29 May 2023"),
    ("earlier this week", "2023-06-05", "2023-06-11", "week", "week of 5 June 2023"),
    ("next month", "2023-07-01", "2023-07-31", "month", "July 2023"),
    ("at the beginning of next month", "2023-07-01", "2023-07-31", "month", "July 2023"),
    ("last year", "2022-01-01", "2022-12-31", "year", "2022"),
    ("the year before last", "2021-01-01", "2021-12-31", "year", "2021"),
    ("10 days ago", "2023-05-30", "2023-05-30", "day", "30 May 2023"),
    ("about two weeks ago", "2023-05-22", "2023-05-28", "week", "week of 22 May 2023"),
    ("a fortnight ago", "2023-05-22", "2023-05-28", "week", "week of 22 May 2023"),
    ("a couple of months ago", "2023-04-01", "2023-04-30", "month", "April 2023"),
    ("18 months ago", "2021-12-01", "2021-12-31", "month", "December 2021"),
    ("three years ago", "2020-01-01", "2020-12-31", "year", "2020"),
    ("in two days", "2023-06-11", "2023-06-11", "day", "11 June 2023"),
    ("in two weeks' time", "2023-06-19", "2023-06-25", "week", "week of 19 June 2023"),
    ("a month from now", "2023-07-01", "2023-07-31", "month", "July 2023"),
    ("the last two weeks", "2023-05-26", "2023-06-09", "day", "26 May to 9 June 2023"),
    ("last summer", "2022-06-01", "2022-08-31", "season", "summer 2022"),
    ("this summer", "2023-06-01", "2023-08-31", "season", "summer 2023"),
    ("next spring", "2024-03-01", "2024-05-31", "season", "spring 2024"),
    ("last winter", "2022-12-01", "2023-02-28", "season", "winter 2022/23"),
    ("last May", "2023-05-01", "2023-05-31", "month", "May 2023"),
    ("last June", "2022-06-01", "2022-06-30", "month", "June 2022"),
    ("next May", "2024-05-01", "2024-05-31", "month", "May 2024"),
    ("this March", "2023-03-01", "2023-03-31", "month", "March 2023"),
    ("in May last year", "2022-05-01", "2022-05-31", "month", "May 2022"),
    ("last Christmas", "2022-12-25", "2022-12-25", "day", "25 December 2022"),
    ("on 7 May 2023", "2023-05-07", "2023-05-07", "day", "7 May 2023"),
    ("May 7th, 2023", "2023-05-07", "2023-05-07", "day", "7 May 2023"),
    ("Sunday, the 7th of May 2023", "2023-05-07", "2023-05-07", "day", "7 May 2023"),
    ("Sept. 3 2022", "2022-09-03", "2022-09-03", "day", "3 September 2022"),
    ("2023-05-07", "2023-05-07", "2023-05-07", "day", "7 May 2023"),
    ("17/05/2023", "2023-05-17", "2023-05-17", "day", "17 May 2023"),
    ("05/17/2023", "2023-05-17", "2023-05-17", "day", "17 May 2023"),
    ("05/05/2023", "2023-05-05", "2023-05-05", "day", "5 May 2023"),
    ("29 February 2024", "2024-02-29", "2024-02-29", "day", "29 February 2024"),
    ("6-9 May 2023", "2023-05-06", "2023-05-09", "day", "6 to 9 May 2023"),
    ("early May 2023", "2023-05-01", "2023-05-31", "month", "May 2023"),
    ("2023-05", "2023-05-01", "2023-05-31", "month", "May 2023"),
    ("from May to July 2023", "2023-05-01", "2023-07-31", "month", "May to July 2023"),
    ("the summer of 2019", "2019-06-01", "2019-08-31", "season", "summer 2019"),
    ("fall 2019", "2019-09-01", "2019-11-30", "season", "autumn 2019"),
    ("winter 2022/23", "2022-12-01", "2023-02-28", "season", "winter 2022/23"),
    ("in 2019", "2019-01-01", "2019-12-31", "year", "2019"),
    ("back in 2019", "2019-01-01", "2019-12-31", "year", "2019"),
    ("2019", "2019-01-01", "2019-12-31", "year", "2019"),
    ("from 2015 to 2018", "2015-01-01", "2018-12-31", "year", "2015 to 2018"),
    ("in the 1990s", "1990-01-01", "1999-12-31", "year", "1990 to 1999"),
    ("from 7 May 2023 to 9 June 2023", "2023-05-07", "2023-06-09", "day", "7 May to 9 June 2023"),
    ("the week of 3 May 2023", "2023-05-01", "2023-05-07", "week", "week of 1 May 2023"),
    ("the week before 9 June 2023", "2023-06-02", "2023-06-08", "week", "week of 2 June 2023"),
    ("the Sunday before 25 May 2023", "2023-05-21", "2023-05-21", "day", "21 May 2023"),
    ("the Friday after 25 May 2023", "2023-05-26", "2023-05-26", "day", "26 May 2023"),
    ("the weekend before 9 June 2023", "2023-06-03", "2023-06-04", "day", "3 to 4 June 2023"),
    ("two days after 7 May 2023", "2023-05-09", "2023-05-09", "day", "9 May 2023"),
    ("the month before May 2023", "2023-04-01", "2023-04-30", "month", "April 2023"),
]

AMBIGUOUS = [
    "in May",  # of which year?
    "May 7th",
    "the week before 9 June",
    "on Monday",  # the last or the next?
    "on the 5th",
    "in the summer",
    "at Christmas",
    "07/05/2023",  # the seventh of May, or the fifth of July
    "7/5/23",
    "winter 2023",  # its January or its December?
    "at 5pm",  # of which day?
    "next Sunday",  # in two days or in nine? said on a Friday
    "next July",  # "this July" would be the same
    "a few weeks ago",
    "over a year ago",
    "more than two years ago",
    "the other day",
    "before 2020",
    "until Friday",
    "every Tuesday",
    "last week of May",
    "two weeks",
    "31 June 2023",
    "29 February 2023",
    "2023-13-45",
    "yesterday or tomorrow",
    "when I was twelve",
    "soon",
    "",
]


def day_of(moment: datetime) -> str:
    return moment.date().isoformat()


@pytest.mark.parametrize(("phrase", "first", "last", "precision", "described"), RESOLVED)
def test_a_phrase_with_one_reading_is_resolved(phrase, first, last, precision, described):
    span = resolve(phrase, said_at=NOW)
    assert span is not None
    assert (day_of(span.start), day_of(span.end - timedelta(microseconds=1))) == (first, last)
    assert (span.precision, span.phrase, describe(span)) == (precision, phrase, described)
    assert span.start.utcoffset() == span.end.utcoffset() == timedelta()


@pytest.mark.parametrize("phrase", AMBIGUOUS)
def test_a_phrase_with_two_readings_or_none_is_not_guessed(phrase):
    assert resolve(phrase, said_at=NOW) is None


@pytest.mark.parametrize(
    ("phrase", "start", "minutes"),
    [
        ("at 5pm tomorrow", "2023-06-10T17:00", 60),
        ("tomorrow at 5:30 p.m.", "2023-06-10T17:30", 1),
        ("on 7 May 2023 at 17:30", "2023-05-07T17:30", 1),
        ("2023-05-07T17:00:00+02:00", "2023-05-07T15:00", 1),
        ("last Tuesday evening at 7pm", "2023-06-06T19:00", 60),
        ("noon on 1 May 2023", "2023-05-01T12:00", 1),
        ("12am on 1 May 2023", "2023-05-01T00:00", 60),
        ("an hour ago", "2023-06-09T13:30", 60),
    ],
)
def test_an_hour_is_kept_as_exactly_as_it_was_said(phrase, start, minutes):
    span = resolve(phrase, said_at=NOW)
    assert span is not None
    assert span.precision == "time"
    assert span.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert span.end - span.start == timedelta(minutes=minutes)


def test_since_reaches_to_the_moment_it_was_said():
    span = resolve("since 2019", said_at=NOW)
    assert span is not None
    assert (span.start, span.end, describe(span)) == (datetime(2019, 1, 1, tzinfo=UTC), NOW, "since 2019")


@pytest.mark.parametrize(
    ("context", "phrase", "described"),
    [
        ("I visited Rome in May", "in May", "May 2023"),
        ("We're flying to Rome in May", "in May", "May 2024"),
        ("I went to Rome on Monday", "on Monday", "5 June 2023"),
        ("I'll go to Rome on Monday", "on Monday", "12 June 2023"),
        ("We met on the 5th", "on the 5th", "5 June 2023"),
        ("My exam is on the 5th", "on the 5th", "5 July 2023"),
        ("I got married on May 7th", "on May 7th", "7 May 2023"),
        ("I was in Oslo in the winter", "in the winter", "winter 2022/23"),
    ],
)
def test_the_tense_around_a_phrase_tells_which_one_is_meant(context, phrase, described):
    span = resolve(phrase, said_at=NOW, context=context)
    assert span is not None
    assert describe(span) == described


@pytest.mark.parametrize(
    ("context", "phrase"),
    [("I ski in May", "in May"), ("I was born on 7 May", "on 7 May"), ("My birthday is on 7 May", "on 7 May")],
)
def test_without_a_telling_tense_a_date_without_a_year_stays_open(context, phrase):
    assert resolve(phrase, said_at=NOW, context=context) is None


def test_days_begin_at_the_speakers_own_midnight():
    late_in_oslo = datetime(2023, 6, 9, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    span = resolve("yesterday", said_at=late_in_oslo)
    assert span is not None
    assert span.start == datetime(2023, 6, 7, 22, tzinfo=UTC)
    assert span.end == datetime(2023, 6, 8, 22, tzinfo=UTC)
    assert describe(span) == "8 June 2023"


def test_a_time_without_a_zone_is_taken_as_utc():
    assert resolve("yesterday", said_at=NOW.replace(tzinfo=None)) == resolve("yesterday", said_at=NOW)


def test_a_text_gives_its_times_in_order_each_in_its_own_tense():
    text = "I moved to Oslo in May, and in July we're going to Rome. Every Monday I swim; on Monday I didn't."
    assert [(span.phrase, describe(span)) for span in find(text, said_at=NOW)] == [
        ("in May", "May 2023"),
        ("in July", "July 2023"),
        ("on Monday", "5 June 2023"),
    ]


def test_spots_are_found_whether_or_not_they_can_be_resolved():
    text = "See you in May, or two days before 9 June at 5pm!"
    assert [text[start:end] for start, end in spots(text)] == ["in May", "two days before 9 June at 5pm"]


@pytest.mark.parametrize(
    "text",
    [
        "You may go, these 5 may stay, and march 4 steps on.",
        "I like May and April, they are nice.",
        "I have 2000 dollars, 1999 songs and walked in 2000 steps.",
        "I play it every Friday and each summer.",
        "The price fell from 12.5.7 to 3/4.",
        "I sat in the sun, and the second fall hurt.",
    ],
)
def test_words_and_numbers_that_only_look_like_dates_are_left_alone(text):
    assert find(text, said_at=NOW) == []


@pytest.mark.parametrize(
    ("query", "described"),
    [
        ("What did I do in May 2023?", "May 2023"),
        ("where was I last summer", "summer 2022"),
        ("what happened in 2022?", "2022"),
        ("what did I do in June", "June 2023"),
        ("what did I do in July?", "July 2022"),
        ("since March, what have I read?", "since March 2023"),
        ("jobs before 2020", "before 2020"),
        ("trips after June 2021", "after June 2021"),
        ("between May and July 2022", "May to July 2022"),
        ("on 7 May 2023 and on 9 May 2023", "7 to 9 May 2023"),
    ],
)
def test_a_query_asks_about_a_stretch_of_time(query, described):
    span = window(query, now=NOW)
    assert span is not None
    assert describe(span) == described


def test_a_query_without_a_time_has_no_window():
    assert window("where do I live?", now=NOW) is None


def test_a_window_that_begins_after_it_ends_is_none():
    assert window("between July 2022 and May 2022", now=NOW) is None


def test_month_arithmetic_stays_within_short_months():
    assert add_months(date(2023, 1, 31), 1) == date(2023, 2, 28)
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2023, 3, 31), -13) == date(2022, 2, 28)


@pytest.mark.parametrize("said_at", [datetime(2024, 2, 29, tzinfo=UTC), datetime(2023, 3, 31, tzinfo=UTC)])
def test_relative_months_work_on_the_last_day_of_a_month(said_at):
    for months in range(1, 30):
        span = resolve(f"{months} months ago", said_at=said_at)
        assert span is not None
        assert span.start.date() == add_months(said_at.date().replace(day=1), -months)


def test_a_leap_day_without_a_year_is_the_one_there_was():
    span = resolve("on 29 February", said_at=NOW, context="She arrived on 29 February")
    assert span is not None
    assert describe(span) == "29 February 2020"


PHRASES = st.sampled_from([row[0] for row in RESOLVED] + AMBIGUOUS)
ZONES = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES)


@given(text=st.text() | PHRASES | st.tuples(st.text(), PHRASES, st.text()).map(" ".join), said_at=MOMENTS)
@example(text="last year", said_at=datetime.min.replace(tzinfo=UTC))
@example(text="next year", said_at=datetime.max.replace(tzinfo=UTC))
@example(text="yesterday", said_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))
@example(text="today", said_at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))))
def test_no_text_and_no_time_makes_it_fail(text, said_at):
    spans = [*find(text, said_at=said_at), resolve(text, said_at=said_at), window(text, now=said_at)]
    for span in filter(None, spans):
        assert span.start < span.end
        assert span.phrase in text
        assert describe(span)


MIDDLE_AGES = st.datetimes(datetime(1500, 1, 1), datetime(2500, 1, 1), timezones=ZONES)


@given(said_at=MIDDLE_AGES, unit=st.sampled_from(["week", "month", "year"]))
def test_this_week_month_or_year_holds_the_moment_and_touches_its_neighbours(said_at, unit):
    last, this, following = (resolve(f"{side} {unit}", said_at=said_at) for side in ("last", "this", "next"))
    assert last is not None
    assert this is not None
    assert following is not None
    assert last.end == this.start <= said_at < this.end == following.start


@given(said_at=MIDDLE_AGES, count=st.integers(min_value=1, max_value=400))
def test_days_ago_and_days_ahead_are_exact(said_at, count):
    ago, ahead = (resolve(phrase, said_at=said_at) for phrase in (f"{count} days ago", f"in {count} days"))
    assert ago is not None
    assert ahead is not None
    assert ago.start <= said_at - timedelta(days=count) < ago.end
    assert ahead.start <= said_at + timedelta(days=count) < ahead.end


@given(day=st.dates(date(1900, 1, 1), date(2099, 12, 31)), said_at=MIDDLE_AGES)
def test_a_full_date_means_the_same_day_whenever_it_is_said(day, said_at):
    local = said_at.replace(tzinfo=UTC)
    for phrase in (f"{day:%d %B %Y}", f"{day:%B} {day.day}, {day.year}", day.isoformat()):
        span = resolve(phrase, said_at=local)
        assert span is not None
        assert span.start.date() == day
        assert describe(span) == f"{day.day} {day:%B} {day.year}"


@given(said_at=MIDDLE_AGES, weekday=st.sampled_from(["Monday", "Thursday", "Sunday"]))
def test_last_weekday_is_within_the_seven_days_before_today(said_at, weekday):
    span = resolve(f"last {weekday}", said_at=said_at)
    assert span is not None
    assert timedelta() < said_at - span.start < timedelta(days=8)
    assert span.end <= said_at
