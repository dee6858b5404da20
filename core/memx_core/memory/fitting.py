"""Whose memory an adapter's object is made for: ids as applications have them, and a memory that goes with them.

For what stands on a memory from outside, such as a retriever or a tool. `Memory` itself takes
strings only.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from memx_core.errors import InvalidInputError, ScopeError
from memx_core.memory.like import MemoryLike
from memx_core.memory.scoped import ScopedMemory


@dataclass(frozen=True, slots=True)
class Given:
    """Ids that were given when the object was made; a number or a UUID is one too.

    Raises:
        ScopeError: If one of them cannot be an id.
    """

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None

    def __post_init__(self) -> None:
        for name in ("user_id", "agent_id", "run_id"):
            object.__setattr__(self, name, id_of(getattr(self, name), name))


def fitting(memory: object, given: Given) -> MemoryLike | ScopedMemory:
    """`memory`; one that has a scope of its own goes with no ids but those.

    Raises:
        InvalidInputError: If it is no memory, or has another scope.
    """
    if isinstance(memory, MemoryLike):
        return memory
    if not isinstance(memory, ScopedMemory):
        raise InvalidInputError(f"memory must be a Memory or a ScopedMemory, not a {type(memory).__qualname__}")
    own = memory.scope
    pairs = ((given.user_id, own.user_id), (given.agent_id, own.agent_id), (given.run_id, own.run_id))
    if any(wanted not in (None, fixed) for wanted, fixed in pairs):
        raise InvalidInputError("the memory has a scope of its own; pass the Memory it was made from, or no ids")
    return memory


def id_of(value: object, where: str) -> str | None:
    """As a string, since applications use numbers and UUIDs too; what cannot be an id is refused, not skipped.

    Raises:
        ScopeError: If it cannot be one.
    """
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
