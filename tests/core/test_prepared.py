"""What is asked of SQLite's driver at once, as every search does: the same as SQLAlchemy would have answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from memx_core import LedgerError, Memory, Message
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import adds
from tests.databases import asked

NOW = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'memx.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def memory(engine: Engine, llm: ScriptedLLM) -> Iterator[Memory]:
    with Memory(llm, FakeEmbedder(), engine, background=False, clock=lambda: NOW) as memory:
        llm.queue(adds("Ada moved to Oslo in May 2019", "Ada plays chess"))
        said = Message("user", "I moved to Oslo in May 2019 and play chess", name="Ada", metadata={"mood": ["glad", 1]})
        memory.add([said], user_id="ada", session_id="s", timestamp=NOW - timedelta(days=1))
        memory.add("Ada rents until June", user_id="ada", infer=False, expires_at=NOW + timedelta(days=1))
        yield memory


def everything(memory: Memory, *, known_at: datetime | None = None, as_of: datetime | None = None) -> list[object]:
    hits = memory.search(
        "Where does Ada live and play?", user_id="ada", include_messages=True, known_at=known_at, as_of=as_of
    )
    return [(hit.memory, hit.message, hit.score) for hit in hits]


def test_answers_are_the_same_whoever_is_asked(engine: Engine, memory: Memory) -> None:
    heard: list[str] = []

    def hear(connection: object, cursor: object, sql: str, *rest: object) -> None:
        heard.append(sql)

    quick = everything(memory), everything(memory, known_at=NOW), everything(memory, as_of=NOW)
    event.listen(engine, "before_cursor_execute", hear)
    assert (everything(memory), everything(memory, known_at=NOW), everything(memory, as_of=NOW)) == quick
    assert len(quick[0]) > 3
    assert heard, "whoever listens to an engine hears the searches too"


def test_no_statement_is_left_open_by_a_search(engine: Engine, memory: Memory) -> None:
    everything(memory)
    assert asked(Path(str(engine.url.database)), "PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0


def test_what_the_driver_refuses_is_said_as_anything_else(engine: Engine, memory: Memory) -> None:
    everything(memory)
    path = Path(str(engine.url.database))
    asked(path, "ALTER TABLE memx_versions RENAME COLUMN slot TO gone")
    with pytest.raises(LedgerError, match="slot"):
        everything(memory)
    asked(path, "ALTER TABLE memx_versions RENAME COLUMN gone TO slot")
    assert everything(memory)


def test_a_damaged_value_is_said_as_anything_else(engine: Engine, memory: Memory) -> None:
    asked(Path(str(engine.url.database)), "UPDATE memx_versions SET metadata = '{'")
    with pytest.raises(LedgerError, match="JSON"):
        everything(memory)


def test_threads_share_a_database_in_memory(llm: ScriptedLLM) -> None:
    with Memory(llm, FakeEmbedder(), ":memory:", background=False) as memory:
        memory.add("Ada plays chess", user_id="ada", infer=False)
        found: list[int] = []

        def search() -> None:
            found.extend(len(memory.search("chess", user_id="ada")) for _ in range(20))

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(20):
            memory.add(f"Ada has seen film {number}", user_id="ada", infer=False)
        for thread in threads:
            thread.join()
    assert len(found) == 60
    assert min(found) >= 1
