"""What PostgreSQL could do differently, and must not: revisions in order, races, kills, refusals."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL

from memx_core import InvalidInputError, LedgerError, Memory, Scope, upgrade_database
from memx_core.ledger import Ledger, schema
from memx_core.ledger.engine import Database
from memx_core.ledger.refusals import Repeatable, repeated
from memx_core.ledger.tables import metadata
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.types import Message
from tests.answers import adds
from tests.core.test_ledger import ADA, NOW, add, change, write
from tests.databases import asked, rows

pytestmark = pytest.mark.databases("postgresql")


@pytest.fixture
def ledger(place: Engine) -> Ledger:
    return Ledger(place)


@pytest.fixture
def url(place: Engine) -> str:
    return place.url.render_as_string(hide_password=False)


@pytest.fixture
def elsewhere(place: Engine) -> Iterator[URL]:
    """A schema with nothing in it."""
    asked(place, "CREATE SCHEMA elsewhere")
    yield place.url.update_query_dict({"options": "-csearch_path=elsewhere"})
    asked(place, "DROP SCHEMA elsewhere CASCADE")


# --- the schema ----------------------------------------------------------------------------------


def shape(connection: Connection) -> list[tuple[Any, ...]]:
    """Every column, index and constraint of a schema, as the server describes them; not of Alembic's own table."""
    asked = (
        "SELECT table_name, column_name, data_type, character_maximum_length, collation_name, is_nullable, "
        "replace(column_default, 'elsewhere.', '') FROM information_schema.columns WHERE table_schema = {0} "
        "AND table_name <> 'memx_alembic_version'",
        "SELECT tablename, replace(indexdef, {0} || '.', '') FROM pg_indexes WHERE schemaname = {0} "
        "AND tablename <> 'memx_alembic_version'",
        "SELECT conname, replace(pg_get_constraintdef(oid), {0} || '.', '') FROM pg_constraint "
        "WHERE connamespace = {0}::regnamespace AND contype <> 'n' "
        "AND conrelid <> 'memx_alembic_version'::regclass",
    )
    statements = (statement.format("current_schema()") for statement in asked)
    return sorted(map(repr, itertools.chain(*(connection.execute(text(each)).all() for each in statements))))


