"""A server of two processes on PostgreSQL and Qdrant, as `memx serve` starts it, told to stop as a system tells it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from memx_client import MemoryClient
from memx_server import Keys
from tests.cli.test_serving import free_port
from tests.qdrant_server import QdrantServer

pytestmark = pytest.mark.databases("postgresql")
USERS = [f"user {number}" for number in range(8)]


@contextmanager
def serving(database: str, qdrant: str, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Where the processes listen together, once both do, and the one that started them."""
    port = free_port()
    command = [sys.executable, "-m", "memx_cli", "serve", "--port", str(port), "--workers", "2"]
    settings = {"MEMX_DATABASE": database, "MEMX_INDEX": qdrant, "MEMX_EMBEDDER": "hashing"}
    environment = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    with subprocess.Popen(
        command, cwd=folder, env=environment | settings, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            for _ in range(2):
                while "startup complete" not in (line := process.stderr.readline()):
                    assert line
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()


def test_processes_share_memories_keys_and_figures_and_stop_together(place: Engine, tmp_path: Path) -> None:
    database = place.url.render_as_string(hide_password=False)
    keys = Keys(database)
    key, admin = keys.create().key, keys.create_admin().key
    keys.close()
    qdrant = QdrantServer()
    with qdrant.listening() as index, serving(database, index, tmp_path) as (url, process):
        asked = 0
        for user in USERS:  # each with connections of its own, which either process may take
            with MemoryClient(url, api_key=key) as memory:
                memory.add(f"I am {user} and I live in Oslo.", user_id=user, wait=False)
                asked += 1
        with MemoryClient(url, api_key=key) as memory:
            memory.flush()
            found = {user: memory.search("where?", user_id=user, include_messages=True) for user in USERS}
            asked += 1 + len(USERS)
        assert all({hit.memory.user_id for hit in hits} == {user} for user, hits in found.items())
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {admin}"}, trust_env=False) as client:
            counted = client.get("/metrics").text
        made = [line for line in counted.splitlines() if line.startswith("memx_http_requests_total{")]
        assert sum(float(line.rpartition(" ")[2]) for line in made) == asked
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(20) == 0
        assert "Traceback" not in said
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/health/live", trust_env=False)
    assert qdrant.asked("/points/batch")
    qdrant.close()
