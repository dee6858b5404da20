"""What nobody waits for is told to the log of the application: in general words, never with anything that was said."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from memx_core import Memory
from memx_core.background import Background
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import adds
from tests.conftest import MakeDoor

ADA = {"user_id": "ada"}
SECRET = "canary-4711"


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def failing(*_: object) -> Any:
    raise ConnectionError(f"the key {SECRET} is refused")


def learned(path: Path, llm: ScriptedLLM, **background: Any) -> None:
    """A turn with a secret, queued and tried until it is learned or parked."""
    settings = Background(poll=0.01, backoff=0.001, idle=0, **background)
    with Memory(llm, FakeEmbedder(), path, background=settings) as memory:
        memory.add(f"I'm Ada, and I live in Oslo with {SECRET}", wait=False, **ADA)
        until(lambda: all(job.status == "parked" for job in memory.pending()))


def test_a_failing_is_said_once_and_parking_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    learned(tmp_path / "memx.db", ScriptedLLM(default=failing), tries=3, patience=0.001)
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert ["is tried again" in text for text in warned] == [True, False]
    assert "parked" in warned[-1]
    assert all("ConnectionError" in text for text in warned)
    assert SECRET not in caplog.text


def test_an_answer_that_is_of_no_use_is_said_at_every_try(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    learned(tmp_path / "memx.db", ScriptedLLM(default=f"I would rather talk of {SECRET}."), tries=2)
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 2
    assert all("ExtractionError" in text for text in warned)
    assert SECRET not in caplog.text


def test_what_is_left_out_is_said_by_its_kind(make: MakeDoor, caplog: pytest.LogCaptureFixture) -> None:
    llm = ScriptedLLM([adds(f"Ada lives in Oslo with {SECRET}")])
    memory = make(llm=llm, screen=lambda text: None if text.startswith("Ada") else text)
    memory.add(f"I'm Ada, and I live in Oslo with {SECRET}", wait=False, **ADA)
    with caplog.at_level(logging.INFO, "memx_core"):
        memory.flush()
    assert len(memory.get_all(**ADA)) == 0
    assert "left out: screened" in caplog.text
    assert SECRET not in caplog.text


def test_a_database_that_refuses_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'memx.db'}")
    background = Background(poll=0.01, backoff=0.01, idle=0.5)
    with Memory(ScriptedLLM(), FakeEmbedder(), engine, background=background) as memory:
        memory.add("Hello", wait=False, **ADA)
        event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA query_only=ON"))
        until(lambda: "LedgerError" in caplog.text)
        time.sleep(0.2)  # it has tried again since
    engine.dispose()
    assert caplog.text.count("LedgerError") == 1
