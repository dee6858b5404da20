"""The door of the server: keys, errors as problems, limits, health; what every request passes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from memx_core import Background, InvalidInputError, Memory
from memx_core.testing import FakeEmbedder
from memx_server import Keys, Limits, create_app, serve
from memx_server.file_routes import pieces
from memx_server.house import Who
from memx_server.rates import Rates
from tests.serving import Served, application, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("door"), limits=Limits(body=20_000, rate=1e6, burst=10**6)) as running:
        yield running


@pytest.fixture(scope="module")
def http(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=server.bearer()) as client:
        yield client


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told


def test_nothing_is_answered_without_a_key(server: Served):
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer memx_x_y"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": f"Bearer {'x' * 10_000}"},
        {"Authorization": f"Bearer {server.key()[:-1]}"},
    ):
        response = httpx.post(f"{server.url}/memx/v1/sessions", json={"user_id": "ada"}, headers=headers)
        is_problem(response, 401)
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token", "BEARER"])
def test_a_key_is_taken_in_either_scheme(server: Served, scheme: str):
    headers = {"Authorization": f"{scheme} {server.key()}"}
    assert httpx.post(f"{server.url}/memx/v1/sessions", json={"user_id": "ada"}, headers=headers).json() == []


def test_a_key_opens_nothing_once_it_is_revoked(server: Served):
    made = server.keys.create(name="phone")
    headers = {"Authorization": f"Bearer {made.key}"}
    assert httpx.post(f"{server.url}/memx/v1/sessions", json={"user_id": "ada"}, headers=headers).is_success
    assert server.keys.revoke(made.info.id)
    assert not server.keys.revoke(made.info.id)
    is_problem(httpx.post(f"{server.url}/memx/v1/sessions", json={"user_id": "ada"}, headers=headers), 401)
    assert [each.revoked_at is not None for each in server.keys.list() if each.name == "phone"] == [True]


def test_a_key_is_shown_once_and_kept_as_a_digest(tmp_path: Path):
    keys = Keys(tmp_path / "keys.db")
    made = keys.create("shop")
    keys.close()
    secret = made.key.split("_", 2)[2]
    assert secret not in repr(made)
    assert secret not in repr(keys)
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_an_admin_key_opens_metrics_and_no_memories(server: Served, http: httpx.Client):
    admin = {"Authorization": f"Bearer {server.keys.create_admin().key}"}
    assert "memx_http_requests_total" in http.get("/metrics", headers=admin).text
    is_problem(http.post("/memx/v1/sessions", json={"user_id": "ada"}, headers=admin), 404)
    is_problem(http.get("/metrics"), 404)


def test_metrics_tell_of_routes_and_of_nobody(server: Served, http: httpx.Client):
    http.post("/memx/v1/search", json={"query": "secret-text", "user_id": "secret-user"})
    http.get("/secret-path")
    told = http.get("/metrics", headers={"Authorization": f"Bearer {server.keys.create_admin().key}"}).text
    assert 'route="/memx/v1/search"' in told
    assert "secret" not in told


def test_it_says_that_it_lives_and_is_ready(server: Served):
    assert httpx.get(f"{server.url}/health/live").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/health/ready").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", b"", 404),
        ("GET", "/memx/v1/add", b"", 405),
        ("POST", "/memx/v1/add", b"", 422),
        ("POST", "/memx/v1/add", b"{", 422),
        ("POST", "/memx/v1/add", b"[" * 15_000, 400),
        ("POST", "/memx/v1/add", b"\xff\xfe", 422),
        ("POST", "/memx/v1/add", b'{"messages": "hello"}', 422),
        ("POST", "/memx/v1/add", b'{"messages": "hello", "user_id": 7}', 422),
        ("POST", "/memx/v1/add", b'{"messages": "hello", "user_id": "a", "more": 1}', 422),
        ("POST", "/memx/v1/add", b'{"messages": "hello", "user_id": "\\ud800"}', 422),
        ("POST", "/memx/v1/get_all", b'{"user_id": "a", "limit": 1' + b"0" * 5000 + b"}", 400),
        ("POST", "/memx/v1/search", b'{"query": "x", "user_id": "a", "filters": {"a": {"no": 1}}}', 422),
        ("POST", "/memx/v1/history", b'{"memory_id": "none"}', 404),
        ("POST", "/memx/v1/undo", b'{"operation_id": "none"}', 404),
        ("POST", "/memx/v1/apply", b'{"plan": {}}', 422),
        ("POST", "/memx/v1/add", b'"' + b"x" * 20_001, 413),
    ],
)
def test_every_error_is_a_problem(http: httpx.Client, method: str, path: str, body: bytes, status: int):
    is_problem(http.request(method, path, content=body, headers={"Content-Type": "application/json"}), status)


def test_a_body_of_unknown_length_is_bounded_too(http: httpx.Client):
    pieces = (b'{"messages": "' + b"x" * 5_000 for _ in range(100))
    is_problem(http.post("/memx/v1/add", content=pieces, headers={"Content-Type": "application/json"}), 413)


def test_a_problem_does_not_repeat_what_was_said(http: httpx.Client):
    response = http.post("/memx/v1/add", json={"messages": {"role": "user", "contents": "my pin is 1234"}})
    assert "1234" not in response.text


class TestLimits:
    def test_a_bucket_gives_what_it_holds_and_then_what_flows_in(self):
        now = [0.0]
        rates = Rates(2.0, 3, lambda: now[0])
        assert [rates.wait("a") for _ in range(4)] == [0, 0, 0, 1]
        assert rates.wait("b") == 0
        now[0] = 0.5
        assert [rates.wait("a") for _ in range(2)] == [0, 1]

    def test_one_key_that_asks_too_often_is_told_to_wait(self, tmp_path: Path):
        app, keys = application(tmp_path, limits=Limits(rate=0.001, burst=2))
        first, second = ({"Authorization": f"Bearer {keys.create().key}"} for _ in range(2))
        with TestClient(app) as client:
            asked = [client.post("/memx/v1/sessions", json={"user_id": "a"}, headers=first) for _ in range(3)]
            assert [response.status_code for response in asked] == [200, 200, 429]
            assert int(asked[2].headers["retry-after"]) > 1
            assert client.post("/memx/v1/sessions", json={"user_id": "a"}, headers=second).is_success

    def test_what_takes_too_long_is_ended_with_a_problem(self, tmp_path: Path):
        app, keys = application(tmp_path, limits=Limits(seconds=1e-9))
        with TestClient(app) as client:
            response = client.post("/memx/v1/sessions", headers={"Authorization": f"Bearer {keys.create().key}"})
        assert (response.status_code, response.json()["title"]) == (504, "Gateway Timeout")

    def test_limits_have_to_be_numbers(self):
        with pytest.raises(InvalidInputError, match=r"Limits\.body"):
            Limits(body=0)


class TestWithoutKeys:
    def test_nobody_may_ask_a_server_that_was_given_none(self, tmp_path: Path):
        app = create_app(Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db"))
        with TestClient(app, client=("127.0.0.1", 5)) as client:
            assert client.post("/memx/v1/sessions", json={"user_id": "a"}).status_code == 401

    def test_only_this_machine_may_and_only_by_its_own_name(self, tmp_path: Path):
        app = create_app(Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db"), no_auth=True)
        asked = {"url": "/memx/v1/sessions", "json": {"user_id": "a"}}
        with TestClient(app, base_url="http://localhost:1", client=("127.0.0.1", 5)) as client:
            assert client.post(**asked).json() == []
            assert client.post(**asked, headers={"Host": "evil.example"}).status_code == 401
            assert client.post(**asked, headers={"Host": "[::1]:80"}).is_success
            elsewhere = TestClient(app, base_url="http://localhost:1", client=("10.0.0.1", 5))
            assert elsewhere.post(**asked).status_code == 401

    def test_it_is_never_open_to_other_machines(self, tmp_path: Path):
        with pytest.raises(InvalidInputError, match="no_auth"):
            serve(database=tmp_path / "memx.db", host="0.0.0.0", no_auth=True)
        memory = Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db")
        with pytest.raises(InvalidInputError, match="no_auth"), memory:
            create_app(memory, keys=Keys(tmp_path / "keys.db"), no_auth=True)


def test_further_routes_are_behind_the_door_and_pages_before_it(tmp_path: Path):
    router = APIRouter()

    @router.get("/inspect/who")
    async def who(asking: Who) -> str:
        return asking.name

    page = Starlette(routes=[Route("/", lambda request: PlainTextResponse("page"))])
    keys = Keys(tmp_path / "keys.db")
    memory = Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db")
    with TestClient(create_app(memory, keys=keys, routers=[router], pages={"/inspector": page})) as client:
        assert client.get("/inspector/").text == "page"
        assert client.get("/inspector/none").status_code == 404
        assert client.get("/inspectors").status_code == 401
        assert client.get("/inspect/who").status_code == 401
        bearer = {"Authorization": f"Bearer {keys.create(name='phone').key}"}
        assert client.get("/inspect/who", headers=bearer).json() == "phone"


def test_a_key_of_an_add_is_kept_beside_the_answer(tmp_path: Path):
    """So that a retry comes to the same also after the server was started anew."""
    told = []
    for _ in range(2):
        app, keys = application(tmp_path)
        bearer = {"Authorization": f"Bearer {keys.create().key}", "Idempotency-Key": "once"}
        with TestClient(app, headers=bearer) as client:
            told.append(client.post("/memx/v1/add", json={"messages": "I live in Oslo.", "user_id": "a"}).json())
    assert told[0]["changes"] == told[1]["changes"]
    assert told[0]["operation_id"] == told[1]["operation_id"]


def test_what_is_being_learned_is_queued_again_when_the_server_stops(tmp_path: Path):
    """The worker of a server that stops leaves its jobs to the next, which finishes them."""
    asked = {"messages": "I live in Oslo.", "user_id": "a", "wait": False}
    app, keys = application(tmp_path, background=Background(idle=3600.0))
    bearer = {"Authorization": f"Bearer {keys.create().key}"}
    with TestClient(app, headers=bearer) as client:
        assert client.post("/memx/v1/add", json=asked).json()["status"] == "queued"
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("memx")]
    app, _ = application(tmp_path)
    with TestClient(app, headers=bearer) as client:
        assert len(client.post("/memx/v1/pending", json={"user_id": "a"}).json()) == 1
        client.post("/memx/v1/flush", json={})
        assert client.post("/memx/v1/pending", json={"user_id": "a"}).json() == []
        assert len(client.post("/memx/v1/get_all", json={"user_id": "a"}).json()["items"]) == 1


def test_a_server_that_stops_is_not_ready(tmp_path: Path):
    app, _ = application(tmp_path)
    with TestClient(app) as client:
        app.state.house.stopping = True
        assert client.get("/health/ready").status_code == 503
        assert client.get("/health/live").status_code == 200


def test_what_is_asked_is_in_no_span_of_the_frameworks_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """FastAPI tells OpenTelemetry of paths, as soon as an application has set it up; ids are in mem0's."""
    told = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(told))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    app, keys = application(tmp_path)
    with TestClient(app, headers={"Authorization": f"Bearer {keys.create().key}"}) as client:
        assert client.get("/v1/memories/secret-id/?user_id=secret").status_code == 404
    assert told.get_finished_spans() == ()


@pytest.mark.parametrize("whole", [True, False], ids=["to its end", "broken off"])
async def test_an_export_leaves_no_file_behind(tmp_path: Path, whole: bool):
    path = tmp_path / "export.jsonl"
    path.write_bytes(b"x" * 200_000)
    sent = pieces(str(path))
    came = await anext(sent)
    if whole:
        came += b"".join([piece async for piece in sent])
    await sent.aclose()
    assert len(came) == (200_000 if whole else 65_536)
    assert not path.exists()
