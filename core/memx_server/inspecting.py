"""The inspector for one person at this machine: the server on a loopback address, with a key for this one time."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from memx_core.memory import Memory
from memx_inspector import PATH, OwnAddress, entrance, pages
from memx_server.app import create_app
from memx_server.keys import Keys

_HOST = "127.0.0.1"


def inspect(memory: Memory, *, port: int = 0, ready: Callable[[str], object] = lambda address: None) -> None:
    """Serves the inspector on this machine until it is told to stop (SIGINT, SIGTERM); then the memory is closed.

    The address holds a key behind its `#`, where no server, log or `Referer` sees it: whoever knows it can read all
    that is remembered, and approve or change it, as long as this runs.

    Args:
        memory: What to look at.
        port: The port to listen on; 0 for a free one.
        ready: Called with the page's address, once it answers.

    Raises:
        OSError: If the port is taken.
    """
    with socket.create_server((_HOST, port)) as listening:
        own: int = listening.getsockname()[1]
        app, address = application(memory, own)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5)
        )
        ready(address)
        server.run([listening])


def application(memory: Memory, port: int) -> tuple[ASGIApp, str]:
    """The application, and the page's address with the key that opens it."""
    keys = Keys(":memory:")
    key = keys.create(memory.namespace).key
    app = create_app(memory, keys=keys, routers=[entrance()], pages=pages())
    return OwnAddress(app, port), f"http://{_HOST}:{port}{PATH}/#key={key}"
