"""Ids: opaque strings, compared exactly, and therefore refused rather than repaired."""

from __future__ import annotations

from typing import overload

from memx_core.errors import InvalidInputError, ScopeError
from memx_core.inputs.shapes import is_collection
from memx_core.inputs.showing import show
from memx_core.inputs.texts import storable
from memx_core.types import Scope

MAX_ID = 16_384
"""Longest id, in characters."""


def scope(user_id: object = None, agent_id: object = None, run_id: object = None) -> Scope:
    """Whose memories: at least one id, each exactly as given.

    Raises:
        ScopeError: If there is none, or one cannot be an id.
    """
    ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}
    if all(value is None for value in ids.values()):
        raise ScopeError("no scope: pass at least one of user_id, agent_id and run_id")
    return Scope(**{name: None if value is None else _id(value, name, ScopeError) for name, value in ids.items()})


@overload
def session(value: str) -> str: ...
@overload
def session(value: object) -> str | None: ...
def session(value: object) -> str | None:
    """The conversation's id, or `None` for none.

    Raises:
        InvalidInputError: If it cannot be an id.
    """
    return optional_id(value, "session_id")


@overload
def key(value: str) -> str: ...
@overload
def key(value: object) -> str | None: ...
def key(value: object) -> str | None:
    """The idempotency key of a call, or `None` for none.

    Raises:
        InvalidInputError: If it cannot be one.
    """
    return optional_id(value, "key")


def namespace(value: object) -> str:
    """The application's name.

    Raises:
        InvalidInputError: If it cannot be one.
    """
    return _id(value, "namespace")


def memory_id(value: object) -> str:
    """The id of a memory, which may or may not exist.

    Raises:
        InvalidInputError: If it cannot be one.
    """
    return _id(value, "memory_id")


def operation_id(value: object) -> str:
    """The id of a call, or of an operation that waits, which may or may not exist.

    Raises:
        InvalidInputError: If it cannot be one.
    """
    return _id(value, "operation_id")


def message_ids(value: object, name: str) -> frozenset[str]:
    """Ids of messages, which may or may not exist; there may be none.

    Raises:
        InvalidInputError: If it is no collection of texts.
    """
    ids = [id for id in value if isinstance(id, str)] if is_collection(value) else None
    if ids is None or (is_collection(value) and len(ids) < len(value)):
        raise InvalidInputError(f"{name} must be a collection of message ids, not {show(value)}")
    return frozenset(ids)


def optional_id(value: object, name: str) -> str | None:
    """An id under another name, or `None` for none.

    Raises:
        InvalidInputError: If it cannot be one.
    """
    return None if value is None else _id(value, name)


def _id(value: object, name: str, error: type[InvalidInputError] = InvalidInputError) -> str:
    if not isinstance(value, str):
        raise error(f"{name} must be a str, not {show(value)}; pass str(...) of it if that is the id")
    if not value.strip():
        raise error(f"{name} must not be blank: {show(value)}")
    if len(value) > MAX_ID:
        raise error(f"{name} has {len(value):,} characters; at most {MAX_ID:,} are taken: {show(value)}")
    if not storable(value):
        raise error(f"{name} holds NUL or a lone surrogate, which no database keeps: {show(value)}")
    return str.__str__(value)
