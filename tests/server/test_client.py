"""`MemoryClient` against a real server on loopback: every method of `Memory`, in both colours."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from memx_client import MemoryClient, ServerError, UnauthorizedError, UnreachableError
from memx_client.transport import Ask, Reply, Tries, answered
from memx_core import (
    BudgetExceededError,
    Conversation,
    EmbeddingMismatchError,
    FilterError,
    InvalidInputError,
    Memory,
    MemoryLike,
    MemoryNotFoundError,
    MemxError,
    Message,
    OperationNotFoundError,
    Plan,
    PlanConflictError,
    Scope,
    ScopedMemory,
    ScopeError,
    errors,
    wire,
)
from memx_core._io import run
from memx_core.testing import Colour, FakeEmbedder
from memx_server import Limits
from tests.conftest import Door
from tests.serving import Served, served

NOW = datetime.now(UTC)


def gated(operation: Any) -> bool:
    """Holds back what says so."""
    return "review" not in operation.text.lower()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = Limits(rate=1e6, burst=10**6)
    with served(tmp_path_factory.mktemp("client-server"), limits=limits, policy=gated) as running:
        yield running


@pytest.fixture
def memory(server: Served, colour: Colour, runner: asyncio.Runner) -> Iterator[Door]:
    """A client whose namespace is its own."""
    client = MemoryClient(server.url, api_key=server.key(uuid4().hex))
    yield Door(client, colour, runner)
    if colour == "async":
        runner.run(client.aclose())
    client.close()


def test_it_is_taken_for_a_memory_and_has_every_method():
    assert issubclass(MemoryClient, MemoryLike)
    both = set(wire.calls())
    public = {name for name in vars(ScopedMemory) | _inherited(Memory) if not name.startswith("_")}
    methods = {name for name in public if f"a{name}" in public and name != "close"}
    assert methods == both


def _inherited(kind: type) -> dict[str, Any]:
    return dict(inspect.getmembers(kind, inspect.isfunction))


def test_what_is_learned_is_found(memory: Door):
    made = memory.add("I live in Bergen.", user_id="alice", timestamp=NOW - timedelta(days=9), metadata={"a": 1})
    moved = memory.add([Message("user", "I moved to Oslo.")], user_id="alice", session_id="monday")
    assert [change.event for change in (*made.changes, *moved.changes)] == ["ADD", "UPDATE"]
    (hit,) = memory.search("Oslo", user_id="alice", explain=True, limit=1)
    assert "Oslo" in hit.memory.text
    assert hit.memory.created_at.tzinfo is UTC
    assert "Oslo" in str(memory.recall("Where does she live?", user_id="alice", exclude_messages={"x"}))
    assert memory.get(hit.memory.id) == memory.get_all(user_id="alice")[0] == hit.memory
    assert memory.get(hit.memory.id, user_id="bob") is None
    assert memory.get_all(user_id="alice", filters={"a": {"gte": 2}}, limit=5).items == ()
    (old,) = memory.get_all(user_id="alice", as_of=NOW - timedelta(days=1))
    assert "Bergen" in old.text
    assert [change.event for change in memory.history(hit.memory.id)] == ["ADD", "UPDATE"]
    assert memory.why(hit.memory.id).quotes
    assert memory.revision(user_id="alice") > memory.revision(user_id="bob")
    assert [each.scope for each in memory.scopes()] == [Scope("alice")]
    assert [each.id for each in memory.owners("user", containing="lic")] == ["alice"]
    assert len(memory.versions(user_id="alice", statuses={"superseded"})) == 1
    assert memory.learned("monday", user_id="alice")
    assert memory.usage(user_id="alice", since=NOW.date()).by_scope.keys() == {Scope("alice")}


def test_what_is_changed_is_changed_and_undone(memory: Door):
    made = memory.add("Plays chess", user_id="alice", infer=False)
    known = made.changes[0].memory_id
    assert memory.update(known, "Plays go", expires_at=NOW + timedelta(days=9)).version == 2
    assert memory.update(known, metadata={"b": 2}).expires_at is not None
    assert memory.update(known, expires_at=None).expires_at is None
    assert memory.revert(known, to=1).text == "Plays chess"
    assert memory.delete(known, reason="wrong") is None
    assert len(memory.diff(NOW - timedelta(days=1), user_id="alice")) == 6
    deleted = memory.history(known)[-1].operation_id
    assert [change.event for change in memory.undo(deleted, cascade=True)]
    assert memory.delete_all(user_id="alice") == 1
    assert memory.erase(user_id="alice").messages == 1
    assert memory.reset() is None
    assert memory.rebuild_index(progress=False) == 0
    assert memory.warm_up() is None


def test_conversations_are_kept_and_learned_from(memory: Door):
    said = [
        Message("user", "I like tea.", id="1", raw={"x": [1]}),
        {"role": "assistant", "content": "Good.", "id": "2"},
    ]
    assert memory.put_messages("monday", said, user_id="alice").status == "queued"
    assert [message.raw for message in memory.messages("monday", user_id="alice")] == [{"x": [1]}, None]
    assert memory.sessions(user_id="alice") == ["monday"]
    (job,) = memory.pending(user_id="alice")
    assert job.status == "queued"
    assert memory.flush(timeout=30, user_id="alice") is None
    assert memory.pending() == []
    assert len(memory.get_all(user_id="alice")) == 1
    assert memory.clear_messages("monday", message_ids={"2"}, user_id="alice") == 1


def test_plans_are_shown_and_applied_and_what_is_held_back_is_approved(memory: Door):
    plan = memory.plan("I live in Oslo.", user_id="alice")
    assert Plan.from_json(plan.to_json()) == plan
    assert memory.apply(plan) == memory.apply(plan)
    (first, second) = (memory.add(f"Review {word}", user_id="alice", infer=False) for word in ("one", "two"))
    assert first.status == "review"
    waiting = [job.id for job in memory.pending(user_id="alice")]
    assert memory.approve(waiting[0], user_id="alice").status == "done"
    assert memory.reject(second.operation_id, reason="no") == 1
    with pytest.raises(OperationNotFoundError) as raised:
        memory.reject(second.operation_id)
    assert raised.value.operation_id == second.operation_id


def test_files_go_out_and_come_in(memory: Door, tmp_path: Path):
    memory.add("Plays chess", user_id="alice", infer=False)
    for name in ("all.jsonl", "all.jsonl.gz"):
        assert memory.export(tmp_path / name, user_id="alice") == 1
        memory.reset()
        assert memory.load(tmp_path / name).memories == 1
        assert memory.load(tmp_path / name).skipped == 2
        assert memory.get_all(user_id="alice")[0].text == "Plays chess"
    (tmp_path / "mem0.json").write_text(json.dumps({"results": [{"id": uuid4().hex, "memory": "Plays go"}]}))
    assert memory.load(tmp_path / "mem0.json", format="mem0", user_id="用户").memories == 1
    with pytest.raises(InvalidInputError):
        memory.load(tmp_path / "mem0.json", format="memx")


def test_old_conversations_are_learned_from(memory: Door):
    talk = Conversation("old", (Message("user", "I live in Oslo.", timestamp=NOW - timedelta(days=400)),))
    assert memory.backfill([talk], user_id="alice", dry_run=True).conversations == 1
    assert memory.backfill([talk], user_id="alice").changes == 1
    assert memory.backfill([[{"role": "user", "content": "I like tea."}]], user_id="alice").batches == 1


def test_a_scope_is_fixed_as_on_a_memory(memory: Door):
    alice, bob = memory.scoped(user_id="alice"), memory.scoped(user_id="bob")
    made = alice.add("Plays chess", infer=False)
    known = made.changes[0].memory_id
    assert alice.get(known).user_id == "alice"
    assert bob.get(known) is None
    with pytest.raises(MemoryNotFoundError):
        bob.update(known, "Taken over")
    assert bob.search("chess") == []


def test_what_goes_wrong_is_raised_as_by_a_memory(memory: Door):
    with pytest.raises(ScopeError):
        memory.search("x")
    with pytest.raises(FilterError):
        memory.search("x", user_id="a", filters={"a": {"near": 1}})
    with pytest.raises(InvalidInputError):
        memory.search(" ", user_id="a")
    with pytest.raises(InvalidInputError):
        memory.get_all(user_id="a", known_at=datetime(2026, 1, 1))  # naive, on purpose
    memory.add("Plays chess", user_id="a", infer=False)
    with pytest.raises(EmbeddingMismatchError):
        memory.search("x", user_id="a", embedding=np.ones(3, np.float32))
    with pytest.raises(MemoryNotFoundError) as raised:
        memory.history("none")
    assert raised.value.memory_id == "none"
    with pytest.raises(InvalidInputError):
        memory.add("x", user_id="a", metadata={"a": object()})
    with pytest.raises(InvalidInputError):
        memory.add("x", user_id="a", metadata={1: 2})
    with pytest.raises(InvalidInputError):
        memory.add("x", user_id="a", metadata={"a": float("nan")})
    with pytest.raises(InvalidInputError, match="embedder"):
        memory.rebuild_index(embedder=FakeEmbedder())


def test_an_outdated_plan_says_what_stands_in_the_way(memory: Door):
    first = memory.add("Plays chess", user_id="alice", infer=False)
    memory.update(first.changes[0].memory_id, "Plays go")
    with pytest.raises(PlanConflictError) as raised:
        memory.undo(first.operation_id)
    assert [change.new_text for change in raised.value.conflicts] == ["Plays go"]


def test_errors_keep_their_facts_on_the_way():
    scope = Scope("ada", None, "run")
    error = BudgetExceededError(10, 12, scope, NOW, 3)
    back = wire.error_from(json.loads(json.dumps(wire.error_facts(error))), str(error))
    assert isinstance(back, BudgetExceededError)
    assert (back.limit, back.spent, back.scope, back.resets_at, back.needed) == (10, 12, scope, NOW, 3)
    assert str(back) == str(error)
    assert wire.error_from({"error": "KeyError"}, "") is None
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, MemxError) and name not in ("MemxError", "BudgetExceededError"):
            given = kind("said")
            back = wire.error_from(json.loads(json.dumps(wire.error_facts(given))), str(given))
            assert type(back) is kind
            assert str(back) == str(given)


class Script:
    """A wire that answers as it was told to, and notes what was sent and waited."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[Ask] = []
        self.waited: list[float] = []

    async def send(self, ask: Ask) -> Reply:
        self.sent.append(ask)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


