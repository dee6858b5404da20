"""Whose memory a retriever or a tool is called for: looked up at every call, from what the application says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from langchain_memx.scopes import Given, current_runtime, resolve
from memx_core import InvalidInputError, Memory, ScopedMemory

_RUNTIME = "__pregel_runtime"  # LangGraph has no public word for it


def fitting(memory: object, given: Given) -> Memory | ScopedMemory:
    """`memory`; one that has a scope of its own goes with no ids but those.

    Raises:
        InvalidInputError: If it is no memory, or has another scope.
    """
    if isinstance(memory, Memory):
        return memory
    if not isinstance(memory, ScopedMemory):
        raise InvalidInputError(f"memory must be a Memory or a ScopedMemory, not a {type(memory).__qualname__}")
    own = memory.scope
    pairs = ((given.user_id, own.user_id), (given.agent_id, own.agent_id), (given.run_id, own.run_id))
    if any(wanted not in (None, fixed) for wanted, fixed in pairs):
        raise InvalidInputError("the memory has a scope of its own; pass the Memory it was made from, or no ids")
    return memory


def handle(memory: Memory | ScopedMemory, given: Given, config: RunnableConfig) -> ScopedMemory:
    """The memory of the call's user.

    Args:
        memory: What there is; one that has a scope of its own is that user's.
        given: Ids that come first.
        config: The call's.

    Raises:
        ScopeError: If nobody says who the user is.
    """
    if isinstance(memory, ScopedMemory):
        return memory
    scope = resolve(given, runtime=runtime(config), config=config)
    return memory.scoped(user_id=scope.user_id, agent_id=scope.agent_id, run_id=scope.run_id)


def runtime(config: RunnableConfig) -> object:
    """LangGraph's runtime: the config's own, since a thread that was handed one need not be in a graph itself."""
    settings = cast("Mapping[str, Any]", config.get("configurable") or {})
    return settings.get(_RUNTIME) or current_runtime()
