"""What may be handed over, what becomes of it, and what is refused how."""

from __future__ import annotations

import json
import math
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage
from llama_index.core.llms import ChatMessage

from memx_core import inputs
from memx_core.errors import InvalidInputError, MemxError, ScopeError
from memx_core.types import Message, Scope

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAIVE = datetime(2026, 5, 1, 12)
FIRST = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))  # In UTC it lies before year 1.
LAST = datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))
WRONG = [b"bytes", 5, 0, 1.5, True, False, object(), object, len, [], {}, (), {"a"}, ["x"], Path("x"), uuid.UUID(int=1)]
UNSTORABLE = ["a\x00b", "\ud800", "a\udfff"]


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


def read(value, **options) -> tuple[Message, ...]:
    return inputs.messages(value, now=NOW, **options)


def contents(value, **options) -> list[str]:
    return [message.content for message in read(value, **options)]


def error_of(function, *args, **options) -> str:
    with pytest.raises(InvalidInputError) as caught:
        function(*args, **options)
    return str(caught.value)


# --- Ids


def test_a_scope_keeps_its_ids_to_the_letter():
    hostile = [" alice ", "*", "%", "' OR 1=1 --", "用户", "e\u0301", "\u202ex", "x" * 16_384, "None", "😀"]
    for value in hostile:
        assert inputs.scope(value, None, value) == Scope(user_id=value, run_id=value)


def test_a_scope_needs_an_id():
    with pytest.raises(ScopeError, match="user_id, agent_id and run_id"):
        inputs.scope(None, None, None)


@pytest.mark.parametrize("name", ["user_id", "agent_id", "run_id"])
@pytest.mark.parametrize("value", [*WRONG, "", "  ", "\n\t", *UNSTORABLE, "x" * 16_385], ids=inputs.show)
def test_what_cannot_be_a_scope_id_is_refused_by_name(name, value):
    others = {"user_id": "alice", "agent_id": "helper", "run_id": "r1"}
    with pytest.raises(ScopeError, match=name) as caught:
        inputs.scope(**{**others, name: value})
    assert len(str(caught.value)) < 300


def test_an_id_that_is_no_str_is_told_how_to_become_one():
    assert "str(...)" in error_of(inputs.scope, 42)
    assert "42" in error_of(inputs.scope, 42)


@pytest.mark.parametrize("function", [inputs.session, inputs.key, inputs.namespace, inputs.memory_id])
@pytest.mark.parametrize("value", [*WRONG, "", " ", *UNSTORABLE, "x" * 16_385], ids=inputs.show)
def test_what_cannot_be_an_id_is_refused(function, value):
    with pytest.raises(InvalidInputError) as caught:
        function(value)
    assert not isinstance(caught.value, ScopeError)


def test_ids_of_other_things_are_kept_to_the_letter_and_some_may_be_absent():
    for function in (inputs.session, inputs.key, inputs.namespace, inputs.memory_id):
        assert function(" x/1 ") == " x/1 "
    assert inputs.session(None) is None
    assert inputs.key(None) is None
    for function in (inputs.namespace, inputs.memory_id):
        assert "None" in error_of(function, None)


def test_an_id_from_an_enum_becomes_a_plain_str():
    assert type(inputs.scope(Colour.RED, None, None).user_id) is str


# --- Texts


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("plain", "plain"),
        ("  kept  \n", "  kept  \n"),
        ("é 😀 שלום \u202e \x1b \x7f e\u0301", "é 😀 שלום \u202e \x1b \x7f e\u0301"),
        ("a\x00b", "a\ufffdb"),
        ("a\ud800", "a\ufffd"),
        ("\udc00b", "\ufffdb"),
        ("\ud800\ud800x", "\ufffd\ufffdx"),
        ("\ud83d\ude00", "😀"),
        ("é\ud83d!\x00", "é\ufffd!\ufffd"),
    ],
)
def test_only_what_no_database_keeps_is_replaced(dirty, cleaned):
    assert inputs.clean(dirty) == cleaned
    assert inputs.text(f"x{dirty}") == f"x{cleaned}"
    assert contents(f"x{dirty}") == [f"x{cleaned}"]


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_a_cleaned_text_can_be_stored_and_is_cleaned_only_once(value):
    cleaned = inputs.clean(value)
    assert "\x00" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert inputs.clean(cleaned) == cleaned
    if cleaned.isascii():
        assert cleaned == value


