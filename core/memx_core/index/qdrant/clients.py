"""The client: made from what the user gave, asked for one thing at a time, its errors made ours.

An index is called in the caller's thread, or in one that the event loop lends (`IO.call`), so a
blocking client serves both colours and nothing blocks a loop. Of an async client the settings are
taken: it would need a loop, and memx never starts one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import RLock
from typing import Any, TypeVar

import grpc
from qdrant_client import AsyncQdrantClient, QdrantClient
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from memx_core.errors import IndexMismatchError, IndexUnavailableError, InvalidInputError

T = TypeVar("T")
LEAST: tuple[int, int] = (1, 16)
"""The oldest server: older ones cannot hold back a request that comes late (conditional upserts)."""
_NEWEST: tuple[int, int] = (1, 1_000)
_MOST_SHOWN = 200


class GoneError(IndexUnavailableError):
    """The collection is not there (any more)."""


class ThereError(IndexUnavailableError):
    """It is there already: somebody else was faster."""


def opened(url: str | None, path: str | None, client: object, options: dict[str, Any]) -> Server:
    """The server that is meant by what was given.

    Raises:
        InvalidInputError: If it is not one of a URL, a path and a client.
    """
    if sum(given is not None for given in (url, path, client)) != 1:
        raise InvalidInputError("QdrantIndex takes one of a URL (or ':memory:'), path= and client=")
    if client is None:
        where: dict[str, Any] = {"location": ":memory:"} if url == ":memory:" else {"url": url, "path": path}
        where |= {"check_compatibility": False, **options}
        return Server(QdrantClient(**where), owned=True)
    if options:
        raise InvalidInputError(f"client= is ready-made: {', '.join(sorted(options))} would change nothing")
    if isinstance(client, AsyncQdrantClient):
        settings: dict[str, Any] = {**client.init_options, "check_compatibility": False}
        if _is_local(settings):
            raise InvalidInputError("client= is an AsyncQdrantClient in local mode, which only it can use: give path=")
        return Server(QdrantClient(**settings), owned=True)
    if isinstance(client, QdrantClient):
        return Server(client, owned=False)
    raise InvalidInputError(
        f"client=<{type(client).__qualname__}> is neither a qdrant_client.QdrantClient nor an AsyncQdrantClient"
    )


class Server:
    """A server, or the library's local mode, which only one thread at a time may use.

    Args:
        client: Whom to ask.
        owned: Whether it is ours to close.
    """

    def __init__(self, client: QdrantClient, *, owned: bool) -> None:
        self.local = _is_local(client.init_options)
        self._client = client
        self._owned = owned
        self._turn: AbstractContextManager[object] = RLock() if self.local else nullcontext()
        self._version: tuple[int, int] | None = _NEWEST if self.local else None

    @property
    def version(self) -> tuple[int, int]:
        """Of the server, asked once.

        Raises:
            IndexUnavailableError: If it does not answer.
            IndexMismatchError: If it is too old.
        """
        if self._version is None:
            told = self.ask("tell its version", lambda client: client.info()).version
            found = re.match(r"(\d+)\.(\d+)", told)
            version = (int(found[1]), int(found[2])) if found else _NEWEST
            if version < LEAST:
                raise IndexMismatchError(
                    f"the Qdrant server is version {told!r}, and memx needs {LEAST[0]}.{LEAST[1]} at least: update it"
                )
            self._version = version
        return self._version

    def ask(self, what: str, call: Callable[[QdrantClient], T]) -> T:
        """What the server answers.

        Args:
            what: As said in an error: "Qdrant did not ...".
            call: Calls one method of the client.

        Raises:
            IndexUnavailableError: If it refuses, or is not there.
        """
        try:
            with self._turn:
                return call(self._client)
        except UnexpectedResponse as error:
            kind = {404: GoneError, 409: ThereError}.get(error.status_code or 0, IndexUnavailableError)
            raise kind(f"Qdrant did not {what}: {error.status_code}, {_says(error.content)}") from error
        except ResourceExhaustedResponse as error:
            raise IndexUnavailableError(f"Qdrant did not {what}: it is too busy for {error.retry_after_s} s") from error
        except ResponseHandlingException as error:
            raise IndexUnavailableError(f"Qdrant did not {what}: {type(error.source).__name__}") from error
        except grpc.RpcError as error:
            raise _over_grpc(what, error) from error
        except ValueError as error:
            if self.local and re.fullmatch(r"Collection \S+ not found", str(error)):
                raise GoneError(f"Qdrant did not {what}: {error}") from error
            if self.local and re.fullmatch(r"Collection \S+ already exists", str(error)):
                raise ThereError(f"Qdrant did not {what}: {error}") from error
            raise

    def close(self) -> None:
        """Closes the client, if it was made here."""
        if self._owned:
            with self._turn:
                self._client.close()


def _is_local(settings: dict[str, Any]) -> bool:
    return settings.get("location") == ":memory:" or settings.get("path") is not None


def _over_grpc(what: str, error: grpc.RpcError) -> IndexUnavailableError:
    code = error.code() if isinstance(error, grpc.Call) else None
    said = (error.details() or "") if isinstance(error, grpc.Call) else ""
    says = f"Qdrant did not {what}: {'no answer' if code is None else f'{code.name}, {said[:_MOST_SHOWN]}'}"
    if code is grpc.StatusCode.NOT_FOUND:
        return GoneError(says)
    return ThereError(says) if code is grpc.StatusCode.ALREADY_EXISTS else IndexUnavailableError(says)


def _says(content: bytes) -> str:
    """The server's own words, if they are words, and not too many."""
    try:
        said = json.loads(content)["status"]["error"]
    except (ValueError, TypeError, KeyError):
        return "without a reason"
    return str(said)[:_MOST_SHOWN]
