"""Whose a memory has to be that a call names by its id."""

from __future__ import annotations

from memx_core import inputs
from memx_core.types import Scope


def owner(user_id: str | None, agent_id: str | None, run_id: str | None) -> Scope | None:
    """The scope of a call that already names its memory: optional, exact when given."""
    if user_id is None and agent_id is None and run_id is None:
        return None
    return inputs.scope(user_id, agent_id, run_id)
