"""`memx serve` as a process, and the keys that open it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def test_a_key_is_made_listed_and_taken_back(memx: Run) -> None:
    made = memx("keys", "create", "--name", "\x1b[31mada", "--namespace", "shop")
    (key,) = made.lines
    assert "namespace 'shop'" in made.err
    (id,) = [line.split()[-1] for line in made.err.splitlines()]
    listed = memx("keys", "list").out
    assert id in listed
    assert "\x1b" not in listed
    assert key not in listed
    memx("keys", "revoke", id)
    assert "revoked" in memx("keys", "list").out
    assert "there is no key" in memx("keys", "revoke", id, code=1).err


def test_without_the_extra_it_says_what_to_install(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "memx_server"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert 'pip install "memx-core[server]"' in memx("serve", code=1).err


def test_no_door_is_left_open_to_everybody(memx: Run) -> None:
    assert "no_auth" in memx("serve", "--no-auth", "--host", "0.0.0.0", code=1).err


def test_it_serves_until_ctrl_c(memx: Run, tmp_path: Path) -> None:
    memx("add", "I live in Bergen.")
    key = memx("keys", "create").lines[0]
    port = free_port()
    command = [sys.executable, "-m", "memx_cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        try:
            while "Uvicorn running" not in (line := serving.stderr.readline()):
                assert line
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                refused = client.post("/v1/memories/search/", json={"query": "home", "user_id": "ada"})
                answered = client.get("/health/ready", headers={"Authorization": f"Token {key}"})
        finally:
            serving.send_signal(signal.SIGINT)
        said = serving.stderr.read()
    assert (refused.status_code, answered.status_code) == (401, 200)
    assert serving.returncode == 130
    assert "Traceback" not in said