@pytest.mark.parametrize("value", [None, *WRONG, "", " \n\u3000", "x" * 20_000_001], ids=inputs.show)
def test_a_text_must_be_a_str_that_says_something(value):
    message = error_of(inputs.text, value, "query")
    assert message.startswith("query ")
    assert len(message) < 300


def test_ten_megabytes_are_a_text():
    assert len(inputs.text("é" * 10_000_000)) == 10_000_000
    assert len(contents("x" * 10_000_000)[0]) == 10_000_000


# --- Messages


def test_a_str_is_one_user_message_said_now():
    assert read("I moved to Oslo") == (Message("user", "I moved to Oslo", timestamp=NOW),)


def test_mappings_messages_and_strings_may_be_mixed_in_any_iterable():
    turns = [
        {"role": "user", "content": "hi", "name": "Ann", "id": "m1", "metadata": {"a": (1,)}, "extra": object()},
        Message("assistant", "hello", id="m2", session_id="own", origin="recalled"),
        "bye",
        OrderedDict(role="tool", content="42"),
    ]
    expected = (
        Message("user", "hi", name="Ann", id="m1", timestamp=NOW, session_id="s", metadata={"a": [1]}),
        Message("assistant", "hello", id="m2", timestamp=NOW, session_id="s", origin="recalled"),
        Message("user", "bye", timestamp=NOW, session_id="s"),
        Message("tool", "42", timestamp=NOW, session_id="s"),
    )
    for shape in (
        list,
        tuple,
        iter,
        lambda items: (item for item in items),
        lambda items: dict(enumerate(items)).values(),
    ):
        assert read(shape(turns), session_id="s") == expected


def test_a_message_keeps_its_own_session_when_the_call_names_none():
    assert read(Message("user", "x", session_id="own"))[0].session_id == "own"


def test_the_call_s_metadata_stands_under_the_message_s_own():
    (message,) = read({"role": "user", "content": "x", "metadata": {"a": 1}}, metadata={"a": 0, "b": 2})
    assert message.metadata == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("given_role", "role"),
    [
        ("user", "user"), ("human", "user"), ("Human", "user"), ("assistant", "assistant"), ("ai", "assistant"),
        ("model", "assistant"), ("system", "system"), ("developer", "system"), ("tool", "tool"), ("function", "tool"),
    ],
)  # fmt: skip
def test_a_role_has_many_names(given_role, role):
    assert read({"role": given_role, "content": "x"})[0].role == role
    assert read(Message(given_role, "x"))[0].role == role


@pytest.mark.parametrize("role", ["", "narrator", "user; DROP", None, 5, ["user"], "x" * 10_000], ids=inputs.show)
def test_an_unknown_role_is_refused_with_the_known_ones(role):
    message = error_of(read, ["fine", {"role": role, "content": "secret text"}])
    assert "messages[1]" in message
    assert "assistant" in message
    assert "secret" not in message
    assert len(message) < 300


def test_parts_are_joined_and_what_is_no_text_is_named():
    parts = [
        {"type": "text", "text": "look at"},
        {"type": "image_url", "image_url": {"url": "data:secret"}},
        "this",
        {"type": "input_audio", "input_audio": {}},
        {"type": "file", "file": {}},
        {"type": "hologram"},
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": None},
        {"type": "refusal", "refusal": "No\x00."},
    ]
    assert contents({"role": "user", "content": parts}) == [
        "look at\n[image]\nthis\n[audio]\n[file]\n[attachment]\nNo\ufffd."
    ]


@pytest.mark.parametrize(
    "parts", [[5], [None], [{"type": "text", "text": 5}], [{}], [{"type": []}], [["text"]], [b"x"]]
)
def test_a_part_that_is_none_is_refused_by_its_place(parts):
    assert "content[1]" in error_of(read, {"role": "user", "content": ["ok", *parts]})


