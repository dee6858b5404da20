"""The moments that a call names, checked."""

from __future__ import annotations

from datetime import datetime

from memx_core import inputs
from memx_core.errors import InvalidInputError
from memx_core.ledger import Then, looked_at


def instant(value: object, name: str) -> datetime:
    """An aware moment in UTC: here a text or a number is more likely a mistake than a moment.

    Raises:
        InvalidInputError: If it is anything but an aware datetime.
    """
    if not isinstance(value, datetime):
        raise InvalidInputError(f"{name} must be an aware datetime, not {inputs.show(value)}")
    return inputs.moment(value, name)


def then(known_at: object, as_of: object, *, now: datetime) -> Then | None:
    """What the two clocks of a call mean together; `None`: the present.

    Raises:
        InvalidInputError: If one of them is neither `None` nor an aware datetime.
    """
    known = None if known_at is None else instant(known_at, "known_at")
    true = None if as_of is None else instant(as_of, "as_of")
    return looked_at(known, true, now=now)
