"""After any calls, erasing a scope leaves no trace of it, and everything else as it was."""

from __future__ import annotations

import contextlib
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from memx_core import InvalidInputError, Memory, MemoryNotFoundError, MemxError, PlanConflictError, Scope
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.testing.source import within
from tests.answers import NOTHING, answer, operation
from tests.core.test_erase_files import raw
from tests.core.test_memory_properties import ids_of

ADA, BOB, AGENT, RUN = (f"{name}-{uuid.uuid5(uuid.NAMESPACE_OID, name).hex}" for name in ("ada", "bob", "agent", "run"))
SCOPES = (
    *(Scope(ADA), Scope(ADA, AGENT), Scope(ADA, AGENT, RUN), Scope(ADA, None, RUN)),
    *(Scope(BOB), Scope(BOB, AGENT), Scope(None, AGENT)),
)
ERASED = (*SCOPES, Scope(None, None, RUN), Scope(BOB, None, RUN))
SCOPE = st.sampled_from(SCOPES)
PLACE = st.integers(0, 1000)
EVENTS = st.sampled_from(["ADD", "UPDATE", "DELETE", "CONFLICT", "nonsense"])


class Erasing(RuleBasedStateMachine):
    """Two handles on one file, of which one holds changes back; each word that is said is said once, to one address."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "memx.db"
        self.clock = ManualClock()
        self.llm = ScriptedLLM(default=NOTHING)
        self.words: dict[str, Scope] = {}
        self.addresses: set[Scope] = set()
        self.memories: dict[str, Scope] = {}
        self.calls: dict[str, Scope] = {}

    @initialize()
    def open(self) -> None:
        self.memory = Memory(self.llm, FakeEmbedder(32), self.path, clock=self.clock, background=False)
        self.careful = Memory(
            self.llm, FakeEmbedder(32), self.path, clock=self.clock, policy="review", background=False
        )

    def teardown(self) -> None:
        if self.addresses or self.words or hasattr(self, "memory"):
            self.memory.close()
            self.careful.close()
        self.folder.cleanup()

    def word(self, scope: Scope) -> str:
        word = uuid.uuid5(uuid.NAMESPACE_OID, str(len(self.words))).hex
        self.words[word] = scope
        self.addresses.add(scope)
        return word

    def said(self, scope: Scope) -> dict[str, Any]:
        """A turn and all that can come with it."""
        word = self.word
        turn = {"role": "user", "content": f"I like {word(scope)}", "id": word(scope), "name": f"N {word(scope)}"}
        metadata = {word(scope): word(scope)}
        return {"messages": [turn], "metadata": metadata, "key": word(scope), "session_id": "s"}

    def note(self, scope: Scope, result: Any) -> None:
        self.calls[result.operation_id] = scope
        for change in result.changes:
            self.memories[change.memory_id] = scope

    @rule(scope=SCOPE, careful=st.booleans(), event=EVENTS)
    def learn(self, scope: Scope, careful: bool, event: str) -> None:
        said = self.said(scope)
        text = said["messages"][0]["content"].replace("I like", "User likes")
        about = {"reason": self.word(scope), "quote": "I like", "target": -1 if event == "ADD" else 0}
        reply: Any = "nonsense" if event == "nonsense" else answer(operation(event, text, **about))
        self.llm.queue(*[reply] * (2 if event == "nonsense" else 1))
        memory = self.careful if careful else self.memory
        with contextlib.suppress(MemxError):
            self.note(scope, memory.add(**said, instructions=f"notice {self.word(scope)}", **ids_of(scope)))
        self.llm = self.llm if not self.llm.remaining else self._drained()

    def _drained(self) -> ScriptedLLM:
        while self.llm.remaining:
            self.llm._answers.popleft()
        return self.llm

    @rule(scope=SCOPE, later=st.booleans())
    def add(self, scope: Scope, later: bool) -> None:
        how: dict[str, Any] = {"wait": False, "instructions": self.word(scope)} if later else {"infer": False}
        self.note(scope, self.memory.add(**self.said(scope), **how, **ids_of(scope)))

    @rule(scope=SCOPE, id=st.sampled_from("12"), learn=st.booleans())
    def put(self, scope: Scope, id: str, learn: bool) -> None:
        turn = {"role": "user", "content": f"I saw {self.word(scope)}", "id": id}
        self.memory.put_messages("p", turn, learn=learn, **ids_of(scope))

    @rule(scope=SCOPE)
    def clear(self, scope: Scope) -> None:
        self.addresses.add(scope)
        self.memory.clear_messages("p", **ids_of(scope))

    @rule(scope=SCOPE)
    def flush(self, scope: Scope) -> None:
        self.memory.flush(**ids_of(scope))

    @precondition(lambda self: self.memories)
    @rule(place=PLACE, what=st.sampled_from(["update", "delete", "revert"]))
    def change(self, place: int, what: str) -> None:
        id = list(self.memories)[place % len(self.memories)]
        scope = self.memories[id]
        with contextlib.suppress(MemoryNotFoundError, InvalidInputError):
            if what == "update":
                self.memory.update(id, f"User saw {self.word(scope)}", reason=self.word(scope))
            elif what == "delete":
                self.memory.delete(id, reason=self.word(scope))
            else:
                self.memory.revert(id, to=1, reason=self.word(scope))

    @precondition(lambda self: self.calls)
    @rule(place=PLACE, cascade=st.booleans(), scope=st.sampled_from([*SCOPES, Scope(), Scope()]))
    def undo(self, place: int, cascade: bool, scope: Scope) -> None:
        id = list(self.calls)[place % len(self.calls)]
        with contextlib.suppress(MemoryNotFoundError, InvalidInputError, PlanConflictError):
            made = self.memory.undo(id, cascade=cascade, **ids_of(scope))
            for change in made:
                self.calls[change.operation_id] = self.calls[id]

    @rule(scope=st.sampled_from([Scope(ADA), Scope(ADA, AGENT), Scope(None, AGENT)]))
    def delete_all(self, scope: Scope) -> None:
        self.addresses.add(scope)
        self.memory.delete_all(**ids_of(scope))

    @rule(scope=SCOPE)
    def plan_and_apply(self, scope: Scope) -> None:
        self.llm.queue(answer(operation("ADD", f"User likes {self.word(scope)}")))
        said = self.said(scope)
        plan = self.memory.plan(said["messages"], metadata=said["metadata"], session_id="s", **ids_of(scope))
        self._drained()
        self.note(scope, self.memory.apply(plan))

    @rule(approved=st.booleans(), scope=SCOPE)
    def decide(self, approved: bool, scope: Scope) -> None:
        waiting = [job.id for job in self.careful.pending(**ids_of(scope)) if job.status == "review"]
        if waiting and approved:
            with contextlib.suppress(MemxError):
                self.careful.approve(waiting[0])
        elif waiting:
            self.careful.reject(waiting[0])

    @rule(scope=st.sampled_from(ERASED), again=st.booleans())
    def erase(self, scope: Scope, again: bool) -> None:
        before = dict(self.others(scope))
        report = self.memory.erase(**ids_of(scope))
        assert report.verified
        assert report.remains == ()
        if again:
            assert self.memory.erase(**ids_of(scope)).operations == 0
        assert dict(self.others(scope)) == before
        for memory in (self.memory, self.careful):
            assert memory.get_all(include_superseded=True, **ids_of(scope)).items == ()
            assert memory.search("User likes", include_messages=True, **ids_of(scope)) == []
            assert memory.messages("s", **ids_of(scope)) == memory.messages("p", **ids_of(scope)) == []
            assert memory.pending(**ids_of(scope)) == []
            assert str(memory.recall("User likes", include_messages=True, **ids_of(scope))) == ""
        self.addresses = {each for each in self.addresses if not within(each, scope)}
        kept = {id for each in self.addresses for id in (each.user_id, each.agent_id, each.run_id)}
        gone = [word for word, owner in self.words.items() if within(owner, scope)]
        gone += [id for id in (ADA, BOB, AGENT, RUN) if id not in kept]
        left = raw(self.path)
        assert [word for word in gone if word.encode() in left] == []
        self.memories = {id: owner for id, owner in self.memories.items() if not within(owner, scope)}

    def others(self, erased: Scope) -> Iterator[tuple[Any, Any]]:
        """What is read of everybody else, whoever it is asked for."""
        usage = self.memory.usage()
        yield "usage", (usage.calls, usage.input_tokens, usage.embedding_calls, usage.by_day, usage.by_model)
        by_scope = {scope: spent for scope, spent in usage.by_scope.items() if not within(scope, erased)}
        yield "by scope", {scope: spent for scope, spent in by_scope.items() if scope != Scope()}
        for id, owner in self.memories.items():
            if not within(owner, erased):
                yield ("history", id), self.memory.history(id)
                yield ("why", id), self.memory.why(id)
        for scope, memory in ((scope, memory) for scope in SCOPES for memory in (self.memory, self.careful)):
            ids = ids_of(scope)
            mine = [
                item
                for item in memory.get_all(include_superseded=True, limit=1000, **ids)
                if not within(Scope(item.user_id, item.agent_id, item.run_id), erased)
            ]
            yield ("all", scope, memory), mine
            for session in ("s", "p"):
                told = memory.messages(session, **ids)
                yield ("told", scope, session, memory), [each for each in told if not self._is_of(each.content, erased)]
            if not _meet(scope, erased):
                yield ("found", scope, memory), memory.search("User likes", include_messages=True, **ids)
                yield ("recall", scope, memory), str(memory.recall("User likes", include_messages=True, **ids))
                yield ("pending", scope, memory), memory.pending(**ids)

    def _is_of(self, content: str, scope: Scope) -> bool:
        return within(self.words[content.split()[-1]], scope)


def _meet(one: Scope, other: Scope) -> bool:
    pairs = ((one.user_id, other.user_id), (one.agent_id, other.agent_id), (one.run_id, other.run_id))
    return all(left is None or right is None or left == right for left, right in pairs)


TestErasing = Erasing.TestCase
TestErasing.settings = settings(
    max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
