"""From whatever a model answers to proposed operations, and what is wrong with what is none."""

from __future__ import annotations

import json

import pytest

from memx_core.extraction.parsing import parse
from memx_core.extraction.schema import MemoryOperation, MemoryOperations
from memx_core.ports import Completion

TEA = "Noor drinks green tea"
SKI = "Noor skis in Tromsø"


def operation(**fields):
    blank = {
        "event": "ADD",
        "text": "",
        "target": -1,
        "messages": [],
        "quote": "",
        "when": "",
        "subject": "",
        "slot": "",
        "reason": "",
    }
    return blank | fields


TIDY = {
    "operations": [operation(text=TEA, messages=[0], quote="green tea"), operation(text=SKI, reason='"ski", she said')]
}


def read(answer):
    return parse(Completion(text=answer) if isinstance(answer, str) else Completion(data=answer))


def texts(answer):
    return [each.text for each in read(answer).operations]


def codes(answer):
    return [warning.split(":")[0] for warning in answer.warnings]


# The shape that was asked for -------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [json.dumps(TIDY), json.dumps(TIDY, indent=4), TIDY, MemoryOperations.model_validate(TIDY)],
    ids=["text", "indented", "object", "instance"],
)
def test_a_tidy_answer_is_read_as_it_is(answer):
    first, second = read(answer).operations
    assert (first.event, first.text, first.target, first.messages, first.quote) == ("ADD", TEA, None, (0,), "green tea")
    assert (second.text, second.reason) == (SKI, '"ski", she said')
    assert (read(answer).verdict, read(answer).warnings) == ("ok", ())


def test_a_list_of_instances_is_read():
    assert texts([MemoryOperation.model_validate(operation(text=TEA))]) == [TEA]


@pytest.mark.parametrize("answer", ['{"operations": []}', "[]", '{"facts": []}', {"operations": []}])
def test_an_explicit_empty_list_says_that_nothing_is_worth_knowing(answer):
    assert (read(answer).verdict, read(answer).operations) == ("ok", ())


# The same in untidy forms -----------------------------------------------------------------------

BOTH = f'{{"facts": ["{TEA}", "{SKI}"]}}'
FORMS = {
    "fence": f"```json\n{BOTH}\n```",
    "bare fence with prose": f"Here is what I found:\n```\n{BOTH}\n```\nLet me know!",
    "prose around": f"Sure! {BOTH} Anything else?",
    "prose with brackets": f"From [the] message {{and more}}: {BOTH}",
    "byte order mark": f"\ufeff{BOTH}",
    "reasoning": f'<think>Perhaps {{"facts": ["a thought"]}}?</think>\n{BOTH}',
    "reasoning twice": f'<thinking>{{"facts": ["a thought"]}}</thinking><think>hm</think>{BOTH}',
    "reasoning without its beginning": f'First I list {{"facts": ["a thought"]}}.\n</think>\n{BOTH}',
    "reasoning without its end": f'<think>Maybe {{"facts": ["a thought"]}}, so\n{BOTH}',
    "reasoning afterwards": f"{BOTH}\n<think>that was easy</think>",
    "single quotes": f"{{'facts': ['{TEA}', '{SKI}']}}",
    "tuple": f"{{'facts': ('{TEA}', '{SKI}')}}",
    "python's words": f"{{'facts': ['{TEA}', '{SKI}'], 'done': True, 'next': None}}",
    "curly quotes": f"{{\u201cfacts\u201d: [\u201c{TEA}\u201d, \u201c{SKI}\u201d]}}",
    "line comments": f'{{"facts": [ // the new ones\n"{TEA}", # and\n"{SKI}"]}}',
    "block comments": f'{{"facts": [/* new */ "{TEA}", "{SKI}" /* , "old" */]}}',
    "trailing commas": f'{{"facts": ["{TEA}", "{SKI}",],}}',
    "no quotes around keys": f"{{facts: ['{TEA}', '{SKI}']}}",
    "NaN and Infinity": f'{{"facts": ["{TEA}", "{SKI}"], "a": NaN, "b": -Infinity}}',
    "huge number": f'{{"facts": ["{TEA}", "{SKI}"], "a": {"9" * 5000}}}',
    "doubled braces": f"{{{BOTH}}}",
    "missing comma": f'{{"facts": [{{"fact": "{TEA}"}} {{"fact": "{SKI}"}}]}}',
    "missing bracket": f'{{"facts": ["{TEA}", "{SKI}"}}',
    "JSON in a string": json.dumps(BOTH),
    "JSON in a string in a list": json.dumps([BOTH]),
    "list alone": f'["{TEA}", "{SKI}"]',
    "list in a list": f'{{"facts": [["{TEA}", "{SKI}"]]}}',
    "two objects": f'{{"facts": ["{TEA}"]}}{{"facts": ["{SKI}"]}}',
    "a line each": f'{{"event": "ADD", "text": "{TEA}"}}\n{{"event": "ADD", "text": "{SKI}"}}',
    "a fence each": f'```json\n{{"text": "{TEA}"}}\n```\nand\n```json\n{{"text": "{SKI}"}}\n```',
    "draft and final": f'Draft: {{"facts": ["a draft"]}}\nFinal: {BOTH}',
    "one key twice": f'{{"facts": ["{TEA}"], "facts": ["{SKI}"]}}',
    "other case": BOTH.replace("facts", "Facts"),
    "memories": BOTH.replace("facts", "memories"),
    "items": BOTH.replace("facts", "items"),
    "prefixed name": BOTH.replace("facts", "user_facts"),
    "one level down": f'{{"result": {BOTH}}}',
    "beside thoughts": f'{{"thoughts": "two things", "facts": ["{TEA}", "{SKI}"]}}',
    "numbered": f'{{"facts": {{"0": "{TEA}", "1": "{SKI}"}}}}',
    "one string": json.dumps({"facts": f"- {TEA}\n- {SKI}"}),
    "objects": f'{{"facts": [{{"fact": "{TEA}"}}, {{"content": "{SKI}", "score": 1}}]}}',
    "objects in objects": f'{{"facts": [{{"memory": {{"text": "{TEA}"}}}}, {{"text": ["{SKI}"]}}]}}',
    "by event": f'{{"add": ["{TEA}", {{"text": "{SKI}"}}], "delete": []}}',
    "function call": json.dumps({"name": "save_facts", "arguments": BOTH}),
    "function calls": json.dumps([{"name": "add_memory", "args": {"data": text}} for text in (TEA, SKI)]),
    "tool use": json.dumps({"type": "tool_use", "name": "learn", "input": json.loads(BOTH)}),
    "chat completion": json.dumps({"choices": [{"message": {"role": "assistant", "content": BOTH}}]}),
    "content parts": json.dumps({"role": "assistant", "content": [{"type": "text", "text": BOTH}]}),
    "tool calls": json.dumps({"content": None, "tool_calls": [{"function": {"name": "f", "arguments": BOTH}}]}),
}