BLANK = ["", "  ", {"role": "user", "content": "\n"}, {"role": "assistant", "content": None, "tool_calls": [{}]}]
BLANK += [{"role": "user", "content": []}, {"role": "assistant", "content": [{"type": "tool_use", "id": "1"}]}]


@pytest.mark.parametrize("blank", BLANK, ids=inputs.show)
def test_a_blank_message_is_dropped_unless_there_is_no_other_or_it_is_wanted(blank):
    assert contents([blank, "said", blank]) == ["said"]
    for alone in (blank, [blank], [blank, blank]):
        assert "blank" in error_of(read, alone)
    assert [content.strip() for content in contents([blank, "said"], keep_blank=True)] == ["", "said"]


ODD_FIELDS: list[dict[str, Any]] = [
    {"name": 5}, {"name": "n" * 16_385}, {"id": 5}, {"id": ""}, {"metadata": [1]}, {"metadata": {"n": math.nan}},
    {"timestamp": NAIVE}, {"timestamp": "soon"}, {"session_id": 5}, {"origin": []},
]  # fmt: skip


@dataclass
class Lookalike:
    role: str = "user"
    content: str = "secret"


@pytest.mark.parametrize(
    "value",
    [
        None, 5, 1.5, True, b"x", bytearray(b"x"), memoryview(b"x"), object(), len, Lookalike(), datetime, NOW,
        [], (), {}, iter([]), [None], [5], [b"x"], [["nested"]], [("user", "x")], ["ok", object()], [Message],
        {"role": "user"}, {"content": "secret"}, {"role": "user", "content": None}, {"role": "user", "content": 5},
        {"role": "user", "content": b"secret"}, {"role": "user", "content": {"text": "secret"}},
        Message("user", None), Message(None, "secret"), ["x"] * 10_001, ["x" * 10_000_000] * 3,
        *({"role": "user", "content": "secret", **odd} for odd in ODD_FIELDS),
    ],
    ids=inputs.show,
)  # fmt: skip
def test_what_is_no_message_is_refused_without_repeating_it(value):
    message = error_of(read, value)
    assert "message" in message
    assert "secret" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    "options", [{"timestamp": NAIVE}, {"timestamp": True}, {"session_id": ""}, {"metadata": {1: 2}}]
)
def test_what_the_call_says_about_its_messages_is_checked_too(options):
    error_of(read, "x", **options)


def test_metadata_of_call_and_message_together_are_no_larger_than_metadata():
    half = {"a": "x" * 40_000}
    assert read({"role": "user", "content": "x", "metadata": half}, metadata=half)[0].metadata == half
    assert "larger" in error_of(read, {"role": "user", "content": "x", "metadata": half}, metadata={"b": "y" * 40_000})


def test_an_error_says_what_would_have_been_accepted():
    message = error_of(read, 5)
    assert "5" in message
    assert '{"role": ..., "content": ...}' in message
    assert "list" in message


@pytest.mark.parametrize(
    ("value", "package"),
    [(HumanMessage("secret"), "langchain_memx"), (ChatMessage("secret"), "llama_index_memx")],
)
def test_a_framework_s_message_is_sent_to_its_adapter(value, package):
    for shape in (value, [value], ["x", value]):
        message = error_of(read, shape)
        assert package in message
        assert "secret" not in message


def test_an_endless_iterable_is_not_waited_for():
    def turns():
        while True:
            yield "again"

    assert "10,000" in error_of(read, turns())


def test_ten_thousand_messages_are_one_call():
    assert len(read(["x"] * 10_000)) == 10_000


# --- Moments


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOW, NOW),
        (datetime(2026, 5, 1, 14, tzinfo=timezone(timedelta(hours=2))), NOW),
        ("2026-05-01T12:00:00Z", NOW),
        (" 2026-05-01 14:00:00+02:00 ", NOW),
        (NOW.timestamp(), NOW),
        (int(NOW.timestamp()), NOW),
        (np.float64(NOW.timestamp()), NOW),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-1.5, datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_moment_is_told_in_utc(value, expected):
    found = inputs.moment(value, "as_of")
    assert found == expected
    assert found is None or (type(found) is datetime and found.tzinfo is UTC)


