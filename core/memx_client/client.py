"""`MemoryClient`: every method of `Memory`, done by a server.

It has no method of its own for any of them. What a `Memory` is asked comes as the name of a flow with its
arguments (`memx_core.memory.base`); a `Memory` runs the flow, and this sends its name and its arguments.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

import httpx

from memx_client import files
from memx_client.errors import ServerError, UnauthorizedError, UnreachableError
from memx_client.transport import Ask, Awaiting, Blocking, Reply, Settings, Tries, Wire, answered
from memx_core import inputs, wire
from memx_core._io import IO, run
from memx_core.errors import InvalidInputError
from memx_core.flows.room import Room
from memx_core.memory import MemoryLike

P = ParamSpec("P")
T = TypeVar("T")

_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_PASSING_ERRORS: Final = frozenset({"LedgerError", "IndexUnavailableError"})
_LONGEST_URL: Final = 2_000


class MemoryClient(MemoryLike):
    """A memory that is on a server, with the methods of `Memory` in both colours.

    Reads and writes are sent again when the connection breaks, or the server says that it will pass: a write with
    a key by which the server knows it. Of a server with several processes each knows the keys that it was asked
    with, and all of them those of `add`: another write may be done twice if its answer is lost and another process
    is asked again; `retries=0` leaves that to you. Safe to share between threads, tasks and event loops.

    What is of this process stays here: an embedder cannot be handed over, and `progress` shows nothing.

    Args:
        url: Where the server is, such as `https://memory.example.org`.
        api_key: What opens it; its namespace is the memory. `None` for a server on this machine that wants none.
        timeout: Seconds that one answer may take.
        retries: Times that a request is sent again.

    Raises:
        InvalidInputError: If the URL is none.
    """

    def __init__(self, url: str, *, api_key: str | None = None, timeout: float = 150.0, retries: int = 3) -> None:
        self._url = _checked_url(url)
        self._who = _name_of(api_key)
        self._tries = Tries(most=_retries(retries))
        headers = {"Content-Type": "application/json", "User-Agent": "memx-client"}
        if api_key is not None:
            headers["Authorization"] = f"Bearer {_checked_key(api_key)}"
        options: Any = Settings(self._url, headers, inputs.seconds(timeout) or 150.0).options()
        options["verify"] = httpx.create_ssl_context() if self._url.startswith("https:") else False
        self._http = httpx.Client(**options)
        self._blocking = Blocking(self._http)
        self._awaiting = Awaiting(lambda: httpx.AsyncClient(**options))
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    @property
    def namespace(self) -> str:
        """The key's name, which stands for the namespace that it opens; only the server knows that."""
        return self._who

    @property
    def database(self) -> str:
        """The server's address."""
        return self._url

    def _run(
        self,
        flow: Callable[Concatenate[IO, Room, P], Coroutine[Any, Any, T]],
        /,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        return run(self._called(self._blocking, flow, arguments, named))  # type: ignore[no-any-return]  # the wire's types

    async def _arun(
        self,
        flow: Callable[Concatenate[IO, Room, P], Coroutine[Any, Any, T]],
        /,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        return await self._called(self._awaiting, flow, arguments, named)  # type: ignore[no-any-return]  # likewise

    async def _called(self, io: Wire, flow: Any, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:  # noqa: ANN401  # whatever the method returns
        call = wire.calls()[flow.__name__]
        given = wire.arguments(flow, arguments, named)
        given.pop("progress", None)
        if given.pop("embedder", None) is not None:
            raise InvalidInputError("the embedder of a memory on a server is the server's: change it there")
        match call.name:
            case "export":
                return await files.export(io, given, lambda ask: self._asked(io, ask))
            case "load":
                return await files.load(call, given, lambda ask: self._asked(io, ask))
            case "backfill":
                given["conversations"] = await files.conversations(io, given["conversations"])
            case _:
                pass
        headers = {"Idempotency-Key": uuid.uuid4().hex} if call.writes else {}
        reply = await self._asked(io, Ask(f"/memx/v1/{call.name}", wire.packed(given), headers=headers))
        return understood(call, reply)

    async def _asked(self, io: Wire, ask: Ask) -> Reply:
        if self._closed:
            raise UnreachableError("this client is closed; make a new one")
        reply = await answered(io, ask, self._tries, _is_passing)
        if reply.status >= 400:
            raise _error(reply)
        return reply

    def close(self, timeout: float | None = 5.0) -> None:
        """Gives back the connections; later calls raise. The server goes on."""
        self._closed = True
        self._http.close()

    async def aclose(self, timeout: float | None = 5.0) -> None:
        """Like `close`, with the connections of this loop."""
        await self._awaiting.close()
        self.close()


def understood(call: wire.Call, reply: Reply) -> Any:  # noqa: ANN401  # whatever the method returns
    """What the method returns."""
    try:
        return wire.answered(call, reply.body)
    except ValueError as error:
        raise ServerError(f"the server is of another version, or none of memx's: {error}", reply.status) from None


def _is_passing(reply: Reply) -> bool:
    """Whether it may go better soon. What memx itself raises there would be raised again, but for what is busy."""
    if reply.status not in _PASSING:
        return False
    raised = _problem(reply).get("error")
    return raised is None or raised in _PASSING_ERRORS


def _problem(reply: Reply) -> Mapping[str, Any]:
    try:
        told = json.loads(reply.body)
    except ValueError:
        return {}
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


def _error(reply: Reply) -> Exception:
    told = _problem(reply)
    said = told.get("detail")
    detail = said if isinstance(said, str) else f"the server answers with {reply.status}"
    if (raised := wire.error_from(told, detail)) is not None:
        return raised
    if reply.status in (401, 403):
        return UnauthorizedError(detail, reply.status)
    if reply.status == 422:
        return InvalidInputError(detail)
    return ServerError(detail, reply.status)


def _checked_url(url: object) -> str:
    if isinstance(url, str) and len(url) <= _LONGEST_URL:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL("")
        if parsed.scheme in ("http", "https") and parsed.host and not parsed.userinfo:
            return url.rstrip("/")
    raise InvalidInputError("url must be where the server is, such as 'https://memory.example.org', without a password")


def _checked_key(key: object) -> str:
    if not isinstance(key, str) or not key.strip() or not key.isascii() or not key.isprintable():
        raise InvalidInputError("api_key must be a key as the server made it")
    return key.strip()


def _name_of(key: object) -> str:
    """The part of a key that opens nothing."""
    parts = key.split("_") if isinstance(key, str) else []
    return parts[1] if len(parts) > 2 else "default"


def _retries(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInputError(f"retries must be a whole number from 0, not {inputs.show(value)}")
    return value
