"""What commands are given, read: texts from stdin, `key=value`, filters."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from memx_cli import moments
from memx_core.errors import InvalidInputError


def text(words: list[str] | None) -> str:
    """The words, or what stdin holds if there are none, or only `-`.

    Raises:
        InvalidInputError: If nobody says anything.
    """
    if words and words != ["-"]:
        return " ".join(words)
    if not words and sys.stdin.isatty():
        raise InvalidInputError("no text: write it behind the command, or pipe it in")
    said = sys.stdin.read()
    if not said.strip():
        raise InvalidInputError("no text came from stdin")
    return said


def metadata(pairs: Iterable[str] | None) -> dict[str, Any] | None:
    """`key=value` pairs; a value that is JSON counts as what it says.

    Raises:
        InvalidInputError: If one is no pair.
    """
    read = dict[str, Any]()
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise InvalidInputError(f"--metadata takes key=value, not {pair[:60]!r}")
        read[key] = _value(value)
    return read or None


def filters(pairs: Iterable[str] | None) -> dict[str, Any] | None:
    """Conditions on metadata: `key=value` pairs, or an object in JSON.

    Raises:
        InvalidInputError: If one is neither.
    """
    read = dict[str, Any]()
    for pair in pairs or ():
        read |= _condition(pair)
    return read or None


def _condition(text: str) -> Mapping[str, Any]:
    if text.lstrip().startswith("{"):
        value = _value(text)
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise InvalidInputError(
            f'--filter takes key=value, or JSON such as \'{{"age": {{"gte": 30}}}}\', not {text[:60]!r}'
        )
    return {key: _value(value)}


def _value(text: str) -> Any:  # noqa: ANN401  # any JSON
    try:
        return json.loads(text)
    except ValueError:
        return text


def moment(text: str | None) -> datetime | None:
    """See `moments.read`."""
    return None if text is None else moments.read(text)
