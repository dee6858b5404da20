"""A server of ours on loopback, in a thread, for the tests that talk to one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from memx_core import Memory
from memx_core.testing import FakeEmbedder
from memx_server import Keys, create_app


class Served:
    """Where it listens, and what opens it."""

    def __init__(self, url: str, keys: Keys) -> None:
        self.url = url
        self.keys = keys

    def key(self, namespace: str = "default") -> str:
        """A new key."""
        return self.keys.create(namespace).key

    def bearer(self, namespace: str = "default") -> dict[str, str]:
        """Headers with a new key."""
        return {"Authorization": f"Bearer {self.key(namespace)}"}


def application(folder: Path, **options: Any) -> tuple[FastAPI, Keys]:
    """An application on a database in that folder, with a fake embedder, and its keys."""
    usual = {"embedder": FakeEmbedder(), "background": False}
    memory = {name: options.pop(name) for name in ("llm", "policy", "background", "screen") if name in options}
    keys = Keys(folder / "keys.db")

    def opened(namespace: str) -> Memory:
        return Memory(**usual | memory, database=folder / "memx.db", namespace=namespace)

    return create_app(opened, keys=keys, **options), keys


@contextmanager
def served(folder: Path, **options: Any) -> Generator[Served, None, None]:
    """A server that answers on a socket until the block ends; then it stops as on a SIGTERM."""
    app, keys = application(folder, **options)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        ready = threading.Event()

        thread = threading.Thread(target=server.run, args=([listening],), name="served")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                ready.wait(0.01)
            yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", keys)
        finally:
            server.should_exit = True
            thread.join()
