"""mem0's filters, in which ids stand among the conditions, as scopes that are exact and conditions on metadata. Pure.

An `OR` of ids asks for several scopes: each is asked for by itself. An id is a literal, `*` too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final, TypeGuard

from memx_core.errors import FilterError
from memx_core.mem0.scopes import Id

IDS: Final = ("user_id", "agent_id", "run_id")
_MOST: Final = 50
_DEEPEST: Final = 10
_UNKNOWN: Final = {
    "app_id": "memx has users, agents and runs",
    "categories": "memx has no categories: put them into the metadata",
    "created_at": "memx filters by metadata; `as_of` and `known_at` of memx's own routes look into the past",
    "updated_at": "memx filters by metadata; `as_of` and `known_at` of memx's own routes look into the past",
    "feedback": "memx keeps no feedback",
    "keywords": "search for the words",
    "memory_ids": "get them one by one",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One scope, and what of it.

    Attributes:
        ids: By name; those that are not there are open.
        conditions: On the metadata, all of which have to hold.
    """

    ids: Mapping[str, Id] = field(default_factory=dict[str, Id])
    conditions: tuple[Mapping[str, Any], ...] = ()

    @property
    def filters(self) -> dict[str, Any] | None:
        """The conditions as one filter."""
        return {"AND": list(self.conditions)} if self.conditions else None

    def also(self, other: Asked) -> Asked | None:
        """What both ask for; `None` if that is nobody's."""
        if any(self.ids.get(name, value) != value for name, value in other.ids.items()):
            return None
        return Asked({**self.ids, **other.ids}, self.conditions + other.conditions)


def asked(filters: object, *, depth: int = 0) -> list[Asked]:
    """Whose memories, and which of them: one for each scope that is named.

    Args:
        filters: As mem0's client sends them.
        depth: How deep in others these are.

    Raises:
        FilterError: If it is no filter, or asks for what memx does not have.
    """
    if filters is None:
        return [Asked()]
    if not _is_object(filters) or depth > _DEEPEST:
        raise FilterError(f"filters must be an object, with at most {_DEEPEST} others in one another")
    return _together(_part(name, value, depth + 1) for name, value in filters.items())


def _part(name: str, value: object, depth: int) -> list[Asked]:
    if name in _UNKNOWN:
        raise FilterError(f"filters: {name}: {_UNKNOWN[name]}")
    if name in IDS:
        return [Asked({name: each}) for each in _values(name, value)]
    if name == "AND" and _is_list(value):
        return _together(asked(each, depth=depth) for each in value)
    if name == "OR" and _is_list(value) and any(_names_somebody(each, depth) for each in value):
        return _bounded([one for each in value for one in asked(each, depth=depth)])
    if name == "metadata" and _is_object(value):
        return [Asked(conditions=(dict(value),))]
    return [Asked(conditions=({name: value},))]


def _together(parts: Iterable[list[Asked]]) -> list[Asked]:
    found = [Asked()]
    for part in parts:
        pairs = product(found, part)
        found = _bounded([both for one, other in pairs if (both := one.also(other)) is not None])
    return found


def _bounded(found: list[Asked]) -> list[Asked]:
    if len(found) > _MOST:
        raise FilterError(f"filters name more than {_MOST} scopes; ask for them one by one")
    return found


def _values(name: str, value: object) -> Sequence[Id]:
    if _is_id(value):
        return [value]
    if _is_object(value) and len(value) == 1:
        one, several = value.get("eq"), value.get("in")
        if _is_id(one):
            return [one]
        if _is_list(several) and all(map(_is_id, several)):
            return several
    raise FilterError(f"filters: {name} must be an id, or in: a list of ids; an id is taken as it is")


def _is_id(value: object) -> TypeGuard[Id]:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _names_somebody(value: object, depth: int) -> bool:
    """Whether an id is in it; what is deeper than may be is nobody's matter here, and refused by the grammar."""
    if not _is_object(value) or depth > _DEEPEST:
        return False
    parts = [each for name in ("AND", "OR") if _is_list(several := value.get(name)) for each in several]
    return any(name in value for name in IDS) or any(_names_somebody(each, depth + 1) for each in parts)


def _is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
