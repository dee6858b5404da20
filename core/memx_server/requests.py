"""What a body of memx's own routes may hold: a model for each call, made of the call's signature.

It says what is there and of what kind; what an argument means, and whether it can work, is checked where the
call is made, as for every other caller.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, Strict, create_model

from memx_core import wire
from memx_core.plans import Plan

_TEXT = "An ISO 8601 time with an offset."
_MESSAGE = {"type": "object", "description": "A message: role, content, and what else `Message` has."}
_Moment = Annotated[datetime, Strict(False), Field(description=_TEXT)]
_Day = Annotated[date, Strict(False)]
_Said = str | dict[str, Any] | list[str | dict[str, Any]]
_NOT_HERE = frozenset({"path", "results", "conversations"})
"""Arguments that are files of the caller's; their routes take the content."""


@cache
def body(call: wire.Call) -> type[BaseModel]:
    """The model of the body."""
    made: dict[str, Any] = {}
    for argument in call.arguments:
        if argument.name not in _NOT_HERE:
            kind = _Said if argument.name == "messages" else _sent(argument.kind)
            made[argument.name] = (kind, ...) if argument.required else (kind, None)
    name = "".join(part.title() for part in call.name.split("_"))
    return create_model(f"{name}Request", __config__=ConfigDict(extra="forbid", strict=True), **made)


def _sent(kind: Any) -> Any:  # noqa: ANN401  # types
    """The kind as it is in JSON."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind is datetime:
        return _Moment
    if kind is date:
        return _Day
    if kind is Plan:
        return dict[str, Any]
    if origin in (Union, types.UnionType):
        kinds = tuple(_sent(part) for part in parts if part is not types.EllipsisType)
        return Union[kinds]  # noqa: UP007  # made here
    if origin is Literal or not parts:
        return kind
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dict[str, Any]
    if isinstance(origin, type) and issubclass(origin, Sequence | Collection):
        return list[_sent(parts[0])]  # type: ignore[misc]  # a type that is made here
    return kind
