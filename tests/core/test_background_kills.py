"""A process that is killed while it learns: what it acknowledged is there, and is learned from once."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memx_core import Memory
from memx_core.background import Background
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.answers import adds

ADA = {"user_id": "ada"}

# Says what it has been told is kept, and stops inside the model at its call number `stop`, which it says too.
# Two threads say it, and `print` writes the end of a line by itself: what they said would be mixed up.
CHILD = """if True:
    import os, sys, time
    from memx_core import Memory
    from memx_core.background import Background
    from memx_core.testing import FakeEmbedder, SyncScriptedLLM
    from tests.core.test_background_kills import noted

    path, stop, background = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "worker"
    calls = 0

    def say(word):
        os.write(1, f"{word}\\n".encode())

    def answer(messages, schema):
        global calls
        calls += 1
        if calls == stop:
            say("asked")
            time.sleep(600)
        return noted(messages, schema)

    settings = Background(poll=0.01, idle=0) if background else False
    with Memory(SyncScriptedLLM(default=answer), FakeEmbedder(), path, background=settings) as memory:
        for number in range(6):
            memory.add(f"I have seen item-{number}", wait=False, session_id=str(number % 2), user_id="ada")
            say(number)
        if not background:
            memory.flush()
        time.sleep(600)
"""


def killed_in_the_model(path: Path, by: str, stop: int) -> list[int]:
    """What a child acknowledged that was killed inside its model."""
    command = [sys.executable, "-c", CHILD, str(path), str(stop), by]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = []
        for line in child.stdout:
            said.append(line.strip())
            if said[-1] == "asked":
                child.send_signal(signal.SIGKILL)
    return [int(word) for word in said if word != "asked"]


def noted(messages: Any, schema: Any) -> Any:
    """A fact for each item of the new messages."""
    said = messages[-1].content.rsplit("<messages>", 1)[1]
    return adds(*(f"Ada has seen item-{number}" for number in range(200) if f'item-{number}"' in said))


def learned(path: Path) -> int:
    """How often something was learned: learning it again would leave no second memory, but more evidence."""
    with closing(sqlite3.connect(path)) as database:
        (count,) = database.execute("SELECT count(*) FROM memx_evidence").fetchone()
        return int(count)


@pytest.mark.parametrize(("by", "stop"), [("worker", 1), ("worker", 2), ("flush", 1), ("flush", 2)])
def test_another_process_resumes_what_a_killed_one_was_at(tmp_path: Path, by: str, stop: int) -> None:
    path = tmp_path / "memx.db"
    acknowledged = killed_in_the_model(path, by, stop)
    clock = ManualClock(datetime.now(UTC))
    model = ScriptedLLM(default=noted)
    with Memory(model, FakeEmbedder(), path, clock=clock, background=False) as memory:
        kept = {message.content for session in "01" for message in memory.messages(session, **ADA)}
        assert kept >= {f"I have seen item-{number}" for number in acknowledged}
        assert len(memory.pending()) > 0
        memory.flush(timeout=0.1)
        assert len(memory.pending()) > 0, "its lease still holds"
        clock.advance(seconds=31)
        memory.flush()
        assert memory.pending() == []
        assert len(memory.get_all(**ADA)) == len(kept)
    assert learned(path) == len(kept)


def test_a_worker_resumes_what_a_killed_process_was_at(tmp_path: Path) -> None:
    path = tmp_path / "memx.db"
    killed_in_the_model(path, "worker", 1)
    clock = ManualClock(datetime.now(UTC) + timedelta(minutes=1))
    settings = Background(poll=0.01, idle=0)
    with Memory(ScriptedLLM(default=noted), FakeEmbedder(), path, clock=clock, background=settings) as memory:
        end = time.monotonic() + 60
        while memory.pending():
            assert time.monotonic() < end
            time.sleep(0.01)
        kept = [message for session in "01" for message in memory.messages(session, **ADA)]
        assert len(memory.get_all(**ADA)) == len(kept)
    assert learned(path) == len(kept)
