"""Whose memories a run is about: found in what the application says, never in what a model says.

In this order: what was given explicitly, the identity that a server authenticated, the run's
context, `config["configurable"]`. Without a user the call fails before anything is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from langchain_core.runnables import RunnableConfig

from memx_core import Scope, ScopeError

HOW = (
    "no user: pass user_id explicitly, as context={'user_id': …}, or in config={'configurable': {'user_id': …}}; "
    "memx does not guess whose memories are meant"
)


@dataclass(frozen=True, slots=True)
class Given:
    """Ids that were given when the object was made; they come first.

    Raises:
        ScopeError: If one of them cannot be an id.
    """

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None

    def __post_init__(self) -> None:
        for name in ("user_id", "agent_id", "run_id"):
            object.__setattr__(self, name, _id(getattr(self, name), name))  # a number is an id, a blank is none


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
    found = _id(getattr(info, "thread_id", None), "thread_id")
    if found is not None:
        return found
    settings = _configurable(config if config is not None else getattr(runtime, "config", None))
    return _id(settings.get("thread_id"), "thread_id") or _id(settings.get("session_id"), "session_id")


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
    return _id(getattr(user, "identity", None), "the server's identity")


def _from_run(name: str, runtime: object, config: RunnableConfig | Mapping[str, Any] | None) -> str | None:
    context = getattr(runtime, "context", None)
    found = _id(_member(context, name), f"context {name}")
    if found is not None:
        return found
    return _id(_configurable(config if config is not None else getattr(runtime, "config", None)).get(name), name)


def _member(context: object, name: str) -> object:
    if isinstance(context, Mapping):
        return cast("Mapping[str, object]", context).get(name)
    return getattr(context, name, None)


def _configurable(config: object) -> Mapping[str, object]:
    found = cast("Mapping[str, object]", config).get("configurable") if isinstance(config, Mapping) else None
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}


def _id(value: object, where: str) -> str | None:
    """As a string, since applications use numbers and UUIDs too; what cannot be an id is refused, not skipped."""
    match value:
        case None:
            return None
        case bool():
            raise ScopeError(f"{where} is {value!r}, which names nobody")
        case str() if value.strip():
            return value
        case int() | UUID():
            return str(value)
        case _:
            raise ScopeError(f"{where} must be a non-blank str, an int or a UUID, not {type(value).__qualname__}")
