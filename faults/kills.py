"""Kills: a writer with its worker and its index is ended between any two statements, and at random times."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

from faults.outcomes import Outcome


def kills(size: int, *, seed: int = 0, database: str | None = None) -> Outcome:
    """What `size` kills left behind.

    Args:
        size: How many.
        seed: Of the random times.
        database: URL of a server; `None`: SQLite files of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "faults.killing", folder, str(size), str(seed)]
        done = subprocess.run([*command, *([database] if database else [])], capture_output=True, text=True)
    if done.returncode:
        return Outcome(0, {}, (f"the campaign failed: {done.stderr[-2000:]}",))
    found = json.loads(done.stdout.splitlines()[-1])
    return Outcome(found["points"], found["figures"], tuple(found["broken"]))
