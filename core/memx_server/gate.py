"""What every request passes before its route: the door, the limits, and the counting. Plain ASGI, outermost first.

Paths are matched as they were sent, with their escapes: an id with a slash in it stays one segment, and cannot
name another route. The routes decode their segments (`decoded`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memx_server import problems
from memx_server.keys import KeyInfo, Keys
from memx_server.metrics import Metrics
from memx_server.problems import Problem
from memx_server.rates import Rates
from memx_server.settings import Limits

OPEN: Final = frozenset({"/health/live", "/health/ready", "/openapi.json"})
"""Paths that answer without a key: they say nothing about anybody."""
UPLOADS: Final = frozenset({"/memx/v1/load", "/memx/v1/backfill"})
_LOG = logging.getLogger("memx_server")
_LONGEST_KEY = 512
_NEVER = datetime.min.replace(tzinfo=UTC)


def decoded(segment: str) -> str:
    """What a segment of a path stands for.

    Raises:
        Problem: If it stands for no text.
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise Problem(404, "there is nothing under this path") from None


class Counted:
    """Counts requests, tells the log of them by their routes, and turns whatever is raised into a problem.

    Neither a path nor a query is told: they may hold ids.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, limits: Limits) -> None:
        self._app = app
        self._metrics = metrics
        self._limits = limits
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = _Sent(send)
        begun = time.perf_counter()
        self._under_way += 1
        try:
            with self._metrics.under_way():
                await self._answered(scope, receive, sent)
        finally:
            self._under_way -= 1
            seconds = time.perf_counter() - begun
            route = _route(scope)
            self._metrics.done(scope["method"], route, sent.status, seconds)
            _LOG.info("%s %s %s %.0f ms", scope["method"], route, sent.status, seconds * 1000)

    async def _answered(self, scope: Scope, receive: Receive, sent: _Sent) -> None:
        try:
            if self._under_way > self._limits.waiting:
                raise Problem(503, "too many requests are waiting", headers={"Retry-After": str(problems.RETRY_SOON)})
            scope["path"] = _as_sent(scope)
            async with asyncio.timeout(self._limits.seconds):
                await self._app(scope, receive, sent)
        except TimeoutError:
            await _refused(Problem(504, f"this took longer than {self._limits.seconds:g} seconds"), scope, sent)
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is, the client hears of it and the log too
            await _refused(problems.of(error), scope, sent)


class _Sent:
    """A `send` that remembers what went out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def _refused(problem: Problem, scope: Scope, sent: _Sent) -> None:
    if sent.status:
        raise problem  # half an answer is out: the server closes the connection
    await problem.response()(scope, _nothing, sent)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _as_sent(scope: Scope) -> str:
    raw: bytes | None = scope.get("raw_path")
    return scope["path"] if raw is None else raw.split(b"?", 1)[0].decode("latin-1")


def _route(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "none"


class Bounded:
    """Refuses a body that is too large, by what it says and by what comes."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._limits.upload if scope["path"] in UPLOADS else self._limits.body
        said = HTTPConnection(scope).headers.get("content-length", "")
        if said.isdigit() and int(said) > most:
            raise _too_large(most)
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise _too_large(most)
            return message

        await self._app(scope, counted, send)


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"the body is larger than {most:,} bytes")


class Guarded:
    """Lets in who has a key, or who calls from this machine where no key is asked for.

    Args:
        app: What is behind.
        keys: Who may ask; `None`: nobody, but for `open_to`.
        open_to: The namespace that whoever is on this machine may ask, without a key; `None` for none.
        rates: How often one key may ask.
        hosts: Names by which this machine is called where no key is asked for, beside those of the loopback.
        pages: Paths below which everybody is let in.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys | None,
        open_to: str | None,
        rates: Rates,
        hosts: Sequence[str] = (),
        pages: Sequence[str] = (),
    ) -> None:
        self._app = app
        self._keys = keys
        self._nobody = None if open_to is None else KeyInfo("", open_to, "", admin=True, created_at=_NEVER)
        self._rates = rates
        self._hosts = frozenset(hosts)
        self._pages = tuple(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or self._is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        key = await self._key(HTTPConnection(scope))
        if wait := self._rates.wait(key.id):
            headers = {"Retry-After": str(wait), "X-RateLimit-Remaining": "0"}
            raise Problem(429, "this key asks too often", headers=headers)
        scope.setdefault("state", {})["key"] = key
        await self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in OPEN or any(path == page or path.startswith(f"{page}/") for page in self._pages)

    async def _key(self, asked: HTTPConnection) -> KeyInfo:
        given = asked.headers.get("authorization")
        if given is not None and self._keys is not None:
            scheme, _, presented = given.partition(" ")
            presented = presented.strip()
            if scheme.lower() in ("token", "bearer") and len(presented) <= _LONGEST_KEY:
                found = await asyncio.to_thread(self._keys.check, presented)
                if found is not None:
                    return found
        elif self._nobody is not None and self._is_here(asked):
            return self._nobody
        raise Problem(
            401,
            "no key, or none that opens anything: send Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _is_here(self, asked: HTTPConnection) -> bool:
        """Whether it is this machine that calls, and calls it by its own name: a web page it shows may call too."""
        client = asked.client
        return client is not None and _is_loopback(client.host) and self._is_own(asked.headers.get("host", ""))

    def _is_own(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return name.lower() in self._hosts or name.lower() == "localhost" or _is_loopback(name.strip("[]"))


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
