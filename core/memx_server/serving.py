"""Running the application: what is served, from settings that are plain values, in one process or several."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy.engine import URL

import memx_inspector
from memx_core import inputs
from memx_core.embedders import LocalEmbedder
from memx_core.errors import InvalidInputError
from memx_core.ledger import upgrade_database
from memx_core.ledger.kinds import open_engine
from memx_core.memory import Memory
from memx_core.plans import Policy
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Embedder, Index, Telemetry, Warmable
from memx_core.reports import Budget
from memx_server.app import create_app
from memx_server.keys import Keys
from memx_server.memories import Opening
from memx_server.metrics import SHARED
from memx_server.settings import Limits
from memx_server.supervising import supervise

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a process of the server needs to know; it may be pickled."""

    database: str | PathLike[str] | URL
    model: str | LLM | AsyncLLM | None = None
    embedder: str | Embedder | AsyncEmbedder | None = None
    index: str | None = None
    index_key: str | None = field(default=None, repr=False)
    keys: str | PathLike[str] | URL | None = None
    no_auth: bool = False
    limits: Limits = field(default_factory=Limits)
    policy: Policy = "auto"
    budget: Budget | None = None
    patience: float = 5.0
    telemetry: Telemetry | None = None


def serve(
    *,
    database: str | PathLike[str] | URL = "memx.db",
    host: str = "127.0.0.1",
    port: int = 8765,
    model: str | LLM | AsyncLLM | None = None,
    embedder: str | Embedder | AsyncEmbedder | None = None,
    index: str | None = None,
    index_key: str | None = None,
    workers: int = 1,
    keys: str | PathLike[str] | URL | None = None,
    no_auth: bool = False,
    limits: Limits | None = None,
    policy: Policy = "auto",
    budget: Budget | None = None,
    telemetry: Telemetry | None = None,
    patience: float = 5.0,
    log_level: str = "info",
) -> None:
    """Serves memories until it is told to stop (SIGINT, SIGTERM).

    It then takes no more requests, finishes those that are under way, and queues again what is being learned.

    Args:
        database: Where memories are kept: a path or a SQLAlchemy URL.
        host: The address to listen on.
        port: The port to listen on.
        model: Proposes what to remember: `"provider:name"` as LangChain knows it, or an object as for `Memory`;
            `None` lets rules propose.
        embedder: Likewise for embeddings; `None` is the bundled one.
        index: URL of a Qdrant server; `None` keeps the index in memory.
        index_key: Its API key.
        workers: Processes. With several, limits of rate are each process's own.
        keys: Where keys are kept, if not in `database`.
        no_auth: Whoever is on this machine may ask without a key; only on a loopback address.
        limits: How much one key, or one request, may take.
        policy: As for `Memory`.
        budget: As for `Memory`.
        telemetry: As for `Memory`.
        patience: Seconds that what is under way may still take when the server stops.
        log_level: Of the log: `debug`, `info`, `warning`, `error`.

    Raises:
        InvalidInputError: If the settings cannot work together.
    """
    if no_auth and host not in _LOOPBACK:
        raise InvalidInputError(f"no_auth=True opens all memories to whoever reaches {host!r}: make keys instead")
    if inputs.limit(workers, "workers") > 1 and str(database) == ":memory:":
        raise InvalidInputError("several workers cannot share a database in memory: name a file or a PostgreSQL")
    settings = Settings(
        database,
        model,
        embedder,
        index,
        index_key,
        keys,
        no_auth,
        limits or Limits(),
        policy,
        budget,
        patience,
        telemetry,
    )
    listening = Listening(host, port, log_level, patience)
    if workers == 1:
        uvicorn.Server(_config(settings, listening)).run()
        return
    _prepared(settings)
    with tempfile.TemporaryDirectory(prefix="memx-metrics-") as folder:
        os.environ[SHARED] = folder  # read by the processes that are started below
        try:
            with _config(settings, listening).bind_socket() as listener:
                supervise(partial(work, settings, listening), listener, workers, 2 * patience + 5)
        finally:
            del os.environ[SHARED]


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a process listens, and how it goes about it."""

    host: str
    port: int
    log_level: str
    patience: float


def work(settings: Settings, listening: Listening, listener: socket.socket) -> None:
    """What one of several processes does."""
    uvicorn.Server(_config(settings, listening)).run([listener])


def _config(settings: Settings, listening: Listening) -> uvicorn.Config:
    return uvicorn.Config(
        partial(application, settings),
        factory=True,
        host=listening.host,
        port=listening.port,
        log_level=listening.log_level,
        access_log=False,  # paths may hold ids; the application tells the log of requests by their routes
        server_header=False,
        timeout_graceful_shutdown=max(1, round(listening.patience)),
    )


def _prepared(settings: Settings) -> None:
    """Makes the tables before several processes would want to at the same time."""
    Keys(settings.keys or settings.database).close()
    upgrade_database(settings.database)


def application(settings: Settings) -> FastAPI:
    """The application of one process."""
    engine = open_engine(settings.database)
    keys = None if settings.no_auth else Keys(engine if settings.keys is None else settings.keys)
    options: dict[str, Any] = {"database": engine, "policy": settings.policy, "budget": settings.budget}
    options["telemetry"] = settings.telemetry
    opening = _opening(settings, options)
    return create_app(
        opening,
        keys=keys,
        no_auth=settings.no_auth,
        limits=settings.limits,
        patience=settings.patience,
        routers=[memx_inspector.entrance()],
        pages=memx_inspector.pages(),
        on_close=engine.dispose,
    )


def _opening(settings: Settings, options: dict[str, Any]) -> Opening:
    """Opens memories that share the model, the embedder and the engine."""
    embedder = LocalEmbedder() if settings.embedder is None else settings.embedder
    if isinstance(embedder, Warmable):
        embedder.warm_up()  # now, and not while the first one waits
    make = _making(named=any(isinstance(part, str) for part in (settings.model, embedder)))

    def opened(namespace: str) -> Memory:
        return make(settings.model, embedder, namespace=namespace, index=_index(settings), **options)

    return opened


def _making(*, named: bool) -> Callable[..., Memory]:
    if not named:
        return Memory
    # The one import by which this room reaches out: providers that are named are LangChain's.
    from langchain_memx import create_memory

    return create_memory


def _index(settings: Settings) -> Index | None:
    if settings.index is None:
        return None
    from memx_core.index import QdrantIndex

    return QdrantIndex(settings.index, api_key=settings.index_key)
