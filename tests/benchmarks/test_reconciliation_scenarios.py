"""The scenarios: each is well formed, some are played, and where a mistake would mean a bug, none is made."""

import json
import re
import sys
from collections import Counter

import pytest

from benchmarks.reconciliation import __main__ as command
from benchmarks.reconciliation import malformed, reading
from benchmarks.reconciliation.cases import MODELS, Recorded
from benchmarks.reconciliation.patterns import fits
from benchmarks.reconciliation.recorded import answer
from benchmarks.reconciliation.running import run
from benchmarks.reconciliation.scoring import Truth, after
from benchmarks.reconciliation.tables import THRICE, by_kind, overall
from memx_core.embedders import HashingEmbedder

SCENARIOS = reading.read()
PROMPT = """\
<known>
{"known": 0, "said": "2024-01-01", "text": "User lives in Ghent"}
{"known": 1, "said": "2024-01-01", "text": "User has a dog"}
</known>
<messages>
{"message": 0, "role": "assistant", "text": "And now?"}
{"message": 1, "role": "user", "speaker": "Ann", "text": "We moved to Antwerp, by the way."}
</messages>"""


def _of(*kinds):
    return [each for each in SCENARIOS if each.kind in kinds]


def test_there_are_many_scenarios_each_with_a_name_of_its_own():
    assert len(SCENARIOS) >= 60
    assert max(Counter(each.name for each in SCENARIOS).values()) == 1


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_scenario_says_what_is_right_after_each_call_and_what_each_model_answers(scenario):
    truth = Truth()
    assert scenario.calls
    for call in scenario.calls:
        assert any(message.role == "user" for message in call.messages)
        assert set(call.answers) == set(MODELS)
        for each in call.wanted:
            is_change = not set(each.events) & {"ADD"}
            assert not is_change or each.optional or each.key in truth.holds, f"nothing to change: {each.key}"
        said = [message.content for message in call.messages]
        for recorded in call.answers["good"]:
            assert recorded.quote is None or any(recorded.quote in content for content in said), recorded.quote
        truth = after(truth, call)
    assert not any(fits(words, each.text) for words in _never(scenario) for each in _answered(scenario, "good"))


def _never(scenario):
    return [words for call in scenario.calls for words in call.never]


def _answered(scenario, model):
    return [each for call in scenario.calls for each in call.answers[model]]


def test_five_facts_are_said_in_three_ways_each():
    for scenario in _of(THRICE):
        wanted = [each for call in scenario.calls for each in call.wanted if not each.optional]
        assert (len(wanted), len(scenario.calls)) == (5, 15)


@pytest.mark.parametrize(
    "line",
    [
        "2024-01-01 user I live",
        "    want home: oslo",
        "    want GROW home: oslo",
        "    want ADD home",
        "    good ADD",
        "== x",
    ],
)
def test_a_line_that_cannot_be_read_is_shown(line):
    with pytest.raises(reading.MalformedError, match=re.escape(repr(line))):
        reading.parse(f"== name | kind\n2024-01-01 user: Hi.\n{line}\n")


def test_a_recorded_answer_finds_what_it_means_in_the_prompt():
    recorded = Recorded("UPDATE", "ghent", "Ann moved to Antwerp", "home", "We moved to Antwerp")
    (operation,) = json.loads(answer([recorded], PROMPT))["operations"]
    assert (operation["event"], operation["target"], operation["messages"]) == ("UPDATE", 0, [1])
    assert (operation["quote"], operation["subject"]) == ("We moved to Antwerp", "Ann")


def test_a_recorded_answer_cannot_mean_what_is_not_shown():
    unseen = [Recorded("UPDATE", "bruges", "Ann moved"), Recorded("DELETE", "bruges"), Recorded("DELETE", "#7")]
    operations = json.loads(answer(unseen, PROMPT))["operations"]
    assert [(each["event"], each["target"]) for each in operations] == [("ADD", -1), ("DELETE", 7)]


@pytest.mark.parametrize(
    ("proposer", "kinds"),
    [
        ("good", ("out of order", "conflict")),
        ("rules", ("out of order", "not to be kept")),
    ],
)
def test_nothing_goes_wrong_where_that_would_be_a_bug(proposer, kinds):
    scores = run(proposer, _of(*kinds), HashingEmbedder())
    assert [(each.scenario.name, each.remarks) for each in scores if each.remarks] == []
    assert sum(each.counts.right for each in scores) > 10


def test_answers_that_are_not_as_they_should_be_lose_nothing_and_do_nothing_wrong():
    outcomes = malformed.run(HashingEmbedder(), malformed.cases()[::9])
    assert [each for each in outcomes if not each.is_as_expected] == []
    assert {each.heard for each in outcomes} == {"done", "warned", "queued"}


def test_the_tables_count_all_scenarios_and_the_memories_of_what_was_said_three_times():
    results = {"good": run("good", [*_of("small talk")[:1], *_of(THRICE)[:1]], HashingEmbedder())}
    total, kinds = list(overall(results)), list(by_kind(results))
    assert total[-1].startswith("| good | 100.0 (")
    assert total[-1].endswith("| 5 |")
    assert [line.split(" | ")[1] for line in kinds[2:]] == ["1", "1"]


def test_the_command_prints_its_tables_and_what_was_not_right(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(malformed, "cases", lambda: list(malformed.parse("== null | 0\nnull\n")))
    arguments = ["--kind", "conflict", "--proposer", "mediocre", "--embedder", "hashing", "--misses"]
    monkeypatch.setattr(sys, "argv", ["reconciliation", *arguments, "--json", str(tmp_path / "out.json")])
    command.main()
    printed = capsys.readouterr().out
    assert "mediocre · conflict · two speakers of one house differ · wrong: ADD The landlord is Mr Vogel" in printed
    assert "| malformed | 1 | 0 | 0 | 1 | 0 | 0 | 0 |" in printed
    assert [each["proposer"] for each in json.loads((tmp_path / "out.json").read_text())] == ["mediocre"] * 2
