"""Erasing down to the bytes: nothing of a scope is left in the database's files, or the report says so."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memx_core import Memory
from memx_core.ledger import residue
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import answer, operation
from tests.conftest import Door

ADA, BOB = {"user_id": "ada@example.com"}, {"user_id": "bob@example.com"}
SUFFIXES = ("", "-wal", "-shm", "-journal")


def raw(path: Path) -> bytes:
    files = [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    return b"".join(file.read_bytes() for file in files if file.exists())


def token(*parts: object) -> str:
    """A word that is nowhere else."""
    return uuid.uuid5(uuid.NAMESPACE_OID, repr(parts)).hex


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memx.db"


def test_no_byte_of_anything_that_was_given_is_left(memory: Door, llm: ScriptedLLM, path: Path) -> None:
    """Every argument carries a word of its own; so does what a model answers, and how it fails."""
    words = iter(token("ada", number) for number in range(1000))
    used: list[str] = []

    def word() -> str:
        used.append(next(words))
        return used[-1]

    ids = {"user_id": word(), "agent_id": word(), "run_id": word()}
    memory.add(f"Bob has {token('bob')}", infer=False, **BOB)
    said = {"role": "user", "content": f"I like {word()}", "name": f"Ada {word()}", "id": word()}
    fact = {"reason": word(), "quote": "I like", "when": "last May"}
    llm.queue(answer(operation("ADD", f"Ada likes {said['content'].split()[-1]}", **fact)), "nonsense", "nonsense")
    options: dict[str, Any] = {"session_id": word(), "metadata": {word(): [word(), {"deep": word()}]}, "key": word()}
    (change,) = memory.add([said], instructions=f"notice {word()}", **options, **ids).changes
    with pytest.raises(Exception, match="the model"):
        memory.add(f"wait {word()}", instructions=f"ignore {word()}", **ids)
    memory.add(f"later {word()} {'long ' * 3000}", wait=False, metadata={"k": word()}, **ids)
    memory.update(change.memory_id, f"new {word()}", reason=word(), metadata={"m": word()})
    memory.put_messages(word(), [{"role": "user", "content": word(), "id": word()}], learn=False, **ids)
    memory.delete(change.memory_id, reason=word())
    before = raw(path)
    # The instructions of a call that was done at once are not kept.
    assert [used.index(each) for each in used if each.encode() not in before] == [12]
    report = memory.erase(user_id=ids["user_id"])
    assert (report.verified, report.remains) == (True, ())
    left = raw(path)
    assert [each for each in used if each.encode() in left] == []
    assert token("bob").encode() in left


def test_no_byte_of_a_vector_is_left(memory: Door, path: Path) -> None:
    text = "Ada keeps seven lanterns in the harbour"
    memory.add(text, infer=False, **ADA)
    memory.add("Bob plays the violin", infer=False, **BOB)
    (vector,) = FakeEmbedder().embed_documents([text])
    piece = np.ascontiguousarray(vector, "<f4").tobytes()
    assert piece in raw(path)
    memory.erase(**ADA)
    assert piece not in raw(path)


@pytest.mark.parametrize("removal", ["reset", "clear_messages"])
def test_other_removals_for_good_leave_no_text_either(memory: Door, path: Path, removal: str) -> None:
    memory.put_messages("s", {"role": "user", "content": token("ada")}, learn=False, **ADA)
    if removal == "reset":
        memory.reset()
    else:
        memory.clear_messages("s", **ADA)
    assert token("ada").encode() not in raw(path)


@pytest.mark.parametrize("seed", [6, 7, 8])
def test_stale_copies_in_the_slack_of_pages_go_too(path: Path, seed: int) -> None:
    """Pages that were balanced may keep copies that SQLite does not overwrite; some of these seeds leave them."""
    chance = random.Random(seed)
    users = [f"user-{number}-{'e' * 20}" for number in range(6)]
    with Memory(ScriptedLLM(), FakeEmbedder(64), path, background=False) as memory:
        ids: dict[str, list[str]] = {user: [] for user in users}
        for step in range(150):
            user = chance.choice(users)
            said = " ".join(
                token(user, step, part)[: chance.randrange(8, 32)] for part in range(chance.choice([2, 40]))
            )
            if ids[user] and chance.random() < 0.4:
                memory.update(chance.choice(ids[user]), said, reason=token(user, step, 0))
            else:
                made = memory.add(said, infer=False, user_id=user, session_id=f"of {user}", metadata={"k": said[:40]})
                ids[user] += [change.memory_id for change in made.changes]
        for gone, user in enumerate(users):
            report = memory.erase(user_id=user)
            assert report.verified
            left = raw(path)
            words = {token(owner, step, 0)[:8].encode() for owner in users[: gone + 1] for step in range(150)}
            assert not any(word in left for word in words)
            assert not any(owner.encode() in left for owner in users[: gone + 1])


def test_what_others_said_too_does_not_stand_in_the_way(memory: Door, path: Path) -> None:
    for ids in (ADA, BOB):
        memory.add("Thank you very much, see you tomorrow morning", infer=False, **ids)
    assert memory.erase(**ADA).verified
    assert b"see you tomorrow" in raw(path)


def test_what_another_application_keeps_in_the_same_file_is_not_taken_for_residue(memory: Door, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (note)")
        connection.execute("INSERT INTO theirs VALUES (?), (CAST(x'ff00fe' AS TEXT))", [f"Ada said {token('ada')}"])
    memory.add(f"Ada said {token('ada')}", infer=False, **ADA)
    assert memory.erase(**ADA).verified
    assert token("ada").encode() in raw(path)


def test_what_only_stands_side_by_side_in_an_index_is_not_taken_for_residue(memory: Door) -> None:
    """The key of one holds "default" and a day, one after the other, and the bytes are those of an id of Ada's."""
    memory.add("I am Bob, whom nobody erases", infer=False, **BOB)
    memory.add("I am Ada, and long gone by now", infer=False, user_id="2026-01-01 is my name")
    assert memory.erase(user_id="2026-01-01 is my name").verified