@pytest.mark.parametrize("answer", FORMS.values(), ids=FORMS)
def test_an_untidy_answer_says_the_same(answer):
    assert texts(answer) == [TEA, SKI]
    assert read(answer).verdict == "ok"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ('{"facts": ["She said "hello" to Noor"]}', 'She said "hello" to Noor'),
        ("{'facts': ['Noor's cat sleeps']}", "Noor's cat sleeps"),
        ('{"facts": ["Noor skis\nat night"]}', "Noor skis at night"),
        ('{"facts": ["Noor writes <think> in her notes",]}', "Noor writes <think> in her notes"),
        ('{"facts": ["Noor \\ud83d\\ude00 smiles \\ud83d"],}', "Noor \U0001f600 smiles \ufffd"),
        ('{"facts": ["Noor\\u0000 skis"]}', "Noor skis"),
    ],
)
def test_odd_characters_in_a_text_survive_or_are_made_storable(answer, text):
    assert texts(answer) == [text]


# Events and handles -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ("add", "ADD"),
        ("ADDED", "ADD"),
        ("create", "ADD"),
        ("Updated", "UPDATE"),
        ("replace", "UPDATE"),
        ("remove", "DELETE"),
        ("forget", "DELETE"),
        ("no_op", "NONE"),
        ("No Change", "NONE"),
        ("contradicts", "CONFLICT"),
    ],
)
@pytest.mark.parametrize("key", ["event", "action", "op", "Operation", "type"])
def test_an_event_may_go_by_many_names(key, said, event):
    assert [each.event for each in read({"operations": [{key: said, "text": TEA, "id": 0}]}).operations] == [event]


def test_an_event_that_does_not_exist_is_skipped():
    answer = read({"operations": [{"event": "ARCHIVE", "text": SKI}, {"event": "ADD", "text": TEA}]})
    assert ([each.text for each in answer.operations], codes(answer)) == ([TEA], ["unknown_event"])


def test_what_has_a_text_and_no_event_is_new_unless_it_repeats_an_old_text():
    answer = read({"memory": [{"id": "0", "text": TEA}, {"id": "1", "text": SKI, "old_memory": "Noor skis"}]})
    assert [(each.event, each.target) for each in answer.operations] == [("ADD", None), ("UPDATE", 1)]
    assert answer.operations[1].old_text == "Noor skis"


@pytest.mark.parametrize("handle", [2, 2.0, "2", " 2 ", "#2", "[2]", [2], ["2"]])
@pytest.mark.parametrize("key", ["target", "id", "memory_id", "index"])
def test_a_handle_is_a_whole_number_however_it_is_written(key, handle):
    assert read({"ops": [{"event": "DELETE", key: handle}]}).operations[0].target == 2