GOOD = Reply(200, {}, b"null")


def busy(**headers: str) -> Reply:
    return Reply(503, {name.replace("_", "-"): value for name, value in headers.items()}, b"{}")


def ask(script: Script, most: int = 3) -> Reply:
    return run(
        answered(script, Ask("/x", headers={"Idempotency-Key": "k"}), Tries(most), lambda reply: reply.status == 503)
    )


class TestTriesAgain:
    def test_until_it_is_answered_with_the_same_key_and_longer_pauses(self):
        import httpx

        script = Script(httpx.ReadError("gone"), busy(), GOOD)
        assert ask(script) is GOOD
        assert {each.headers["Idempotency-Key"] for each in script.sent} == {"k"}
        assert script.waited[0] < script.waited[1]

    def test_when_the_server_says_and_not_where_that_is_too_late(self):
        script = Script(busy(retry_after="7"), GOOD)
        assert ask(script) is GOOD
        assert script.waited == [7.0]
        assert ask(Script(busy(retry_after="3600"))).status == 503

    def test_and_gives_up(self):
        import httpx

        with pytest.raises(UnreachableError, match="ConnectError") as raised:
            ask(Script(*[httpx.ConnectError("no")] * 3), most=2)
        assert isinstance(raised.value, ConnectionError)
        assert ask(Script(*[busy()] * 3), most=2).status == 503


