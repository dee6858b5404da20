"""`memx inspect`: a page for whoever started it, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from memx_core import Memory
from memx_core.embedders import HashingEmbedder

BROWSER = """
import os, pathlib, sys, urllib.request
path = pathlib.Path(urllib.request.url2pathname(sys.argv[1].removeprefix("file://")))
pathlib.Path("opened.part").write_text(f"{oct(path.stat().st_mode)} {path.read_text()}")
os.rename("opened.part", "opened")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal there")
def test_it_opens_a_page_with_a_key_that_is_nowhere_to_be_listed(tmp_path: Path) -> None:
    with Memory(embedder=HashingEmbedder(), database=tmp_path / "memx.db", background=False) as memory:
        memory.add("Plays chess", user_id="ada", infer=False)
    (tmp_path / "browser.py").write_text(BROWSER)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEMX_", "PYTHON"))}
    env = {**kept, "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "BROWSER": f"{sys.executable} browser.py %s"}
    command = [sys.executable, "-m", "memx_cli", "inspect", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        address = json.loads(told)["result"]["address"]
        page, _, key = address.partition("#key=")
        assert httpx.get(page).status_code == 200
        base = page.removesuffix("/inspect/")
        asked = httpx.post(f"{base}/memx/v1/owners", json={"kind": "user"}, headers={"Authorization": f"Bearer {key}"})
        assert [each["id"] for each in asked.json()] == ["ada"]
        assert httpx.post(f"{base}/memx/v1/owners", json={"kind": "user"}).status_code == 401
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    assert b"Traceback" not in said
    mode, _, door = (tmp_path / "opened").read_text().partition(" ")
    assert stat.S_IMODE(int(mode, 8)) == 0o600
    assert f"url={address}" in door
