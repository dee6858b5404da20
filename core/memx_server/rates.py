"""How often one key may ask: a bucket of tokens each, filled at a steady rate. Not shared between processes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final

_MOST: Final = 10_000
"""Buckets that are kept; the one that was asked for longest ago goes first, and is full again by then."""


class Rates:
    """A bucket for each key.

    Args:
        rate: Tokens that flow in, a second.
        burst: Tokens that a bucket holds.
        clock: Seconds that only grow; for tests.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str) -> int:
        """Takes a token of this bucket; 0, or in how many seconds there is one again."""
        now = self._clock()
        held, then = self._buckets.pop(who, (float(self._burst), now))
        held = min(float(self._burst), held + (now - then) * self._rate)
        self._buckets[who] = (held - 1 if held >= 1 else held, now)
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        return 0 if held >= 1 else ceil((1 - held) / self._rate)
