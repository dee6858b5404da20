"""The proposer that asks a model: one call, one repair, and then an error that shows the answer."""

from __future__ import annotations

import asyncio

import pytest

from memx_core._io import AsyncIO, Providers, SyncIO, run
from memx_core.embedders import HashingEmbedder
from memx_core.errors import ExtractionError
from memx_core.extraction import llm
from memx_core.extraction.schema import MemoryOperations
from memx_core.ports import Completion
from memx_core.testing import ScriptedLLM
from memx_core.types import Message, ProposalRequest, Usage

REQUEST = ProposalRequest(messages=(Message("user", "I drink green tea."),))
GOOD = {"operations": [{"event": "ADD", "text": "User drinks green tea", "messages": [0]}]}


@pytest.fixture(params=["sync", "async"])
def propose(request):
    """Proposes for `REQUEST` with a model, in one colour."""

    def sync(model):
        return run(llm.propose(SyncIO(Providers(model, HashingEmbedder())), REQUEST))

    def awaited(model):
        return asyncio.run(llm.propose(AsyncIO(Providers(model, HashingEmbedder())), REQUEST))

    return sync if request.param == "sync" else awaited


def test_a_good_answer_takes_one_call(propose):
    model = ScriptedLLM([GOOD])
    proposal = propose(model)
    assert [each.text for each in proposal.operations] == ["User drinks green tea"]
    assert (proposal.proposer, proposal.usage.calls, proposal.warnings) == ("scripted", 1, ())
    assert model.calls[0].schema is MemoryOperations


def test_nothing_worth_knowing_is_a_good_answer(propose):
    assert propose(ScriptedLLM([{"operations": []}])).operations == ()


def test_an_unusable_answer_is_shown_to_the_model_once_more(propose):
    model = ScriptedLLM(["User drinks tea, I think", GOOD])
    proposal = propose(model)
    assert [each.text for each in proposal.operations] == ["User drinks green tea"]
    assert (proposal.usage.calls, proposal.warnings) == (2, ())
    assert "User drinks tea, I think" in model.prompts[1]
    assert "it is not valid JSON" in model.prompts[1]


def test_what_both_calls_cost_is_added_up(propose):
    spent = Usage(input_tokens=5, output_tokens=2)
    proposal = propose(ScriptedLLM([Completion(text="?", usage=spent), Completion(text="[]", usage=spent)]))
    assert proposal.usage == Usage(calls=2, input_tokens=10, output_tokens=4)


def test_a_second_unusable_answer_is_an_error_that_carries_it(propose):
    model = ScriptedLLM(["first try", "second try"])
    with pytest.raises(ExtractionError) as caught:
        propose(model)
    assert caught.value.answer == "second try"
    assert "try" not in str(caught.value).replace("try again", "")
    assert model.remaining == 0


def test_a_parsed_answer_without_operations_is_shown_too(propose):
    model = ScriptedLLM([Completion(data={"mood": "sunny"}), GOOD])
    assert propose(model).usage.calls == 2
    assert "sunny" in model.prompts[1]


@pytest.mark.parametrize("answer", ["I'm sorry, I can't help with that.", Completion()])
def test_a_refusal_is_not_argued_with(propose, answer):
    proposal = propose(ScriptedLLM([answer]))
    assert proposal.operations == ()
    assert proposal.warnings[0].startswith("refused: ")


def test_a_cut_answer_is_used_as_far_as_it_is_whole(propose):
    proposal = propose(
        ScriptedLLM(['{"operations": [{"event": "ADD", "text": "User drinks green tea"}, {"event": "AD'])
    )
    assert [each.text for each in proposal.operations] == ["User drinks green tea"]
    assert proposal.warnings[0].startswith("truncated: ")


def test_what_the_provider_raises_passes_through(propose):
    with pytest.raises(TimeoutError, match="busy"):
        propose(ScriptedLLM([TimeoutError("busy")]))


def test_what_the_provider_raises_at_the_repair_passes_through(propose):
    with pytest.raises(TimeoutError, match="busy"):
        propose(ScriptedLLM(["?", TimeoutError("busy")]))
