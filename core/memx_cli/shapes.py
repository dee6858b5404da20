"""Values of the core as JSON: a dataclass becomes an object of its fields, a time its ISO form in UTC.

What `--json` prints is one object in one line, `{"version": 1, "command": …, "result": …}`, in ASCII, so that
nothing in it moves a terminal's cursor. `chat` prints one for each turn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

VERSION = 1


def document(command: str, result: object) -> str:
    """The line that `--json` prints."""
    return json.dumps({"version": VERSION, "command": command, "result": tree(result)}, ensure_ascii=True, default=str)


def tree(value: object) -> Any:  # noqa: ANN401  # any JSON
    """`value` as JSON values."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: tree(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return _mapping(cast("Mapping[object, object]", value))
    if isinstance(value, list | tuple | frozenset | set):
        return [tree(each) for each in cast("tuple[object, ...]", value)]
    return value


def _mapping(value: Mapping[object, object]) -> Any:  # noqa: ANN401  # any JSON
    """An object; where the keys are no names, as with scopes, a list of pairs."""
    if all(isinstance(key, str | date) for key in value):
        return {str(key): tree(each) for key, each in value.items()}
    return [{"key": tree(key), "value": tree(each)} for key, each in value.items()]
