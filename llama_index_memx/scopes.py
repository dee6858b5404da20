"""Whose memories an object of this package is about: said when it is made.

LlamaIndex hands no identity to a memory, a retriever or a tool when it calls them. So each of
them has one user, and is made anew for the next.
"""

from __future__ import annotations

from memx_core import MemoryLike, ScopedMemory, ScopeError
from memx_core.memory.fitting import Given, fitting

HOW = "no user: pass user_id=…, or a ScopedMemory; memx does not guess whose memories are meant"


def bound(
    memory: MemoryLike | ScopedMemory, *, user_id: str | None, agent_id: str | None = None, run_id: str | None = None
) -> ScopedMemory:
    """`memory`, for one user and nobody else.

    Args:
        memory: A `Memory`; or a `ScopedMemory`, which has its scope and goes with no other ids.
        user_id: Whose; a number or a UUID is an id too.
        agent_id: Narrows the scope to this agent.
        run_id: Narrows it further.

    Raises:
        ScopeError: If there is no user, or something that is no id.
        InvalidInputError: If it is no memory, or one of another scope.
    """
    given = Given(user_id, agent_id, run_id)
    memory = fitting(memory, given)
    if isinstance(memory, ScopedMemory):
        return memory
    if given.user_id is None:
        raise ScopeError(HOW)
    return memory.scoped(user_id=given.user_id, agent_id=given.agent_id, run_id=given.run_id)
