"""A memory that fails, or is silent, costs the agent its memories for a turn, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from langchain_memx import MemxMiddleware
from langchain_memx._turns import Question, Turns
from memx_core import InvalidInputError, LedgerError, Memory, ScopeError
from memx_core.deadlines import Deadline
from memx_core.testing import FakeEmbedder
from tests.langchain.agents import ADA, FACT, kept, spoken
from tests.langchain.conftest import MakeTalk
from tests.moody import Moody


@pytest.fixture
def moody() -> Iterator[Moody]:
    embedder = Moody()
    yield embedder
    embedder.over.set()


@pytest.fixture
def known(moody: Moody, tmp_path: Path) -> Iterator[Memory]:
    with Memory(embedder=moody, database=tmp_path / "moody.db", background=False) as memory:
        memory.add(FACT, infer=False, **ADA)
        yield memory


SAID = "What is my sister Zoe allergic to?"


def test_without_an_embedder_the_agent_answers(
    known: Memory, moody: Moody, talk: MakeTalk, caplog: pytest.LogCaptureFixture
) -> None:
    moody.mood = ConnectionError(f"no vector for {SAID!r}")
    ada = talk(memory=known, on_error="ignore")
    assert spoken(ada.say(SAID))[-1] == "All right."
    assert ada.latest == SAID
    (told,) = [record for record in caplog.records if record.name == "langchain_memx"]
    assert told.levelno == logging.WARNING
    assert told.getMessage() == "memx could not recall (ConnectionError); the agent goes on without"
    assert told.exc_info is None
    assert kept(known) == [SAID, "All right."]


def test_a_silent_one_is_waited_for_no_longer_than_was_said(known: Memory, moody: Moody, talk: MakeTalk) -> None:
    moody.mood = "silent"
    errors: list[Exception] = []
    ada = talk(memory=known, on_error=errors.append, timeout=0.5, learn=False)  # a busy machine keeps no faster either
    ada.say(SAID)
    assert ada.latest == SAID
    assert [type(error) for error in errors] == [TimeoutError]


class Cold(Moody):
    """An embedder that is to be loaded first."""

    def __init__(self, steps: list[str]) -> None:
        super().__init__()
        self._steps = steps

    def warm_up(self) -> None:
        self._steps.append("loaded")


def test_loading_the_embedder_does_not_count_as_waiting_for_it(
    tmp_path: Path, talk: MakeTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    run, arun = Deadline.run, Deadline.arun

    def timed(self: Deadline, func: Any) -> Any:
        steps.append("waiting")
        return run(self, func)

    async def atimed(self: Deadline, func: Any) -> Any:
        steps.append("waiting")
        return await arun(self, func)

    monkeypatch.setattr(Deadline, "run", timed)
    monkeypatch.setattr(Deadline, "arun", atimed)
    with Memory(embedder=Cold(steps), database=tmp_path / "cold.db", background=False) as memory:
        memory.add(FACT, infer=False, **ADA)
        ada = talk(memory=memory, learn=False)
        ada.say(SAID)
    assert steps == ["loaded", "waiting"]
    assert FACT in ada.latest


def test_an_embedder_that_cannot_be_loaded_costs_the_memories_of_the_turn(
    tmp_path: Path, talk: MakeTalk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Cold) -> None:
        raise ImportError("no weights")

    monkeypatch.setattr(Cold, "warm_up", broken)
    with Memory(embedder=Cold([]), database=tmp_path / "cold.db", background=False) as memory:
        ada = talk(memory=memory, on_error="ignore")
        assert spoken(ada.say(SAID))[-1] == "All right."
    assert "memx could not recall (ImportError)" in caplog.text


def test_with_no_limit_it_is_waited_for(known: Memory, talk: MakeTalk) -> None:
    ada = talk(memory=known, timeout=None)
    ada.say(SAID)
    assert "zucchini" in ada.latest


def test_when_the_database_is_gone_the_agent_answers(
    tmp_path: Path, talk: MakeTalk, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory(embedder=FakeEmbedder(), database=tmp_path / "gone.db", background=False)
    memory.close()
    ada = talk(memory=memory, on_error="ignore", checkpointer=InMemorySaver())
    assert spoken(ada.say(SAID)) == [SAID, "All right."]
    told = [record.getMessage() for record in caplog.records if record.name == "langchain_memx"]
    assert [line.split(";")[0] for line in told] == [
        "memx could not recall (LedgerError)",
        "memx could not keep (LedgerError)",
    ]
    assert "Zoe" not in caplog.text


def test_what_could_not_be_kept_is_kept_when_the_database_is_back(tmp_path: Path, talk: MakeTalk) -> None:
    saver = InMemorySaver()
    path = tmp_path / "back.db"
    with Memory(embedder=FakeEmbedder(), database=path, background=False) as gone:
        pass
    talk(memory=gone, on_error="ignore", checkpointer=saver).say("I live in Oslo.")
    with Memory(embedder=FakeEmbedder(), database=path, background=False) as memory:
        talk(memory=memory, checkpointer=saver).say("I like tea.")
        assert kept(memory) == ["I live in Oslo.", "All right.", "I like tea.", "All right."]


def test_an_application_may_want_the_error(known: Memory, moody: Moody, talk: MakeTalk) -> None:
    moody.mood = ConnectionError("away")
    ada = talk(memory=known, on_error="raise")
    with pytest.raises(ConnectionError, match="away"):
        ada.say(SAID)
    assert ada.shown == []
    known.close()
    with pytest.raises(LedgerError):
        talk(memory=known, on_error="raise", recall=False).say(SAID)


def test_or_be_told_of_it(known: Memory, moody: Moody, talk: MakeTalk, caplog: pytest.LogCaptureFixture) -> None:
    moody.mood = ConnectionError("away")
    errors: list[Exception] = []
    talk(memory=known, on_error=errors.append).say(SAID)
    assert [str(error) for error in errors] == ["away"]
    assert "langchain_memx" not in {record.name for record in caplog.records}


def test_whom_it_tells_may_raise(known: Memory, moody: Moody, talk: MakeTalk) -> None:
    class Stopped(Exception):
        pass

    def stop(error: Exception) -> None:
        raise Stopped from error

    moody.mood = ConnectionError("away")
    with pytest.raises(Stopped):
        talk(memory=known, on_error=stop).say(SAID)


def test_a_message_that_can_never_be_kept_does_not_hold_up_the_next(store: Memory, talk: MakeTalk) -> None:
    errors: list[Exception] = []
    ada = talk(on_error=errors.append, checkpointer=InMemorySaver(), recall=False)
    ada.say([HumanMessage("I live in Oslo.", id=" ")])
    ada.say("I like tea.")
    assert [type(error) for error in errors] == [InvalidInputError]
    assert kept(store) == ["I like tea.", "All right."]


def test_turns_that_never_end_are_forgotten() -> None:
    turns = Turns()
    for number in range(1000):
        turns.at(str(number), Question("1", "Hello")).block = "known"
    assert turns.at("999", Question("1", "Hello")).block == "known"
    assert turns.at("0", Question("1", "Hello")).block is None
    assert turns.at("999", Question("2", "Hello again")).block is None
    assert turns.at(None, Question()).block is None


# What is refused at once -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"placement": "beside"}, InvalidInputError),
        ({"on_error": "log"}, InvalidInputError),
        ({"on_error": asyncio.sleep}, InvalidInputError),
        ({"timeout": 0}, InvalidInputError),
        ({"timeout": -1.0}, InvalidInputError),
        ({"timeout": True}, InvalidInputError),
        ({"timeout": "2"}, InvalidInputError),
        ({"max_tokens": 0}, InvalidInputError),
        ({"limit": 0}, InvalidInputError),
        ({"threshold": 2}, InvalidInputError),
        ({"filters": {"a": {"like": "b"}}}, InvalidInputError),
        ({"instructions": " "}, InvalidInputError),
        ({"metadata": {"a": object()}}, InvalidInputError),
        ({"name": ""}, InvalidInputError),
        ({"user_id": ""}, ScopeError),
        ({"user_id": ["ada"]}, ScopeError),
        ({"agent_id": "  "}, ScopeError),
    ],
)
def test_what_can_never_work_is_refused_when_it_is_made(store: Memory, options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        MemxMiddleware(store, **options)


def test_so_is_what_is_no_memory_and_one_with_another_scope(store: Memory) -> None:
    with pytest.raises(InvalidInputError, match="Memory"):
        MemxMiddleware("memx.db")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="scope of its own"):
        MemxMiddleware(store.scoped(user_id="ada"), user_id="bob")
    assert MemxMiddleware(store.scoped(user_id="ada"), user_id="ada").name == "MemxMiddleware"
