"""mem0's own client, unmodified, against a server of ours on loopback: every method, in both of its colours."""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from memx_server import Limits
from tests.serving import Served, served


@pytest.fixture(scope="module")
def mem0(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Its package, told to send nothing and to keep its folder to itself."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own
        patch.setenv("MEM0_TELEMETRY", "False")
        patch.setenv("MEM0_DIR", str(tmp_path_factory.mktemp("mem0")))
        for name in [name for name in sys.modules if name == "mem0" or name.startswith("mem0.")]:
            patch.delitem(sys.modules, name)
        import mem0  # type: ignore[import-untyped]

        assert os.environ["MEM0_TELEMETRY"] == "False"
        yield mem0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("mem0-server"), limits=Limits(rate=1e6, burst=10**6)) as running:
        yield running


class Asking:
    """A client whose methods are called in one colour."""

    def __init__(self, client: Any, runner: asyncio.Runner | None) -> None:
        self.client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.client, name)
        if self._runner is None:
            return method

        def awaited(*args: Any, **kwargs: Any) -> Any:
            async def call() -> Any:
                return await method(*args, **kwargs)

            assert self._runner is not None
            return self._runner.run(call())

        return awaited


@pytest.fixture(scope="module", params=["sync", "async"])
def connect(request: pytest.FixtureRequest, mem0: Any, server: Served) -> Iterator[Callable[..., Asking]]:
    """Makes clients, each with a key to a namespace of its own."""
    with asyncio.Runner() as runner:
        made: list[Asking] = []

        def connect(namespace: str | None = None) -> Asking:
            key = server.key(namespace or uuid4().hex)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if request.param == "sync":
                    made.append(Asking(mem0.MemoryClient(api_key=key, host=server.url), None))
                else:
                    made.append(Asking(mem0.AsyncMemoryClient(api_key=key, host=server.url), runner))
            return made[-1]

        yield connect
        for each in made:
            if request.param == "sync":
                each.client.client.close()
            else:
                runner.run(each.client.async_client.aclose())


@pytest.fixture
def client(connect: Callable[..., Asking]) -> Asking:
    return connect()


def texts(answer: dict[str, Any]) -> list[str]:
    return [each["memory"] for each in answer["results"]]


def kept(client: Asking, *said: str, **ids: str) -> list[str]:
    return [client.add(each, infer=False, **ids)["results"][0]["id"] for each in said]


def test_it_learns_supersedes_and_finds(client: Asking):
    (made,) = client.add("I live in Bergen.", user_id="alice")["results"]
    (moved,) = client.add([{"role": "user", "content": "I moved to Oslo."}], user_id="alice")["results"]
    assert (made["event"], moved["event"], moved["id"]) == ("ADD", "UPDATE", made["id"])
    (found,) = client.search("Where does she live?", filters={"user_id": "alice"})["results"]
    assert "Oslo" in found["memory"]
    assert 0 < found["score"] <= 1
    assert [row["event"] for row in client.history(made["id"])] == ["ADD", "UPDATE"]
    assert client.get(made["id"])["memory"] == found["memory"]


def test_a_memory_is_changed_and_deleted(client: Asking, mem0: Any):
    (known,) = kept(client, "Likes tea", user_id="alice")
    changed = client.update(known, text="Likes green tea", metadata={"since": 2026})
    assert (changed["memory"], changed["metadata"]["since"]) == ("Likes green tea", 2026)
    assert client.update(known, expiration_date="2999-12-31")["expiration_date"] == "2999-12-31"
    assert "expiration_date" not in client.update(known, expiration_date=None)
    assert client.delete(known)["message"]
    for call in (client.get, client.delete):
        with pytest.raises(mem0.exceptions.MemoryNotFoundError):
            call(known)
    assert client.history(known)[-1]["is_deleted"]


def test_all_memories_come_page_by_page(client: Asking):
    kept(client, *(f"Fact number {number}" for number in range(5)), user_id="alice")
    kept(client, "Somebody else's", user_id="bob")
    first = client.get_all(filters={"user_id": "alice"}, page=1, page_size=2)
    assert (first["count"], texts(first)) == (5, ["Fact number 4", "Fact number 3"])
    assert first["next"]
    assert first["previous"] is None
    last = client.get_all(filters={"user_id": "alice"}, page=3, page_size=2)
    assert (texts(last), last["next"]) == (["Fact number 0"], None)
    assert client.get_all(filters={"user_id": "alice"})["count"] == 5


