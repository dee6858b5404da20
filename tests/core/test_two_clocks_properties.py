"""Any order of calls: the past, asked for later, is what the present was; and changes replay to memories."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule
from sqlalchemy import Engine

from memx_core import AddResult, Change, Memory, MemoryItem, MemxError, Scope
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.testing.source import within
from tests.answers import operation
from tests.machines import Machine, run_on

SCOPES = (Scope("ada"), Scope("ada", run_id="r"), Scope("bob"))
WORDS = ("lantern", "harbour", "violin", "meadow", "copper", "walnut")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=2, max_size=3, unique=True).map(" ".join)
SCOPE = st.sampled_from([SCOPES[0], *SCOPES])
EVENTS = ["ADD", "UPDATE", "UPDATE", "CONFLICT", "CONFLICT"]
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
Read: TypeAlias = dict[tuple[str, int], MemoryItem]
"""What a call returned, by id and version; of each at most one."""


class Looking(Machine):
    """Notes at every moment what all reads return, and asks for it again later."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.llm = ScriptedLLM()
        self.memory = Memory(self.llm, FakeEmbedder(32), self.engine, clock=self.clock)
        self.owners: dict[str, Scope] = {}
        self.restored: set[str] = set()
        self.seen: dict[datetime, dict[Any, Any]] = {}

    def teardown(self) -> None:
        try:
            self.wait(1)
            self.the_past_is_what_the_present_was()
            self.changes_replay_to_the_memories()
            self.what_was_true_is_one_version_of_what_is_remembered()
        finally:
            self.memory.close()
            super().teardown()

    @initialize(target=ids)
    def begin(self) -> Any:
        made = [self.memory.add("lantern harbour violin", infer=False, **ids_of(scope)).changes for scope in SCOPES]
        return multiple(*(id for scope, changes in zip(SCOPES, made, strict=True) for id in self._note(scope, changes)))

    def _note(self, scope: Scope, changes: Iterable[Change]) -> list[str]:
        """The memories that are new."""
        fresh = [change.memory_id for change in changes if change.memory_id not in self.owners]
        self.owners.update(dict.fromkeys(fresh, scope))
        return fresh

    def _made(self, scope: Scope, changes: Iterable[Change]) -> Any:
        return multiple(*self._note(scope, changes))

    @rule(target=ids, scope=SCOPE, text=TEXTS, hours=st.sampled_from([None, None, 2, 5]), kind=st.booleans())
    def add(self, scope: Scope, text: str, hours: int | None, kind: bool) -> Any:
        expires = None if hours is None else self.clock() + timedelta(hours=hours)
        metadata = {"kind": kind}
        made = self.memory.add(text, infer=False, expires_at=expires, metadata=metadata, **ids_of(scope))
        return self._made(scope, made.changes)

    @rule(target=ids, scope=SCOPE, text=TEXTS, hours=st.integers(-4, 0), event=st.sampled_from(EVENTS))
    def learn(self, scope: Scope, text: str, hours: int, event: str) -> Any:
        """A model does something to whatever it is shown first; said now or before."""
        return self._made(scope, self._learn(scope, text, hours, event).changes)

    def _learn(self, scope: Scope, text: str, hours: int, event: str) -> AddResult:
        self.llm.queue({"operations": [operation(event, text, target=0, quote=text)]})
        return self.memory.add(text, timestamp=self.clock() + timedelta(hours=hours), **ids_of(scope))

    @rule(target=ids, scope=SCOPE, text=TEXTS, hours=st.integers(-4, 0), event=st.sampled_from(EVENTS))
    def learn_by_mistake(self, scope: Scope, text: str, hours: int, event: str) -> Any:
        """What was undone was never true."""
        before = self._truths()
        result = self._learn(scope, text, hours, event)
        self.restored.update(change.memory_id for change in self.memory.undo(result.operation_id))
        assert self._truths() == before
        return self._made(scope, result.changes)

    def _truths(self) -> list[set[Any]]:
        """What is said to have been true at all moments, whichever versions say so."""
        return [
            {
                (item.id, item.text, item.valid_from, item.valid_to)
                for item in self._pages(scope, as_of=moment + timedelta(hours=hours)).values()
            }
            for scope in SCOPES
            for moment in (*self.seen, self.clock())
            for hours in (-3, 0)
        ]

    @rule(id=ids, text=TEXTS)
    def update(self, id: str, text: str) -> None:
        if self.memory.get(id) is not None:
            self.memory.update(id, text)

    @rule(id=ids, number=st.integers(0, 3), hours=st.sampled_from([None, 3]))
    def change_what_is_beside_the_text(self, id: str, number: int, hours: int | None) -> None:
        if self.memory.get(id) is not None:
            expires = None if hours is None else self.clock() + timedelta(hours=hours)
            self.memory.update(id, metadata={"number": number}, expires_at=expires)

    @rule(id=ids)
    def delete(self, id: str) -> None:
        if self.memory.get(id) is not None:
            self.memory.delete(id)

    @rule(scope=SCOPE)
    def delete_all(self, scope: Scope) -> None:
        self.memory.delete_all(**ids_of(scope))

    @rule(id=ids, to=st.integers(1, 3))
    def revert(self, id: str, to: int) -> None:
        try:
            self.memory.revert(id, to=to)
        except MemxError:
            return  # there is no such version, or it is the current one
        self.restored.add(id)

    @rule(id=ids, which=st.integers(0, 5))
    def undo(self, id: str, which: int) -> None:
        history = self.memory.history(id)
        try:
            changes = self.memory.undo(history[which % len(history)].operation_id)
        except MemxError:
            return  # something rests on it
        self.restored.update(change.memory_id for change in changes)

    @rule(scope=SCOPE, text=TEXTS)
    def say(self, scope: Scope, text: str) -> None:
        self.memory.put_messages("chat", text, learn=False, **ids_of(scope))

    @rule(hours=st.integers(1, 3))
    def wait(self, hours: int) -> None:
        self.seen[self.clock()] = self._reads()
        self.clock.advance(hours=hours)

    def _reads(self, **when: Any) -> dict[Any, Any]:
        """What all reads return, for all scopes; nothing of what there is not."""
        read: dict[Any, Any] = {id: item for id in self.owners if (item := self.memory.get(id, **when))}
        for scope in SCOPES:
            read[scope, "all"] = self._pages(scope, **when)
            read[scope, "filtered"] = self._pages(scope, filters={"kind": True}, **when)
            read[scope, "found"] = self._found(scope, **when)
            if "as_of" not in when:
                read[scope, "superseded"] = self._pages(scope, include_superseded=True, **when)
        return read

    def _pages(self, scope: Scope, **options: Any) -> Read:
        page = self.memory.get_all(limit=3, **options, **ids_of(scope))
        items = list(page)
        while page.next_cursor:
            page = self.memory.get_all(limit=3, cursor=page.next_cursor, **options, **ids_of(scope))
            items += page
        return by_version(items)

    def _found(self, scope: Scope, **when: Any) -> Read:
        hits = self.memory.search(WORDS[0], limit=100, include_messages=True, **when, **ids_of(scope))
        return by_version(hit.memory for hit in hits)

    def the_past_is_what_the_present_was(self) -> None:
        for moment, then in self.seen.items():
            assert self._reads(known_at=moment) == then
        now = self.clock()
        assert self._reads(known_at=now) == self._reads() == self._reads(known_at=now + timedelta(days=1))

    def changes_replay_to_the_memories(self) -> None:
        for scope in SCOPES:
            replayed = replay(self.memory.diff(BEGINNING, **ids_of(scope)))
            assert {id for id in replayed if not within(self.owners[id], scope)} == set()
            gone = {id for id in replayed if self.memory.get(id) is None}
            assert all(self._has_expired(id) for id in gone)
            kept = {id: text for id, text in replayed.items() if id not in gone}
            assert kept == {id: item.text for (id, _), item in self._pages(scope).items()}
            for a, b, c in itertools.combinations([BEGINNING, *self.seen], 3):
                parts = [self.memory.diff(*part, **ids_of(scope)) for part in ((a, b), (b, c), (a, c))]
                assert parts[0] + parts[1] == parts[2]

    def _has_expired(self, id: str) -> bool:
        version = self.memory.get(id, version=len(self.memory.history(id)))
        while version is not None and version.status == "superseded":
            version = self.memory.get(id, version=version.version - 1)
        return version is not None and version.expires_at is not None and version.expires_at <= self.clock()

    def what_was_true_is_one_version_of_what_is_remembered(self) -> None:
        now = self.clock()
        for scope in SCOPES:
            present = {(id, item.text) for (id, _), item in self._pages(scope).items()}
            assert {(id, item.text) for (id, _), item in self._pages(scope, as_of=now).items()} == present
            for moment in self.seen:
                true = self._pages(scope, as_of=moment)
                assert true == self._expected(scope, true, moment)
                found = self._found(scope, as_of=moment)
                assert {key: item for key, item in found.items() if item.kind != "message"} == true
                assert all((item.said_at or now) <= moment for item in found.values() if item.kind == "message")
                assert [*true.values()] == [self.memory.get(id, as_of=moment) for id, _ in true]
                assert self._pages(scope, known_at=now, as_of=moment) == true

    def _expected(self, scope: Scope, true: Read, moment: datetime) -> Read:
        """The versions of what is remembered that began last among those that say they were true.

        Of memories that were restored this cannot be told from outside; of these at most one.
        """
        expected: list[MemoryItem] = []
        for id in {id for id, _ in self._pages(scope)}:
            if id in self.restored:
                expected += [item for (known, _), item in true.items() if known == id]
                continue
            versions = [self.memory.get(id, version=change.version) for change in self.memory.history(id)]
            held = [item for item in versions if item is not None and holds(item, moment)]
            if held:
                expected.append(max(held, key=lambda item: (item.valid_from, item.version)))
        alive = [item for item in expected if item.expires_at is None or item.expires_at > self.clock()]
        return by_version(alive)


def by_version(items: Iterable[MemoryItem]) -> Read:
    listed = list(items)
    read = {(item.id, item.version): item for item in listed}
    assert len(read) == len(listed)
    return read


def holds(item: MemoryItem, moment: datetime) -> bool:
    assert item.valid_from is not None
    return item.valid_from <= moment and (item.valid_to is None or item.valid_to > moment)


def replay(changes: Iterable[Change]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for change in changes:
        if change.new_text is None:
            texts.pop(change.memory_id)
        elif not change.ended:
            texts[change.memory_id] = change.new_text
    return texts


def ids_of(scope: Scope) -> dict[str, Any]:
    return {"user_id": scope.user_id, **({"run_id": scope.run_id} if scope.run_id else {})}


TestLooking = Looking.TestCase
TestLooking.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.mark.databases("postgresql")
def test_so_it_is_on_postgresql(place: Engine) -> None:
    run_on(place, Looking, examples=4)
