"""A memory behind HTTP, for many processes on one database and one Qdrant cluster: `compose.yaml` runs it.

    python application.py           # serves: GET /health, POST /add, POST /recall
    python application.py work      # learns from what is queued, and serves /health only
    python application.py upgrade   # makes or upgrades the tables, and ends
    python application.py rebuild   # fills the index anew from the database, and ends

    curl -X POST localhost:8080/add -d '{"user_id": "alice", "text": "I moved to Oslo."}'
    curl -X POST localhost:8080/recall -d '{"user_id": "alice", "query": "Where does she live?"}'

It speaks for whoever calls it: put it behind your own server, which knows who the user is. All that it
is told comes from the environment, see `Settings`. On SIGTERM it takes no more requests, finishes those
that it has, and gives its work back: what is queued then is learned from by another process.
"""

from __future__ import annotations

import hmac
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from memx_core import InvalidInputError, Memory, MemxError, upgrade_database
from memx_core.embedders import HashingEmbedder
from memx_core.index import QdrantIndex

LARGEST = 1_000_000  # bytes of a request
QUIET = 10.0  # seconds that a caller may take to send it


@dataclass(frozen=True)  # without slots: `read` asks the class for defaults
class Settings:
    """What the environment says.

    Attributes:
        database: `DATABASE_URL`: PostgreSQL, or a path for SQLite.
        qdrant: `QDRANT_URL`; without it vectors and words are kept in this process's memory.
        qdrant_key: `QDRANT_API_KEY`.
        shards: `QDRANT_SHARDS` of a new collection.
        replicas: `QDRANT_REPLICAS`: copies of each shard.
        consistency: `QDRANT_WRITE_CONSISTENCY`: copies that acknowledge a write.
        model: `MODEL` as LangChain names it, such as `openai:gpt-5-mini`; without it rules propose (English).
        embeddings: `EMBEDDINGS` likewise; without it the bundled model, and `hashing` for a trial.
        learns: Not with `APP_LEARNS=no`: it leaves what is queued to those that run `work`.
        key: `APP_KEY`: what callers send as `Authorization: Bearer …`; without it everybody is let in.
        host: `APP_HOST` to listen on.
        port: `APP_PORT`.
    """

    database: str
    qdrant: str | None = None
    qdrant_key: str | None = None
    shards: int = 6
    replicas: int = 2
    consistency: int = 1
    model: str | None = None
    embeddings: str | None = None
    learns: bool = True
    key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Settings:
        """Of an environment; what is empty there is not set."""
        return cls(
            database=given.get("DATABASE_URL") or "memx.db",
            qdrant=given.get("QDRANT_URL") or None,
            qdrant_key=given.get("QDRANT_API_KEY") or None,
            shards=int(given.get("QDRANT_SHARDS") or cls.shards),
            replicas=int(given.get("QDRANT_REPLICAS") or cls.replicas),
            consistency=int(given.get("QDRANT_WRITE_CONSISTENCY") or cls.consistency),
            model=given.get("MODEL") or None,
            embeddings=given.get("EMBEDDINGS") or None,
            learns=given.get("APP_LEARNS") != "no",
            key=given.get("APP_KEY") or None,
            host=given.get("APP_HOST") or cls.host,
            port=int(given.get("APP_PORT") or cls.port),
        )


def memory(settings: Settings) -> Memory:
    """The memory that the settings speak of."""
    index = None
    if settings.qdrant is not None:
        index = QdrantIndex(
            settings.qdrant,
            api_key=settings.qdrant_key,
            shard_number=settings.shards,
            replication_factor=settings.replicas,
            write_consistency_factor=settings.consistency,
        )
    options: dict[str, Any] = {"database": settings.database, "index": index, "background": settings.learns}
    embedder = HashingEmbedder() if settings.embeddings == "hashing" else settings.embeddings
    if settings.model is None and not isinstance(embedder, str):
        return Memory(embedder=embedder, **options)
    from langchain_memx import create_memory  # an extra that not everybody has

    return create_memory(settings.model, embedder, **options)


