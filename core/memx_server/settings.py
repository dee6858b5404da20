"""What a server grants to one who calls it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from memx_core.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the server one key, or one request, may take.

    Attributes:
        body: Bytes of a request's body, also of one whose length nobody announced.
        seconds: For one request; what it was at is then done whole or not at all.
        rate: Requests a second that one key may make for long, counted in each process by itself.
        burst: Requests that it may make at once.
        upload: Bytes of a file that is loaded.
        waiting: Requests that are answered at the same time; one more is told to come back.

    Raises:
        InvalidInputError: If one of them is not a number above 0.
    """

    body: int = 2_000_000
    seconds: float = 120.0
    rate: float = 50.0
    burst: int = 200
    upload: int = 200_000_000
    waiting: int = 1_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value: object = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise InvalidInputError(f"Limits.{field.name} must be a number above 0, not {value!r}")
