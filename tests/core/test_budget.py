"""A day's tokens: looked up before each model call, of an address or of all, and new at midnight."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from threading import Barrier

import pytest

from memx_core import BudgetExceededError, InvalidInputError, Memory
from memx_core.ports import Completion
from memx_core.reports import Budget
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.types import Scope, Usage
from tests.answers import adds

COST = 100
NEXT_DAY = datetime(2026, 1, 2, tzinfo=UTC)
LONG = " ".join(f"In year {year} we painted the shed again." for year in range(1000, 1600))  # several pieces


def asked(messages, schema):
    """An answer that costs `COST` and teaches nothing."""
    return Completion(text='{"operations": []}', usage=Usage(input_tokens=COST - 1, output_tokens=1), model="scripted")


@pytest.fixture
def llm():
    return ScriptedLLM(default=asked)


def spend(memory, user, times=1):
    for _ in range(times):
        memory.add("Hello there.", user_id=user)


def test_within_the_budget_nothing_is_different(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day=2 * COST, on_exceed="error"))
    spend(memory, "ada", 2)
    assert memory.usage().tokens == 2 * COST


def test_a_spent_budget_asks_no_model_and_keeps_what_was_said(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST))
    spend(memory, "ada")
    result = memory.add("I live in Oslo.", user_id="ada", session_id="one")
    (warning,) = result.warnings
    assert (result.status, result.changes, len(llm.calls)) == ("queued", (), 1)
    assert warning.startswith("budget: 100 tokens were spent today")
    assert "2026-01-02 00:00 UTC" in warning
    assert [turn.content for turn in memory.messages("one", user_id="ada")] == ["I live in Oslo."]
    assert memory.search("Oslo", user_id="ada", include_messages=True)
    assert [job.status for job in memory.pending(user_id="ada")] == ["queued"]


def test_what_was_kept_is_learned_when_the_next_day_has_begun(make, llm, clock):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST))
    spend(memory, "ada")
    memory.add("I live in Oslo.", user_id="ada")
    memory.flush()
    assert (len(llm.calls), memory.pending()[0].attempts) == (1, 0)
    clock.advance(days=1)
    llm.queue(adds("Lives in Oslo"))
    memory.flush()
    assert memory.pending() == []
    assert [item.text for item in memory.get_all(user_id="ada")] == ["Lives in Oslo"]


def test_a_budget_that_is_spent_meanwhile_leaves_the_queue_as_it_is(make, llm, clock):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST))
    memory.add("I live in Oslo.", user_id="bob", wait=False)
    spend(memory, "ada")
    memory.flush()
    (job,) = memory.pending()
    assert (job.status, job.attempts, len(llm.calls)) == ("queued", 0, 1)
    clock.advance(days=1)
    memory.flush()
    assert memory.pending() == []


def test_rules_stand_in_for_the_model(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST, on_exceed="rules"))
    spend(memory, "ada")
    result = memory.add("I live in Oslo.", user_id="ada")
    assert (result.status, result.usage.tokens, len(llm.calls)) == ("done", 0, 1)
    assert [change.actor for change in result.changes] == ["rules"]
    assert result.warnings[0].startswith("budget: ")
    assert memory.why(result.changes[0].memory_id).prompt is None


def test_rules_stand_in_for_the_rest_of_a_long_conversation_and_say_so_once(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day=2 * COST, on_exceed="rules"))
    result = memory.add(LONG + " I live in Oslo.", user_id="ada")
    assert (len(llm.calls), result.usage.tokens) == (2, 2 * COST)
    assert sum(warning.startswith("budget: ") for warning in result.warnings) == 1
    assert any("Oslo" in str(change.new_text) for change in result.changes)


def test_what_was_paid_for_an_answer_that_rules_had_to_replace_is_in_the_result(make, llm):
    llm.queue(Completion(text="no idea", usage=Usage(input_tokens=COST)))
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST, on_exceed="rules"))
    result = memory.add("I live in Oslo.", user_id="ada")
    assert [change.actor for change in result.changes] == ["rules"]
    assert (result.usage.tokens, len(llm.calls)) == (COST, 1)


def test_an_error_says_what_is_spent_and_until_when_and_the_messages_are_kept(make, llm, clock):
    memory = make(llm=llm, budget=Budget(tokens_per_day_per_scope=COST, on_exceed="error"))
    spend(memory, "ada")
    with pytest.raises(BudgetExceededError, match="resets at 2026-01-02 00:00 UTC") as raised:
        memory.add("I live in Oslo.", user_id="ada", session_id="one")
    error = raised.value
    assert (error.limit, error.spent, error.scope, error.resets_at) == (COST, COST, Scope("ada"), NEXT_DAY)
    assert not isinstance(error, RuntimeError)
    assert len(memory.messages("one", user_id="ada")) == 1
    assert len(memory.pending(user_id="ada")) == 1
    clock.advance(days=1)
    memory.flush()
    assert (len(llm.calls), memory.pending()) == (2, [])


def test_the_error_survives_another_process():
    error = BudgetExceededError(1, 2, Scope("ada"), NEXT_DAY)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.limit, again.spent, again.scope) == (str(error), 1, 2, Scope("ada"))


def test_a_user_who_spends_all_leaves_the_others_alone(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day_per_scope=2 * COST))
    spend(memory, "ada", 5)
    for number in range(20):
        spend(memory, f"user {number}")
    assert memory.usage(user_id="ada").calls == 2
    assert memory.usage().calls == 22
    assert {job.status for job in memory.pending()} == {"queued"}
    assert len(memory.pending()) == len(memory.pending(user_id="ada")) == 3


def test_an_address_pays_for_itself_alone(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day_per_scope=COST))
    for agent in (None, "tutor", "cook"):
        assert memory.add("Hello there.", user_id="ada", agent_id=agent).status == "done"
    assert memory.add("Hello there.", user_id="ada", agent_id="cook").status == "queued"


@pytest.mark.databases
def test_the_whole_application_shares_one_budget_and_others_do_not(make, llm):
    mine, yours = (make(llm=llm, namespace=each, budget=Budget(tokens_per_day=2 * COST)) for each in ("mine", "yours"))
    spend(mine, "ada")
    spend(mine, "bob")
    assert mine.add("Hello there.", user_id="cid").status == "queued"
    assert yours.add("Hello there.", user_id="cid").status == "done"


def test_both_limits_hold_at_once(make, llm):
    budget = Budget(tokens_per_day=3 * COST, tokens_per_day_per_scope=2 * COST, on_exceed="error")
    memory = make(llm=llm, budget=budget)
    spend(memory, "ada", 2)
    with pytest.raises(BudgetExceededError, match="of this scope"):
        spend(memory, "ada")
    spend(memory, "bob")
    with pytest.raises(BudgetExceededError, match="of the whole application"):
        spend(memory, "bob")


@pytest.mark.parametrize("on_exceed", ["messages_only", "error"])
def test_a_conversation_that_the_rest_of_the_day_cannot_pay_is_not_begun(make, llm, clock, on_exceed):
    memory = make(llm=llm, budget=Budget(tokens_per_day=30_000, on_exceed=on_exceed))
    llm.queue(Completion(text="[]", usage=Usage(input_tokens=29_000)))
    spend(memory, "ada")
    with suppress(BudgetExceededError):
        assert "budget: this needs about " in memory.add(LONG, user_id="bob").warnings[0]
    assert (len(llm.calls), len(memory.pending())) == (1, 1)
    assert memory.add("Hello there.", user_id="ada").status == "done"
    clock.advance(days=1)
    memory.flush()
    assert memory.pending() == []


def test_a_conversation_that_no_day_can_pay_costs_nothing_and_holds_up_nobody(make, llm, clock):
    memory = make(llm=llm, budget=Budget(tokens_per_day=4_000))
    memory.add(LONG, user_id="ada")
    for _ in range(3):
        clock.advance(days=1)
        memory.flush()
    assert (len(llm.calls), memory.pending()[0].attempts) == (0, 0)
    assert "BudgetExceededError: this needs about" in memory.pending()[0].error
    assert memory.add("Hello there.", user_id="bob").status == "done"


@pytest.mark.databases
def test_a_new_day_brings_a_new_budget(make, llm, clock):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST))
    clock.advance(hours=23, minutes=59)
    spend(memory, "ada")
    assert memory.add("Hello there.", user_id="bob").status == "queued"
    clock.advance(minutes=1)
    assert memory.add("Hello there.", user_id="bob").status == "done"
    assert memory.add("Hello there.", user_id="bob").status == "queued"


def test_an_estimate_counts_where_a_provider_tells_nothing(make):
    llm = ScriptedLLM(default=Completion(text='{"operations": []}'))
    memory = make(llm=llm, budget=Budget(tokens_per_day=1))
    assert memory.add("Hello there.", user_id="ada").status == "done"
    assert memory.add("Hello there.", user_id="ada").status == "queued"


def test_what_needs_no_model_needs_no_budget(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST, on_exceed="error"))
    spend(memory, "ada")
    assert memory.add("I live in Oslo.", user_id="ada", infer=False).status == "done"
    assert memory.add("I live in Oslo.", user_id="ada", wait=False).status == "queued"
    assert memory.add({"role": "system", "content": "Be kind."}, user_id="ada").status == "done"
    assert make(budget=Budget(tokens_per_day=1)).add("I live in Oslo.", user_id="ada").status == "done"


@pytest.mark.databases
def test_a_call_repeated_under_its_key_is_told_the_same_and_queued_once(make, llm, clock):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST))
    spend(memory, "ada")
    results = [memory.add("I live in Oslo.", user_id="ada", key="once") for _ in range(2)]
    assert {result.operation_id for result in results} == {results[0].operation_id}
    assert results[0].warnings == results[1].warnings
    assert len(memory.pending()) == 1


@pytest.mark.parametrize("on_exceed", ["messages_only", "error"])
def test_a_plan_is_refused_when_the_budget_is_spent(make, llm, on_exceed):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST, on_exceed=on_exceed))
    memory.plan("Hello there.", user_id="ada")
    assert memory.usage().tokens == COST
    with pytest.raises(BudgetExceededError):
        memory.plan("Hello there.", user_id="ada")
    assert memory.pending() == []


def test_a_plan_that_is_applied_is_paid_once(make, llm):
    llm.queue(adds("Lives in Oslo"))
    memory = make(llm=llm)
    plan = memory.plan("I live in Oslo.", user_id="ada")
    memory.apply(plan)
    assert (memory.usage().calls, memory.usage().tokens) == (1, plan.usage.tokens)


def test_a_plan_may_be_made_by_rules(make, llm):
    memory = make(llm=llm, budget=Budget(tokens_per_day=COST, on_exceed="rules"))
    spend(memory, "ada")
    plan = memory.plan("I live in Oslo.", user_id="ada")
    assert (plan.proposer, plan.prompt) == ("rules", None)
    assert plan.warnings[0].startswith("budget: ")


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "100"])
def test_a_limit_is_a_positive_whole_number(wrong):
    for name in ("tokens_per_day", "tokens_per_day_per_scope"):
        with pytest.raises(InvalidInputError, match=name):
            Budget(**{name: wrong})


def test_what_happens_then_is_one_of_three_things():
    with pytest.raises(InvalidInputError, match="'messages_only', 'rules', 'error'"):
        Budget(tokens_per_day=1, on_exceed="panic")


def test_a_budget_is_a_budget():
    with pytest.raises(InvalidInputError, match="Budget"):
        Memory(embedder=FakeEmbedder(), database=":memory:", budget=1000)


def test_threads_at_once_pass_the_budget_by_one_call_each_at_most(tmp_path):
    threads, limit = 8, 20 * COST
    llm = ScriptedLLM(default=asked)
    budget = Budget(tokens_per_day=limit, on_exceed="messages_only")
    together = Barrier(threads)

    def talk(number):
        together.wait()
        for turn in range(10):
            memory.add(f"Turn {turn} of {number}", user_id=f"user {number}")

    clock = ManualClock()
    with Memory(llm, FakeEmbedder(), tmp_path / "memx.db", budget=budget, clock=clock, background=False) as memory:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(talk, range(threads)))
        spent = memory.usage().tokens
        assert spent == COST * len(llm.calls)
        assert limit <= spent <= limit + (threads - 1) * COST
        assert len(memory.pending()) == threads * 10 - len(llm.calls)
