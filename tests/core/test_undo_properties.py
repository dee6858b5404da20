"""Any state, any call: undone, every read is as before it; undone in turn, as after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import Engine

from memx_core import Job, Memory, MemoryItem, PlanConflictError, Scope
from memx_core.testing import FakeEmbedder, ManualClock, PushedIndex, ScriptedLLM
from tests.answers import NOTHING, answer, operation
from tests.core.test_memory_properties import ids_of
from tests.machines import Machine, run_on

SCOPES = (Scope("ada"), Scope("ada", run_id="r"), Scope("bob"))
WORDS = ("lantern", "harbour", "violin", "meadow", "copper")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True).map(" ".join)
SCOPE = st.sampled_from(SCOPES)
EVENTS = st.sampled_from(["ADD", "UPDATE", "UPDATE", "DELETE", "CONFLICT", "NONE"])
Call = Callable[[], str]
"""Does something, and gives the operation's id; empty if it did nothing."""


class Undoing(Machine):
    """Two handles on one database, of which one has an index that is told."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.llm = ScriptedLLM(default=NOTHING)
        self.strict = False
        self.memory = Memory(
            self.llm,
            FakeEmbedder(32),
            self.engine,
            clock=self.clock,
            index=PushedIndex(),
            policy=lambda operation: not self.strict or operation.event == "ADD",
            background=False,
        )
        self.pulling = Memory(self.llm, FakeEmbedder(32), self.engine, clock=self.clock, background=False)
        self.sessions = ["s"]
        self.puts = 0
        self.calls: list[str] = []
        self.seen: dict[str, None] = {}

    def teardown(self) -> None:
        self.memory.close()
        self.pulling.close()
        super().teardown()

    # What can be called.

    def _verbatim(self, scope: Scope, text: str, days: int | None) -> Call:
        expires = None if days is None else self.clock() + timedelta(days=days)
        return lambda: self.memory.add(text, infer=False, expires_at=expires, **ids_of(scope)).operation_id

    def _learned(self, scope: Scope, proposed: list[tuple[str, str, int]], hours: int, *, strict: bool) -> Call:
        asked = [
            operation(event, "" if event in ("DELETE", "NONE") else text, target=target, quote=f"no longer {text}")
            for event, text, target in proposed
        ]
        said = ". ".join(f"no longer {text}" for _, text, _ in proposed)
        self.llm.queue(answer(*asked))
        at = self.clock() + timedelta(hours=hours)
        turns = [{"role": "user", "content": said}, {"role": "assistant", "content": f"noted: {said}"}]

        def call() -> str:
            self.strict = strict
            made = self.memory.add(turns, timestamp=at, metadata={"n": hours}, **ids_of(scope)).operation_id
            self.strict = False
            return made

        return call

    def _approved(self, at: int) -> Call:
        def call() -> str:
            waiting = [job for job in self.memory.pending() if job.status == "review"]
            try:
                return self.memory.approve(waiting[at % len(waiting)].id).operation_id if waiting else ""
            except PlanConflictError:
                return ""

        return call

    def _queued(self, scope: Scope, text: str, *, flush: bool) -> Call:
        session = f"q{len(self.sessions)}"
        self.sessions.append(session)
        self.llm.queue(*[answer(operation("ADD", text))] * flush)

        def call() -> str:
            queued = self.memory.add(text, session_id=session, wait=False, **ids_of(scope))
            if flush:
                self.memory.flush(**ids_of(scope))
            return queued.operation_id

        return call

    def _changed(self, at: int, text: str | None, metadata: dict[str, str] | None) -> Call:
        def call() -> str:
            item = self._any(at)
            return self._last(self.memory.update(item.id, text, metadata=metadata).id) if item else ""

        return call

    def _deleted(self, at: int) -> Call:
        def call() -> str:
            item = self._any(at)
            if item is None:
                return ""
            self.memory.delete(item.id)
            return self._last(item.id)

        return call

    def _all_deleted(self, scope: Scope) -> Call:
        def call() -> str:
            there = self.memory.get_all(**ids_of(scope))
            self.memory.delete_all(**ids_of(scope))
            return self._last(there[0].id) if there else ""

        return call

    def _reverted(self, at: int, to: int) -> Call:
        def call() -> str:
            id = list(self.seen)[at % len(self.seen)] if self.seen else ""
            history = self.memory.history(id) if id else []
            numbers = [change.version for change in history if change.event != "DELETE"]
            if not numbers:
                return ""
            before = len(history)
            self.memory.revert(id, to=numbers[to % len(numbers)])
            return self._last(id) if len(self.memory.history(id)) > before else ""

        return call

    def _undone(self, at: int) -> Call:
        def call() -> str:
            try:
                made = self.memory.undo(self.calls[at % len(self.calls)], cascade=bool(at % 2)) if self.calls else []
            except PlanConflictError:
                return ""
            return made[0].operation_id if made else ""

        return call

    def _put(self, scope: Scope, text: str) -> Call:
        """A turn that was not there: of one that is replaced, the former words are nowhere kept."""
        self.puts += 1
        said = {"role": "user", "content": text, "id": f"put {self.puts}"}
        return lambda: self.memory.put_messages("s", said, learn=False, **ids_of(scope)).operation_id

    def _any(self, at: int) -> MemoryItem | None:
        items = [item for scope in SCOPES for item in self.memory.get_all(**ids_of(scope))]
        return items[at % len(items)] if items else None

    def _last(self, id: str) -> str:
        return self.memory.history(id)[-1].operation_id

    # What is read.

    def _reads(self, memory: Memory) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for scope in SCOPES:
            ids = ids_of(scope)
            items = memory.get_all(**ids)
            read[f"{scope} all"] = [_shown(item) for item in items]
            read[f"{scope} each"] = [_shown(memory.get(id)) for id in self.seen]
            for turns in (False, True):
                hits = memory.search(WORDS[0], limit=200, include_messages=turns, **ids)
                read[f"{scope} found {turns}"] = sorted((f"{hit.score:.3f}", *_shown(hit.memory)) for hit in hits)
            read[f"{scope} pending"] = [_waiting(job) for job in memory.pending(**ids)]
            read[f"{scope} recall"] = sorted(memory.recall(WORDS[0], max_tokens=5000, **ids).text.splitlines())
        return read

    def _turns(self) -> list[str]:
        return [
            f"{scope} {session} {turn.content}"
            for scope in SCOPES
            for session in (None, *self.sessions)
            for turn in self.memory.messages(session, **ids_of(scope))
        ]

    def _check(self, call: Call, *, keep: int) -> None:
        """Does it, takes it back, brings it back; and leaves it in one of these states."""
        before = self._both()
        id = call()
        self.clock.advance(seconds=1)
        if not id:
            return
        after, more = self._both(), self._turns()
        for number in range(keep):
            id = self._undo(id)
            assert self._both() == (after if number % 2 else before)
            assert self._turns() == more, "no turn is lost"
        self.calls.append(id)

    def _undo(self, id: str) -> str:
        made = self.memory.undo(id)
        self.clock.advance(seconds=1)
        with self.engine.connect() as connection:
            newest = "SELECT id FROM memx_operations WHERE kind = 'undo' ORDER BY seq DESC LIMIT 1"
            found = connection.exec_driver_sql(newest).scalar()
        assert all(change.operation_id == found for change in made)
        return str(found)

    def _both(self) -> tuple[dict[str, Any], dict[str, Any]]:
        told, pulled = self._reads(self.memory), self._reads(self.pulling)
        assert told == pulled
        return told, pulled

    keep = st.integers(0, 4)

    @rule(scope=SCOPE, text=TEXTS, days=st.sampled_from([None, 1, 2]), keep=keep)
    def verbatim(self, scope: Scope, text: str, days: int | None, keep: int) -> None:
        self._check(self._verbatim(scope, text, days), keep=keep)

    @rule(
        scope=SCOPE,
        proposed=st.lists(st.tuples(EVENTS, TEXTS, st.integers(0, 2)), min_size=1, max_size=3),
        hours=st.integers(-2, 2),
        strict=st.booleans(),
        keep=keep,
    )
    def learned(self, scope: Scope, proposed: list[tuple[str, str, int]], hours: int, strict: bool, keep: int) -> None:
        self._check(self._learned(scope, proposed, hours, strict=strict), keep=keep)

    @rule(at=st.integers(0, 3), keep=keep)
    def approved(self, at: int, keep: int) -> None:
        self._check(self._approved(at), keep=keep)

    @rule(scope=SCOPE, text=TEXTS, flush=st.booleans(), keep=keep)
    def queued(self, scope: Scope, text: str, flush: bool, keep: int) -> None:
        self._check(self._queued(scope, text, flush=flush), keep=keep)
        self.memory.flush(**ids_of(scope))

    @rule(at=st.integers(0, 9), text=TEXTS, keep=keep)
    def changed(self, at: int, text: str, keep: int) -> None:
        self._check(self._changed(at, text, None), keep=keep)

    @rule(at=st.integers(0, 9), city=st.sampled_from("ab"), keep=keep)
    def labelled(self, at: int, city: str, keep: int) -> None:
        self._check(self._changed(at, None, {"city": city}), keep=keep)

    @rule(at=st.integers(0, 9), keep=keep)
    def deleted(self, at: int, keep: int) -> None:
        self._check(self._deleted(at), keep=keep)

    @rule(scope=SCOPE, keep=keep)
    def all_deleted(self, scope: Scope, keep: int) -> None:
        self._check(self._all_deleted(scope), keep=keep)

    @rule(at=st.integers(0, 9), to=st.integers(0, 5), keep=keep)
    def reverted(self, at: int, to: int, keep: int) -> None:
        self._check(self._reverted(at, to), keep=keep)

    @rule(at=st.integers(0, 30), keep=keep)
    def undone(self, at: int, keep: int) -> None:
        """An undo is a call like any other."""
        self._check(self._undone(at), keep=keep)

    @rule(scope=SCOPE, text=TEXTS, keep=keep)
    def put(self, scope: Scope, text: str, keep: int) -> None:
        self._check(self._put(scope, text), keep=keep)

    @rule(days=st.integers(1, 2))
    def wait(self, days: int) -> None:
        self.clock.advance(days=days)

    @invariant()
    def replaying_all_changes_gives_the_memories(self) -> None:
        for scope in SCOPES:
            self.seen.update(dict.fromkeys(item.id for item in self.memory.get_all(**ids_of(scope))))
        for id in self.seen:
            text = None
            for change in self.memory.history(id):
                assert change.old_text == text
                text = text if change.ended else change.new_text
            item = self.memory.get(id)
            assert item is None or item.text == text
            if item is None and text is not None:
                assert self._has_expired(id)

    def _has_expired(self, id: str) -> bool:
        with self.engine.connect() as connection:
            expiry = (
                "SELECT v.expires_at FROM memx_versions v JOIN memx_memories m ON m.seq = v.memory "
                "AND m.head = v.version WHERE m.id = ?"
            )
            return connection.exec_driver_sql(expiry, (id,)).scalar() is not None

    @invariant()
    def the_flags_are_what_their_past_comes_to(self) -> None:
        assert list(self._flags()) == []

    def _flags(self) -> Iterator[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            yield from connection.exec_driver_sql(
                'SELECT v."row", v.status, v.conflicts_with, c.rival FROM memx_versions v '
                'LEFT JOIN memx_conflicts c ON c.version = v."row" AND c.closed IS NULL '
                "WHERE (v.status = 'conflict') <> (c.seq IS NOT NULL) "
                "OR (v.status = 'conflict' AND c.rival <> v.conflicts_with)"
            )
            for mark in ("withheld", "overtaken"):
                yield from connection.exec_driver_sql(
                    f'SELECT m."row", m.{mark}, k.seq FROM memx_messages m LEFT JOIN memx_marks k '
                    f"ON k.message = m.\"row\" AND k.mark = '{mark}' AND k.closed IS NULL "
                    f"WHERE m.{mark} <> (k.seq IS NOT NULL)"
                )
            yield from connection.exec_driver_sql(
                "SELECT version, COUNT(*) FROM memx_conflicts WHERE closed IS NULL GROUP BY version HAVING COUNT(*) > 1"
            )
            yield from connection.exec_driver_sql(
                "SELECT message, mark FROM memx_marks WHERE closed IS NULL GROUP BY message, mark HAVING COUNT(*) > 1"
            )


def _waiting(job: Job) -> tuple[str, ...]:
    """All but the evidence that it gained, which no undo takes from what waits."""
    proposed = job.operation
    told = () if proposed is None else (proposed.event, proposed.memory_id, proposed.text, proposed.expected_version)
    return tuple(map(str, (job.id, job.status, *told)))


def _shown(item: MemoryItem | None) -> tuple[str, ...]:
    """All that is not about how often it was written."""
    if item is None:
        return ()
    times = (item.created_at, item.valid_from, item.valid_to, item.expires_at, item.said_at)
    told = (item.id, item.text, dict(item.metadata), item.kind, item.status, item.subject, item.slot, item.when)
    return tuple(map(str, (*told, *times)))


TestUndoing = Undoing.TestCase
TestUndoing.settings = settings(
    max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.mark.databases("postgresql")
def test_so_it_is_on_postgresql(place: Engine) -> None:
    run_on(place, Undoing, examples=2)