class Service(ThreadingHTTPServer):
    """A thread for each request; closing waits for those that are at work."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, settings: Settings, kept: Memory, *, serves: bool = True) -> None:
        super().__init__((settings.host, settings.port), _Handler)
        self.key = settings.key
        self.kept = kept
        self.calls: dict[str, Callable[[dict[str, Any]], object]] = {}
        if serves:
            self.calls = {"/add": self._add, "/recall": self._recall}

    def health(self) -> object:
        """That the database answers. An index that is down fails nobody: the database is searched meanwhile."""
        self.kept.get("health", user_id="health")
        return {"status": "ok"}

    def _add(self, asked: dict[str, Any]) -> object:
        """Keeps what was said, and learns from it in the background; with `wait` at once."""
        said: Any = asked.get("messages") or asked.get("text")
        ids: dict[str, Any] = {name: asked.get(name) for name in ("user_id", "agent_id", "run_id", "session_id", "key")}
        done = self.kept.add(said, wait=bool(asked.get("wait")), **ids)
        changes = [{"event": each.event, "id": each.memory_id, "text": each.new_text} for each in done.changes]
        return {"status": done.status, "operation_id": done.operation_id, "changes": changes}

    def _recall(self, asked: dict[str, Any]) -> object:
        """A block for a prompt."""
        ids: dict[str, Any] = {name: asked.get(name) for name in ("user_id", "agent_id", "run_id")}
        found = self.kept.recall(asked.get("query", ""), max_tokens=asked.get("max_tokens", 1000), **ids)
        return {"block": str(found)}


class _Handler(BaseHTTPRequestHandler):
    server: Service  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = QUIET  # a caller that sends nothing holds no thread for longer

    def do_GET(self) -> None:  # the library's name
        if self.path == "/health":
            self._answered(lambda: self.server.health())
        else:
            self._send(HTTPStatus.NOT_FOUND, {"error": "there is /health"})

    def do_POST(self) -> None:  # likewise
        call = self.server.calls.get(self.path)
        size = self.headers.get("Content-Length", "")
        body = self._body(int(size)) if size.isdecimal() else b""
        if call is None:
            self._send(HTTPStatus.NOT_FOUND, {"error": f"there is {' '.join(self.server.calls) or 'nothing'}"})
        elif not self._admitted():
            self._send(HTTPStatus.UNAUTHORIZED, {"error": "Authorization: Bearer ... is missing or wrong"})
        elif not size.isdecimal():
            self._send(HTTPStatus.LENGTH_REQUIRED, {"error": "Content-Length is missing"})
        elif int(size) > LARGEST:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"at most {LARGEST:,} bytes are taken"})
        else:
            self._answered(lambda: call(_asked(body)))

    def _body(self, size: int) -> bytes:
        """What was sent, also where it is refused: who closes on what was not read takes the answer back with it."""
        body = self.rfile.read(min(size, LARGEST))
        left = min(size, 10 * LARGEST) - len(body)
        while left > 0 and (thrown_away := self.rfile.read(min(left, 65_536))):
            left -= len(thrown_away)
        return body

    def _admitted(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.server.key is None or hmac.compare_digest(given.encode(), self.server.key.encode())

    def _answered(self, call: Callable[[], object]) -> None:
        try:
            self._send(HTTPStatus.OK, call())
        except InvalidInputError as error:
            self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except MemxError as error:  # nothing is lost: see what each error says of what was kept
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)})
        except Exception as error:  # noqa: BLE001  # a provider's own: not to be shown to a caller
            self.log_error("%s", type(error).__name__)
            self._send(HTTPStatus.BAD_GATEWAY, {"error": "the model or the embedder failed"})

    def _send(self, status: HTTPStatus, answer: object) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Which request, and how it ended; nothing of what was said."""
        sys.stderr.write(f"{self.log_date_time_string()} {format % args}\n")


def _asked(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise InvalidInputError("the body must be a JSON object")
    return asked


def run(settings: Settings, *, serves: bool) -> None:
    """Is there until SIGTERM or SIGINT comes."""
    with memory(settings) as kept, Service(settings, kept, serves=serves) as service:

        def stop(*_: object) -> None:
            threading.Thread(target=service.shutdown).start()  # which waits, and must not in this thread

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        print(f"listening on {settings.host}:{service.server_port}", flush=True)
        service.serve_forever(poll_interval=0.1)
    print("stopped", flush=True)


def main() -> None:
    """Does what the command line names."""
    settings = Settings.read(os.environ)
    match sys.argv[1:]:
        case []:
            run(settings, serves=True)
        case ["work"]:
            run(replace(settings, learns=True), serves=False)
        case ["upgrade"]:
            print(f"schema {upgrade_database(settings.database)}")
        case ["rebuild"]:
            with memory(replace(settings, learns=False)) as kept:
                print(f"{kept.rebuild_index()} texts embedded, and the index filled")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
