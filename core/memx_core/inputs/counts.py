"""Numbers that bound an answer."""

from __future__ import annotations

import math
from typing import overload

from memx_core.errors import InvalidInputError
from memx_core.inputs.showing import show

MAX_TOKENS = 10_000_000
"""Largest budget of a rendered block, in tokens."""
_LONGEST_WAIT = 4_000_000
"""Seconds that every platform can wait; more is for as long as it takes."""


def limit(value: object, name: str = "limit", *, most: int = 10_000) -> int:
    """How many are wanted at most: a whole number from 1 to `most`.

    Raises:
        InvalidInputError: If it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(f"{name} must be an int, not {show(value)}")
    if not 1 <= value <= most:
        raise InvalidInputError(f"{name} must be from 1 to {most:,}, not {show(int(value))}")
    return int(value)


def max_tokens(value: object) -> int:
    """The budget of a rendered block, in tokens.

    Raises:
        InvalidInputError: If it is not a whole number of at least 1.
    """
    return limit(value, "max_tokens", most=MAX_TOKENS)


@overload
def threshold(value: float) -> float: ...
@overload
def threshold(value: object) -> float | None: ...
def threshold(value: object) -> float | None:
    """The least score that is wanted, in [0, 1], or `None` for any.

    Raises:
        InvalidInputError: If it is anything else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInputError(f"threshold must be a number from 0 to 1, or None, not {show(value)}")
    return float(value)


def seconds(value: object, name: str = "timeout") -> float | None:
    """How long to wait: at least 0, `None` for as long as it takes.

    Raises:
        InvalidInputError: If it is no number.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise InvalidInputError(f"{name} must be a number of seconds, or None, not {show(value)}")
    return None if value > _LONGEST_WAIT else max(0.0, float(value))
