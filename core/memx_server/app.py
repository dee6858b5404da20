"""The application: the routes, and what every request passes before them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from memx_core import inputs
from memx_core.errors import InvalidInputError, MemxError
from memx_core.memory import Memory
from memx_server import file_routes, health, mem0, own_routes, problems
from memx_server.gate import Bounded, Counted, Guarded
from memx_server.house import House
from memx_server.keys import Keys
from memx_server.memories import Memories, Opening
from memx_server.metrics import Metrics
from memx_server.problems import Problem
from memx_server.rates import Rates
from memx_server.replays import Replays
from memx_server.settings import Limits

_PROBLEMS = (MemxError, Problem, HTTPException, RequestValidationError, NotImplementedError)
_NO_TELEMETRY: dict[str, Any] = dict.fromkeys(
    ("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False
)
"""Of FastAPI's own, which would tell of paths and of what was raised: they may hold ids and texts."""
_DESCRIPTION = "A long-term memory for LLM applications. A key opens one namespace."


def create_app(
    memory: Memory | Opening,
    *,
    keys: Keys | None = None,
    no_auth: bool = False,
    limits: Limits | None = None,
    hosts: Sequence[str] = (),
    patience: float = 5.0,
    routers: Sequence[APIRouter] = (),
    pages: Mapping[str, ASGIApp] | None = None,
    on_close: Callable[[], object] = lambda: None,
) -> FastAPI:
    """A FastAPI application that serves memories.

    Args:
        memory: The memory to serve, or a function that opens that of a namespace. It is closed with the application.
        keys: Who may ask. Without keys nobody may, unless `no_auth`.
        no_auth: Whoever is on this machine may ask without a key: for trying things out.
        limits: How much one key, or one request, may take.
        hosts: With `no_auth`: names by which this machine calls itself, beside `localhost`.
        patience: Seconds that what is being learned may still take when the application stops.
        routers: Further routes, behind the same door; `memx_server.house` has what they ask for.
        pages: Further applications by the path below which they lie, which let in everybody: for files that are
            the same for all, such as a page that asks the routes with a key.
        on_close: Called when everything is given back.

    Raises:
        InvalidInputError: If an argument can never work.
    """
    granted = Limits() if limits is None else limits
    if keys is not None and no_auth:
        raise InvalidInputError("pass keys=, or no_auth=True: with both it would be open to whoever has none")
    seconds = inputs.seconds(patience)
    made = House(Memories(memory), keys, Metrics(), granted, Replays())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        yield
        made.stopping = True
        await made.memories.close(5.0 if seconds is None else seconds)
        if keys is not None:
            keys.close()
        on_close()

    namespace = memory.namespace if isinstance(memory, Memory) else "default"
    guard: dict[str, Any] = {
        "keys": keys,
        "open_to": namespace if no_auth else None,
        "rates": Rates(granted.rate, granted.burst),
        "hosts": tuple(hosts),
        "pages": tuple(pages or ()),
    }
    app = FastAPI(
        title="memx",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        responses=problems.RESPONSES,
        telemetry=_NO_TELEMETRY,  # type: ignore[arg-type]  # a dict of its own; earlier versions take and pass over it
        docs_url=None,  # its pages are made of what lies elsewhere
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Counted, metrics=made.metrics, limits=granted),
            Middleware(Guarded, **guard),
            Middleware(Bounded, limits=granted),
        ],
        exception_handlers=dict.fromkeys(_PROBLEMS, problems.handle),
    )
    app.state.house = made
    app.include_router(health.router)
    # The key is asked for before any route; here it is told to whoever reads the description.
    told = [Depends(HTTPBearer(auto_error=False, description="A key of the server's."))]
    for router in (mem0.router, own_routes.router(), file_routes.router, *routers):
        app.include_router(router, dependencies=told)
    for path, page in (pages or {}).items():
        app.mount(path, page)
    return app
