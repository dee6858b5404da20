"""What a filter means, and that SQL says the same."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, create_engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import StaticPool

from memx_core import inputs
from memx_core.errors import FilterError
from memx_core.filters import And, Compare, Filter, Not, Or, compile_filter, matches
from memx_core.ledger.filter_sql import to_sql

ROWS = Table("rows", MetaData(), Column("id", Integer, primary_key=True), Column("doc", Text))
HOSTILE_KEYS = [
    "", " ", ".", "a.b", "$", "$.a", "%", "_", "*", "'", '"', '"] OR 1=1', "'; DROP TABLE rows; --", ":p", "?", "\\",
    "\n", "AND ", "user_id", "Ключ", "用户", "😀", "\u202eabc", "%(x)s", "{}", "[0]", "#-1",
]  # fmt: skip


def passes(raw: object, metadata: object) -> bool:
    """As a user has it: raw filter, raw metadata."""
    compiled = compile_filter(raw)
    return compiled is None or matches(compiled, inputs.metadata(metadata))


# --- Meaning


MEANINGS = [
    ({"city": "Oslo"}, {"city": "Oslo"}, True),
    ({"city": "Oslo"}, {"city": "oslo"}, False),
    ({"city": "Oslo"}, {}, False),
    ({"city": "Oslo", "age": 30}, {"city": "Oslo", "age": 30}, True),
    ({"city": "Oslo", "age": 30}, {"city": "Oslo", "age": 31}, False),
    ({"age": {"gte": 30, "lt": 40}}, {"age": 30}, True),
    ({"age": {"gte": 30, "lt": 40}}, {"age": 40}, False),
    ({"age": {"gt": 29.5}}, {"age": 30}, True),
    ({"age": {"lte": 30}}, {"age": 30.0}, True),
    # Types are strict.
    ({"age": 30}, {"age": "30"}, False),
    ({"age": "30"}, {"age": 30}, False),
    ({"on": 1}, {"on": True}, False),
    ({"on": True}, {"on": 1}, False),
    ({"on": True}, {"on": True}, True),
    ({"n": 1}, {"n": 1.0}, True),
    ({"n": 0.0}, {"n": -0.0}, True),
    ({"n": 2**53}, {"n": 2**53 + 1}, False),
    ({"age": {"gt": 5}}, {"age": "6"}, False),
    ({"age": {"gt": 0}}, {"age": True}, False),
    ({"age": {"gt": "a"}}, {"age": ["b"]}, False),
    ({"age": {"gt": 1}}, {"age": None}, False),
    # Null is a value, a missing key is none.
    ({"x": None}, {"x": None}, True),
    ({"x": None}, {}, False),
    ({"x": {"exists": True}}, {"x": None}, True),
    ({"x": {"exists": False}}, {"x": None}, False),
    ({"x": {"exists": False}}, {}, True),
    ({"x": {"ne": 1}}, {}, True),
    ({"x": {"ne": 1}}, {"x": 1}, False),
    ({"x": {"nin": [1, 2]}}, {}, True),
    ({"x": {"nin": [1, 2]}}, {"x": 2}, False),
    # Lists.
    ({"tags": "a"}, {"tags": ["a", "b"]}, True),
    ({"tags": "c"}, {"tags": ["a", "b"]}, False),
    ({"tags": ["a", "b"]}, {"tags": ["a", "b"]}, True),
    ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, False),
    ({"tags": ["a"]}, {"tags": "a"}, False),
    ({"tags": []}, {"tags": []}, True),
    ({"tags": [1]}, {"tags": [True]}, False),
    ({"tags": {"ne": "a"}}, {"tags": ["a", "b"]}, False),
    ({"tags": {"in": ["x", "b"]}}, {"tags": ["a", "b"]}, True),
    ({"tags": {"in": ["x", "y"]}}, {"tags": "x"}, True),
    ({"tags": {"in": {"x", "y"}}}, {"tags": "y"}, True),
    ({"tags": {"in": []}}, {"tags": "x"}, False),
    ({"tags": {"nin": []}}, {"tags": "x"}, True),
    ({"tags": {"contains": "a"}}, {"tags": ["a"]}, True),
    ({"tags": {"contains": None}}, {"tags": [None]}, True),
    ({"tags": {"contains": 1}}, {"tags": [1.0]}, True),
    ({"tags": {"contains": 1}}, {"tags": [[1]]}, False),
    ({"tags": {"contains": 1}}, {"tags": 1}, False),
    ({"text": {"contains": "raf"}}, {"text": "draft"}, True),
    ({"text": {"contains": "Raf"}}, {"text": "draft"}, False),
    ({"text": {"contains": "%"}}, {"text": "draft"}, False),
    ({"text": {"contains": 1}}, {"text": "1"}, False),
    ({"doc": {"contains": "k"}}, {"doc": {"k": 1}}, False),
    # Keys are literal.
    ({"a.b": 1}, {"a.b": 1}, True),
    ({"a.b": 1}, {"a": {"b": 1}}, False),
    # Logic.
    ({"AND": [{"a": 1}, {"b": 2}]}, {"a": 1, "b": 2}, True),
    ({"AND": [{"a": 1}, {"b": 2}]}, {"a": 1}, False),
    ({"OR": [{"a": 1}, {"b": 2}]}, {"b": 2}, True),
    ({"OR": [{"a": 1}, {"b": 2}]}, {"b": 1}, False),
    ({"NOT": {"a": 1}}, {"a": 2}, True),
    ({"NOT": [{"a": 1}, {"b": 2}]}, {"b": 2}, False),
    ({"NOT": [{"a": 1}, {"b": 2}]}, {"b": 3}, True),
    ({"OR": [{"a": 1}], "b": 2}, {"a": 1, "b": 3}, False),
    ({"NOT": {"a": {"gt": 1}}}, {"a": "x"}, True),
    # What metadata turns into text, a filter turns into the same.
    ({"at": {"gte": datetime(2026, 1, 1, tzinfo=UTC)}}, {"at": datetime(2026, 1, 1, 1, tzinfo=UTC)}, True),
    ({"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"at": "2026-01-01T00:00:00+00:00"}, True),
    (
        {"at": {"lt": datetime(2026, 1, 1, tzinfo=UTC)}},
        {"at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))},
        True,
    ),
    ({"on": date(2026, 1, 1)}, {"on": date(2026, 1, 1)}, True),
    ({"s": "a\x00b"}, {"s": "a\x00b"}, True),
    ({"k\ud800": 1}, {"k\ud800": 1}, True),
]


@pytest.mark.parametrize(("raw", "metadata", "expected"), MEANINGS)
def test_a_filter_means_what_the_reference_says(raw, metadata, expected, sqlite):
    assert passes(raw, metadata) is expected
    assert sqlite(compile_filter(raw), inputs.metadata(metadata)) is expected


def test_no_filter_and_an_empty_one_ask_nothing():
    assert compile_filter(None) is None
    assert compile_filter({}) is None


def test_a_filter_is_compiled_to_plain_values_and_leaves_its_source_alone():
    class City(StrEnum):
        OSLO = "Oslo"

    raw = {"city": City.OSLO, "OR": [{"a": {"in": (1, 2)}}, {"b": [3]}]}
    before = copy.deepcopy(raw)
    compiled = compile_filter(raw)
    assert raw == before
    assert compiled == And((
        Compare("city", "eq", "Oslo"), Or((Compare("a", "in", (1, 2)), Compare("b", "eq", (3,))))
    ))  # fmt: skip
    assert "<" not in repr(compiled)  # A plain str, as `repr` tells an enum from one.
    assert compile_filter({"NOT": [{"a": 1}]}) == Not(Compare("a", "eq", 1))


# --- Refusals


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"age": {"$gte": 30}}, "'$gte'"),
        ({"age": {"=>": 30}}, "'=>'"),
        ({"age": {"EQ": 30}}, "'EQ'"),
        ({"age": {"gte": 30, "like": "x"}}, "'like'"),
        ({"age": {5: 30}}, "5"),
    ],
)
def test_an_unknown_operator_is_named_and_the_known_ones_are_listed(raw, named):
    with pytest.raises(FilterError) as caught:
        compile_filter(raw)
    message = str(caught.value)
    assert named in message
    for known in ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "exists", "AND", "OR", "NOT"):
        assert known in message


def _nested(levels: int) -> dict[str, object]:
    raw: dict[str, object] = {"a": 1}
    for _ in range(levels):
        raw = {"NOT": raw}
    return raw


def _endless() -> dict[str, object]:
    raw: dict[str, object] = {}
    raw["AND"] = [raw, raw]
    return raw


@pytest.mark.parametrize(
    "raw",
    [
        "city = 'Oslo'", ["city"], 5, b"x", [], "", 0, False, [("a", 1)],
        {1: "a"}, {None: 1}, {"a": {}}, {"a": object()}, {"a": b"x"}, {"a": float("nan")}, {"a": float("inf")},
        {"a": 2**63}, {"a": -(10**5000)}, {"a": {"eq": {"b": 1}}}, {"a": [[1]]}, {"a": {"in": [{"x": 1}]}},
        {"a": {"in": "abc"}}, {"a": {"in": 5}}, {"a": {"nin": {"b": 1}}}, {"a": {"in": [float("nan")]}},
        {"a": {"in": list(range(10_001))}}, {"a": {"in": [1] * 6_000}, "b": {"nin": [1] * 6_000}}, np.array([1, 2]),
        {"a": {"gt": None}}, {"a": {"gt": True}}, {"a": {"lt": [1]}},
        {"a": {"gte": float("nan")}}, {"a": {"exists": 1}}, {"a": {"exists": None}}, {"a": {"contains": ["x"]}},
        {"a": datetime(2026, 1, 1)}, {"a": {"gt": datetime(2026, 1, 1)}},
        {"AND": []}, {"OR": []}, {"NOT": []}, {"NOT": {}}, {"AND": [{}]}, {"AND": {"a": 1}}, {"OR": "x"}, {"NOT": 5},
        {"OR": [1]}, {"or": [{"a": 1}]}, {"$and": [{"a": 1}]}, {"not": {"a": 1}},
        _nested(20), _endless(), {"OR": [{"a": n} for n in range(501)]},
    ],
)  # fmt: skip
def test_what_is_not_in_the_grammar_is_refused(raw):
    with pytest.raises(FilterError) as caught:
        compile_filter(raw)
    assert len(str(caught.value)) < 400


WORDS = st.sampled_from(["AND", "OR", "NOT", "or", "eq", "gt", "in", "contains", "exists", "$eq", "a"]) | st.integers()
GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=2)
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3) | st.tuples(inner),
)


@given(st.dictionaries(WORDS, GARBAGE, max_size=3) | GARBAGE)
@settings(deadline=None)
def test_anything_is_compiled_or_refused_with_a_filter_error(raw):
    try:
        compiled = compile_filter(raw)
    except FilterError:
        return
    assert compiled is None or matches(compiled, {"a": 1}) in (True, False)


def test_the_limits_themselves_are_allowed(sqlite):
    for raw in (_nested(19), {"OR": [{"a": n} for n in range(1, 500)]}, {"a": {"in": list(range(10_000))}}):
        compiled = compile_filter(raw)
        assert sqlite(compiled, {"a": 1}) is matches(compiled, {"a": 1})


# --- SQL


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        ROWS.create(connection)
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def sqlite(connection):
    return functools.partial(asked, connection)


@pytest.fixture(scope="module")
def server(postgresql):
    with postgresql.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE rows (id integer, doc text)")
        yield functools.partial(asked, connection)
        connection.exec_driver_sql("DROP TABLE rows")


def asked(connection: Connection, filter: Filter, metadata: dict[str, object], *, ascii: bool = False) -> bool:
    connection.execute(ROWS.delete())
    connection.execute(ROWS.insert().values(id=1, doc=json.dumps(metadata, ensure_ascii=ascii)))
    found = connection.execute(select(to_sql(filter, ROWS.c.doc)).select_from(ROWS)).scalar_one()
    assert found in (0, 1)  # Never NULL: NOT would keep it.
    assert connection.execute(select(ROWS.c.id).where(to_sql(filter, ROWS.c.doc))).all() == [(1,)] * found
    return bool(found)


CHARACTERS = st.characters(codec="utf-8", exclude_characters="\x00")
KEYS = st.sampled_from([*HOSTILE_KEYS, "a", "b", "A"]) | st.text(CHARACTERS, max_size=2).filter(lambda key: key != "OR")
STRINGS = st.sampled_from(["", "a", "A", "ab", "1", "true", "null", "[]", "[1]", "{}", "é", "😀"]) | st.text(
    CHARACTERS, max_size=5
)
NUMBERS = (
    st.sampled_from([0, 1, -1, 0.0, -0.0, 1.0, 0.1, 0.1 + 0.2, 2**53, 2**53 + 1, 2.0**53, 2**63 - 1, -(2**63), 2.0**63])
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
SCALARS = st.none() | st.booleans() | NUMBERS | STRINGS
FLAT = SCALARS | st.lists(SCALARS, max_size=3)
METADATA = st.dictionaries(
    KEYS, FLAT | st.lists(FLAT, max_size=2) | st.dictionaries(KEYS, FLAT, max_size=2), max_size=4
)  # fmt: skip
SHAPES = [
    lambda a, b, c: a,
    lambda a, b, c: {"AND": [a, b]},
    lambda a, b, c: {"OR": [a, b, c]},
    lambda a, b, c: {"NOT": a},
    lambda a, b, c: {"NOT": [a, {"AND": [b, c]}]},
    lambda a, b, c: {**a, "OR": [b, {"NOT": c}]},
]


@st.composite
def conditions(draw, metadata):
    """A condition that asks for what is there, or nearly."""
    key = draw(st.sampled_from([*metadata, "a"]) | KEYS)
    op = draw(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "exists"]))
    found = metadata.get(key)
    held = [one for one in (found if isinstance(found, list) else [found]) if not isinstance(one, list | dict)]
    sortable = [one for one in held if isinstance(one, int | float | str) and not isinstance(one, bool)]
    tails = [one[1:] for one in held if isinstance(one, str)]
    near = SCALARS | st.sampled_from(held or [None])
    operands = {
        "eq": near | st.lists(near, max_size=3) | st.just(held),
        "in": st.lists(near, max_size=3),
        "contains": near | st.sampled_from(tails or [""]),
        "exists": st.booleans(),
    }
    operands |= {"ne": operands["eq"], "nin": operands["in"]}
    return {key: {op: draw(operands.get(op, NUMBERS | STRINGS | st.sampled_from(sortable or [0])))}}


@st.composite
def cases(draw):
    """Any metadata, and any filter on it."""
    metadata = inputs.metadata(draw(METADATA))
    parts = [draw(conditions(metadata)) for _ in range(3)]
    return draw(st.sampled_from(SHAPES))(*parts), metadata


@given(cases(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_sqlite_agrees_with_the_reference_on_every_filter_and_metadata(sqlite, case, ascii):
    raw, metadata = case
    compiled = compile_filter(raw)
    assert sqlite(compiled, metadata, ascii=ascii) is matches(compiled, metadata)


def test_postgresql_means_what_the_reference_says(server):
    for raw, metadata, expected in MEANINGS:
        assert server(compile_filter(raw), inputs.metadata(metadata)) is expected, (raw, metadata)
    everything = {name: f"value of {name}" for name in HOSTILE_KEYS}
    for key in HOSTILE_KEYS:
        assert server(compile_filter({key: f"value of {key}"}), everything), key
        others = {name: 1 for name in HOSTILE_KEYS if name != key}
        assert not server(compile_filter({key: {"exists": True}}), others), key


@given(cases(), st.booleans())
@settings(max_examples=50)
def test_postgresql_agrees_with_the_reference_on_any_filter_and_metadata(server, case, ascii):
    raw, metadata = case
    compiled = compile_filter(raw)
    assert server(compiled, metadata, ascii=ascii) is matches(compiled, metadata)


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_hostile_key_finds_its_own_value_and_no_other(key, sqlite):
    metadata = {name: f"value of {name}" for name in HOSTILE_KEYS}
    assert sqlite(compile_filter({key: f"value of {key}"}), metadata)
    assert not sqlite(compile_filter({key: {"exists": True}}), {name: 1 for name in HOSTILE_KEYS if name != key})


def test_a_filter_keeps_its_own_values_when_the_statement_is_reused(connection, sqlite):
    assert sqlite(compile_filter({"city": "Oslo"}), {"city": "Oslo"})
    assert not sqlite(compile_filter({"city": "Rome"}), {"city": "Oslo"})
    assert sqlite(compile_filter({"town": "Oslo"}), {"town": "Oslo"})


def test_a_filter_on_user_id_looks_at_metadata_and_not_at_the_scope():
    assert compile_filter({"user_id": "*"}) == Compare("user_id", "eq", "*")
    assert not passes({"user_id": "*"}, {"user_id": "alice"})


def test_postgresql_gets_jsonb_and_bound_values_only():
    filter = compile_filter(
        {"it's": {"in": ["O'slo", 1]}, "age": {"gte": 30, "lt": "x"}, "t": {"contains": "a"}, "l": [1]}
    )
    compiled = select(ROWS.c.id).where(to_sql(filter, ROWS.c.doc)).compile(dialect=postgresql.dialect())
    sql = str(compiled)
    assert "AS jsonb)" in sql
    assert 'COLLATE "C"' in sql
    assert "json_each" not in sql
    assert "slo" not in sql
    assert "it's" not in sql
    assert {"it's", '["O\'slo", 1]', "30", "x"} <= set(compiled.params.values())
