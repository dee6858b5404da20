"""Ids of any length, on every database: an index row of PostgreSQL holds no more than 2,700 bytes of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql

from memx_core import Scope
from memx_core.ledger import rows
from memx_core.ledger.identifiers import Identifier, among
from memx_core.ledger.tables import messages, metadata, versions
from memx_core.testing import ScriptedLLM
from tests.answers import adds
from tests.conftest import Door, MakeDoor
from tests.databases import asked

pytestmark = pytest.mark.databases


def long_id(seed: int) -> str:
    """10,000 characters of up to four bytes, which no database can compress to fewer than it takes in an index."""
    drawn = random.Random(seed)
    return "".join(chr(drawn.choice((0x30, 0x400, 0x5000, 0x1F300)) + drawn.randrange(48)) for _ in range(10_000))


USER, SESSION, KEY, TURN = (long_id(seed) for seed in range(4))
OTHER = USER[:-1] + ("a" if USER[-1] != "a" else "b")  # what only its end tells apart


def test_ids_of_10_000_characters_are_kept_found_and_told_apart(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"))
    said = [{"role": "user", "content": "I'm Ada, I live in Oslo", "id": TURN}]
    first = memory.add(said, user_id=USER, agent_id=OTHER, run_id=SESSION, session_id=SESSION, key=KEY)
    again = memory.add(said, user_id=USER, agent_id=OTHER, run_id=SESSION, session_id=SESSION, key=KEY)
    assert again.operation_id == first.operation_id
    (item,) = memory.get_all(user_id=USER)
    assert (item.user_id, item.agent_id, item.run_id) == (USER, OTHER, SESSION)
    assert [hit.memory.id for hit in memory.search("Oslo", agent_id=OTHER, run_id=SESSION)] == [item.id]
    assert len(memory.get_all(user_id=OTHER)) == len(memory.search("Oslo", user_id=OTHER)) == 0
    assert [turn.id for turn in memory.messages(SESSION, user_id=USER)] == [TURN]
    assert memory.messages(SESSION[:-1], user_id=USER) == []
    assert memory.usage(user_id=USER).calls == 1
    assert memory.usage(user_id=OTHER).calls == 0


def test_turns_and_jobs_with_long_ids_are_replaced_learned_from_and_erased(memory: Door, llm: ScriptedLLM) -> None:
    for words in ("I live in Oslo", "I live in Rome"):
        memory.put_messages(SESSION, [{"role": "user", "content": words, "id": TURN}], user_id=USER)
    memory.put_messages(SESSION, [{"role": "user", "content": "me too", "id": TURN}], user_id=OTHER, learn=False)
    assert [turn.content for turn in memory.messages(SESSION, user_id=USER)] == ["I live in Rome"]
    llm.queue(adds("Ada lives in Rome"))
    memory.flush()
    assert [item.text for item in memory.get_all(user_id=USER)] == ["Ada lives in Rome"]
    assert memory.erase(user_id=USER).verified
    assert [turn.content for turn in memory.messages(SESSION, user_id=OTHER)] == ["me too"]


def test_memories_with_long_ids_are_moved(make: MakeDoor, tmp_path: Path) -> None:
    memory = make()
    said = [{"role": "user", "content": "I live in Oslo", "id": TURN}]
    memory.add(said, infer=False, user_id=USER, session_id=SESSION, key=KEY)
    memory.export(tmp_path / "all.jsonl")
    memory.reset()
    memory.load(tmp_path / "all.jsonl")
    assert memory.load(tmp_path / "all.jsonl").memories == 0
    assert [turn.id for turn in memory.messages(SESSION, user_id=USER)] == [TURN]


@pytest.mark.databases("postgresql")
def test_the_indexes_of_postgresql_answer_what_is_asked_by_id(place: Engine) -> None:
    scope = Scope(user_id="ada")
    asked_for = {
        "ix_memx_versions_user_id_revision": select(versions.c.row)
        .where(rows.owned(versions, "n", scope), versions.c.revision > 5)
        .order_by(versions.c.revision),
        "ix_memx_messages_user_id_row": select(messages.c.row)
        .where(rows.owned(messages, "n", scope), messages.c.session == "s")
        .order_by(messages.c.row),
        "uq_memx_messages_address_session_id": select(messages.c.row).where(
            messages.c.address == "a", messages.c.session == "s", messages.c.id == "m"
        ),
    }
    with place.connect() as connection:  # whose transaction is given up
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        # In a table without rows it costs as much as the last one, and either may be taken.
        connection.exec_driver_sql("DROP INDEX ix_memx_messages_address_session_row")
        for index, statement in asked_for.items():
            sql = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {sql}").scalars())
            assert f"Scan using {index}" in plan, plan
            assert "Sort" not in plan, plan


@pytest.mark.databases("postgresql")
def test_no_index_of_postgresql_holds_an_id_itself(place: Engine) -> None:
    ids = {column.name for table in metadata.sorted_tables for column in table.columns if is_id(column.type)}
    assert ids == {"user_id", "agent_id", "run_id", "session", "id", "key"}
    found = asked(place, "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'memx_%'")
    definitions = [definition.partition(" USING btree ")[2] for (definition,) in found]
    assert not [each for each in definitions if {part.strip('" ') for part in each[1:-1].split(",")} & (ids - {"id"})]


def is_id(kind: object) -> bool:
    return isinstance(kind, Identifier)


@pytest.mark.databases("sqlite")
def test_sqlite_compares_ids_as_they_are() -> None:
    condition = (messages.c.session == "s") & among(messages.c.id, "ids")
    assert str(condition) == "memx_messages.session = :session_1 AND memx_messages.id IN (__[POSTCOMPILE_ids])"