def test_a_message_s_own_time_wins_over_the_call_s_and_that_over_now():
    said, own = NOW - timedelta(days=2), NOW - timedelta(days=9)
    turns = ["x", {"role": "user", "content": "y", "timestamp": own.isoformat()}, Message("user", "z", timestamp=own)]
    assert [message.timestamp for message in read(turns, timestamp=said)] == [said, own, own]
    assert read("x", timestamp=0)[0].timestamp == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", [NAIVE, "2026-05-01T12:00:00", "2026-05-01"], ids=inputs.show)
def test_a_naive_time_is_refused_with_the_way_out(value):
    message = error_of(inputs.moment, value, "known_at")
    assert message.startswith("known_at is naive")
    assert "2026-05-01" in message
    assert "tzinfo" in message


@pytest.mark.parametrize(
    "value",
    [
        True, False, "", "soon", "2026-13-01T00:00:00Z", "x" * 100_000, b"2026", [], {}, object(), date(2026, 5, 1),
        timedelta(1), math.nan, math.inf, -math.inf, 1e300, 10**400, 1_777_636_800_000_000, Decimal(5),
        LAST, FIRST,
    ],
    ids=inputs.show,
)  # fmt: skip
def test_what_is_no_moment_is_refused(value):
    message = error_of(inputs.moment, value, "as_of")
    assert message.startswith("as_of ")
    assert len(message) < 300


def test_moments_as_text_are_in_the_order_of_time():
    moments = [NOW, NOW + timedelta(microseconds=1), NOW + timedelta(seconds=1), NOW.replace(year=999)]
    assert sorted(map(inputs.iso, moments)) == list(map(inputs.iso, sorted(moments)))
    assert inputs.iso(NOW.astimezone(timezone(timedelta(hours=5)))) == "2026-05-01T12:00:00+00:00"


# --- Metadata


def test_metadata_is_a_deep_copy_in_plain_json():
    given_value: dict[str, Any] = {
        "city": "Oslo\x00", "k\ud800": 1, "tags": ("a", ["b"]), "n": None, "on": True, "x": 1.5, "big": 2**63 - 1,
        "": {}, "at": NOW.astimezone(timezone(timedelta(hours=2))), "day": date(2026, 5, 1), "colour": Colour.RED,
        "size": Size.BIG, "np": np.float64(0.5), "deep": OrderedDict(a={"b": [1]}),
    }  # fmt: skip
    found = inputs.metadata(given_value)
    assert found == {
        "city": "Oslo\ufffd", "k\ufffd": 1, "tags": ["a", ["b"]], "n": None, "on": True, "x": 1.5, "big": 2**63 - 1,
        "": {}, "at": "2026-05-01T12:00:00+00:00", "day": "2026-05-01", "colour": "red",
        "size": 3, "np": 0.5, "deep": {"a": {"b": [1]}},
    }  # fmt: skip
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {type(found[name]) for name in ("colour", "size", "np")} == {str, int, float}
    found["deep"]["a"]["b"].append(2)
    assert given_value["deep"]["a"]["b"] == [1]


def test_no_metadata_is_empty_metadata():
    assert inputs.metadata(None) == {}
    assert inputs.metadata({}) == {}


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def endless() -> dict[str, object]:
    value: dict[str, object] = {}
    value["self"] = [value, value]
    return value


def branching() -> dict[str, object]:
    value: list[object] = [1]
    for _ in range(18):
        value = [value] * 10
    return {"a": value}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": {"b": [1, math.nan]}}, "metadata['a']['b'][1]"),
        ({"a": math.inf}, "metadata['a']"),
        ({"a": {1, 2}}, "metadata['a']"),
        ({"a": b"x"}, "metadata['a']"),
        ({"a": [object()]}, "metadata['a'][0]"),
        ({"a": Decimal(1)}, "metadata['a']"),
        ({"a": uuid.UUID(int=1)}, "metadata['a']"),
        ({"a": threading.Lock()}, "metadata['a']"),
        ({"a": np.int64(1)}, "metadata['a']"),
        ({"a": 2**63}, "metadata['a']"),
        ({"a": -(10**5000)}, "metadata['a']"),
        ({"a": NAIVE}, "metadata['a']"),
        ({"a": LAST}, "metadata['a']"),
        ({"a": {1: 2}}, "metadata['a']"),
        ({None: 2}, "metadata"),
        ({"a\x00": 1, "a\ufffd": 2}, "metadata"),
        ({"a": "x" * 65_536}, "metadata"),
        ({"a": [0] * 70_000}, "metadata"),
        (nested(21), "metadata['a']['a']"),
        (endless(), "metadata['self']"),
        (branching(), "metadata"),
        ("text", "metadata"),
        ([("a", 1)], "metadata"),
        (5, "metadata"),
    ],
    ids=inputs.show,
)
def test_what_is_no_json_is_refused_by_its_place(value, place):
    message = error_of(inputs.metadata, value)
    assert message.startswith(place)
    assert len(message) < 600


