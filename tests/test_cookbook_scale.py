"""The page on running memx at scale: its parts fit together, and what can be run here is run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import yaml  # type: ignore[import-untyped]
from sqlalchemy import Engine

from memx_core import Memory
from memx_core.embedders import HashingEmbedder
from tests import postgres_server
from tests.qdrant_server import QdrantServer

PAGE = Path(__file__).parents[1] / "cookbook" / "scale"
COMPOSE: dict[str, Any] = yaml.safe_load((PAGE / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DIRECT = build_opener(ProxyHandler({}))


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"cookbook_scale_{name}", PAGE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # where dataclasses look
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def application() -> ModuleType:
    return module("application")


class Caller:
    def __init__(self, port: int, key: str | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.headers = {} if key is None else {"Authorization": f"Bearer {key}"}

    def get(self, path: str) -> tuple[int, Any]:
        return self._sent(Request(self.url + path, headers=self.headers))

    def post(self, path: str, body: object) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._sent(Request(self.url + path, data, self.headers))

    def _sent(self, request: Request) -> tuple[int, Any]:
        try:
            with DIRECT.open(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """As `python application.py`; the key goes over a connection without TLS, of which Qdrant's client warns."""
    insecure = ["-W", "ignore:Api key is used with an insecure connection"]
    command = [sys.executable, "-W", "error", *insecure, str(PAGE / "application.py")]
    env = os.environ | {"APP_PORT": "0", "EMBEDDINGS": "hashing", "DATABASE_URL": str(folder / "memx.db")} | settings
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_application_remembers_refuses_and_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    server = QdrantServer(api_key="secret")
    settings = {"QDRANT_API_KEY": "secret", "APP_KEY": "open", "APP_LEARNS": "no"}
    with server.listening() as url, running(tmp_path, QDRANT_URL=url, **settings) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        caller = Caller(port, "open")
        assert caller.get("/health") == (200, {"status": "ok"})
        assert Caller(port).post("/add", {})[0] == 401
        status, added = caller.post("/add", {"user_id": "alice", "text": "I moved to Oslo.", "wait": True})
        assert (status, added["status"], [each["event"] for each in added["changes"]]) == (200, "done", ["ADD"])
        asked = {"user_id": "alice", "query": "Where does she live?"}
        assert "Oslo" in caller.post("/recall", asked)[1]["block"]
        assert "Oslo" not in caller.post("/recall", {**asked, "user_id": "bob"})[1]["block"]
        assert caller.post("/recall", {"query": "whose?"})[0] == 400
        assert caller.post("/add", b"[1")[0] == caller.post("/add", {"user_id": "alice"})[0] == 400
        assert caller.post("/add", b" " * 1_000_001)[0] == 413
        assert caller.post("/forget", {})[0] == caller.get("/add")[0] == 404
        assert caller.post("/add", {"user_id": "alice", "text": "I have a cat."})[1]["status"] == "queued"
        process.send_signal(signal.SIGTERM)
        printed, logged = process.communicate(timeout=60)
        assert server.engine.get_collections().collections, "the vectors went to Qdrant"
    assert (process.returncode, printed) == (0, "stopped\n")
    assert "Oslo" not in logged
    with Memory(embedder=HashingEmbedder(), database=tmp_path / "memx.db", background=False) as memory:
        assert len(memory.pending()) == 1, "what was queued is there for another process"