def test_a_write_that_is_sent_twice_is_done_once(server: Served):
    """The first answer is lost on its way, as it were: the client sends the same again."""
    with MemoryClient(server.url, api_key=server.key(uuid4().hex)) as client:
        known = client.add("Plays chess", user_id="alice", infer=False).changes[0].memory_id
        twice = Twice(client._blocking)
        client._blocking = twice  # type: ignore[assignment]
        assert client.update(known, "Plays go").version == 2
        client.delete(known)
        assert client.add("Plays cards", user_id="alice", infer=False).changes
        assert len(client.get_all(user_id="alice")) == 1
        assert [change.event for change in client.history(known)] == ["ADD", "UPDATE", "DELETE"]
        assert all(one == other for one, other in twice.answers)


class Twice:
    """Sends every request twice, and gives the second answer."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.answers: list[tuple[bytes, bytes]] = []

    async def send(self, ask: Ask) -> Reply:
        first: Reply = await self._inner.send(ask)
        second: Reply = await self._inner.send(ask)
        self.answers.append((first.body, second.body))
        return second

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing is to be waited for")


def test_a_key_that_opens_nothing_is_told(server: Served, memory: Door):
    with MemoryClient(server.url, api_key="memx_no_key") as client, pytest.raises(UnauthorizedError) as raised:
        client.sessions(user_id="a")
    assert isinstance(raised.value, PermissionError)
    with (
        MemoryClient(server.url, api_key=server.keys.create_admin().key) as admin,
        pytest.raises(ServerError) as refused,
    ):
        admin.sessions(user_id="a")
    assert refused.value.status == 404
    client = MemoryClient(server.url, api_key="memx_abc_secret")
    client.close()
    assert "secret" not in repr(client)
    assert (client.namespace, client.database) == ("abc", server.url)
    with pytest.raises(UnreachableError, match="closed"):
        client.sessions(user_id="a")


@pytest.mark.parametrize("url", ["", "memory.example.org", "ftp://x", "http://", "http://a:b@c", None, "http://x:y"])
def test_an_address_has_to_be_one(url: Any):
    with pytest.raises(InvalidInputError, match="url"):
        MemoryClient(url)


def test_one_client_serves_several_loops(server: Served):
    client = MemoryClient(server.url, api_key=server.key(uuid4().hex))

    async def ask() -> Any:
        try:
            return await client.asessions(user_id="a")
        finally:
            await client._awaiting.close()

    assert [asyncio.run(ask()) for _ in range(2)] == [[], []]
    client.close()
