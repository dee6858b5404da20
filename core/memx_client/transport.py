"""Requests in two colours, and the one place where a request is tried again.

A flow awaits `send` and `sleep` of its `Wire` and nothing else, as the flows of the core do with their `IO`.
"""

from __future__ import annotations

import asyncio
import random
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, ParamSpec, Protocol, TypeVar

import httpx

from memx_client.errors import UnreachableError

P = ParamSpec("P")
T = TypeVar("T")

_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        path: Below the server's address.
        body: What is sent.
        file: A file that is sent instead.
        headers: Beside those of every request.
        sink: What the body of a good answer is written to, piece by piece.
    """

    path: str
    body: bytes = b""
    file: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    sink: BinaryIO | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `body` is empty where it went into a sink."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire(Protocol):
    """All that a flow waits for."""

    async def send(self, ask: Ask) -> Reply:
        """The answer.

        Raises:
            httpx.TransportError: If there is none.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        ...

    async def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`func(...)`, which may block: files."""
        ...


@dataclass(frozen=True, slots=True)
class Tries:
    """How often, and after what pauses, a request is sent again.

    Attributes:
        most: Times that it is sent again.
        pause: Seconds before the second try; each further pause is twice as long.
        longest: The longest pause; a server that wants more is not waited for.
    """

    most: int = 3
    pause: float = 0.25
    longest: float = 20.0

    def wait(self, failures: int, asked: float | None) -> float | None:
        """Seconds to wait after so many failures; `None` to give up.

        Args:
            failures: So far.
            asked: What the server asks for, if it does.
        """
        if failures > self.most or (asked is not None and asked > self.longest):
            return None
        own = min(self.longest, self.pause * 2.0 ** (failures - 1)) * random.uniform(0.75, 1.25)
        return own if asked is None else max(asked, own)


async def answered(wire: Wire, ask: Ask, tries: Tries, is_passing: Callable[[Reply], bool]) -> Reply:
    """The answer to a request, which is sent again while what hinders it may pass.

    Args:
        wire: Sends it.
        ask: The request. Sent twice it must do no more than once: it reads, or says by a key that it is the same.
        tries: How often.
        is_passing: Whether an answer says that another may come out better.

    Raises:
        UnreachableError: If no answer comes.
    """
    failures = 0
    while True:
        asked: float | None = None
        try:
            reply = await wire.send(ask)
        except httpx.TransportError as error:
            failures += 1
            pause = tries.wait(failures, None)
            if pause is None or ask.sink is not None:
                raise UnreachableError(f"the server does not answer: {type(error).__name__}") from error
        else:
            if not is_passing(reply):
                return reply
            failures += 1
            asked = _seconds(reply.headers.get("retry-after"))
            pause = tries.wait(failures, asked)
            if pause is None:
                return reply
        await wire.sleep(pause)


def _seconds(said: str | None) -> float | None:
    return float(said) if said is not None and said.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Settings:
    """What both colours make their connections with."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    timeout: float

    def options(self) -> dict[str, object]:
        """For httpx."""
        return {
            "base_url": self.url,
            "headers": dict(self.headers),
            "timeout": httpx.Timeout(self.timeout, connect=min(10.0, self.timeout)),
        }


class Blocking:
    """On the caller's thread. Threads share it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    async def send(self, ask: Ask) -> Reply:
        """See `Wire`."""
        content = ask.body if ask.file is None else _pieces(ask.file)
        with self._http.stream("POST", ask.path, content=content, headers=ask.headers) as response:
            if ask.sink is None or response.is_error:
                return Reply(response.status_code, response.headers, response.read())
            for piece in response.iter_bytes(_PIECE):
                ask.sink.write(piece)
            return Reply(response.status_code, response.headers, b"")

    async def sleep(self, seconds: float) -> None:
        """See `Wire`."""
        time.sleep(seconds)  # noqa: ASYNC251  # this colour blocks

    async def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Wire`."""
        return func(*args, **kwargs)


class Awaiting:
    """On the caller's loop. Connections are bound to a loop, so each has its own."""

    def __init__(self, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make
        self._of: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = weakref.WeakKeyDictionary()

    def _http(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        found = self._of.get(loop)
        if found is None:
            found = self._of[loop] = self._make()
        return found

    async def send(self, ask: Ask) -> Reply:
        """See `Wire`."""
        content = ask.body if ask.file is None else _apieces(ask.file)
        async with self._http().stream("POST", ask.path, content=content, headers=ask.headers) as response:
            if ask.sink is None or response.is_error:
                return Reply(response.status_code, response.headers, await response.aread())
            async for piece in response.aiter_bytes(_PIECE):
                await asyncio.to_thread(ask.sink.write, piece)
            return Reply(response.status_code, response.headers, b"")

    async def sleep(self, seconds: float) -> None:
        """See `Wire`."""
        await asyncio.sleep(seconds)

    async def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Wire`."""
        return await asyncio.to_thread(func, *args, **kwargs)

    async def close(self) -> None:
        """Gives back the connections of this loop; those of others go with them."""
        http = self._of.pop(asyncio.get_running_loop(), None)
        if http is not None:
            await http.aclose()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


async def _apieces(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()