def test_a_reader_in_the_way_is_reported_and_erasing_again_finishes_it(memory: Door, path: Path) -> None:
    memory.add(f"Ada said {token('ada')}", infer=False, **ADA)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM memx_versions").fetchone() == (1,)
    report = memory.erase(**ADA)
    assert (report.memories, report.verified) == (1, False)
    assert [each.split(":")[0] for each in report.remains] == ["wal"]
    assert memory.get_all(**ADA).items == ()
    reader.close()
    report = memory.erase(**ADA)
    assert (report.memories, report.verified, report.remains) == (0, True, ())
    assert token("ada").encode() not in raw(path)


def test_what_one_erasure_left_unfinished_the_next_one_finishes_whosever_it_is(memory: Door, path: Path) -> None:
    for ids in (ADA, BOB):
        memory.add(f"{token(ids['user_id'])} was here", infer=False, **ids)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM memx_versions").fetchone()
    assert not memory.erase(**ADA).verified
    reader.close()
    assert memory.erase(**BOB).verified
    assert not any(token(ids["user_id"]).encode() in raw(path) for ids in (ADA, BOB))


# --- processes ------------------------------------------------------------------------------

KILLED = """
import os, shutil, signal, sys
from sqlalchemy import create_engine, event
from memx_core import Memory
from memx_core.testing import FakeEmbedder, ScriptedLLM

def erase(path, statements):
    engine = create_engine("sqlite:///" + path)
    memory = Memory(ScriptedLLM(), FakeEmbedder(), engine, background=False)
    left = statements
    def count(statement):
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(engine, "checkout", lambda connection, *_: connection.set_trace_callback(count))
    memory.erase(user_id=sys.argv[2])
    os._exit(0)

for statements in range(1, 1000, 4):
    shutil.copy(sys.argv[1], f"{sys.argv[1]}.{statements}")
    child = os.fork()
    if not child:
        erase(f"{sys.argv[1]}.{statements}", statements)
    if os.waitpid(child, 0)[1] == 0:
        break
print(statements)
"""


