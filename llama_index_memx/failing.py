"""What becomes of a failure of the long-term memory: the turn goes on, and somebody hears of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Literal, TypeAlias

from llama_index.core.instrumentation.events.exception import ExceptionEvent
from llama_index_instrumentation import get_dispatcher

from memx_core import InvalidInputError, ProviderError

OnError: TypeAlias = Literal["ignore", "raise"] | Callable[[Exception], None]
dispatcher = get_dispatcher(__name__)
_logger = logging.getLogger("llama_index_memx")


def on_error(value: OnError) -> OnError:
    """What is to become of failures, checked."""
    if iscoroutinefunction(value):
        raise InvalidInputError("on_error must be a plain function: it is called where nothing can be awaited")
    if value not in ("ignore", "raise") and not callable(value):
        raise InvalidInputError(f"on_error={value!r} is neither 'ignore' nor 'raise' nor a function")
    return value


def failed(doing: str, error: Exception, on_error: OnError) -> None:
    """Logs the error, calls the function with it, or raises it; traces show it in any case."""
    dispatcher.event(ExceptionEvent(exception=error))
    if on_error == "raise":
        if isinstance(error, RuntimeError):
            raise ProviderError(f"could not {doing}: {error}") from error
        raise error
    if callable(on_error):
        on_error(error)
        return
    # Not the error's own words: they may hold what somebody said.
    _logger.warning("memx could not %s (%s); the conversation goes on without", doing, type(error).__name__)
