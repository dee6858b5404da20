"""A plan: what a call would do, decided and not yet done; and the policies that gate it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias, TypeVar, cast

from memx_core.errors import InvalidInputError
from memx_core.types import Kind, Message, Metadata, Operation, Scope, Usage

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
_K = TypeVar("_K", bound="Plan | Operation")
Decision: TypeAlias = Literal["apply", "review", "reject"]
Policy: TypeAlias = Literal["auto", "review"] | Callable[[Operation], Decision | bool]
"""What may happen by itself. `auto`: everything; `review`: ADD and what only confirms, while the
rest waits to be approved; or a function of one operation (True applies, False holds for review)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The validated operations of one call, not yet applied. It survives JSON and another process.

    Attributes:
        id: The operation's id once it is applied.
        operations: What would change, and what would only gain evidence (`NONE`).
        warnings: What was proposed and left out, each `code: detail`.
        usage: What proposing it cost.
        scope: Whose memories.
        created_at: When it was made.
        messages: The turns it was made from, to be kept when it is applied.
        session_id: Their conversation.
        metadata: Of new memories.
        expires_at: Of new memories.
        kind: Of new memories.
        key: Idempotency key of the call.
        digest: What the key stands for.
        proposer: The model's name, `rules`, or `user`.
        prompt: Fingerprint of the prompt's static part.
        namespace: The application it was made for.
        revision: Number of the newest write when it was begun.
    """

    id: str
    operations: tuple[Operation, ...]
    warnings: tuple[str, ...]
    usage: Usage
    scope: Scope
    created_at: datetime
    messages: tuple[Message, ...]
    session_id: str | None = None
    metadata: Metadata = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None
    kind: Kind = "fact"
    key: str | None = None
    digest: str | None = None
    proposer: str = ""
    prompt: str | None = None
    namespace: str = "default"
    revision: int = 0

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}

    def to_json(self) -> str:
        """The plan as text, for another process or another day; `from_json` reads it.

        Raises:
            InvalidInputError: If somebody put something into it that JSON cannot hold.
        """
        try:
            return json.dumps(_tree(self), ensure_ascii=False, allow_nan=False)
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidInputError(f"the plan holds what JSON cannot: {type(error).__name__}") from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The plan that `to_json` wrote. It is read strictly; whether it fits is for `apply` to say.

        Raises:
            InvalidInputError: If it is none; the message names the first place that is wrong.
        """
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not checked
            raise InvalidInputError(f"a plan is read from a str of JSON, not from a {type(text).__name__}")
        return _read(cls, text)

    def __str__(self) -> str:
        """One line for each operation, then the warnings."""
        lines = [_line(operation) for operation in self.operations] or ["nothing would change"]
        return "\n".join([*lines, *(f"! {_plain(warning)}" for warning in self.warnings)])


def operation_json(operation: Operation) -> Any:  # noqa: ANN401  # any JSON
    """One operation as JSON values."""
    return _tree(operation)


def operation_from(tree: object) -> Operation:
    """The operation that `operation_json` gave."""
    return _read(Operation, json.dumps(tree))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401  # a type
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _read(kind: type[_K], text: str) -> _K:
    from pydantic import ValidationError

    try:
        read: _K = _adapter(cast(Any, kind)).validate_json(text, strict=True)
        return _in_utc(read)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]  # what was said stays out of errors
        place = ".".join(map(str, first["loc"]))
        raise InvalidInputError(f"this is no {kind.__name__}: {place or 'the text'}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"this is no {kind.__name__}: {error}") from None


def _tree(value: object) -> object:
    """`value` as JSON values."""
    if isinstance(value, datetime):
        return _utc(value).isoformat()
    if isinstance(value, tuple):
        return [_tree(each) for each in cast(tuple[object, ...], value)]
    if isinstance(value, Mapping):
        return dict(cast(Mapping[object, object], value))
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _tree(getattr(value, each.name)) for each in fields(value)}
    return value


def _in_utc(value: T) -> T:
    """`value` with every time in it in UTC."""
    if isinstance(value, datetime):
        return cast(T, _utc(value))
    if isinstance(value, tuple):
        return cast(T, tuple(map(_in_utc, cast(tuple[object, ...], value))))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _in_utc(getattr(value, each.name)) for each in fields(value)})
    return value


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    try:
        moved = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value} is out of range") from error
    return datetime.combine(moved.date(), moved.time(), UTC)


_JOINED = {"UPDATE": " \N{RIGHTWARDS ARROW} ", "CONFLICT": " \N{LEFT RIGHT ARROW} "}


def _line(operation: Operation) -> str:
    """What an operation would do, for a person to read."""
    texts = (operation.old_text, operation.text) if operation.event in _JOINED else (operation.text,)
    said = _JOINED.get(operation.event, "").join(_plain(text) for text in texts if text)
    quote = f'   "{_plain(operation.quote)}"' if operation.quote else ""
    return f"{operation.event:<6}  {said}{quote}"


def _plain(text: str) -> str:
    """`text` in one line, and without what would move a terminal's cursor."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in " ".join(text.split()))
