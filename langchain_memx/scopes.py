"""Whose memories a run is about: found in what the application says, never in what a model says.

In this order: what was given explicitly, the identity that a server authenticated, the run's
context, `config["configurable"]`. Without a user the call fails before anything is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from memx_core import Scope, ScopeError
from memx_core.memory.fitting import Given, id_of

HOW = (
    "no user: pass user_id explicitly, as context={'user_id': …}, or in config={'configurable': {'user_id': …}}; "
    "memx does not guess whose memories are meant"
)


def resolve(given: Given, *, runtime: object = None, config: RunnableConfig | Mapping[str, Any] | None = None) -> Scope:
    """The scope of a run.

    Args:
        given: What was given explicitly.
        runtime: LangGraph's `Runtime` or `ToolRuntime`, if there is one.
        config: The run's config, if there is one.

    Raises:
        ScopeError: If no user is named, or by something that is no id.
    """
    user = given.user_id or _identity(runtime) or _from_run("user_id", runtime, config)
    if user is None:
        raise ScopeError(HOW)
    return Scope(user, given.agent_id or _from_run("agent_id", runtime, config), given.run_id)


def thread(runtime: object = None, config: RunnableConfig | Mapping[str, Any] | None = None) -> str | None:
    """The conversation of a run: LangGraph's thread, or the session of a chat history."""
    info = getattr(runtime, "execution_info", None)
    found = id_of(getattr(info, "thread_id", None), "thread_id")
    if found is not None:
        return found
    settings = _configurable(config if config is not None else getattr(runtime, "config", None))
    return id_of(settings.get("thread_id"), "thread_id") or id_of(settings.get("session_id"), "session_id")


def current_runtime() -> object:
    """LangGraph's runtime of the running node; `None` outside of a graph."""
    try:
        from langgraph.runtime import get_runtime

        return get_runtime()
    except (ImportError, RuntimeError, AttributeError, KeyError):
        return None  # not installed; outside of a run; in a plain chain


def _identity(runtime: object) -> str | None:
    """Who the server says is asking."""
    user = getattr(getattr(runtime, "server_info", None), "user", None)
    return id_of(getattr(user, "identity", None), "the server's identity")


def _from_run(name: str, runtime: object, config: RunnableConfig | Mapping[str, Any] | None) -> str | None:
    context = getattr(runtime, "context", None)
    found = id_of(_member(context, name), f"context {name}")
    if found is not None:
        return found
    return id_of(_configurable(config if config is not None else getattr(runtime, "config", None)).get(name), name)


def _member(context: object, name: str) -> object:
    if isinstance(context, Mapping):
        return cast("Mapping[str, object]", context).get(name)
    return getattr(context, name, None)


def _configurable(config: object) -> Mapping[str, object]:
    found = cast("Mapping[str, object]", config).get("configurable") if isinstance(config, Mapping) else None
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}
