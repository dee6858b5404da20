"""Calling a model in its own colour, and what it raises.

Every class of LlamaIndex's has methods of both colours, and many only pretend to one of them: an
`async def` that awaits nothing blocks the loop, so it is lent a thread. A `RuntimeError` becomes
a memx error, because LlamaIndex takes those for a sign of nested loops and reports that instead.
"""

from __future__ import annotations

import asyncio
import dis
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

from memx_core import InvalidInputError, MemxError, ProviderError
from memx_core.loops import of_another_loop

T = TypeVar("T")
_SUSPENDS = frozenset({"GET_AWAITABLE", "GET_AITER", "GET_ANEXT", "YIELD_VALUE"})


def call(model: object, blocking: Callable[[], T]) -> T:
    """What `blocking` returns.

    Raises:
        InvalidInputError: If the model can only be awaited.
        ProviderError: If the model raises a `RuntimeError`; anything else passes through.
    """
    try:
        return blocking()
    except (RuntimeError, StopIteration) as error:
        raise _told(model, error) from error


async def acall(model: object, awaiting: Callable[[], Awaitable[T]], blocking: Callable[[], T], *, suspends: bool) -> T:
    """Like `call`, awaiting the model; in a thread, if it only pretends or its client is of another loop.

    Args:
        model: For errors.
        awaiting: Its async method.
        blocking: Its blocking one.
        suspends: Whether the async one is what it says; see `suspending`.
    """
    if suspends:
        try:
            return await awaiting()
        except NotImplementedError:
            pass  # the model blocks only
        except Exception as error:
            if not of_another_loop(error):
                if isinstance(error, RuntimeError | StopIteration):
                    raise _told(model, error) from error
                raise
    return await asyncio.to_thread(call, model, blocking)


def suspending(method: object) -> bool:
    """Whether an async method of a class awaits anything at all; one that cannot be looked into is believed."""
    code = getattr(_innermost(method), "__code__", None)
    return code is None or any(step.opname in _SUSPENDS for step in dis.get_instructions(code))


def _innermost(method: object) -> object:
    """The function within decorators: LlamaIndex's keep it as `__wrapped__`, or in a closure under its own name."""
    function = method
    while callable(inner := getattr(function, "__wrapped__", None)):
        function = inner
    if not inspect.isfunction(function):
        return function
    for held in inspect.getclosurevars(function).nonlocals.values():
        if inspect.iscoroutinefunction(held) and held.__name__ == function.__name__:
            return _innermost(held)
    return function


def _told(model: object, error: Exception) -> MemxError:
    kind = type(model).__qualname__
    if isinstance(error, NotImplementedError):
        return InvalidInputError(
            f"{kind} has no blocking way, only an async one: call the method with an `a` in front and await it"
        )
    return ProviderError(f"{kind} raised {type(error).__name__}: {error}")
