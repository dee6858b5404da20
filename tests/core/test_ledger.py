"""The ledger by itself: its schema, its durability, its one writing transaction."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event, text

from memx_core import EmbeddingMismatchError, InvalidInputError, LedgerError, Scope
from memx_core.ledger import Ledger, Outdated, Write, schema
from memx_core.ledger.engine import Database
from memx_core.ledger.tables import metadata
from memx_core.types import Message, Operation
from tests.databases import Place, asked, rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA = Scope("ada")


def write(id: str, *operations: Operation, scope: Scope = ADA, **fields: object) -> Write:
    vectors = {op.memory_id: np.ones(4, np.float32) / 2 for op in operations if op.event in ("ADD", "UPDATE")}
    defaults = {"kind": "add", "namespace": "n", "at": NOW, "actor": "test", "fingerprint": "f"}
    return Write(id=id, scope=scope, operations=operations, vectors=vectors, **{**defaults, **fields})


def add(id: str, words: str) -> Operation:
    return Operation("ADD", id, words)


def change(id: str, words: str, version: int) -> Operation:
    return Operation("UPDATE", id, words, expected_version=version)


@pytest.fixture
def ledger(place: Place) -> Ledger:
    return Ledger(place)


def test_the_migrations_lead_to_the_tables_of_this_release(tmp_path: Path) -> None:
    database = Database(tmp_path / "old.db")
    with database.writing("") as connection:
        schema.upgrade(connection, None)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "memx_alembic_version"})
        assert compare_metadata(context, metadata) == []
    Ledger(tmp_path / "old.db").write(write("1", add("a", "Ada lives in Oslo")))


def test_flags_that_were_set_before_there_was_a_past_get_one(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    database = Database(path)
    with database.writing("") as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with sqlite3.connect(path) as connection:
        address = "'n', 'ada', 'digest'"
        for seq in (1, 2, 3, 4):
            connection.execute(
                "INSERT INTO memx_operations (seq, id, namespace, user_id, address, kind, status, actor, usage, "
                f"warnings, at) VALUES ({seq}, 'o{seq}', {address}, 'add', 'done', 'm', '{{}}', '[]', {seq}0)"
            )
        for seq, id in ((1, "a"), (2, "b")):
            connection.execute(
                "INSERT INTO memx_memories (seq, id, namespace, user_id, address, head, latest, alive, created_at) "
                f"VALUES ({seq}, '{id}', {address}, 1, 1, 1, 10)"
            )
        versions = ((1, 1, "conflict", "'b'", 10, "NULL", 2), (2, 2, "superseded", "'a'", 20, 30, 3))
        for row, memory, status, rival, recorded, until, revision in versions:
            connection.execute(
                "INSERT INTO memx_versions (row, memory, id, namespace, user_id, address, version, status, kind, text, "
                "metadata, conflicts_with, said_at, valid_from, created_at, recorded_at, known_until, revision) VALUES "
                f"({row}, {memory}, 'x', {address}, 1, '{status}', 'fact', 't', '{{}}', {rival}, 0, 0, 0, {recorded}, "
                f"{until}, {revision})"
            )
            connection.execute(
                "INSERT INTO memx_changes (operation, memory, event, version, reason, actor, at) "
                f"VALUES ({row}, {memory}, 'ADD', 1, '', 'm', 0)"
            )
        connection.execute(
            "INSERT INTO memx_messages (row, id, namespace, user_id, address, session, role, content, metadata, "
            "said_at, recorded_at, cleared, withheld, overtaken, operation, revision) "
            f"VALUES (1, 'm', {address}, '', 'user', 'hi', '{{}}', 0, 5, 0, 1, 0, 1, 4)"
        )
    Ledger(path).close()
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT version, rival, opened, since, closed, until FROM memx_conflicts")
        assert found.fetchall() == [(1, "b", 2, 20, None, None), (2, "a", 2, 20, 3, 30)]
        marked = connection.execute("SELECT message, mark, opened, since, closed, until FROM memx_marks")
        assert marked.fetchall() == [(1, "withheld", 4, 5, None, None)]


@pytest.mark.databases
def test_a_database_of_a_newer_release_is_refused(place: Place) -> None:
    Ledger(place).close()
    ((now,),) = asked(place, "SELECT version_num FROM memx_alembic_version")
    asked(place, "UPDATE memx_alembic_version SET version_num = '9999'")
    try:
        with pytest.raises(LedgerError, match="9999"):
            Ledger(place)
    finally:
        asked(place, "UPDATE memx_alembic_version SET version_num = :now", now=now)


def test_every_connection_is_durable_and_overwrites_what_is_deleted(tmp_path: Path) -> None:
    database = Database(tmp_path / "memx.db")
    with database.reading() as connection:
        pragma = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "busy_timeout")
        }
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_a_writer_takes_the_lock_at_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "memx.db")
    begun: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda connection, cursor, sql, *rest: begun.append(sql))
    with database.writing("") as connection:
        connection.execute(text("SELECT 1"))
    assert begun[0] == "BEGIN IMMEDIATE"


@pytest.mark.databases
@pytest.mark.parametrize("failing", range(1, 14))
def test_a_write_that_fails_at_any_statement_leaves_nothing(place: Place, failing: int) -> None:
    engine = place if isinstance(place, Engine) else create_engine(f"sqlite:///{place}")
    ledger = Ledger(engine)
    ledger.write(write("1", add("a", "Ada lives in Oslo"), messages=[Message("user", "hi")]))
    seen = 0

    def fail(*arguments: object) -> None:
        nonlocal seen
        seen += 1
        if seen == failing:
            raise sqlite3.OperationalError("disk full")

    before = rows(place)
    event.listen(engine, "before_cursor_execute", fail)
    request = write(
        "2", add("b", "Ada has a cat"), change("a", "Ada lives in Rome", 1), messages=[Message("user", "news")]
    )
    try:
        ledger.write(request)
    except (LedgerError, sqlite3.OperationalError):
        event.remove(engine, "before_cursor_execute", fail)
        assert rows(place) == before
    else:
        event.remove(engine, "before_cursor_execute", fail)
        assert seen < failing, "the failure came, and the write went through all the same"
    if engine is not place:
        engine.dispose()


@pytest.mark.databases
def test_a_decision_on_an_old_version_is_outdated(ledger: Ledger) -> None:
    ledger.write(write("1", add("a", "Ada lives in Oslo")))
    ledger.write(write("2", change("a", "Ada lives in Rome", 1)))
    with pytest.raises(Outdated):
        ledger.write(write("3", change("a", "Ada lives in Bern", 1)))
    assert [change.new_text for change in ledger.history("n", ADA, "a")] == ["Ada lives in Oslo", "Ada lives in Rome"]


@pytest.mark.databases
def test_twenty_writers_of_one_fact_make_one_memory(ledger: Ledger) -> None:
    def work(number: int) -> None:
        ledger.write(write(str(number), add(f"id-{number}", "Ada lives in Oslo")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page = ledger.page("n", ADA, condition=None, limit=100, after=None, superseded=True, now=NOW)
    assert len(page) == 1


def test_writers_in_another_process_are_waited_for(ledger: Ledger, place: Path) -> None:
    other = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    timer.start()
    ledger.write(write("1", add("a", "Ada lives in Oslo")))
    timer.join()
    other.close()


@pytest.mark.databases
def test_vectors_of_another_embedder_are_refused(ledger: Ledger) -> None:
    ledger.write(write("1", add("a", "Ada lives in Oslo")))
    with pytest.raises(EmbeddingMismatchError, match="'g'"):
        ledger.write(write("2", add("b", "Ada has a cat"), fingerprint="g"))
    assert ledger.memory("n", ADA, "b", NOW) is None


def test_a_database_that_cannot_be_opened_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="nowhere"):
        Ledger(tmp_path / "nowhere" / "memx.db")
    (tmp_path / "text.db").write_text("this is no database, and long enough to be one" * 100)
    with pytest.raises(LedgerError):
        Ledger(tmp_path / "text.db")


def test_a_read_only_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "memx.db"
    Ledger(path).close()
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    ledger = Ledger(engine)
    with pytest.raises(LedgerError, match="readonly"):
        ledger.write(write("1", add("a", "Ada lives in Oslo")))
    engine.dispose()


@pytest.mark.parametrize("ours", [True, False])
def test_an_error_shows_no_text_of_a_memory(tmp_path: Path, ours: bool) -> None:
    """Nor does one of an engine that the application made, which shows what was bound to a statement."""
    path = tmp_path / "memx.db"
    ledger = Ledger(path if ours else create_engine(f"sqlite:///{path}"))
    with sqlite3.connect(tmp_path / "memx.db") as connection:
        refuse = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        connection.execute(f"CREATE TRIGGER refusing BEFORE INSERT ON memx_versions {refuse}")
    with pytest.raises(LedgerError) as caught:
        ledger.write(write("1", add("a", "a very private fact")))
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "private" not in str(chain)
        chain = chain.__cause__


@pytest.mark.databases
def test_a_closed_ledger_refuses(ledger: Ledger) -> None:
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.revision("n")


@pytest.mark.databases
def test_an_index_reads_only_what_is_new(ledger: Ledger) -> None:
    ledger.write(write("1", add("a", "Ada lives in Oslo")))
    first, reached, _ = ledger.entries("n", ADA, since=0)
    assert [(entry.id, entry.text, entry.current) for entry in first] == [("a", "Ada lives in Oslo", True)]
    assert reached == ledger.revision("n")
    ledger.write(write("2", change("a", "Ada lives in Rome", 1), messages=[Message("user", "Rome it is", name="Ada")]))
    later, *_ = ledger.entries("n", ADA, since=reached)
    assert [(entry.kind, entry.text, entry.current) for entry in later] == [
        ("memory", "Ada lives in Oslo", False),
        ("memory", "Ada lives in Rome", True),
        ("message", "Ada: Rome it is", True),
    ]
    assert list(ledger.entries("n", Scope("bob"), since=0)[0]) == []


def test_one_engine_serves_several_handles_whoever_used_it_before(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'memx.db'}")
    with engine.connect():
        pass
    first, second = Ledger(engine), Ledger(engine)
    first.write(write("1", add("a", "Ada lives in Oslo")))
    second.write(write("2", add("b", "Ada has a cat")))
    assert first.revision("n") == 2
    with engine.connect() as connection:
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "secure_delete")]
    assert values == [2, 1]
    first.close()
    assert second.revision("n") == 2
    engine.dispose()


def test_an_engine_with_a_database_for_each_thread_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="StaticPool"):
        Ledger(create_engine("sqlite://"))


def _numbers(path: Path) -> Database:
    database = Database(path)
    with database.writing("n") as connection:
        connection.execute(text("CREATE TABLE numbers AS SELECT 1 AS number UNION ALL SELECT 2"))
    return database


def _added_by_another(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("INSERT INTO numbers VALUES (?)", (number,))
        other.commit()


def test_rows_left_unread_keep_nobody_at_an_older_moment(tmp_path: Path) -> None:
    """Whether an iterator was not read to its end, or an error came half way; both are still held here."""
    path = tmp_path / "memx.db"
    database = _numbers(path)
    with database.reading() as connection:
        unread = iter(connection.execute(text("SELECT number FROM numbers")))
        assert next(unread) == (1,)
    _added_by_another(path, 3)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM numbers")).scalar_one() == 3

    def fail() -> None:
        with database.reading() as connection:
            for (number,) in connection.execute(text("SELECT number FROM numbers")):
                assert 1 / (number - 1)

    with pytest.raises(ZeroDivisionError) as error:
        fail()
    _added_by_another(path, 4)
    with database.writing("n") as connection:
        assert connection.execute(text("SELECT count(*) FROM numbers")).scalar_one() == 4
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM numbers")).scalar_one() == 4
    del unread, error
    database.close()


def test_a_writer_begins_although_somebody_left_rows_unread(tmp_path: Path) -> None:
    """By the driver's own means, on an engine that an application shares.

    SQLite keeps their connection at the moment of reading, and lets nobody write who looks at an older one.
    """
    path = tmp_path / "memx.db"
    database = _numbers(path)
    with database.reading() as connection:
        unread = connection.connection.cursor()
        unread.execute("SELECT number FROM numbers")
        assert unread.fetchone() == (1,)
    _added_by_another(path, 3)
    with database.writing("n") as connection:
        connection.execute(text("INSERT INTO numbers VALUES (4)"))
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM numbers")).scalar_one() == 4
    database.close()