def test_filters_narrow_and_name_several_scopes(client: Asking):
    kept(client, "Plays chess", user_id="alice", agent_id="bot")
    client.add("Plays go", user_id="alice", metadata={"city": "Oslo", "age": 30}, infer=False)
    kept(client, "Plays cards", user_id="bob")
    kept(client, "Plays dice", user_id="*")

    def plays(filters: dict[str, Any]) -> list[str]:
        found = sorted(texts(client.search("plays", filters=filters, threshold=0.0)))
        assert found == sorted(texts(client.get_all(filters=filters)))
        return found

    assert plays({"AND": [{"user_id": "alice"}, {"agent_id": "bot"}]}) == ["Plays chess"]
    assert plays({"AND": [{"user_id": "alice"}, {"metadata": {"city": "Oslo"}}]}) == ["Plays go"]
    assert plays({"user_id": "alice", "age": {"gte": 18}}) == ["Plays go"]
    assert plays({"user_id": "alice", "NOT": [{"city": "Oslo"}]}) == ["Plays chess"]
    assert plays({"user_id": "alice", "city": "*"}) == ["Plays go"]
    assert plays({"OR": [{"user_id": "alice"}, {"user_id": "bob"}]}) == ["Plays cards", "Plays chess", "Plays go"]
    assert plays({"user_id": {"in": ["bob", "nobody"]}}) == ["Plays cards"]
    assert plays({"AND": [{"user_id": "alice"}, {"user_id": "bob"}]}) == []
    assert plays({"user_id": "*"}) == ["Plays dice"]  # an id like any other


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"app_id": "shop"},
        {"user_id": "a", "categories": {"in": ["food"]}},
        {"user_id": "a", "created_at": {"gte": "2026-01-01"}},
        {"user_id": {"gt": "a"}},
        {"user_id": "a", "city": {"near": "Oslo"}},
        {"user_id": "a", "NOT": [{"agent_id": "b"}]},
        {"user_id": {"in": [str(number) for number in range(51)]}},
    ],
)
def test_what_cannot_be_asked_is_refused(client: Asking, mem0: Any, filters: dict[str, Any]):
    for call in (client.get_all, lambda filters: client.search("x", filters=filters)):
        with pytest.raises(mem0.exceptions.ValidationError):
            call(filters=filters)


def test_arguments_that_mean_nothing_here_are_refused(client: Asking, mem0: Any):
    for extra in ({"custom_categories": [{"a": "b"}]}, {"app_id": "shop"}, {"immutable": True}, {"infer": "yes"}):
        with pytest.raises(mem0.exceptions.ValidationError):
            client.add("Hello there", user_id="alice", **extra)
    with pytest.raises(mem0.exceptions.ValidationError):
        client.search("x", filters={"user_id": "a"}, show_expired=True)


def test_search_takes_its_options(client: Asking):
    kept(client, "Plays chess", "Plays go", user_id="alice")
    found = client.search("plays chess", filters={"user_id": "alice"}, top_k=1, rerank=True, fields=["memory"])
    assert found == {"results": [{"id": found["results"][0]["id"], "memory": "Plays chess"}]}
    assert client.search("plays what", filters={"user_id": "alice"}, threshold=1.0)["results"] == []


def test_when_it_was_said_decides_and_instructions_are_taken(client: Asking):
    client.add("I moved to Oslo.", user_id="alice", timestamp=1_767_225_600, custom_instructions="Note homes.")
    client.add("I live in Bergen.", user_id="alice", timestamp=1_735_689_600)
    assert texts(client.get_all(filters={"user_id": "alice"})) == ["User lives in Oslo"]


def test_all_of_a_scope_is_deleted(client: Asking, mem0: Any):
    kept(client, "Plays chess", user_id="alice")
    kept(client, "Plays go", user_id="bob")
    kept(client, "Plays cards", user_id="carol")
    assert client.delete_all(user_id="alice")["message"]
    assert client.delete_all(filters={"user_id": "bob"})["message"]
    assert [each["name"] for each in client.users()["results"] if each["total_memories"]] == ["carol"]
    with pytest.raises(mem0.exceptions.ValidationError):
        client.delete_all()


def test_users_are_listed_and_erased(client: Asking):
    kept(client, "Plays chess", user_id="alice", agent_id="bot")
    kept(client, "Plays go", user_id="alice")
    kept(client, "Plays cards", user_id="bob/../x?y#z", run_id="r")
    told = client.users()
    assert {(each["type"], each["name"], each["total_memories"]) for each in told["results"]} == {
        ("user", "alice", 2),
        ("user", "bob/../x?y#z", 1),
        ("agent", "bot", 1),
        ("run", "r", 1),
    }
    assert told["count"] == 4
    assert client.delete_users(user_id="bob/../x?y#z")["message"]
    assert client.get_all(filters={"user_id": "bob/../x?y#z"})["count"] == 0
    assert client.get_all(filters={"user_id": "alice"})["count"] == 2


