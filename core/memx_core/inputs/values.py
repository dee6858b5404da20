"""Metadata: JSON values that mean the same in every database and in every filter."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from memx_core.errors import InvalidInputError
from memx_core.inputs.shapes import is_list, is_mapping
from memx_core.inputs.showing import show
from memx_core.inputs.texts import clean
from memx_core.inputs.times import iso, moment

MAX_DEPTH = 20
"""Most levels of dicts and lists in metadata, the outermost counted."""
MAX_BYTES = 65_536
"""Largest metadata, as compact JSON in UTF-8."""

MAX_RAW_DEPTH = 64
"""Likewise of a message's `raw`."""
MAX_RAW_BYTES = 32 * 1024 * 1024
"""Likewise of a message's `raw`: it may hold a picture."""

Scalar: TypeAlias = str | int | float | bool | None

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def metadata(value: object, name: str = "metadata") -> dict[str, Any]:
    """A deep copy of a dict of JSON values; `None` is the empty dict.

    Tuples become lists, and dates and aware datetimes ISO strings (datetimes in UTC). Strings,
    keys too, are cleaned as texts are.

    Raises:
        InvalidInputError: If anything in it is not JSON, or it is too deep or too large; the
            message names the place.
    """
    return {} if value is None else _object(value, _Copier(name))


def raw(value: object, name: str = "raw") -> dict[str, Any] | None:
    """Like `metadata`, for what an application keeps with a message; `None` stays."""
    return None if value is None else _object(value, _Copier(name, MAX_RAW_BYTES, MAX_RAW_DEPTH))


def _object(value: object, copier: _Copier) -> dict[str, Any]:
    if not is_mapping(value):
        raise InvalidInputError(f"{copier.name} must be a dict with str keys, not {show(value)}")
    copy: dict[str, Any] = copier.value(value, path=copier.name, depth=1)
    size = len(json.dumps(copy, ensure_ascii=False, separators=(",", ":")).encode())
    if size > copier.most_bytes:
        raise copier.too_large()
    return copy


def scalar(value: object, path: str, *, error: type[InvalidInputError] = InvalidInputError) -> Scalar:
    """A single JSON value as metadata keeps it.

    Args:
        value: A str, bool, int, float, `None`, date or aware datetime.
        path: Where it stands, for the error.
        error: What to raise.

    Raises:
        InvalidInputError: Or `error`, if it is something else, NaN, infinite, a naive datetime or
            an int beyond 64 bits.
    """
    match value:
        case None | bool():
            return value
        case str():
            return clean(value)
        case int():
            return _integer(value, path, error)
        case float() if math.isfinite(value):
            return float(value)
        case float():
            raise error(f"{path} is {float(value)!r}, which JSON cannot hold; leave it out or use None")
        case date():
            return _date(value, path, error)
        case _:
            raise error(f"{path} must be a str, a number, a bool, None or an aware datetime, not {show(value)}")


def _integer(value: int, path: str, error: type[InvalidInputError]) -> int:
    if not _SMALLEST <= value <= _LARGEST:
        raise error(f"{path} is beyond 64 bits, which not every database keeps; use a str: {show(int(value))}")
    return int(value)


def _date(value: date, path: str, error: type[InvalidInputError]) -> str:
    if not isinstance(value, datetime):
        return date.isoformat(value)
    try:
        return iso(moment(value, path))
    except InvalidInputError as reason:
        raise error(str(reason)) from reason


@dataclass(slots=True)
class _Copier:
    """Copies one value, counting as it goes: shared parts could otherwise multiply without end."""

    name: str
    most_bytes: int = MAX_BYTES
    most_levels: int = MAX_DEPTH
    seen: int = 0

    def too_large(self) -> InvalidInputError:
        return InvalidInputError(
            f"{self.name} is larger than {self.most_bytes:,} bytes of JSON; keep large things elsewhere"
        )

    def value(self, value: object, *, path: str, depth: int) -> Any:  # noqa: ANN401  # any JSON
        self.seen += 1
        if self.seen > self.most_bytes:
            raise self.too_large()
        if not is_mapping(value) and not is_list(value):
            return scalar(value, path)
        if depth > self.most_levels:
            raise InvalidInputError(
                f"{path} lies more than {self.most_levels} levels deep; flatten it, or store it as text"
            )
        if is_mapping(value):
            return self._members(value, path, depth)
        return [self.value(item, path=f"{path}[{at}]", depth=depth + 1) for at, item in enumerate(value)]

    def _members(self, value: Mapping[object, object], path: str, depth: int) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        for key, member in value.items():
            if not isinstance(key, str):
                raise InvalidInputError(f"{path} has the key {show(key)}; JSON keys are str, so pass str(...)")
            name = clean(key)
            if name in copy:
                raise InvalidInputError(f"{path} has two keys that are both stored as {show(name)}; rename one")
            copy[name] = self.value(member, path=f"{path}[{show(name)}]", depth=depth + 1)
        return copy
