"""Whose memory a retriever or a tool is called for: looked up at every call, from what the application says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from langchain_memx.scopes import current_runtime, resolve
from memx_core import MemoryLike, ScopedMemory
from memx_core.memory.fitting import Given

_RUNTIME = "__pregel_runtime"  # LangGraph has no public word for it


def handle(memory: MemoryLike | ScopedMemory, given: Given, config: RunnableConfig) -> ScopedMemory:
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
