"""`memx doctor` finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from memx_core import Memory
from memx_core.embedders import HashingEmbedder
from memx_core.testing import ScriptedLLM
from tests.cli.conftest import Done, Run


def found(done: Done) -> dict[str, tuple[str, str, str]]:
    return {each["name"]: (each["status"], each["found"], each["advice"]) for each in done.result["checks"]}


def test_all_is_well(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    done = memx("doctor", "--json")
    assert done.result["healthy"]
    assert {status for status, _, _ in found(done).values()} == {"ok"}
    assert memx("doctor").out.startswith("ok  extras")


def test_a_database_that_is_not_there_is_not_made(memx: Run, tmp_path: Path) -> None:
    status, said, advice = found(memx("doctor", "--json", "-d", "nope.db", code=1))["database"]
    assert status == "wrong"
    assert "nope.db" in said
    assert "memx add" in advice
    assert not (tmp_path / "nope.db").exists()


def test_a_file_that_is_no_database(memx: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"no database at all" * 100)
    assert found(memx("doctor", "--json", "-d", "bad.db", code=1))["database"][0] == "wrong"


def test_a_database_of_somebody_else(memx: Run, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE theirs (x)").connection.close()
    assert found(memx("doctor", "--json", "-d", "other.db", code=1))["schema"][:2] == ("wrong", "no tables of memx")


@pytest.mark.parametrize(("version", "status"), [("0001", "warning"), ("9999", "wrong")])
def test_a_schema_of_another_release(memx: Run, tmp_path: Path, version: str, status: str) -> None:
    with sqlite3.connect(tmp_path / "memx.db") as connection:
        connection.execute("UPDATE memx_alembic_version SET version_num = ?", [version])
    connection.close()
    done = memx("doctor", "--json", code=1 if status == "wrong" else 0)
    assert found(done)["schema"][0] == status
    assert "embedder" not in found(done)  # nothing is opened that would upgrade it


def test_another_embedder_than_the_databases(memx: Run) -> None:
    with Memory(embedder=HashingEmbedder(64), database="memx.db") as memory:
        memory.add("I live in Bergen.", user_id="ada")
    status, said, advice = found(memx("doctor", "--json", code=1))["embedder"]
    assert status == "wrong"
    assert "hashing-v1:64" in said
    assert "rebuild --to" in advice


def test_what_waits_and_what_was_given_up(memx: Run) -> None:
    memx("add", "I live in Bergen.", "--later")
    assert found(memx("doctor", "--json"))["queue"][0] == "warning"
    llm = ScriptedLLM(default=ConnectionError("nobody answers"))
    with Memory(llm=llm, embedder=HashingEmbedder(), database="memx.db", background=False) as memory:
        for _ in range(6):
            with pytest.raises(ConnectionError):
                memory.flush()
    done = memx("doctor", "--json", code=1)
    status, said, advice = found(done)["queue"]
    assert status == "wrong"
    assert "1 parked" in said
    assert "memx flush" in advice


def test_an_index_that_does_not_answer(memx: Run) -> None:
    status, _, advice = found(memx("doctor", "--json", "--index", "http://127.0.0.1:9", code=1))["index"]
    assert status == "wrong"
    assert "server" in advice


def test_a_provider_that_there_is_not(memx: Run) -> None:
    assert found(memx("doctor", "--json", "--model", "bogus:x", code=1))["model"][0] == "wrong"


def test_a_key_is_named_and_not_shown(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    for done in (memx("doctor"), memx("doctor", "--json")):
        assert "OPENAI_API_KEY" in done.out
        assert "very-secret" not in done.out + done.err


def test_little_room_is_said(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000))
    assert found(memx("doctor", "--json", code=1))["disk"][0] == "wrong"
