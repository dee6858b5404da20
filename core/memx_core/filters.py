"""One filter grammar: what it is, what it may not be, and what it means.

    {"city": "Oslo"}                              equal
    {"age": {"gte": 30, "lt": 40}}                operators; several are ANDed
    {"city": "Oslo", "age": {"gte": 30}}          several keys are ANDed
    {"OR": [{"city": "Oslo"}, {"city": "Bergen"}]}
    {"NOT": {"tags": {"contains": "draft"}}}      of a list: none of them

A filter only ever looks at metadata, key by key: `user_id` in a filter is a metadata key, no way
to another scope. `matches` says what a filter means; every database and index must agree with it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from memx_core.errors import FilterError
from memx_core.inputs import Scalar, clean, scalar, show
from memx_core.inputs.shapes import is_list, is_mapping

Operator: TypeAlias = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "exists"]
Operand: TypeAlias = Scalar | tuple[Scalar, ...]

MAX_DEPTH = 20
"""Most levels of AND, OR and NOT."""
MAX_NODES = 500
"""Most conditions, AND, OR and NOT counted."""
MAX_VALUES = 10_000
"""Most values of all lists together, as after `in`."""

_OPERATORS: tuple[Operator, ...] = get_args(Operator)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_KNOWN = f"known are {', '.join(_OPERATORS)}, and AND, OR, NOT (in upper case) instead of a key"


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on one key; `value` is a tuple when the operand was a list."""

    key: str
    op: Operator
    value: Operand


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Filter


Filter: TypeAlias = Compare | And | Or | Not


def compile_filter(raw: Mapping[str, Any] | None) -> Filter | None:
    """The filter that `raw` says, checked and cleaned; `None` for one that asks nothing.

    Values are what metadata holds: strings are cleaned likewise and datetimes become the same
    ISO strings. A key is taken literally, whatever is in it: a dot is part of the key. Only AND, OR and NOT
    are never keys.

    Raises:
        FilterError: If an operator is unknown, an operand is of the wrong type, or there is too
            much of it.
    """
    if raw is None or (is_mapping(raw) and not raw):
        return None
    return _Reader().condition(raw, "filters", depth=1)


def matches(filter: Filter, metadata: Mapping[str, Any]) -> bool:
    """Whether a memory with `metadata` (as `inputs.metadata` returns it) passes.

    Types are strict: 30 is not "30" and `True` is not 1, but 1 is 1.0. Per operator:

    - `eq`, `in`: the value is (one of) the operand(s), or is a list that holds it; `eq` with a
      list also finds an equal list. `{"eq": None}` finds a null.
    - `ne`, `nin`: not that; so they also find memories without the key.
    - `gt`, `gte`, `lt`, `lte`: a number against a number or a string against a string, by code
      point (ISO dates are in order); anything else does not match.
    - `contains`: a list that holds the operand, or a string with the operand in it,
      case-sensitive.
    - `exists`: whether the key is there, with whatever value, null included.
    """
    match filter:
        case And(parts):
            return all(matches(part, metadata) for part in parts)
        case Or(parts):
            return any(matches(part, metadata) for part in parts)
        case Not(part):
            return not matches(part, metadata)
        case Compare(key, "exists", value):
            return (key in metadata) is value
        case Compare(key, "ne", value):
            return not matches(Compare(key, "eq", value), metadata)
        case Compare(key, "nin", value):
            return not matches(Compare(key, "in", value), metadata)
        case Compare(key, op, value):
            return key in metadata and _compare(metadata[key], op, value)


def _compare(found: object, op: Operator, value: Operand) -> bool:
    if op in _ORDER:
        return _in_order(found, op, value)
    if op == "contains" and isinstance(found, str):
        return isinstance(value, str) and value in found
    if op == "eq" and isinstance(value, tuple):
        return isinstance(found, list) and _same_list(cast("list[object]", found), value)
    wanted = value if isinstance(value, tuple) else (value,)
    held = cast("list[object]", found) if isinstance(found, list) else [] if op == "contains" else [found]
    return any(_same(one, other) for one in held for other in wanted)


def _in_order(found: Any, op: Operator, value: Any) -> bool:  # noqa: ANN401  # numbers or strings, checked first
    if _kind(found) != _kind(value) or _kind(found) not in ("number", "str"):
        return False
    return bool(_ORDER[op](found, value))


