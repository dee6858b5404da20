"""Who is remembered: every address once, with what it holds."""

from __future__ import annotations

import pytest

from memx_core import Scope
from memx_core.testing import ManualClock
from tests.conftest import Door, MakeDoor


@pytest.mark.databases
def test_each_address_is_told_once_with_what_it_holds(memory: Door, make: MakeDoor, clock: ManualClock):
    memory.add("Plays chess", user_id="ada", infer=False)
    clock.advance(days=1)
    memory.add(["Plays go", "Plays cards"], user_id="ada", agent_id="bot", infer=False)
    clock.advance(days=1)
    memory.put_messages("monday", "Hello", run_id="*", learn=False)
    make(namespace="other").add("Plays dice", user_id="ada", infer=False)
    told = [(each.scope, each.memories, each.messages) for each in memory.scopes()]
    assert told == [(Scope("ada"), 1, 1), (Scope("ada", "bot"), 2, 2), (Scope(run_id="*"), 0, 1)]
    assert [each.scope for each in memory.scopes(agent_id="bot")] == [Scope("ada", "bot")]
    assert [each.scope for each in memory.scoped(user_id="ada").scopes()] == [Scope("ada"), Scope("ada", "bot")]
    assert memory.scopes(user_id="%") == []


def test_what_is_gone_is_not_told(memory: Door):
    made = memory.add("Plays chess", user_id="ada", infer=False)
    memory.delete(made.changes[0].memory_id)
    assert [(each.memories, each.messages) for each in memory.scopes()] == [(0, 1)]
    memory.erase(user_id="ada")
    assert memory.scopes() == []
