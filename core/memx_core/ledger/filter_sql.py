"""Filters as SQL conditions on metadata that is kept as JSON text.

Keys and values are bound, never spelled, and no JSON path is ever built: a key may hold quotes,
dots, dollars or `"] OR 1=1`. Every condition is true or false, never NULL, so that NOT is exact.
What they must agree with is `filters.matches`; how each database tests a value stands at the end.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, and_, literal, not_, or_, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import Function

from memx_core.filters import And, Compare, Filter, Not, Operand, Or


def to_sql(filter: Filter, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the JSON object in the text `column` passes `filter`."""
    match filter:
        case And(parts):
            return and_(*(to_sql(part, column) for part in parts))
        case Or(parts):
            return or_(*(to_sql(part, column) for part in parts))
        case Not(part):
            return not_(to_sql(part, column))
        case Compare(key, "ne", value):
            return not_(to_sql(Compare(key, "eq", value), column))
        case Compare(key, "nin", value):
            return not_(to_sql(Compare(key, "in", value), column))
        case Compare(key, "exists", False):
            return not_(to_sql(Compare(key, "exists", True), column))
        case Compare():
            return _condition(filter, type_coerce(column, Text))


def _condition(compare: Compare, text: ColumnElement[str]) -> _Condition:
    key, value = compare.key, compare.value
    match compare.op:
        case "exists":
            return _Condition("exists", text, key)
        case "contains" if isinstance(value, str):
            return _Condition("contains_text", text, key, _array(value), value)
        case "contains":
            return _Condition("contains", text, key, _array(value))
        case "eq" if isinstance(value, tuple):
            return _Condition("is_list", text, key, _array(value))
        case "eq" | "in":
            return _Condition("is_any_of", text, key, _array(value))
        case order if isinstance(value, str):
            return _Condition(f"text_{order}", text, key, value)
        case order:
            return _Condition(f"number_{order}", text, key, json.dumps(value))


def _array(value: Operand) -> str:
    values = value if isinstance(value, tuple) else (value,)
    return json.dumps(values, ensure_ascii=False, allow_nan=False)


class _Condition(Function[bool]):
    """`text` has `key`, and what is there passes the named test with the given operands."""

    inherit_cache = True  # The name and the arguments are all there is.

    def __init__(self, test: str, text: ColumnElement[str], key: str, *operands: str) -> None:
        bound = (literal(value, Text) for value in (key, *operands))
        super().__init__(test, text, *bound, type_=Boolean())


@compiles(_Condition, "sqlite")
def _on_sqlite(element: _Condition, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # SQLAlchemy's signature
    return _filled(_SQLITE, element, [compiler.process(clause, **kw) for clause in element.clauses])


@compiles(_Condition, "postgresql")
def _on_postgresql(element: _Condition, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # as above
    return _filled(_POSTGRESQL, element, [compiler.process(clause, **kw) for clause in element.clauses])


def _filled(tests: dict[str, str], element: _Condition, clauses: list[str]) -> str:
    return tests[element.name].format(**dict(zip(("text", "key", "value", "part"), clauses, strict=False)))


# The tests as SQL. {text} is the metadata; {value} the operand, or a JSON array where it may be several; {part} what a
# string may hold. CASE stands where a value of another type must not even be looked at: AND promises no order.

_ORDER = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def _sqlite() -> dict[str, str]:
    """SQLite 3.37 or newer, where `json_each` gives types and values as columns.

    Numbers are read by SQLite's own JSON parser on both sides, because it rounds a few decimals
    otherwise than Python does: so a number equals itself. Strings are compared byte by byte.
    """

    def typed(row: str) -> str:
        kind = f"CASE {row}.type WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number' ELSE {row}.type END"
        return f"{kind}, coalesce({row}.atom, 0)"  # IN would not find the NULL that a null is.

    listed = "CASE found.type WHEN 'array' THEN found.value ELSE '[]' END"
    wanted = "json_each({value}) AS wanted"
    is_wanted = f"IN (SELECT {typed('wanted')} FROM {wanted})"
    holds = f"EXISTS (SELECT 1 FROM json_each({listed}) AS item WHERE ({typed('item')}) {is_wanted})"
    same = f"item.key = wanted.key AND ({typed('item')}) = ({typed('wanted')})"
    lacks = f"NOT EXISTS (SELECT 1 FROM json_each({listed}) AS item WHERE {same})"
    tests = {
        "exists": "1",
        "is_any_of": f"({typed('found')}) {is_wanted} OR {holds}",
        "is_list": f"found.type = 'array' AND json_array_length({listed}) = "
        f"json_array_length({{value}}) AND NOT EXISTS (SELECT 1 FROM {wanted} WHERE {lacks})",
        "contains": holds,
        "contains_text": holds + " OR found.type = 'text' AND instr(found.atom, {part}) > 0",
    }
    for name, sign in _ORDER.items():
        tests[f"text_{name}"] = f"found.type = 'text' AND found.atom {sign} {{value}}"
        tests[f"number_{name}"] = (
            f"found.type IN ('integer', 'real') AND found.atom {sign} json_extract({{value}}, '$')"
        )
    row = "EXISTS (SELECT 1 FROM json_each({text}) AS found WHERE found.key = {key} AND "
    return {name: f"{row}({test}))" for name, test in tests.items()}


def _postgresql() -> dict[str, str]:
    """PostgreSQL, where `jsonb` knows types and takes 1 and 1.0 for equal.

    `@>` also finds a scalar among the items of an array. Unfolding the metadata as on SQLite
    would say the same, but the planner takes that for so dear that it compiles each query to
    machine code first. Numbers are compared as the decimals they are written with; beyond 2**53
    that may say otherwise than the exact value of a float.
    """
    found = "(CAST({text} AS jsonb) -> {key})"
    kind, text = f"jsonb_typeof({found})", f"({found} #>> ARRAY[]::text[])"
    wanted = "SELECT jsonb_array_elements(CAST({value} AS jsonb))"
    holds = f"{kind} = 'array' AND {found} @> ANY (ARRAY({wanted}))"
    number, other = f"CAST({text} AS numeric)", "CAST({value} AS numeric)"
    tests = {
        "exists": f"{found} IS NOT NULL",
        "is_any_of": f"{found} IN ({wanted}) OR {holds}",
        "is_list": f"{found} = CAST({{value}} AS jsonb)",
        "contains": holds,
        "contains_text": f"{holds} OR {kind} = 'string' AND strpos({text}, {{part}}) > 0",
    }
    for name, sign in _ORDER.items():
        tests[f"text_{name}"] = f"{kind} = 'string' AND {text} COLLATE \"C\" {sign} {{value}}"
        tests[f"number_{name}"] = f"CASE {kind} WHEN 'number' THEN {number} {sign} {other} END"
    return {name: f"coalesce({test}, FALSE)" for name, test in tests.items()}


_SQLITE = _sqlite()
_POSTGRESQL = _postgresql()
