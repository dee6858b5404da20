"""Who a row belongs to, as conditions and as a digest.

A scope in a query leaves absent ids open; an address is exact in all three. Both are always
ANDed to whatever else a statement asks, so that nothing can widen them.
"""

from __future__ import annotations

import hashlib
import json

from memx_core.types import Scope


def digest(namespace: str, scope: Scope) -> str:
    """The exact address in 64 hex digits; no two addresses share one."""
    parts = json.dumps([namespace, scope.user_id, scope.agent_id, scope.run_id])
    return hashlib.sha256(parts.encode()).hexdigest()


def given(scope: Scope) -> tuple[tuple[str, str], ...]:
    """The ids that are given, by column."""
    columns = (("user_id", scope.user_id), ("agent_id", scope.agent_id), ("run_id", scope.run_id))
    return tuple((column, value) for column, value in columns if value is not None)


def columns(namespace: str, scope: Scope) -> dict[str, str | None]:
    """The columns that every row of this address carries."""
    return {
        "namespace": namespace,
        "user_id": scope.user_id,
        "agent_id": scope.agent_id,
        "run_id": scope.run_id,
        "address": digest(namespace, scope),
    }
