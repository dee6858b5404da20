"""What a rule of the grammar is, and what it is read against.

The grammar is small on purpose. A general date parser always finds *some* reading; here a shape
with two readings ("in May" without a tense, "07/05/2023", "next Friday" on a Monday) has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Literal, TypeAlias

from memx_core.time.calendar import Stretch

Tense: TypeAlias = Literal["past", "future"]
Match: TypeAlias = re.Match[str]


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an expression is read against.

    Attributes:
        now: When it was said, in the speaker's own time, naive.
        tense: The tense of the words around it, if they show one.
        zone: The speaker's time zone.
    """

    now: datetime
    tense: Tense | None
    zone: tzinfo

    @property
    def today(self) -> date:
        """The day it was said on."""
        return self.now.date()


@dataclass(frozen=True, slots=True)
class Rule:
    """One shape of date.

    Attributes:
        pattern: What it looks like; see `words` for its blanks.
        read: What it means.
        leads: Prepositions of which one must stand before it in running text, as alternatives;
            empty if it is a date wherever it stands.
    """

    pattern: str
    read: Callable[[Match, Anchor], Stretch | None]
    leads: str = ""


def nearest(occurrence: Callable[[int], Stretch], anchor: Anchor) -> Stretch | None:
    """The latest yearly occurrence that has begun, or the first to begin: as the tense has it."""
    if anchor.tense is None:
        return None
    past = anchor.tense == "past"
    for years in range(9):
        try:
            found = occurrence(anchor.today.year + (-years if past else years))
        except ValueError:  # 29 February of a common year.
            continue
        if (found.start <= anchor.now) == past:
            return found
    return None