def test_the_migrations_lead_to_the_tables_that_are_made_at_once(place: Engine, elsewhere: URL) -> None:
    old = create_engine(elsewhere)
    with old.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.__file__).replace("schema.py", "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    assert upgrade_database(old) == schema.HEAD
    with old.connect() as migrated, place.connect() as made:
        assert shape(migrated) == shape(made)
    with Memory(ScriptedLLM(), FakeEmbedder(), old, background=False) as memory:
        memory.add("Ada lives in Oslo", infer=False, **{"user_id": "ada"})
    old.dispose()


def test_text_that_is_looked_up_is_sorted_by_code_points_whatever_the_server_speaks(place: Engine) -> None:
    found = asked(
        place,
        "SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name LIKE 'memx_%' AND data_type = 'character varying'",
    )
    assert found == [("C",)]


def test_several_that_open_an_empty_database_at_once_make_the_tables_once(elsewhere: URL) -> None:
    in_threads(4, lambda _: upgrade_database(elsewhere))
    assert upgrade_database(elsewhere) == schema.HEAD


# --- one writer for each namespace -----------------------------------------------------------------


def in_threads(count: int, work: Any) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  # asserted on below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_nobody_sees_a_revision_before_all_that_are_lower(place: Engine) -> None:
    """Another handle's write waits for the one that has begun, so the higher number is never first."""
    first, second, reader = Ledger(place), Ledger(place), Ledger(place)
    seen: list[int] = []
    later = threading.Thread(target=lambda: second.write(write("2", add("b", "Ada has a cat"))))

    def between(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if "INSERT INTO memx_changes" in statement and not later.is_alive() and later.ident is None:
            later.start()
            later.join(0.3)  # were it not made to wait, it would be done by then
            seen.append(reader.revision("n"))

    event.listen(place, "before_cursor_execute", between)
    first.write(write("1", add("a", "Ada lives in Oslo")))
    later.join()
    event.remove(place, "before_cursor_execute", between)
    assert seen == [0]
    assert reader.revision("n") == 2


def test_applications_in_one_database_do_not_wait_for_each_other(place: Engine) -> None:
    one, other = Database(place), Ledger(place)
    with one.writing("elsewhere"):
        other.write(write("1", add("a", "Ada lives in Oslo")))
    assert other.revision("n") == 1


def child(url: str, number: int) -> None:
    with Memory(ScriptedLLM(default=adds("Ada lives in Oslo")), FakeEmbedder(), url, background=False) as memory:
        for count in range(4):
            memory.add("I'm Ada, I live in Oslo", user_id="ada")
            memory.update(memory.get_all(user_id="cats")[0].id, f"{number} has {count} cats", user_id="cats")


def test_processes_and_threads_make_one_memory_of_one_fact_and_one_chain_of_updates(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    with Memory(ScriptedLLM(default=adds("Ada lives in Oslo")), FakeEmbedder(), url, background=False) as memory:
        (cats,) = memory.add("no cats", infer=False, user_id="cats").changes
        processes = [spawn.Process(target=child, args=(url, number)) for number in range(2)]
        for process in processes:
            process.start()
        in_threads(4, lambda _: memory.add("I'm Ada, I live in Oslo", user_id="ada"))
        for process in processes:
            process.join(100)
        assert [process.exitcode for process in processes] == [0, 0]
        assert len(memory.get_all(user_id="ada")) == 1
        history = memory.history(cats.memory_id)
    assert [entry.version for entry in history] == list(range(1, 10))
    assert all(later.old_text == former.new_text for former, later in itertools.pairwise(history))


# --- all or nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", range(1, 16, 3))
def test_a_connection_that_is_lost_at_any_statement_leaves_nothing(place: Engine, failing: int) -> None:
    ledger = Ledger(place)
    ledger.write(write("1", add("a", "Ada lives in Oslo"), messages=[Message("user", "hi")]))
    before = rows(place)
    seen = 0

    def lose(connection: Connection, *_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == failing:
            own: Any = connection.connection.driver_connection
            pid = own.info.backend_pid
            with psycopg.connect(
                **place.url.translate_connect_args(username="user", database="dbname"),
                autocommit=True,
                host=str(place.url.query["host"]) if "host" in place.url.query else place.url.host,
            ) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    event.listen(place, "before_cursor_execute", lose)
    request = write(
        "2", add("b", "Ada has a cat"), change("a", "Ada lives in Rome", 1), messages=[Message("user", "news")]
    )
    try:
        with pytest.raises(LedgerError):
            ledger.write(request)
    finally:
        event.remove(place, "before_cursor_execute", lose)
    assert rows(place) == before
    ledger.write(request)  # on a new connection
    assert ledger.memory("n", ADA, "b", NOW) is not None


KILLED = """if True:
    import os, signal, sys
    from sqlalchemy import create_engine, event
    from memx_core import Memory
    from memx_core.testing import FakeEmbedder, ScriptedLLM
    from tests.answers import adds

    engine = create_engine(sys.argv[1])
    stop, seen = int(sys.argv[2]), 0
    memory = Memory(ScriptedLLM(default=adds("Ada has a cat")), FakeEmbedder(), engine, background=False)

    def kill(*_):
        global seen
        seen += 1
        if seen == stop:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", kill)
    memory.add("I'm Ada and I have a cat", user_id="ada")
"""


def test_a_kill_between_any_two_statements_leaves_all_or_nothing(place: Engine, url: str) -> None:
    for stop in (5, 15, 25, 10_000):  # each is a process, and slow to start
        done = subprocess.run([sys.executable, "-c", KILLED, url, str(stop)], check=False, timeout=100)
        found = rows(place)
        kinds = [found[f"memx_{name}"] for name in ("operations", "memories", "versions", "changes", "evidence")]
        counts = {len(each) for each in kinds}
        assert len(counts) == 1, f"killed before statement {stop}, it left {counts}"
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        with Memory(ScriptedLLM(), FakeEmbedder(), place, background=False) as memory:
            memory.erase(user_id="ada")
            memory.reset()
        asked(place, "DELETE FROM memx_operations")
    else:
        pytest.fail("it was never let finish")


# --- jobs ------------------------------------------------------------------------------------------


def test_a_claim_passes_over_a_queue_that_somebody_is_claiming(place: Engine) -> None:
    with Memory(ScriptedLLM(), FakeEmbedder(), place, background=False, clock=ManualClock(NOW)) as memory:
        memory.add("I have seen a lantern", wait=False, user_id="ada")
        ledger = Ledger(place)
        (queue,) = ledger.queues("default", Scope("ada"))
        from memx_core.ledger import Claim, OpenBatch, Taken

        until = NOW + timedelta(seconds=30)
        with place.begin() as other:
            other.execute(text("SELECT seq FROM memx_jobs FOR UPDATE"))
            assert isinstance(ledger.claim(Claim(queue), lease="a", now=NOW, until=until), Taken)
        assert isinstance(ledger.claim(Claim(queue), lease="a", now=NOW, until=until), OpenBatch)
        taken = ledger.claim(Claim(queue), lease="b", now=NOW, until=until)
        assert isinstance(taken, Taken)
        assert taken.lease == "a"


def test_the_lease_of_a_killed_process_ends_and_its_jobs_are_learned_from_once(place: Engine, url: str) -> None:
    program = (
        "import os, sys; from memx_core import Memory; from memx_core.testing import FakeEmbedder, ScriptedLLM\n"
        "memory = Memory(ScriptedLLM(default=lambda *_: os.kill(os.getpid(), 9)), FakeEmbedder(), sys.argv[1], "
        "background=False)\nmemory.add('I have a cat', wait=False, user_id='ada')\nmemory.flush()"
    )
    assert subprocess.run([sys.executable, "-c", program, url], check=False, timeout=100).returncode == -signal.SIGKILL
    clock = ManualClock(datetime.now(UTC))
    with Memory(
        ScriptedLLM(default=adds("Ada has a cat")), FakeEmbedder(), place, background=False, clock=clock
    ) as memory:
        memory.flush(timeout=0.1)
        assert len(memory.pending()) == 1, "its lease still holds"
        clock.advance(seconds=31)
        memory.flush()
        assert memory.pending() == []
        assert [item.text for item in memory.get_all(user_id="ada")] == ["Ada has a cat"]
    assert len(rows(place)["memx_evidence"]) == 1


# --- opening and refusing --------------------------------------------------------------------------


def test_the_url_sets_the_pool(place: Engine) -> None:
    database = Database(place.url.update_query_dict({"pool_size": "3", "max_overflow": "0", "pool_timeout": "0.5"}))
    pool: Any = database.engine.pool
    assert (pool.size(), pool._max_overflow, pool._timeout) == (3, 0, 0.5)
    with database.reading() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    database.close()
    with pytest.raises(InvalidInputError, match="pool_size"):
        Database(place.url.update_query_dict({"pool_size": "many"}))


def test_a_url_without_a_driver_means_ours(place: Engine) -> None:
    for name in ("postgres", "postgresql"):
        database = Database(place.url.set(drivername=name).render_as_string(hide_password=False))
        assert database.engine.driver == "psycopg"
        database.close()


def test_a_driver_that_can_only_be_awaited_is_refused(place: Engine) -> None:
    with pytest.raises(InvalidInputError, match="threads"):
        Ledger(create_engine(place.url.set(drivername="postgresql+psycopg_async")))


def test_a_server_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(LedgerError, match="refused"):
        Ledger("postgresql://nobody@127.0.0.1:1/nothing")


def test_an_error_shows_no_row(place: Engine) -> None:
    ledger = Ledger(place)
    asked(place, "ALTER TABLE memx_versions ADD CONSTRAINT nothing_private CHECK (text NOT LIKE '%private%')")
    try:
        with pytest.raises(LedgerError, match="nothing_private") as caught:
            ledger.write(write("1", add("a", "a very private fact")))
    finally:
        asked(place, "ALTER TABLE memx_versions DROP CONSTRAINT nothing_private")
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "very private" not in str(chain)
        chain = chain.__cause__


def test_a_transaction_that_was_broken_off_is_done_again() -> None:
    class Busy:
        tries = 0

        @repeated
        def work(self, needed: int) -> int:
            self.tries += 1
            if self.tries < needed:
                raise Repeatable("deadlock detected")
            return self.tries

    assert Busy().work(3) == 3
    with pytest.raises(LedgerError, match="deadlock"):
        Busy().work(100)


def test_two_that_stand_in_each_others_way_are_told_apart_from_what_is_wrong(place: Engine) -> None:
    """A deadlock that is really there: each holds what the other wants."""
    database = Database(place)
    asked(
        place,
        "INSERT INTO memx_spaces (namespace, fingerprint, dimensions, serving) "
        "VALUES ('a', 'f', 1, true), ('b', 'f', 1, true)",
    )
    both, told = threading.Barrier(2), []

    def work(mine: str, others: str) -> None:
        try:
            with database.writing(None) as connection:
                for at, namespace in enumerate((mine, others)):
                    connection.execute(
                        text("UPDATE memx_spaces SET dimensions = 2 WHERE namespace = :of"), {"of": namespace}
                    )
                    if not at:
                        both.wait(60)
        except LedgerError as error:
            told.append(type(error))

    in_threads(2, lambda number: work(*("ab" if number else "ba")))
    assert told == [Repeatable]


def test_what_is_erased_is_read_again_and_the_server_is_spoken_of(place: Engine) -> None:
    with Memory(ScriptedLLM(), FakeEmbedder(), place, background=False) as memory:
        memory.add("Ada lives in Oslo", infer=False, user_id="ada")
        report = memory.erase(user_id="ada")
    assert report.verified
    (server,) = report.remains
    assert server.startswith("server: PostgreSQL keeps deleted rows in its log")
    texts = [str(found) for name, found in rows(place, without=()).items() if name in metadata.tables]
    assert not any("Oslo" in each or "'ada'" in each for each in texts)
