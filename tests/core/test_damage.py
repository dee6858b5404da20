"""A damaged row is a clear error to its owner, and nobody else notices, whatever index there is."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults.damage import DAMAGES
from memx_core import LedgerError, Memory, MemxError
from memx_core.testing import FakeEmbedder, PushedIndex, ScriptedLLM
from tests.answers import adds

ADA, BOB = {"user_id": "ada"}, {"user_id": "bob"}


def opened(path: Path, *, told: bool = False) -> Memory:
    index = PushedIndex() if told else None
    return Memory(ScriptedLLM(default=adds("note 3")), FakeEmbedder(64), path, index=index, background=False)


@pytest.fixture
def usual(tmp_path: Path) -> Path:
    path = tmp_path / "usual.db"
    with opened(path) as memory:
        for ids in (ADA, BOB):
            (change,) = memory.add("note 1", infer=False, session_id="s", metadata={"k": 1}, **ids).changes
            memory.update(change.memory_id, "note 2")
            memory.add("note 3", session_id="s", **ids)
            turn = {"role": "user", "content": "note 4", "raw": {"type": "human"}}
            memory.put_messages("s", turn, learn=False, **ids)
            memory.add("note 5", wait=False, session_id="s", **ids)
    return path


def reads(memory: Memory, ids: Any) -> dict[str, Callable[[], Any]]:
    return {
        "get_all": lambda: [item.text for item in memory.get_all(**ids)],
        "search": lambda: [hit.memory.text for hit in memory.search("note", include_messages=True, **ids)],
        "recall": lambda: str(memory.recall("note", **ids)),
        "messages": lambda: [message.content for message in memory.messages("s", **ids)],
        "pending": lambda: len(memory.pending(**ids)),
        "usage": lambda: str(memory.usage(**ids)),
        "flush": lambda: memory.flush(**ids),
    }


@pytest.mark.parametrize("told", [False, True])
def test_a_damaged_row_is_a_clear_error_to_its_owner_only(usual: Path, tmp_path: Path, told: bool) -> None:
    sound = tmp_path / "sound.db"  # a copy: an index that is told is told of a database once
    shutil.copyfile(usual, sound)
    with opened(sound, told=told) as memory:
        before = {name: read() for name, read in reads(memory, BOB).items() if name != "flush"}
    errors = 0
    for number, damage in enumerate(DAMAGES[told::2]):
        path = tmp_path / f"{number}.db"
        shutil.copyfile(usual, path)
        with sqlite3.connect(path) as connection:
            whose = "(SELECT address FROM memx_memories WHERE user_id = 'ada' LIMIT 1)"
            assert connection.execute(f"{damage} WHERE address = {whose}").rowcount > 0
        with opened(path, told=told) as memory:
            assert {name: reads(memory, BOB)[name]() for name in before} == before, damage
            for name, read in reads(memory, ADA).items():
                try:
                    read()
                except MemxError:
                    errors += 1
                except Exception as error:
                    raise AssertionError(f"{name} after {damage}") from error
            memory.flush(**BOB)
            assert memory.pending(**BOB) == []
    assert errors > 10


def test_the_error_does_not_show_what_stands_there(usual: Path) -> None:
    with sqlite3.connect(usual) as connection:
        connection.execute("""UPDATE memx_versions SET metadata = '{"very": "private'""")
    with opened(usual) as memory, pytest.raises(LedgerError, match="damaged") as caught:
        memory.get_all(**ADA)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert "private" not in str(shown)
        shown = shown.__cause__


def test_a_damaged_vector_costs_recall_and_no_more(usual: Path) -> None:
    with sqlite3.connect(usual) as connection:
        connection.execute("UPDATE memx_version_vectors SET vector = x'00ff00'")
    for told in (False, True):
        with opened(usual, told=told) as memory:
            assert {hit.memory.text for hit in memory.search("note 2", **ADA)} >= {"note 2"}
