"""Every campaign at a small size; `make faults` runs them at their full one."""

from __future__ import annotations

import subprocess
import sys

from faults.kills import kills
from faults.providers import providers
from faults.storage import storage


def test_nothing_is_lost_or_half_done_by_kills() -> None:
    outcome = kills(6, seed=1)
    assert outcome.broken == ()
    assert outcome.points >= 3
    assert outcome.figures["acknowledged"] > 10


def test_nothing_is_lost_or_half_done_by_failing_providers() -> None:
    outcome = providers(40, seed=1)
    assert outcome.broken == ()
    assert {"faults of the model", "faults of the embedder", "faults of the index"} <= outcome.figures.keys()
    assert outcome.figures["calls that failed"] >= 10


def test_storage_that_fails_says_so_and_leaves_nothing_half_done() -> None:
    outcome = storage(1, seed=1)
    assert outcome.broken == ()
    assert outcome.figures["clear errors"] >= 10


def test_the_command_prints_a_table_and_says_by_its_status_whether_everything_held() -> None:
    command = [sys.executable, "-m", "faults", "providers", "--scale", "0.005"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "providers" in done.stdout
    assert subprocess.run([*command[:3], "unheard"], capture_output=True).returncode == 2
