"""What calls cost is counted once each, by model, day and address, whatever becomes of the answers."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memx_core import InvalidInputError, Memory
from memx_core.errors import ExtractionError
from memx_core.ports import Completion
from memx_core.reports import UsageReport
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.text import estimate_tokens
from memx_core.types import Scope, Usage
from tests.answers import adds

pytestmark = pytest.mark.databases

EMBEDDER = FakeEmbedder().fingerprint
LONG = " ".join(f"In year {year} we painted the shed again." for year in range(1000, 1400))  # several pieces


def told(answer="[]", *, asked=10, answered=2, model="scripted"):
    """An answer whose provider says what it cost."""
    return Completion(text=answer, usage=Usage(input_tokens=asked, output_tokens=answered), model=model)


def test_an_add_costs_what_its_result_says(memory, llm):
    llm.queue(adds("Lives in Oslo"))
    result = memory.add("I live in Oslo.", user_id="ada")
    report = memory.usage()
    assert (report.calls, report.tokens) == (1, result.usage.tokens)
    assert report.tokens > 0
    assert report.by_model["scripted"] == Usage(1, result.usage.input_tokens, result.usage.output_tokens)
    assert report.by_model[EMBEDDER] == Usage(embedding_calls=result.usage.embedding_calls)
    assert report.by_scope == {Scope("ada"): result.usage}


def test_nothing_costs_nothing(memory):
    assert memory.usage(user_id="nobody").tokens == 0
    assert memory.usage().by_model == {}


def test_usage_is_told_by_scope_and_what_is_in_it(memory, llm):
    for user, agent in (("ada", None), ("ada", "tutor"), ("bob", "tutor")):
        llm.queue(told())
        memory.add("Hello there.", user_id=user, agent_id=agent)
    assert memory.usage().calls == 3
    assert memory.usage(user_id="ada").calls == 2
    assert memory.usage(agent_id="tutor").calls == 2
    assert memory.usage(user_id="ada", agent_id="tutor").by_scope.keys() == {Scope("ada", "tutor")}
    assert memory.scoped(user_id="bob").usage().tokens == 12


def test_usage_is_told_by_day_of_utc(memory, llm, clock):
    for _ in range(3):
        llm.queue(told())
        memory.add("Hello there.", user_id="ada")
        clock.advance(days=1)
    days = [date(2026, 1, day) for day in (1, 2, 3)]
    assert list(memory.usage().by_day) == days
    assert memory.usage(since=days[1]).calls == 2
    assert memory.usage(until=days[1]).calls == 2
    assert memory.usage(since=days[1], until=days[1]).calls == 1
    assert memory.usage(since=days[2], until=days[0]).calls == 0


def test_a_moment_counts_the_days_that_it_lies_in_or_ends(memory, llm):
    llm.queue(told())
    memory.add("Hello there.", user_id="ada")
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    assert memory.usage(since=noon).calls == 1
    assert memory.usage(until=noon).calls == 1
    assert memory.usage(until=midnight).calls == 0
    assert memory.usage(until=datetime.min.replace(tzinfo=UTC)).calls == 0


@pytest.mark.parametrize("wrong", [datetime(2026, 1, 1), "yesterday", True, []])
def test_a_day_that_is_none_is_refused(memory, wrong):
    with pytest.raises(InvalidInputError):
        memory.usage(since=wrong)
    with pytest.raises(InvalidInputError):
        memory.usage(until=wrong)


def test_each_model_is_counted_by_its_name(make, clock):
    for name in ("small", "large", ""):
        make(llm=ScriptedLLM([told(model=name)])).add("Hello there.", user_id="ada")
    models = make().usage().by_model
    assert {name: usage.calls for name, usage in models.items()} == {"small": 1, "large": 1, "llm": 1, EMBEDDER: 0}


def test_rules_cost_nothing(make):
    memory = make()
    memory.add("I live in Oslo.", user_id="ada")
    assert memory.usage().by_model.keys() == {EMBEDDER}


def test_applications_on_one_database_do_not_pay_for_each_other(make):
    make(llm=ScriptedLLM([told()]), namespace="mine").add("Hello there.", user_id="ada")
    assert make(namespace="yours").usage().calls == 0


def test_answers_that_nothing_came_of_are_counted(memory, llm):
    llm.queue(told("no idea"), told("none at all"))
    with pytest.raises(Exception, match="could not be used"):
        memory.add("Hello there.", user_id="ada")
    assert memory.usage().by_model["scripted"] == Usage(2, 20, 4)


def test_what_was_paid_before_the_model_failed_is_counted(memory, llm):
    llm.queue(told("no idea"), TimeoutError("busy"))
    with pytest.raises(TimeoutError):
        memory.add("Hello there.", user_id="ada")
    assert memory.usage().by_model["scripted"] == Usage(1, 10, 2)


def test_the_pieces_of_a_long_conversation_before_the_one_that_failed_are_counted(memory, llm):
    llm.queue(told(), told(), TimeoutError("busy"))
    with pytest.raises(TimeoutError):
        memory.add(LONG, user_id="ada")
    assert memory.usage().by_model["scripted"] == Usage(2, 20, 4)


def test_a_call_that_is_repeated_under_its_key_is_counted_once(memory, llm):
    llm.queue(told())
    for _ in range(2):
        memory.add("Hello there.", user_id="ada", key="once")
    assert memory.usage().calls == 1


def test_tokens_that_a_provider_does_not_tell_are_estimated(make):
    llm = ScriptedLLM([Completion(text='{"operations": []}'), Completion(data={"operations": []})])
    memory = make(llm=llm)
    results = [memory.add("Hello there.", user_id="ada") for _ in range(2)]
    for result, prompt in zip(results, llm.prompts, strict=True):
        assert result.usage.input_tokens == pytest.approx(estimate_tokens(prompt), rel=0.01)
        assert result.usage.output_tokens > 0
    assert memory.usage().tokens == sum(result.usage.tokens for result in results)


def test_a_provider_that_tells_one_number_is_believed(make):
    free = Completion(text='{"operations": []}', usage=Usage(input_tokens=3))
    assert make(llm=ScriptedLLM([free])).add("Hello there.", user_id="ada").usage.tokens == 3


def test_usage_outlives_what_it_was_paid_for(memory, llm):
    llm.queue(adds("Lives in Oslo"))
    memory.add("I live in Oslo.", user_id="ada", session_id="first")
    before = memory.usage(user_id="ada")
    memory.delete_all(user_id="ada")
    memory.clear_messages("first", user_id="ada")
    assert memory.usage(user_id="ada") == before
    memory.reset()
    assert memory.usage() == UsageReport()


Cost = st.tuples(st.integers(0, 10**12), st.integers(1, 10**12))
Kind = st.sampled_from(["good", "nothing", "unusable", "cut", "busy"])


@given(st.lists(st.tuples(Kind, Cost), max_size=30), st.lists(st.sampled_from(["hi", LONG]), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_whatever_fails_the_sum_is_what_the_models_said(script, turns):
    reported: Counter[str] = Counter()

    def reply(kind, cost):
        def say(messages, schema):
            if kind == "busy":
                raise TimeoutError
            reported.update(calls=1, asked=cost[0], answered=cost[1])
            text = {"good": '{"operations": [{"event": "ADD", "text": "Hi", "messages": [0]}]}', "nothing": "[]"}
            return told(
                text.get(kind, '{"operations": [{"ev' if kind == "cut" else "?"), asked=cost[0], answered=cost[1]
            )

        return say

    llm = ScriptedLLM([reply(*each) for each in script], default=reply("nothing", (1, 1)))
    clock = ManualClock()
    with Memory(llm, FakeEmbedder(), ":memory:", clock=clock, background=False) as memory:
        for number, turn in enumerate(turns):
            clock.advance(timedelta(hours=7))
            with suppress(TimeoutError, ExtractionError):
                memory.add(turn, user_id=f"user {number % 2}")
        with suppress(TimeoutError, ExtractionError):
            memory.flush()
        whole = memory.usage()
        assert (whole.calls, whole.input_tokens, whole.output_tokens) == (
            reported["calls"], reported["asked"], reported["answered"]
        )  # fmt: skip
        parts = (whole.by_model, whole.by_day, whole.by_scope)
        assert all(sum(part.values(), Usage()) == sum(whole.by_day.values(), Usage()) for part in parts)
