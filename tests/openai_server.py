"""OpenAI's HTTP API on loopback, for whatever speaks it. What it answers is scripted; what it was asked is kept.

    with OpenAIServer() as server:
        server.answers("Hello!", {"operations": []})         # one after another, the last again and again
        server.script = lambda asked: ...                    # or by what is asked
        server.fails("chat", Status(429, retry_after=0.01))  # the next call; `server.down(...)`: until `recover()`
        ChatOpenAI(base_url=server.url, api_key="sk-any", ...)
        server.chats[0].body["messages"]

A mapping becomes what was asked for: arguments of the tool that must be called, or else JSON text.
What OpenAI would refuse is refused (`openai_rules`). It answers in threads of its own, on a free port.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, repeat
from typing import Any, Self, TypeAlias

from memx_core.embedders import HashingEmbedder
from tests.openai_answers import Asked, Call, Kind, Reply, Vectors, chunks, completion, embedded, event
from tests.openai_rules import chat_problem, embeddings_problem

__all__ = ["Asked", "Call", "Cut", "Garbage", "OpenAIServer", "Reply", "Slow", "Status"]

_KINDS: dict[str, Kind] = {"/chat/completions": "chat", "/embeddings": "embeddings", "/models": "models"}
MODELS = ("gpt-5-mini", "text-embedding-3-small")


@dataclass(frozen=True, slots=True)
class Status:
    """An error of the server's, before anything is done."""

    code: int
    retry_after: float | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Slow:
    """Nothing is heard for so many seconds, then the answer."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends after so many bytes of the body; of a stream, after so many events."""

    after: int = 1


@dataclass(frozen=True, slots=True)
class Garbage:
    """A body that is not JSON, with status 200."""

    body: str = '{"id": "chatcmpl-1", "choi'


Fault: TypeAlias = Status | Slow | Cut | Garbage | None


Answer: TypeAlias = str | Mapping[str, Any] | Call | Reply
Script: TypeAlias = Callable[[Asked], Answer]