def test_being_killed_between_statements_leaves_all_or_nothing_and_erasing_again_finishes(path: Path) -> None:
    """Before every fourth statement in turn, those that see to the files included, until there are none left."""
    with Memory(ScriptedLLM(), FakeEmbedder(), path, background=False) as memory:
        for step in range(12):
            memory.add(f"{token('ada', step)} was here", infer=False, session_id="s", **ADA)
        memory.add(f"{token('bob')} was here", infer=False, **BOB)
    command = [sys.executable, "-c", KILLED, str(path), ADA["user_id"]]
    points = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    seen = []
    for statements in range(1, points, 4):
        killed = path.with_name(f"{path.name}.{statements}")
        with Memory(ScriptedLLM(), FakeEmbedder(), killed, background=False) as memory:
            seen.append((len(memory.get_all(**ADA)), len(memory.messages("s", **ADA))))
            assert memory.erase(**ADA).verified
            assert len(memory.get_all(**BOB)) == 1
        left = raw(killed)
        assert not any(token("ada", step).encode() in left for step in range(12))
        assert token("bob").encode() in left
    assert set(seen) == {(12, 12), (0, 0)}
    assert seen == sorted(seen, reverse=True)


LOOKING = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM memx_costs'); c.close()"
)


def test_looking_through_the_file_gives_up_no_lock_on_it(memory: Door, path: Path) -> None:
    """Another process that believes itself to be alone would remove the log that this one writes to."""
    memory.add(f"Ada said {token('ada')}", infer=False, **ADA)
    memory.erase(**ADA)
    subprocess.run([sys.executable, "-c", LOOKING, str(path)], check=True)
    assert path.with_name(path.name + "-wal").exists()
    memory.add("Bob was here", infer=False, **BOB)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM memx_versions").fetchone() == (1,)


REACHABLE = """
import gc, sys
from memx_core import Memory
from memx_core.embedders import HashingEmbedder
memory = Memory(None, HashingEmbedder(), sys.argv[1], background=False)
half = ("zanzibar", "4711")
def talk():
    said = "-".join(half)
    ids = {"user_id": "user " + said, "session_id": "session " + said}
    (change,) = memory.add("I like " + said, infer=False, metadata={"k": said}, key=said, **ids).changes
    memory.update(change.memory_id, "new " + said, reason=said)
    memory.search(said, user_id=ids["user_id"], include_messages=True)
    memory.erase(user_id=ids["user_id"])
talk()
gc.collect()
seen, found, todo = set(), [], [memory]
while todo:
    each = todo.pop()
    if id(each) in seen or isinstance(each, type) or type(each).__name__ == "module":
        continue
    seen.add(id(each))
    if isinstance(each, (str, bytes)) and "-".join(half) in str(each):
        found.append(each)
    todo.extend(gc.get_referents(each))
print(len(seen) > 1000, found[:3])
"""


def test_nothing_that_was_erased_can_be_reached_from_the_memory(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", REACHABLE, str(path)], check=True, capture_output=True, text=True)
    assert done.stdout == "True []\n"


# --- what is looked for ---------------------------------------------------------------------


@pytest.mark.parametrize("start", range(9))
@pytest.mark.parametrize("cut", [15, 20, 40])
def test_any_fifteen_bytes_of_a_text_are_found_wherever_they_are(start: int, cut: int) -> None:
    collector = residue.Collector()
    collector.add(["seven lanterns are standing in the harbour of Oslo"])
    piece = b"seven lanterns are standing in the harbour of Oslo"[start : start + cut]
    for before in range(0, 9):
        data = bytes(before) + piece + bytes(30)
        chunks = [data[at : at + 7] for at in range(0, len(data), 7)]
        assert len(residue.found(collector.blocks(), chunks)) >= 1
    assert len(residue.found(collector.blocks(), [b"lantern, harbour, standing, Oslo, seven"])) == 0


def test_what_is_too_short_or_says_nothing_is_not_looked_for() -> None:
    collector = residue.Collector()
    collector.add(["hi", "", b"", bytes(64), None, 7, np.array([0, 1, 0, 0], "<f4").tobytes()])
    assert len(collector.blocks()) == 0
    assert len(residue.found(collector.blocks(), [b"hi" * 40])) == 0