def _same_list(found: list[object], value: tuple[Scalar, ...]) -> bool:
    return len(found) == len(value) and all(map(_same, found, value))


def _same(one: object, other: object) -> bool:
    return _kind(one) == _kind(other) and one == other


def _kind(value: object) -> str:
    """The JSON type."""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@dataclass(slots=True)
class _Reader:
    """Reads one filter, counting as it goes: shared parts could otherwise multiply without end."""

    nodes: int = 0
    values: int = 0

    def condition(self, raw: object, where: str, *, depth: int) -> Filter:
        if not is_mapping(raw) or not raw:
            raise FilterError(f'{where} must be a dict such as {{"city": "Oslo"}}, not {show(raw)}')
        if depth > MAX_DEPTH:
            raise FilterError(f"filters are nested more than {MAX_DEPTH} levels deep; write them flatter")
        parts = [self._entry(key, value, depth) for key, value in raw.items()]
        return self._joined(And, parts)

    def _entry(self, key: object, value: object, depth: int) -> Filter:
        if not isinstance(key, str):
            raise FilterError(f"filters have the key {show(key)}; metadata keys are str, so pass str(...)")
        match key:
            case "AND":
                return self._joined(And, self._list(value, "AND", depth))
            case "OR":
                return self._joined(Or, self._list(value, "OR", depth))
            case "NOT":
                parts = self._list([value] if is_mapping(value) else value, "NOT", depth)
                return self._counted(Not(self._joined(Or, parts)))
            case _:
                return self._on_key(key, value)

    def _list(self, value: object, name: str, depth: int) -> list[Filter]:
        if not is_list(value) or not value:
            raise FilterError(f"{name} must have a list of at least one condition, not {show(value)}")
        return [self.condition(part, f"each part of {name}", depth=depth + 1) for part in value]

    def _on_key(self, key: str, value: object) -> Filter:
        if not is_mapping(value):
            _refuse_misspelt_logic(key, value)
            return self._compare(key, "eq", value)
        if not value:
            raise FilterError(f"no operator for {show(key)}; {_KNOWN}")
        return self._joined(And, [self._compare(key, op, operand) for op, operand in value.items()])

    def _compare(self, key: str, op: object, operand: object) -> Filter:
        known = _operator(op)
        if known is None:
            raise FilterError(f"unknown filter operator {show(op)} for {show(key)}; {_KNOWN}")
        value = _operand(operand, known, f"{known!r} of {show(key)}")
        self.values += len(value) if isinstance(value, tuple) else 0
        if self.values > MAX_VALUES:
            raise _too_many_values()
        return self._counted(Compare(clean(key), known, value))

    def _joined(self, combine: type[And | Or], parts: list[Filter]) -> Filter:
        return parts[0] if len(parts) == 1 else self._counted(combine(tuple(parts)))

    def _counted(self, node: Filter) -> Filter:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise FilterError(f"filters hold more than {MAX_NODES} conditions; put values of one key under 'in'")
        return node


def _refuse_misspelt_logic(key: str, value: object) -> None:
    meant = key.strip("$").upper()
    if meant in ("AND", "OR", "NOT") and is_list(value) and any(map(is_mapping, value)):
        raise FilterError(f"{show(key)} is taken for a metadata key; write it {meant!r}")


def _operator(op: object) -> Operator | None:
    return next((known for known in _OPERATORS if known == op), None) if isinstance(op, str) else None


def _operand(value: object, op: Operator, where: str) -> Operand:
    if op in ("in", "nin"):
        return _values(value, where)
    if op in ("eq", "ne") and is_list(value):
        return _values(value, where)
    if op == "exists" and not isinstance(value, bool):
        raise FilterError(f"{where} must be True or False, not {show(value)}")
    operand = scalar(value, where, error=FilterError)
    if op in _ORDER and _kind(operand) not in ("number", "str"):
        raise FilterError(f"{where} must be a number, a str or an aware datetime, not {show(operand)}")
    return operand


def _values(value: object, where: str) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise FilterError(f"{where} must be a list of values, not {show(value)}")
    values = cast("list[object]", value)
    if len(values) > MAX_VALUES:
        raise _too_many_values()
    return tuple(scalar(one, f"each value of {where}", error=FilterError) for one in values)


def _too_many_values() -> FilterError:
    return FilterError(
        f"filters list more than {MAX_VALUES:,} values; store what they have in common, and ask for that"
    )
