"""What the ledger's columns hold beside numbers and text: times, and JSON. Both read the same on every database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Dialect
from sqlalchemy.types import UserDefinedType

from memx_core.ledger.damage import damaged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class _Converter(Protocol):
    """What turns a value into what the database keeps, or back."""

    def __call__(self, value: Any) -> Any:  # noqa: ANN401  # any value, both ways
        ...


class Moment(UserDefinedType[datetime]):
    """An aware UTC time, kept as microseconds since 1970: exact, sortable, the same everywhere."""

    cache_ok = True

    def get_col_spec(self, **kw: object) -> str:
        """The column's type in every database."""
        return "BIGINT"

    def bind_processor(self, dialect: Dialect) -> _Converter:
        """To microseconds since 1970."""
        return _microseconds

    def result_processor(self, dialect: Dialect, coltype: object) -> _Converter:
        """To an aware UTC time."""
        return _moment


def _microseconds(value: datetime | None) -> int | None:
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


@lru_cache(maxsize=4_096)
def moment(value: int) -> datetime:
    """The time of so many microseconds since 1970.

    Raises:
        LedgerError: If that is none.
    """
    try:
        return _EPOCH + timedelta(0, 0, value)  # by name it takes half as long again, for every time of every row
    except (OverflowError, TypeError) as error:
        raise damaged("a time is none") from error


class JsonText(UserDefinedType[Any]):
    """JSON kept as text, read the same by every database."""

    cache_ok = True

    def get_col_spec(self, **kw: object) -> str:
        """The column's type in every database."""
        return "TEXT"

    def bind_processor(self, dialect: Dialect) -> _Converter:
        """To strict JSON: no NaN."""
        return _to_json

    def result_processor(self, dialect: Dialect, coltype: object) -> _Converter:
        """To the parsed value."""
        return _from_json


def _to_json(value: Any) -> str | None:  # noqa: ANN401  # any JSON
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _from_json(value: str | None) -> Any:  # noqa: ANN401  # any JSON
    try:
        return {} if value is None or value == "{}" else json.loads(value)
    except (TypeError, ValueError) as error:
        raise damaged(f"a value is no JSON ({error.args[0]})") from None  # the error itself holds the value
