"""What a `MemxMiddleware` is made with, checked: what can never work is refused before an agent runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from langchain_memx._placing import Placement
from memx_core import InvalidInputError, inputs
from memx_core.memory.arguments import AddOptions

OnError: TypeAlias = Literal["ignore", "raise"] | Callable[[Exception], None]


def add_options(*, instructions: str | None, metadata: Mapping[str, Any] | None) -> AddOptions:
    """For `add`: durable at once, learned from later."""
    said = None if instructions is None else inputs.text(instructions, "instructions")
    return AddOptions(instructions=said, metadata=inputs.metadata(metadata), wait=False)


def placement(value: object) -> Placement:
    """Where the block stands."""
    if value in ("user", "system"):
        return value
    raise InvalidInputError(f"placement={value!r} is neither 'user' nor 'system'")


def on_error(value: OnError) -> OnError:
    """What becomes of failures."""
    if inspect.iscoroutinefunction(value):
        raise InvalidInputError("on_error must be a plain function: it is called where nothing can be awaited")
    if value not in ("ignore", "raise") and not callable(value):
        raise InvalidInputError(f"on_error={value!r} is neither 'ignore' nor 'raise' nor a function")
    return value


def name(value: object) -> str:
    """Of a middleware."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInputError(f"name={value!r} is no name")
    return value
