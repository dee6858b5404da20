"""Scenarios through the real `Memory.add`, each as a user of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from benchmarks.reconciliation.cases import MODELS, Call, Event, Scenario
from benchmarks.reconciliation.recorded import RecordedLLM
from benchmarks.reconciliation.scoring import Done, Score, score
from memx_core import Memory
from memx_core.ports import Embedder
from memx_core.types import Change

PROPOSERS = ("rules", *MODELS)
"""The offline rules, and the recorded answers of two models."""


def run(proposer: str, scenarios: Sequence[Scenario], embedder: Embedder) -> list[Score]:
    """How each of `scenarios` goes with one proposer of `PROPOSERS`."""
    with opened(embedder, model=None if proposer == "rules" else RecordedLLM()) as (memory, model):
        return [_played(memory, model, proposer, each) for each in scenarios]


@contextmanager
def opened(embedder: Embedder, *, model: RecordedLLM | None) -> Iterator[tuple[Memory, RecordedLLM | None]]:
    """An empty memory, with `model` or the rules."""
    with Memory(llm=model, embedder=embedder, database=":memory:") as memory:
        yield memory, model


def current(memory: Memory, user_id: str) -> list[str]:
    """The texts of all memories that hold, oldest first."""
    return [item.text for item in memory.get_all(user_id=user_id, limit=1000)][::-1]


def _played(memory: Memory, model: RecordedLLM | None, proposer: str, scenario: Scenario) -> Score:
    done = [_call(memory, model, proposer, scenario.name, call) for call in scenario.calls]
    return score(scenario, done, current(memory, scenario.name))


def _call(memory: Memory, model: RecordedLLM | None, proposer: str, user_id: str, call: Call) -> list[Done]:
    if model is not None:
        model.will_answer(call.answers[proposer])
    day = f"{call.messages[0].timestamp:%Y-%m-%d}"
    added = memory.add(list(call.messages), user_id=user_id, session_id=day)
    return [_done(memory, change) for change in added.changes]


def _done(memory: Memory, change: Change) -> Done:
    """What a change did: one that contradicts another is an `ADD` in the history, and both are flagged."""
    item = memory.get(change.memory_id)
    event: Event = "PAST" if change.ended else cast("Event", change.event)
    if event == "ADD" and item is not None and item.status == "conflict":
        event = "CONFLICT"
    return Done(event, change.new_text or "", change.old_text or "")