def test_reset_leaves_nothing(client: Asking):
    kept(client, "Plays chess", user_id="alice", agent_id="bot")
    kept(client, "Plays go", run_id="r")
    assert client.reset()["message"]
    assert client.users()["results"] == []


def test_several_are_changed_and_deleted_at_once(client: Asking, mem0: Any):
    one, two = kept(client, "Plays chess", "Plays go", user_id="alice")
    client.batch_update([{"memory_id": one, "text": "Plays blitz"}, {"memory_id": two, "metadata": {"level": 3}}])
    assert (client.get(one)["memory"], client.get(two)["metadata"]["level"]) == ("Plays blitz", 3)
    with pytest.raises(mem0.exceptions.MemoryNotFoundError):
        client.batch_delete([{"memory_id": one}, {"memory_id": "not there"}])
    assert client.get(one)
    client.batch_delete([{"memory_id": one}, {"memory_id": two}])
    assert client.get_all(filters={"user_id": "alice"})["count"] == 0


def test_what_memx_does_not_have_says_so(client: Asking, mem0: Any):
    calls: list[Callable[[], Any]] = [
        lambda: client.feedback("x", feedback="POSITIVE"),
        lambda: client.create_memory_export("{}"),
        lambda: client.get_memory_export(),
        lambda: client.get_summary(),
        lambda: client.get_profile("alice"),
        lambda: client.generate_profile("alice"),
        lambda: client.get_profile_settings(),
        lambda: client.update_profile_settings(enabled=True),
        lambda: client.sample_profiles(),
        lambda: client.get_profile_job("job"),
        lambda: client.get_webhooks("p"),
        lambda: client.create_webhook("https://example.org", "n", "p", []),
        lambda: client.update_webhook(1),
        lambda: client.delete_webhook(1),
        lambda: client.get_project(),
        lambda: client.update_project(custom_instructions="x"),
    ]
    for call in calls:
        with pytest.raises(mem0.exceptions.MemoryError) as raised:
            call()
        assert raised.value.debug_info["status_code"] == 501
        assert "memx has no" in str(raised.value)


def test_a_wrong_key_is_refused(server: Served, mem0: Any):
    with httpx.Client() as http, pytest.raises(ValueError, match="no key"):
        mem0.MemoryClient(api_key="memx_wrong_key", host=server.url, client=http)


HOSTILE = ["*", "%2F", "a/b", "../x", "x/history", "?#", "用户", " a'b\"c ", "x" * 10_000]


def test_ids_are_opaque_in_paths_queries_and_bodies(client: Asking, mem0: Any):
    for number, who in enumerate(HOSTILE):
        kept(client, f"Fact {number}", user_id=who)
    for number, who in enumerate(HOSTILE):
        assert texts(client.get_all(filters={"user_id": who})) == [f"Fact {number}"]
        with pytest.raises(mem0.exceptions.MemoryNotFoundError):
            client.get(f"{who}.")
        client.delete_all(user_id=who)
        assert client.get_all(filters={"user_id": who})["count"] == 0
    assert sum(each["total_memories"] for each in client.users()["results"]) == 0


def test_two_namespaces_never_meet(connect: Callable[..., Asking], mem0: Any):
    ours, theirs = connect(), connect()
    (known,) = kept(ours, "Our secret", user_id="alice")
    kept(theirs, "Their secret", user_id="alice")
    assert texts(theirs.get_all(filters={"user_id": "alice"})) == ["Their secret"]
    assert texts(theirs.search("secret", filters={"user_id": "alice"})) == ["Their secret"]
    calls: list[Callable[[], Any]] = [
        lambda: theirs.get(known),
        lambda: theirs.update(known, text="Stolen"),
        lambda: theirs.delete(known),
        lambda: theirs.history(known),
        lambda: theirs.batch_update([{"memory_id": known, "text": "Stolen"}]),
        lambda: theirs.batch_delete([{"memory_id": known}]),
    ]
    for call in calls:
        with pytest.raises(mem0.exceptions.MemoryNotFoundError):
            call()
    theirs.delete_all(user_id="alice")
    theirs.reset()
    assert ours.get(known)["memory"] == "Our secret"
