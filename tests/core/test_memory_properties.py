"""Any order of calls: what is read agrees with a simple model, and the history with what is read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, precondition, rule
from sqlalchemy import Engine

from memx_core import Memory, MemoryItem, MemoryNotFoundError, Scope
from memx_core.testing import FakeEmbedder, ManualClock, PushedIndex, ScriptedLLM
from memx_core.testing.source import within
from tests.answers import operation
from tests.machines import Machine, run_on

SCOPES = (Scope("ada"), Scope("ada", run_id="r"), Scope("bob"))
WORDS = ("lantern", "harbour", "violin", "meadow", "copper", "walnut")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=2, max_size=3, unique=True).map(" ".join)
SCOPE = st.sampled_from(SCOPES)


class Model(Machine):
    """Two handles on one database, of which one has an index that is told; and what they should say."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.llm = ScriptedLLM()
        self.memory = Memory(self.llm, FakeEmbedder(32), self.engine, clock=self.clock, index=PushedIndex())
        self.pulling = Memory(self.llm, FakeEmbedder(32), self.engine, clock=self.clock)
        self.known: dict[str, tuple[Scope, str, Any]] = {}
        self.texts: dict[str, list[str | None]] = {}  # of every change
        self.heads: dict[str, list[str | None]] = {}  # after every change
        self.turns: dict[tuple[Scope, str], dict[str, str]] = {}

    def teardown(self) -> None:
        self.memory.close()
        self.pulling.close()
        super().teardown()

    def _note(self, id: str, said: str | None, head: str | None = None) -> None:
        self.texts.setdefault(id, []).append(said)
        self.heads.setdefault(id, []).append(head or said)

    def _alive(self, id: str) -> bool:
        return id in self.known and (self.known[id][2] is None or self.known[id][2] > self.clock())

    def _in(self, scope: Scope) -> dict[str, str]:
        return {id: text for id, (owner, text, _) in self.known.items() if within(owner, scope) and self._alive(id)}

    @rule(target=ids, scope=SCOPE, text=TEXTS, days=st.sampled_from([None, 1, 3]))
    def add(self, scope: Scope, text: str, days: int | None) -> Any:
        expires = None if days is None else self.clock() + timedelta(days=days)
        said = {known for id, (owner, known, _) in self.known.items() if owner == scope and self._alive(id)}
        made = self.memory.add(text, infer=False, expires_at=expires, **ids_of(scope)).changes
        assert len(made) == (text not in said)
        for change in made:
            self.known[change.memory_id] = (scope, text, expires)
            self._note(change.memory_id, change.new_text)
        return multiple(*(change.memory_id for change in made))

    @rule(target=ids, scope=SCOPE, text=TEXTS, hours=st.integers(-2, 2), event=st.sampled_from(["ADD", "UPDATE"]))
    def learn(self, scope: Scope, text: str, hours: int, event: str) -> Any:
        """A model adds, or updates whatever it is shown first; said now, before or later."""
        self.llm.queue({"operations": [operation(event, text, target=0)]})
        result = self.memory.add(text, timestamp=self.clock() + timedelta(hours=hours), **ids_of(scope))
        for change in result.changes:
            kept = self.memory.get(change.memory_id)
            if kept is None:
                self.known.pop(change.memory_id)
            else:  # an older text than the present one is kept as an ended version
                self.known[change.memory_id] = (scope, kept.text, kept.expires_at)
            self._note(change.memory_id, change.new_text, kept and kept.text)
        return multiple(*(change.memory_id for change in result.changes if change.event == "ADD"))

    @rule(id=ids, text=TEXTS)
    def update(self, id: str, text: str) -> None:
        if not self._alive(id):
            with pytest.raises(MemoryNotFoundError):
                self.memory.update(id, text)
            return
        assert self.memory.update(id, text).text == text
        self.known[id] = (self.known[id][0], text, self.known[id][2])
        self._note(id, text)

    @rule(id=ids)
    def delete(self, id: str) -> None:
        if not self._alive(id):
            with pytest.raises(MemoryNotFoundError):
                self.memory.delete(id)
            return
        self.memory.delete(id)
        del self.known[id]
        self._note(id, None)

    @rule(scope=SCOPE)
    def delete_all(self, scope: Scope) -> None:
        gone = [id for id, (owner, _, _) in self.known.items() if within(owner, scope)]
        assert self.memory.delete_all(**ids_of(scope)) == len(gone)
        for id in gone:
            del self.known[id]
            self._note(id, None)

    @rule(scope=SCOPE, session=st.sampled_from("st"), id=st.sampled_from("12"), text=TEXTS)
    def put(self, scope: Scope, session: str, id: str, text: str) -> None:
        said = {"role": "user", "content": text, "id": id}
        self.memory.put_messages(session, said, learn=False, **ids_of(scope))
        self.turns.setdefault((scope, session), {})[id] = text

    @rule(scope=SCOPE, session=st.sampled_from("st"))
    def clear(self, scope: Scope, session: str) -> None:
        gone = [self.turns.pop(key) for key in list(self.turns) if key[1] == session and within(key[0], scope)]
        cleared = self.memory.clear_messages(session, **ids_of(scope))
        assert cleared == sum(map(len, gone))

    @rule(days=st.integers(1, 2))
    def wait(self, days: int) -> None:
        self.clock.advance(days=days)

    @precondition(lambda self: len(self.texts) > 4)
    @rule()
    def reset(self) -> None:
        self.memory.reset()
        for kept in (self.known, self.texts, self.heads, self.turns):
            kept.clear()

    @invariant()
    def what_is_read_is_what_is_known(self) -> None:
        for scope in SCOPES:
            assert sorted((item.id, item.text) for item in self._pages(scope)) == sorted(self._in(scope).items())
        for id in self.texts:
            item = self.memory.get(id)
            assert (item.text if item else None) == (self.known[id][1] if self._alive(id) else None)

    def _pages(self, scope: Scope) -> Iterator[MemoryItem]:
        page = self.memory.get_all(limit=4, **ids_of(scope))
        yield from page
        while page.next_cursor:
            page = self.memory.get_all(limit=4, cursor=page.next_cursor, **ids_of(scope))
            yield from page

    @invariant()
    def what_is_found_is_what_is_known_by_either_index(self) -> None:
        for scope, memory in itertools.product(SCOPES, (self.memory, self.pulling)):
            found = {hit.memory.id: hit.memory.text for hit in memory.search(WORDS[0], limit=100, **ids_of(scope))}
            known = self._in(scope)
            assert found.items() <= known.items()
            assert {id for id, text in known.items() if WORDS[0] in text} <= found.keys()

    @invariant()
    def history_is_one_chain_that_gives_the_memories(self) -> None:
        for id, texts in self.texts.items():
            history = self.memory.history(id)
            assert [change.new_text for change in history] == texts
            assert [change.version for change in history] == list(range(1, len(history) + 1))
            assert [change.old_text for change in history] == [None, *self.heads[id][:-1]]

    @invariant()
    def transcripts_are_what_was_put(self) -> None:
        for scope, session in self.turns:
            put = [said for key, said in self.turns.items() if key[1] == session and within(key[0], scope)]
            kept = [message.content for message in self.memory.messages(session, **ids_of(scope))]
            assert sorted(kept) == sorted(text for said in put for text in said.values())


def ids_of(scope: Scope) -> dict[str, str]:
    given = {"user_id": scope.user_id, "agent_id": scope.agent_id, "run_id": scope.run_id}
    return {name: value for name, value in given.items() if value is not None}


TestModel = Model.TestCase
TestModel.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.mark.databases("postgresql")
def test_so_it_is_on_postgresql(place: Engine) -> None:
    run_on(place, Model, examples=4)