class OpenAIServer:
    """The server.

    Attributes:
        requests: All that was asked, in order, refused and failed requests too.
        script: Answers chats.
        vectors: Answers embeddings: texts and dimensions to vectors.
        keep_alive: Whether connections stay open after an answer. They do not unless a test asks for
            it, and then closes its clients: one left over is a warning in whatever test comes later.
    """

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.script: Script = lambda _: "All right."
        self.vectors: Vectors = _hashed
        self.keep_alive = False
        self._faults: dict[Kind, Iterator[Fault]] = {}
        self._lock = threading.Lock()
        self._numbers = count(1)
        self.closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.api = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.close_connections()
        self._http.server_close()

    @property
    def url(self) -> str:
        """For `base_url`."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def answers(self, *answers: Answer) -> None:
        """Chats get these, one after another, and the last one again and again."""
        left, lock = list(answers), threading.Lock()

        def script(_: Asked) -> Answer:
            with lock:
                return left.pop(0) if len(left) > 1 else left[0]

        self.script = script

    def fails(self, kind: Kind, *faults: Fault) -> None:
        """The next requests of `kind` meet these; `None` is none."""
        self._faults[kind] = iter(faults)

    def down(self, kind: Kind, fault: Fault) -> None:
        """All requests of `kind` meet `fault` until `recover`."""
        self._faults[kind] = repeat(fault)

    def recover(self) -> None:
        """No more faults."""
        self._faults.clear()

    def asked(self, kind: Kind) -> list[Asked]:
        """The requests of one kind."""
        with self._lock:
            return [each for each in self.requests if each.kind == kind]

    @property
    def chats(self) -> list[Asked]:
        return self.asked("chat")

    @property
    def embeddings(self) -> list[Asked]:
        return self.asked("embeddings")

    def take(self, asked: Asked) -> tuple[Fault, int]:
        """Keeps a request; the fault it meets, and its number."""
        with self._lock:
            self.requests.append(asked)
            return next(self._faults.get(asked.kind, iter(())), None), next(self._numbers)

    def reply(self, asked: Asked) -> Reply:
        answer = self.script(asked)
        if isinstance(answer, Reply):
            return answer
        if isinstance(answer, Call):
            return Reply(calls=[answer])
        if isinstance(answer, Mapping):
            return Reply(calls=[Call(asked.wanted, answer)]) if asked.forced else Reply(json.dumps(answer))
        return Reply(answer)


class _Http(ThreadingHTTPServer):
    """Ends with its connections, which clients keep open."""

    daemon_threads = True
    api: OpenAIServer

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.open: set[socket.socket] = set()

    def close_connections(self) -> None:
        for connection in list(self.open):
            _hang_up(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client has hung up, or the server is closing
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _serve(self, body: Mapping[str, Any]) -> None:
        kind = next((kind for path, kind in _KINDS.items() if self.path.endswith(path)), None)
        if kind is None:
            return self._error(404, f"no such path: {self.path}")
        asked = Asked(kind, body, {name.lower(): value for name, value in self.headers.items()})
        fault, number = self.server.api.take(asked)
        match fault:
            case Status(code, retry_after, error):
                waits = {} if retry_after is None else {"Retry-After": str(retry_after)}
                return self._error(code, f"error {code}", waits, error)
            case Garbage(text):
                return self._send(200, text.encode())
            case Slow(seconds):
                self.server.api.closing.wait(seconds)
        problem = self._problem(asked)
        if problem is not None:
            return self._error(*problem)
        return self._answer(asked, number, fault)

    def _problem(self, asked: Asked) -> tuple[int, str] | None:
        if not self.headers.get("Authorization", "").startswith("Bearer sk-"):
            return 401, "Incorrect API key provided"
        check = {"chat": chat_problem, "embeddings": embeddings_problem}.get(asked.kind)
        problem = check(asked.body) if check else None
        return None if problem is None else (400, problem)

    def _answer(self, asked: Asked, number: int, fault: Fault) -> None:
        cut = fault.after if isinstance(fault, Cut) else None
        api = self.server.api
        if asked.kind == "models":
            models = [{"id": name, "object": "model", "created": 1, "owned_by": "tests"} for name in MODELS]
            return self._send(200, _json({"object": "list", "data": models}), cut=cut)
        if asked.kind == "embeddings":
            return self._send(200, _json(embedded(asked, api.vectors)), cut=cut)
        reply = api.reply(asked)
        if asked.body.get("stream"):
            return self._stream([*map(event, chunks(asked, reply, number)), b"data: [DONE]\n\n"], cut=cut)
        return self._send(200, _json(completion(asked, reply, number)), cut=cut)

    def _error(
        self, code: int, says: str, headers: Mapping[str, str] | None = None, error: Mapping[str, Any] | None = None
    ) -> None:
        body = {"error": {"message": says, "type": "server_error", "param": None, "code": None, **(error or {})}}
        self._send(code, _json(body), headers or {})

    def _send(
        self, code: int, body: bytes, headers: Mapping[str, str] | None = None, *, cut: int | None = None
    ) -> None:
        self._begin(code, {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self._hang_up()

    def _stream(self, events: Sequence[bytes], *, cut: int | None) -> None:
        self._begin(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        for each in events[:cut]:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(each), each))
        if cut is not None:
            return self._hang_up()
        self.wfile.write(b"0\r\n\r\n")
        return None

    def _begin(self, code: int, headers: Mapping[str, str]) -> None:
        self.send_response(code)
        keeping = {} if self.server.api.keep_alive else {"Connection": "close"}
        for name, value in {**headers, **keeping}.items():
            self.send_header(name, value)
        self.end_headers()

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        _hang_up(self.connection)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has gone
        connection.shutdown(socket.SHUT_RDWR)


def _hashed(texts: Sequence[str], dimensions: int) -> Iterable[Iterable[float]]:
    return HashingEmbedder(dimensions).embed_documents(texts)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
