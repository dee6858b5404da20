"""A database copied to another: everything reads the same there, and goes on from where it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError

from memx_core import CopyReport, InvalidInputError, LedgerError, Memory, copy_database, upgrade_database
from memx_core.ledger import copying
from memx_core.ledger.tables import metadata
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests import postgres_server
from tests.answers import adds, deletes, updates
from tests.databases import Place, asked, rows

pytestmark = pytest.mark.databases


def opened(place: Place, clock: ManualClock, **options: Any) -> Memory:
    usual = {"llm": ScriptedLLM(default=adds("Ada has a cat")), "embedder": FakeEmbedder(), "clock": clock}
    settings: dict[str, Any] = {**usual, **options}
    return Memory(**settings, database=place, background=False)


@pytest.fixture
def elsewhere(place: Place, tmp_path: Path) -> Iterator[Place]:
    """A second database of the same kind, with nothing in it: a file, or a schema of the server."""
    if not isinstance(place, Engine):
        yield tmp_path / "elsewhere.db"
        return
    asked(place, "CREATE SCHEMA elsewhere")
    engine = create_engine(place.url.update_query_dict({"options": "-csearch_path=elsewhere"}))
    yield engine
    engine.dispose()
    asked(place, "DROP SCHEMA elsewhere CASCADE")


@pytest.fixture
def lived(place: Place, clock: ManualClock) -> str:
    """A database in which everything has happened that leaves rows; the operation that may be undone."""
    llm = ScriptedLLM([
        adds("Ada lives in Oslo", "Ada has a dog"),
        updates(0, "Ada lives in Rome"),
        deletes(1, "I gave the dog away"),
        adds("Bob plays chess"),
    ])  # fmt: skip
    with opened(place, clock, llm=llm) as memory:
        memory.add("I live in Oslo and have a dog", user_id="ada", session_id="s", key="once")
        clock.advance(days=1)
        moved = memory.add("I live in Rome now", user_id="ada", session_id="s")
        memory.add("I gave the dog away", user_id="ada", session_id="s")
        memory.add("I play chess", user_id="bob", metadata={"ü": [1, 2.5, None]})
        undone = memory.undo(moved.operation_id)
        memory.add("I have seen a lantern", wait=False, user_id="ada", session_id="t")
        memory.add("who is gone", infer=False, user_id="gone")
        memory.erase(user_id="gone")
    with opened(place, clock, llm=ScriptedLLM([updates(0, "Bob plays go")]), policy="review") as memory:
        memory.add("I play go", user_id="bob")
    with opened(place, clock, namespace="other") as memory:
        memory.add("I have a cat", user_id="ada")
    return undone[0].operation_id


def reading(place: Place, clock: ManualClock) -> list[object]:
    with opened(place, clock) as memory:
        items = [*memory.get_all(user_id="ada", include_superseded=True), *memory.get_all(user_id="bob")]
        began = items[0].created_at
        return [
            items,
            [memory.history(item.id) for item in items],
            [memory.search("Oslo", user_id="ada"), memory.search("Oslo", user_id="ada", known_at=began)],
            [memory.get_all(user_id="ada", known_at=began), memory.messages("s", user_id="ada")],
            [memory.usage(), memory.pending(), str(memory.recall("chess", user_id="bob"))],
        ]


def gone_on(place: Place, clock: ManualClock, undoable: str) -> list[object]:
    """What comes of the same calls, and with which numbers."""
    with opened(place, clock) as memory:
        waiting = [job.status for job in memory.pending()]
        (review,) = [job.id for job in memory.pending() if job.status == "review"]
        memory.approve(review)
        memory.flush()
        again = memory.add("I live in Oslo and have a dog", user_id="ada", session_id="s", key="once")
        undone = [change.version for change in memory.undo(undoable)]
        added = memory.add("the same everywhere", infer=False, user_id="ada")
        known = {item.text for item in memory.get_all(limit=100, user_id="ada")}
    reached = [asked(place, f"SELECT max({key}) FROM memx_{table}") for table, key in NUMBERED.items()]
    return [waiting, again.operation_id, undone, added.changes[0].version, known, reached]


NUMBERED = {"operations": "seq", "memories": "seq", "versions": '"row"', "messages": '"row"', "changes": "seq"}


def test_a_copy_reads_the_same_and_goes_on(
    place: Place, elsewhere: Place, lived: str, clock: ManualClock, tmp_path: Path
) -> None:
    """From a server to a file and from there to a server, or from file to file."""
    told: list[tuple[int, int]] = []
    report = copy_database(place, tmp_path / "between.db", progress=lambda done, total: told.append((done, total)))
    assert copy_database(tmp_path / "between.db", elsewhere) == report
    everything = rows(place, without=())
    assert rows(elsewhere, without=()) == everything
    counts = {name: len(found) for name, found in everything.items()}
    assert report.rows == sum(counts.values()) - counts["memx_alembic_version"]
    assert (report.memories, report.versions, report.jobs) == (counts["memx_memories"], counts["memx_versions"], 1)
    assert told[-1] == (report.rows, report.rows)
    assert reading(elsewhere, clock) == reading(place, clock)
    assert gone_on(elsewhere, clock, lived) == gone_on(place, clock, lived)


@pytest.mark.databases("sqlite")
def test_one_application_is_copied_alone(place: Place, elsewhere: Place, lived: str, clock: ManualClock) -> None:
    copy_database(place, elsewhere, namespace="other")
    with opened(elsewhere, clock, namespace="other") as memory:
        assert [item.text for item in memory.get_all(user_id="ada")] == ["Ada has a cat"]
        memory.add("a second one", infer=False, user_id="ada")
    for name, found in rows(elsewhere, without=("memx_hearings", "memx_alembic_version")).items():
        columns = [column.name for column in metadata.tables[name].columns]
        if "namespace" in columns:
            assert {row[columns.index("namespace")] for row in found} <= {"other"}
    assert max(row[0] for row in rows(elsewhere)["memx_versions"]) > max(row[0] for row in rows(place)["memx_versions"])


def test_a_copy_that_is_broken_off_leaves_nothing_and_is_begun_again(
    place: Place, elsewhere: Place, lived: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_BATCH", 2)

    def give_up(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_database(place, elsewhere, progress=give_up)
    assert not any(rows(elsewhere).values())
    copy_database(place, elsewhere)
    assert rows(elsewhere, without=()) == rows(place, without=())
    with pytest.raises(InvalidInputError, match="not empty"):
        copy_database(place, elsewhere)
    with pytest.raises(InvalidInputError, match="not empty"):
        copy_database(place, place)


@pytest.mark.databases("sqlite")
def test_a_copy_that_does_not_read_the_same_is_not_kept(place: Path, tmp_path: Path, lived: str) -> None:
    target = tmp_path / "elsewhere.db"
    upgrade_database(target)
    changing = "BEGIN UPDATE memx_versions SET text = 'something else' WHERE row = new.row; END"
    asked(target, f"CREATE TRIGGER changing AFTER INSERT ON memx_versions {changing}")
    with pytest.raises(LedgerError, match="memx_versions does not read the same"):
        copy_database(place, target)
    assert not any(rows(target).values())


@pytest.mark.databases("sqlite")
def test_what_is_no_database_of_this_release_is_not_copied(place: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.db"
    with pytest.raises(InvalidInputError, match="no database"):
        copy_database(tmp_path / "nothing.db", target)
    sqlite3.connect(tmp_path / "bare.db").close()
    with pytest.raises(InvalidInputError, match="no database of memx"):
        copy_database(tmp_path / "bare.db", target)
    with pytest.raises(InvalidInputError, match="namespace='nobody'"):
        copy_database(place, target, namespace="nobody")
    assert copy_database(place, target) == CopyReport()  # nothing, of nothing
    asked(place, "UPDATE memx_alembic_version SET version_num = '0001'")
    with pytest.raises(LedgerError, match="upgrade_database"):
        copy_database(place, tmp_path / "another.db")
    assert not (tmp_path / "nothing.db").exists()


@pytest.mark.databases("postgresql")
def test_nobody_writes_to_the_target_of_a_copy_in_between(
    place: Engine, tmp_path: Path, lived: str, clock: ManualClock
) -> None:
    """Another process that opens the target meanwhile waits, or is told that it had to wait too long."""
    copy_database(place, tmp_path / "between.db")
    postgres_server.empty(place)
    refused: list[str] = []

    def write_too(done: int, total: int) -> None:
        if done == total:
            with place.connect() as other:
                other.exec_driver_sql("SET lock_timeout = '50ms'")
                with pytest.raises(OperationalError) as caught:
                    other.exec_driver_sql("DELETE FROM memx_operations")
            refused.append(str(caught.value))

    copy_database(tmp_path / "between.db", place, progress=write_too)
    assert "lock timeout" in refused[0]
