"""How the background worker goes about it: when it begins, how it fails, when it gives up for now.

The arithmetic of failing: a job is tried again after about 2, 4, 8, … seconds, at most every ten
minutes, and parked after its fifth try. But while the provider answers nobody, that is not the
job's fault: then it is tried on, in its order, until it has waited for `patience`. What a model
answers and memx cannot use counts in any case.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from datetime import timedelta

from memx_core.errors import InvalidInputError

_JITTER = 0.25  # of a pause, either way, so that those who failed together do not come back together


@dataclass(frozen=True, slots=True)
class Background:
    """Settings of the worker that learns from what is queued. Times are in seconds.

    Attributes:
        idle: How long a conversation has to be quiet before its messages are learned from; when they
            come to about 1,000 tokens it is done at once.
        tries: After so many failures a job is parked: `pending` shows it with its error, `flush`
            tries it again, and those behind it go on.
        backoff: The pause after a first failure; each further one is twice as long.
        longest: The longest pause.
        patience: How long a job is tried on while the provider answers nobody.
        lease: For how long work is left to whoever began it and was not heard of since.
        poll: How often the worker looks for what other processes queued.

    Raises:
        InvalidInputError: If one of them is not a number above 0.
    """

    idle: float = 5.0
    tries: int = 5
    backoff: float = 2.0
    longest: float = 600.0
    patience: float = 6 * 3600.0
    lease: float = 30.0
    poll: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value: object = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InvalidInputError(f"Background.{field.name} must be a number, not {value!r}")
            if not (value > 0 or (field.name == "idle" and value == 0)):
                raise InvalidInputError(f"Background.{field.name} must be more than 0, not {value!r}")
            if field.name == "tries" and not isinstance(value, int):
                raise InvalidInputError(f"Background.tries must be a whole number, not {value!r}")

    def pause(self, failures: int) -> timedelta:
        """How long to wait after so many failures in a row."""
        doubled = min(self.longest, self.backoff * 2.0 ** min(failures - 1, 60))
        return timedelta(seconds=doubled * random.uniform(1 - _JITTER, 1 + _JITTER))

    def gives_up(self, failures: int, waited: timedelta, *, down: bool) -> bool:
        """Whether a job is tried no more that has failed so often; `down`: as everything else does just now."""
        return failures >= self.tries and (not down or waited >= timedelta(seconds=self.patience))
