"""Qdrant's REST API, over its client's own local engine: in memory, or on loopback.

    server = QdrantServer(api_key="secret")
    QdrantIndex(client=server.client())                 # no socket: `httpx.MockTransport`
    with server.listening() as url: QdrantIndex(url, api_key="secret")
    server.fault = lambda asked: Fault("drop", applied=True)  # done, and the answer is lost
    server.requests[-1].path

It answers in the server's shapes and codes, and refuses what the server refuses (`qdrant_rules`),
with strict mode on. Its version decides what it knows: before 1.19 it weighs no words by tenant.
"""

from __future__ import annotations

import contextlib
import json
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError
from qdrant_client import AsyncQdrantClient, QdrantClient, models

from tests.qdrant_rules import Refusal, Rules

_Selector: TypeAlias = models.FilterSelector | models.PointIdsList
_SELECTOR: TypeAdapter[_Selector] = TypeAdapter(_Selector)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request."""

    method: str
    path: str
    body: Any
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong: an HTTP status, the connection, or the client's patience; before or after it is done."""

    what: int | Literal["drop", "timeout"]
    applied: bool = False


class QdrantServer:
    """The server.

    Attributes:
        requests: All that was asked, in order, refused and failed requests too.
        fault: Says what happens to a request.
        engine: Holds the points.
    """

    def __init__(self, *, api_key: str | None = None, version: str = "1.19.0") -> None:
        self.requests: list[Asked] = []
        self.fault: Callable[[Asked], Fault | None] = lambda asked: None
        self.engine = QdrantClient(":memory:")
        self.api_key = api_key
        self.version = version
        self._rules: dict[str, Rules] = {}
        self._lock = threading.Lock()

    def client(self, **options: Any) -> QdrantClient:
        """A client without a socket."""
        return QdrantClient(**self._settings(options))

    def async_client(self, **options: Any) -> AsyncQdrantClient:
        """Likewise."""
        return AsyncQdrantClient(**self._settings(options))

    def _settings(self, options: Mapping[str, Any]) -> dict[str, Any]:
        usual = {"url": "https://qdrant.test", "api_key": self.api_key, "check_compatibility": False}
        return {**usual, "transport": httpx.MockTransport(self._answer), **options}

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The same on loopback, at this URL."""
        http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_of": self}))
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()
            thread.join()
            http.server_close()

    def close(self) -> None:
        self.engine.close()

    def asked(self, path: str = "") -> list[Asked]:
        """Requests whose path ends so."""
        return [each for each in self.requests if each.path.endswith(path)]

    def points(self) -> list[models.Record]:
        """All that it holds, of all collections."""
        held = [one.name for one in self.engine.get_collections().collections]
        return [point for name in held for point in self.engine.scroll(name, limit=1_000_000, with_vectors=True)[0]]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = Asked(
            request.method,
            unquote(request.url.path),
            json.loads(request.content) if request.content else None,
            request.headers.get("api-key"),
        )
        status, body = self.serve(asked)
        return httpx.Response(status, headers=_headers(status), content=body)

    def serve(self, asked: Asked) -> tuple[int, bytes]:
        """Status and body; a fault of the connection is raised as httpx raises it."""
        self.requests.append(asked)
        fault = self.fault(asked)
        if fault is not None and not fault.applied:
            return _failed(fault)
        answer = self._served(asked)
        return answer if fault is None else _failed(fault)

    def _served(self, asked: Asked) -> tuple[int, bytes]:
        if self.api_key is not None and asked.key is None:
            return 401, b"Must provide an API key or an Authorization bearer token"
        if self.api_key is not None and asked.key != self.api_key:
            return 401, b"Invalid API key or JWT"
        try:
            with self._lock, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what local mode thinks of itself
                result = self._do(asked)
        except Refusal as refusal:
            return _error(refusal.status, refusal.says)
        except ValidationError as error:
            return _error(400, f"Format error in JSON body: {error.error_count()} errors")
        if asked.path.strip("/") == "":
            return 200, _json({"title": "qdrant - vector search engine", "version": self.version})
        return 200, _json({"result": result, "status": "ok", "time": 0.0})

    def _do(self, asked: Asked) -> Any:
        match [asked.method, *asked.path.strip("/").split("/")]:
            case ["GET", ""]:
                return None  # it answers in a shape of its own
            case ["GET", "collections"]:
                return {"collections": [{"name": name} for name in self._rules]}
            case ["PUT", "collections", name]:
                return self._create(name, models.CreateCollection(**asked.body))
            case [method, "collections", name, *rest] if name in self._rules:
                return self._in(name, self._rules[name], method, "/".join(rest), asked.body)
            case ["DELETE", "collections", _]:
                return False
            case [_, "collections", name, *_]:
                raise Refusal(404, f"Not found: Collection `{name}` doesn't exist!")
        raise Refusal(404, "")

    def _create(self, name: str, config: models.CreateCollection) -> bool:
        if name in self._rules:
            raise Refusal(409, f"Wrong input: Collection `{name}` already exists!")
        given = {key: getattr(config, key) for key in ("shard_number", "replication_factor", "metadata")}
        self.engine.create_collection(
            name, vectors_config=config.vectors or {}, sparse_vectors_config=config.sparse_vectors, **given
        )
        self._rules[name] = Rules(config)
        return True

    def _in(self, name: str, rules: Rules, method: str, path: str, body: Any) -> Any:
        match method, path:
            case "GET", "":
                info = self.engine.get_collection(name)
                return info.model_copy(update={"payload_schema": rules.schema})
            case "DELETE", "":
                del self._rules[name]
                return self.engine.delete_collection(name)
            case "PUT", "index":
                rules.index(models.CreateFieldIndex(**body), self.engine.count(name).count)
            case "PUT", "shards":
                self._add_shard(rules, models.CreateShardingKey(**body).shard_key)
                return True
            case "POST", "facet":
                facet = models.FacetRequest(**body)
                rules.facet(facet)
                return self.engine.facet(name, facet.key, facet_filter=facet.filter, limit=facet.limit or 10)
            case "POST", "points":
                wanted = models.PointRequest(**body)
                return self.engine.retrieve(name, wanted.ids, wanted.with_payload, wanted.with_vector)
            case "POST", "points/query/batch":
                return self._query(name, rules, models.QueryRequestBatch(**body).searches)
            case "POST", "points/delete":
                selector = _SELECTOR.validate_python(body)
                rules.filter(getattr(selector, "filter", None))
                self.engine.delete(name, selector)
            case "POST", "points/batch":
                operations = models.UpdateOperations(**body).operations
                for operation in operations:
                    assert isinstance(operation, models.UpsertOperation)
                    rules.upsert(operation.upsert)
                return self.engine.batch_update_points(name, operations)
            case _:
                raise NotImplementedError(f"the stand-in has no {method} {path}")
        return {"operation_id": len(self.requests), "status": "completed"}

    def _query(self, name: str, rules: Rules, requests: list[models.QueryRequest]) -> Any:
        if tuple(map(int, self.version.split(".")[:2])) < (1, 19):
            requests = [_unweighed(request) for request in requests]  # an old server overlooks what it does not know
        for request in requests:
            rules.query(request)
        return self.engine.query_batch_points(name, requests)

    def _add_shard(self, rules: Rules, key: str | int) -> None:
        if key in rules.shard_keys:
            raise Refusal(400, f"Bad request: Shard key {key} already exists")
        rules.shard_keys.add(key)


def _unweighed(request: Any) -> Any:
    inner = [_unweighed(one) for one in request.prefetch or ()]
    params = request.params and request.params.model_copy(update={"idf": None})
    return request.model_copy(update={"params": params, "prefetch": inner or None})


def _failed(fault: Fault) -> tuple[int, bytes]:
    if fault.what == "drop":
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    if fault.what == "timeout":
        raise httpx.ReadTimeout("timed out")
    return _error(fault.what, "Too many requests" if fault.what == 429 else f"Service internal error: {fault.what}")


def _error(status: int, says: str) -> tuple[int, bytes]:
    return status, _json({"status": {"error": says}, "time": 0.0})


def _headers(status: int) -> dict[str, str]:
    return {"content-type": "application/json", **({"retry-after": "1"} if status == 429 else {})}


def _json(value: object) -> bytes:
    return json.dumps(value, default=_plain).encode()


def _plain(value: object) -> Any:
    assert isinstance(value, BaseModel)
    return value.model_dump(mode="json")


class _Handler(BaseHTTPRequestHandler):
    """Hands requests over; a fault of the connection closes it."""

    protocol_version = "HTTP/1.1"
    server_of: QdrantServer

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        asked = Asked(self.command, path, json.loads(content) if content else None, self.headers.get("api-key"))
        try:
            status, body = self.server_of.serve(asked)
        except httpx.TransportError:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {**_headers(status), "content-length": str(len(body)), "connection": "close"}.items():
            self.send_header(name, value)
        with contextlib.suppress(OSError):  # the client has hung up
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = _serve
