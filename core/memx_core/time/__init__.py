"""Relative dates to dates, with how exactly they were said. Pure, English, and never a guess."""

from memx_core.time.describing import describe, describe_day
from memx_core.time.resolving import find, resolve, spots, window

__all__ = ["describe", "describe_day", "find", "resolve", "spots", "window"]
