"""Answers that end too early, that are too long, or that are anything at all: nothing raises, no half gets through."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memx_core.extraction.parsing import parse
from memx_core.ports import Completion

TEA = "Noor drinks green tea"
SKI = "Noor skis in Tromsø"
BOTH = f'{{"facts": ["{TEA}", "{SKI}"]}}'
TIDY = {"operations": [{"event": "ADD", "text": text, "target": -1, "reason": '"so", she said'} for text in (TEA, SKI)]}


def read(answer):
    return parse(Completion(text=answer) if isinstance(answer, str) else Completion(data=answer))


def texts(answer):
    return [each.text for each in read(answer).operations]


def codes(answer):
    return [warning.split(":")[0] for warning in answer.warnings]


# Cut off anywhere -------------------------------------------------------------------------------

CUTTABLE = {
    "operations": json.dumps(TIDY, ensure_ascii=False),
    "indented": json.dumps(TIDY, ensure_ascii=False, indent=2),
    "facts": json.dumps({"facts": [TEA, SKI]}, ensure_ascii=False),
    "fenced": f"Of course:\n```json\n{BOTH}\n```",
    "single quotes": f"{{'facts': ['{TEA}', '{SKI}']}}",
    "function call": json.dumps({"name": "f", "arguments": json.dumps(TIDY)}),
    "lines": f'{{"event": "ADD", "text": "{TEA}"}}\n{{"event": "ADD", "text": "{SKI}"}}',
    "reasoning": f"<think>Tea, and skis.</think>{BOTH}",
}


@pytest.mark.parametrize("whole", CUTTABLE.values(), ids=CUTTABLE)
def test_an_answer_cut_anywhere_gives_whole_operations_or_none(whole):
    raw = whole.encode()
    for end in range(len(raw)):
        cut = raw[:end].decode(errors="replace")
        answer = read(cut)
        assert [each.text for each in answer.operations] in ([], [TEA], [TEA, SKI])
        assert answer.verdict != "ok" or cut.rstrip("`\n").endswith("}")
        assert answer.verdict != "partial" or "truncated" in codes(answer)
    assert texts(whole) == [TEA, SKI]


def test_what_is_cut_is_named_and_never_runs():
    answer = read('{"ops": [{"id": 0, "event": "UPDATE", "text": "Noor skis"}, {"id": 1, "event": "DELETE"')
    assert [each.event for each in answer.operations] == ["UPDATE"]
    assert (answer.verdict, codes(answer)) == ("partial", ["truncated"])


@pytest.mark.parametrize(
    "answer", ['{"facts": ["Noor ski', '{"operations": [', '{"facts": []', '{"text": "Noor skis"', "```json\n{"]
)
def test_a_cut_answer_without_a_whole_entry_is_not_nothing(answer):
    assert read(answer).verdict == "unusable"


# Anything at all --------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["operations", "facts", "event", "text", "id", "content", "arguments", "name", "role", "0", "add"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.text(alphabet=st.characters(codec=None) | st.sampled_from("{}[]\"':,\\/*#<> \nthinkADD"), max_size=80))
@example('{"\\')
@example("{'facts': ['\\u12")
@example("</think>{<think>")
def test_any_text_is_read_without_raising(text):
    assert read(text).verdict in ("ok", "partial", "refused", "unusable")


@given(JSON)
def test_any_json_is_read_without_raising_and_alike_as_text(value):
    answer = read(value) if value is not None else None
    for each in answer.operations if answer else ():
        assert each.target is None or each.target >= -1
        each.text.encode()
    read(json.dumps(value))


MONSTERS = ["[", '{"a":', '{"a":"', "{'a\"", '"', "/*", "<think>", '["a",', '{"a" "b"', '{ "a": 1, ', "<", " "]


@pytest.mark.parametrize("piece", MONSTERS)
def test_a_monstrous_answer_is_read_to_its_end_and_is_unusable(piece):
    assert read(piece * 10**6).verdict == "unusable"


def test_ten_megabytes_in_one_string_are_cut_off():
    assert read('{"facts": ["' + "x" * 10**7).verdict == "unusable"


def test_many_lines_of_json_are_read_as_far_as_the_limit():
    answer = read(f'{{"event": "ADD", "text": "{TEA}"}}\n' * 10**5)
    assert (len(answer.operations), "too_many" in codes(answer)) == (512, True)