@contextmanager
def serving(service: Any) -> Iterator[Caller]:
    thread = threading.Thread(target=service.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Caller(service.server_port)
    finally:
        service.shutdown()
        service.server_close()
        thread.join()


class Slow:
    """A memory that answers when it is let."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()

    def recall(self, query: str, **_: object) -> str:
        self.asked.set()
        assert self.let.wait(60)
        return "in time"


def test_a_request_that_is_at_work_is_finished_before_the_application_stops(application: ModuleType) -> None:
    slow, answers = Slow(), list[Any]()
    service = application.Service(application.Settings.read({"APP_PORT": "0"}), slow)
    with serving(service) as caller:
        thread = threading.Thread(target=lambda: answers.append(caller.post("/recall", {"query": "x"})))
        thread.start()
        assert slow.asked.wait(60)
        service.shutdown()
        closing = threading.Thread(target=service.server_close)
        closing.start()
        closing.join(0.1)
        assert closing.is_alive()
        slow.let.set()
        closing.join(60)
        thread.join(60)
    assert answers == [(200, {"block": "in time"})]


def test_a_worker_answers_for_its_health_alone(application: ModuleType, tmp_path: Path) -> None:
    settings = application.Settings.read({
        "APP_PORT": "0", "EMBEDDINGS": "hashing", "DATABASE_URL": str(tmp_path / "memx.db"), "APP_LEARNS": "no",
    })  # fmt: skip
    kept = application.memory(settings)
    with kept, serving(application.Service(settings, kept, serves=False)) as caller:
        assert caller.get("/health")[0] == 200
        assert caller.post("/add", {"user_id": "a", "text": "b"})[0] == 404


def test_compose_sets_what_the_application_reads(application: ModuleType) -> None:
    source = (PAGE / "application.py").read_text(encoding="utf-8")
    known = set(re.findall(r'given\.get\("(\w+)"', source))
    assert known == set(re.findall(r"`([A-Z]+_?[A-Z_]*)(?:=no)?`", application.Settings.__doc__)) - {"GET", "POST"}
    for name in ("application", "worker", "upgrade"):
        given = SERVICES[name]["environment"]
        assert set(given) <= known
        settings = application.Settings.read(given)
        assert settings.database.startswith("postgresql+psycopg://memx:")
        assert (settings.host, settings.learns) == ("0.0.0.0", False)  # of a container
        assert settings.replicas <= 3
        assert settings.consistency <= settings.replicas
    assert SERVICES["application"]["ports"] == [f"{settings.port}:{settings.port}"]
    assert f":{settings.port}/health" in SERVICES["application"]["healthcheck"]["test"][-1]
    assert f"APP_PORT={settings.port}" in (PAGE / "Dockerfile").read_text(encoding="utf-8")
    ours = [SERVICES[name].get("command", []) for name in ("application", "worker", "upgrade")]
    assert {word for command in ours for word in command} <= set(re.findall(r'case \["(\w+)"\]', source))


def test_the_nodes_of_compose_are_one_cluster_under_the_name_that_is_asked() -> None:
    nodes = {name: each for name, each in SERVICES.items() if name.startswith("qdrant")}
    assert len(nodes) == 3
    assert SERVICES["application"]["environment"]["QDRANT_URL"] == "http://qdrant:6333"
    for name, node in nodes.items():
        uris = dict(zip(node["command"][1::2], node["command"][2::2], strict=True))
        assert uris["--uri"] == f"http://{name}:6335"
        assert uris.get("--bootstrap", uris["--uri"]) == "http://qdrant-1:6335"
        assert node["networks"]["default"]["aliases"] == ["qdrant"]
        assert node["environment"]["QDRANT__CLUSTER__ENABLED"] == "true"
    assert set(COMPOSE["volumes"]) == {
        volume.split(":")[0] for each in SERVICES.values() for volume in each.get("volumes", ())
    }
    for each in SERVICES.values():
        assert set(each.get("depends_on", ())) <= set(SERVICES)


def test_the_image_holds_what_the_application_needs() -> None:
    lines = (PAGE / "Dockerfile").read_text(encoding="utf-8").splitlines()
    root = PAGE.parents[1]
    copied = [source for line in lines if line.startswith("COPY") for source in line.split()[1:-1]]
    assert all((root / source).exists() for source in copied)
    assert SERVICES["application"]["build"] == {"context": "../..", "dockerfile": "cookbook/scale/Dockerfile"}
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    (extras,) = re.findall(r"/src\[([\w,]+)\]", "\n".join(lines))
    assert all(f"\n{extra} = [" in project for extra in extras.split(","))


README = (PAGE / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sizing() -> ModuleType:
    return module("sizing")


def stated(sizing: ModuleType) -> Any:
    """What the page says that was measured."""
    rows = re.findall(r"^\| `(memx_\w+)` \| ([\d,]+) \|", README, flags=re.MULTILINE)
    (point,) = re.findall(r"A point has (\d+) words and (\d+) bytes", README)
    weights = {name: float(size.replace(",", "")) for name, size in rows}
    return sizing.Weights("postgresql", weights, *map(float, point))


def test_the_page_shows_what_sizing_makes_of_what_was_measured(sizing: ModuleType) -> None:
    assert "\n".join(sizing.report(stated(sizing))) in README


def test_what_the_page_says_that_a_row_weighs_is_so(sizing: ModuleType, postgresql: Engine) -> None:
    """Roughly: there are fewer rows here, in pages that are not full."""
    postgres_server.empty(postgresql)
    with postgresql.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"VACUUM FULL {', '.join(sizing.MIX)}")
    url = postgresql.url.render_as_string(hide_password=False)
    weights, said = sizing.weigh(url, calls=40), stated(sizing)
    assert (weights.words, weights.payload) == (said.words, said.payload)
    of_memory, claimed = (sum(each.rows[name] * sizing.MIX[name] for name in sizing.MIX) for each in (weights, said))
    assert of_memory == pytest.approx(claimed, rel=0.3)