NO_HANDLES = [-1, "-1", -2, 0.5, "0.5", 10**30, float("inf"), float("nan"), True, [0, 1], {"id": 0}, "first", "007"]
NO_HANDLES += ["5f0c2f5e-0000-4000-8000-000000000000", "0; DROP TABLE memories", "1e0", "\u0662", "9" * 5000]


@pytest.mark.parametrize("handle", NO_HANDLES)
def test_what_is_no_whole_number_is_the_handle_of_nothing(handle):
    assert read({"ops": [{"event": "DELETE", "id": handle}]}).operations[0].target == -1


@pytest.mark.parametrize("handle", [None, "", "none", "null", "N/A"])
def test_a_handle_may_be_absent(handle):
    assert read({"ops": [{"event": "DELETE", "id": handle}]}).operations[0].target is None


def test_messages_keep_only_handles():
    said = {"event": "ADD", "text": TEA, "messages": ["1", 0, -1, 1, None, "x", 2.0]}
    assert read({"ops": [said]}).operations[0].messages == (1, 0, 2)
    assert read({"ops": [said | {"messages": "0, 3"}]}).operations[0].messages == (0, 3)
    assert read({"ops": [said | {"messages": 4}]}).operations[0].messages == (4,)


# What is left out -------------------------------------------------------------------------------


def test_entries_that_are_no_text_are_skipped_and_named():
    answer = read({"facts": [TEA, 3, None, False, [SKI], {"colour": 1}, ""]})
    assert [each.text for each in answer.operations] == [TEA]
    assert (answer.verdict, codes(answer)) == ("partial", ["not_text"] * 6)


def test_entries_that_are_no_operation_are_skipped_and_named():
    answer = read({"ops": ["DELETE 0", None, 5, {"because": 1}, {"event": "ADD", "text": TEA}]})
    assert [each.text for each in answer.operations] == [TEA]
    assert (answer.verdict, codes(answer)) == ("partial", ["not_an_operation"] * 4)


def test_strings_where_objects_were_asked_for_are_facts_but_never_orders():
    assert texts({"operations": [TEA, SKI]}) == [TEA, SKI]
    assert texts({"operations": ["DELETE 0", TEA]}) == [TEA]


def test_one_broken_object_does_not_take_the_others_along():
    answer = f'{{"ops": [{{"event": "ADD", "text": "{TEA}"}}, {{"event" "ADD"}}, {{"event": "ADD", "text": "{SKI}"}}]}}'
    assert texts(answer) == [TEA, SKI]
    assert codes(read(answer)) == ["not_an_operation"]


def test_a_refusal_among_facts_is_left_out():
    answer = read({"facts": [TEA, "I'm sorry, but I can't help with that."]})
    assert ([each.text for each in answer.operations], codes(answer)) == ([TEA], ["refused"])


def test_entries_beyond_the_most_that_are_read_are_named():
    answer = read({"facts": [f"{TEA} {number}" for number in range(5000)]})
    assert (len(answer.operations), codes(answer)) == (512, ["too_many"])


# No answer at all -------------------------------------------------------------------------------

USELESS = [
    "",
    "  \n",
    "null",
    "None",
    "true",
    "42",
    "NaN",
    '"Noor skis"',
    f"- {TEA}\n- {SKI}",
    f"Noor: {TEA}",
    "{}",
    "[[[",
]
USELESS += [
    '{"facts": null}',
    '{"facts": 7}',
    '{"facts": {}}',
    '{"facts": [1, 2]}',
    '{"error": "busy"}',
    '[{"a": 1}]',
    "{'a'",
]


@pytest.mark.parametrize("answer", USELESS)
def test_an_answer_without_operations_is_unusable_and_says_why(answer):
    assert (read(answer).verdict, read(answer).operations) == ("unusable", ())
    assert read(answer).problem


@pytest.mark.parametrize("data", [7, True, "Noor skis", {}, {"operations": None}, [None, 4], MemoryOperation])
def test_a_parsed_answer_without_operations_is_no_better(data):
    assert read(data).verdict == "unusable"


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I\u2019m unable to process personal data.",
        "As an AI language model, I cannot keep such information.",
        "Es tut mir leid, dabei kann ich nicht helfen.",
        {"facts": ["I cannot assist with this request."]},
        {"finish_reason": "content_filter", "content": None},
        {"choices": [{"finish_reason": "content_filter", "message": {"content": None}}]},
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": "I'm sorry, I can't do that."},
    ],
)
def test_a_refusal_is_told_from_an_unusable_answer(answer):
    assert (read(answer).verdict, read(answer).operations, codes(read(answer))) == ("refused", (), ["refused"])


def test_an_answer_that_was_withheld_is_a_refusal():
    assert parse(Completion()).verdict == "refused"


@pytest.mark.parametrize(
    "text", ["Noor is sorry that she cannot come", "Noor cannot eat nuts", "Unfortunately Noor fell"]
)
def test_a_fact_about_inability_is_no_refusal(text):
    assert texts({"facts": [text]}) == [text]