def test_metadata_at_its_limits_is_taken():
    assert inputs.metadata(nested(20)) == nested(20)
    assert len(inputs.metadata({"a": "x" * 65_528})["a"]) == 65_528


# --- Numbers


@pytest.mark.parametrize(
    "value", [0, -1, 10_001, True, None, 1.0, "5", math.nan, 10**5000, [], object()], ids=inputs.show
)
def test_a_limit_is_a_whole_number_of_at_least_one(value):
    assert error_of(inputs.limit, value).startswith("limit must be")


def test_a_limit_in_its_range_is_taken():
    assert [inputs.limit(1), inputs.limit(10_000), inputs.limit(7, "k", most=7), inputs.limit(Size.BIG)] == [
        1,
        10_000,
        7,
        3,
    ]
    assert error_of(inputs.limit, 8, "k", most=7).startswith("k must be from 1 to 7")
    assert inputs.max_tokens(1) == 1
    assert error_of(inputs.max_tokens, 0).startswith("max_tokens")


@pytest.mark.parametrize("value", [-0.001, 1.001, math.nan, math.inf, True, "0.5", [], 10**400], ids=inputs.show)
def test_a_threshold_is_from_zero_to_one(value):
    assert error_of(inputs.threshold, value).startswith("threshold must be")


def test_a_threshold_in_its_range_is_taken():
    assert [inputs.threshold(value) for value in (0, 0.5, 1, None)] == [0.0, 0.5, 1.0, None]


# --- Whatever comes


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
HASHABLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, st.binary(max_size=4), st.dates(), st.datetimes(),
    st.datetimes(timezones=st.timezones() | st.just(UTC)), st.uuids(), st.sampled_from([len, Colour.RED, LAST]),
)  # fmt: skip
ODD = st.sampled_from([object(), HumanMessage("x"), ChatMessage("x"), Message("user", "x"), {"a"}]) | st.decimals()
NAMES = st.sampled_from(["role", "content", "name", "id", "timestamp", "metadata", "type", "text", "session_id"])
ANYTHING = st.recursive(
    HASHABLE | ODD,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(NAMES | HASHABLE, inner, max_size=4)
        | st.fixed_dictionaries({"role": st.sampled_from(["user", "ai"]) | inner, "content": ANY_TEXT | inner})
    ),
    max_leaves=8,
)
FUNCTIONS: list[Callable[[object], object]] = [
    inputs.session, inputs.key, inputs.namespace, inputs.memory_id, inputs.text, inputs.metadata, inputs.moment,
    inputs.limit, inputs.max_tokens, inputs.threshold, inputs.scope, read,
]  # fmt: skip


def picture(value: object) -> object:
    """What a value is made of, down to the identity of its parts."""
    if isinstance(value, dict):
        return [(id(key), picture(member)) for key, member in value.items()]
    return list(map(picture, value)) if isinstance(value, list | tuple) else id(value)


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_every_argument_is_taken_or_refused_by_a_memx_error_and_never_changed(value):
    before = picture(value)
    for function in FUNCTIONS:
        try:
            function(value)
        except MemxError as error:
            assert len(str(error)) < 1_000  # noqa: PT017  # Only some values are refused.
    assert picture(value) == before


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_what_is_taken_can_be_stored(value):
    try:
        taken = inputs.metadata({"value": value})
    except MemxError:
        return
    assert json.loads(json.dumps(taken, allow_nan=False, ensure_ascii=False).encode()) == taken
    assert inputs.metadata(taken) == taken
