"""Moments as people write and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memx_cli import moments
from memx_core.errors import InvalidInputError

NOW = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("now", NOW),
        ("3d", NOW - timedelta(days=3)),
        ("90 m", NOW - timedelta(minutes=90)),
        ("2W", NOW - timedelta(weeks=2)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01 10:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(written: str, meant: datetime) -> None:
    assert moments.read(written, now=NOW) == meant


@pytest.mark.parametrize("written", ["2026-03-08", "yesterday", "1 day ago"])
def test_a_day_begins_at_midnight_here(written: str) -> None:
    assert moments.read(written, now=NOW).astimezone().replace(tzinfo=None) == datetime(2026, 3, 8)


@pytest.mark.parametrize("written", ["", "some day", "31", "0001-01-01T00:00:00+14:00", "1d2h", "999999w"])
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(InvalidInputError, match="no moment"):
        moments.read(written, now=NOW)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "now"),
        (1, "1 second ago"),
        (119, "1 minute ago"),
        (7200, "2 hours ago"),
        (86_400 * 6, "6 days ago"),
        (86_400 * 8, "1 week ago"),
        (86_400 * 40, "1 month ago"),
        (86_400 * 364, "11 months ago"),
        (86_400 * 800, "2 years ago"),
        (-86_400, "in 1 day"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(seconds: int, said: str) -> None:
    assert moments.ago(NOW - timedelta(seconds=seconds), now=NOW) == said
