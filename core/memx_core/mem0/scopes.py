"""Whose memories, and which of them: mem0 takes the ids among the filters, and memx beside them.

An id is a literal, whatever is in it; `*` stands for any value in a condition on metadata only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from memx_core import inputs
from memx_core.errors import ScopeError
from memx_core.filters import compile_filter
from memx_core.inputs.shapes import is_list
from memx_core.memory.arguments import Filters, ScopeIds

Id: TypeAlias = str | int
_LOGIC = ("AND", "OR", "NOT")


def ids(user_id: Id | None = None, agent_id: Id | None = None, run_id: Id | None = None) -> ScopeIds:
    """The ids as memx takes them: numbers are written out, as mem0 does, and nothing is trimmed."""
    return ScopeIds(user_id=_written(user_id), agent_id=_written(agent_id), run_id=_written(run_id))


def split(
    filters: Filters | None, *, user_id: Id | None = None, agent_id: Id | None = None, run_id: Id | None = None
) -> tuple[ScopeIds, Filters | None]:
    """The ids, from among the filters and beside them, and the conditions that are left.

    Raises:
        ScopeError: If an id is given twice and not the same, or below the top level of the filters,
            where it could only widen or contradict the scope.
        FilterError: If the filters are not in the grammar.
    """
    compile_filter(filters)  # so that what follows walks through nothing that is too deep or too large
    conditions: dict[str, Any] = dict(filters or {})
    beside = ids(user_id, agent_id, run_id)
    among = ids(*(conditions.pop(name, None) for name in ("user_id", "agent_id", "run_id")))
    both = ScopeIds(
        user_id=_one("user_id", beside.get("user_id"), among.get("user_id")),
        agent_id=_one("agent_id", beside.get("agent_id"), among.get("agent_id")),
        run_id=_one("run_id", beside.get("run_id"), among.get("run_id")),
    )
    return both, _conditions(conditions) or None


def _written(value: Id | None) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value  # type: ignore[return-value]  # what is no id, `inputs.scope` refuses


def _one(name: str, beside: str | None, among: str | None) -> str | None:
    if beside is not None and among is not None and beside != among:
        raise ScopeError(f"{name} is {inputs.show(beside)}, and {inputs.show(among)} in the filters; give it once")
    return among if beside is None else beside


def _conditions(filters: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_condition(key, value) for key, value in filters.items())


def _condition(key: str, value: Any) -> tuple[str, Any]:  # noqa: ANN401  # an operand of any kind
    if key in _LOGIC:
        parts: Sequence[Any] = value if is_list(value) else [value]  # after NOT one may stand alone
        return key, [_below(part) for part in parts]
    return key, {"exists": True} if value == "*" else value


def _below(filters: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("user_id", "agent_id", "run_id"):
        if name in filters:
            raise ScopeError(f"{name} stands within AND, OR or NOT; whose memories is said at the filters' top level")
    return _conditions(filters)
