"""A Chromium that is installed, without a window, and the server that it looks at."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from memx_core import Memory
from memx_server.inspecting import application

_NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"no Chromium: install one ({', '.join(_NAMES)}), or name it with MEMX_TEST_CHROMIUM"


def chromium() -> str | None:
    """Where it is."""
    named = os.environ.get("MEMX_TEST_CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def browsing() -> Generator[Browser, None, None]:
    """It, for as long as the block takes."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def inspected(memory: Memory) -> Generator[str, None, None]:
    """The address that `memx inspect` would open; the server runs in a thread until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app, address = application(memory, listening.getsockname()[1])
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, args=([listening],), name="inspected")
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()
