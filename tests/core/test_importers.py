"""Files of other applications: mem0's results and history, ChatGPT's conversations."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memx_core import InvalidInputError, Memory, ScopeError
from memx_core.moving import arrays, read_chatgpt
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import NOTHING
from tests.conftest import Door, MakeDoor

ADA, BOB = {"user_id": "ada"}, {"user_id": "bob"}
ONE, TWO, THREE = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
NEWER = (
    "CREATE TABLE history (id TEXT PRIMARY KEY, memory_id TEXT, old_memory TEXT, new_memory TEXT, event TEXT, "
    "created_at DATETIME, updated_at DATETIME, is_deleted INTEGER, actor_id TEXT, role TEXT)"
)
OLDER = (
    "CREATE TABLE history (id TEXT PRIMARY KEY, memory_id TEXT, prev_value TEXT, new_value TEXT, event TEXT, "
    "timestamp DATETIME, is_deleted INTEGER)"
)


def save(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def item(id: str, text: str, **fields: Any) -> dict[str, Any]:
    made = {"created_at": "2024-05-01T09:00:00-07:00", "updated_at": None, "hash": "0", "score": 0.5, "metadata": None}
    return {"id": id, "memory": text, "user_id": "ada", **made, **fields}


def newer(path: Path, *rows: tuple[Any, ...]) -> Path:
    """A history as it is written today; rows of memory, old text, new text, event, created, updated."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(NEWER)
        for at, row in enumerate(rows):
            values = (str(at), *row, int(row[3] == "DELETE"), None, None)
            connection.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    return path


def texts(door: Door, **ids: str) -> list[str]:
    return [found.text for found in door.get_all(**(ids or ADA))]


def test_results_become_memories_with_their_ids_times_and_metadata(memory: Door, tmp_path: Path):
    made = item(ONE, "Likes lanterns", metadata={"room": "attic"}, agent_id="bot", categories=["taste"])
    report = memory.load(save(tmp_path / "r.json", {"results": [made, item(TWO, "Plays the violin", user_id="bob")]}))
    assert (report.memories, report.warnings) == (2, ())
    (found,) = memory.get_all(**ADA)
    assert (found.id, found.text, found.agent_id) == (ONE, "Likes lanterns", "bot")
    assert found.created_at == datetime(2024, 5, 1, 16, tzinfo=UTC)
    assert found.metadata == {"room": "attic", "categories": ["taste"]}
    (change,) = memory.history(ONE)
    assert (change.event, change.actor, change.at) == ("ADD", "mem0", found.created_at)
    assert memory.search("violin", **BOB)[0].memory.id == TWO
    assert memory.search("violin", **ADA, limit=1)[0].memory.id == ONE


@pytest.mark.parametrize("shape", [lambda rows: rows, lambda rows: {"results": rows}, lambda rows: {"memories": rows}])
def test_results_come_in_several_shapes_and_an_id_need_not_be_a_uuid(memory: Door, tmp_path: Path, shape: Any):
    rows = [{"id": 7, "text": "Likes lanterns", "metadata": {"user_id": "ada"}}, item(TWO, "Plays the violin")]
    path = save(tmp_path / "r.json", shape(rows))
    assert memory.load(path, format="mem0").memories == 2
    assert sorted(texts(memory)) == ["Likes lanterns", "Plays the violin"]
    assert memory.load(path).operation_id is None


def test_what_has_no_scope_gets_that_of_the_call_and_no_other_is_let_in(memory: Door, tmp_path: Path):
    nobodys = save(tmp_path / "nobody.json", [item(ONE, "Likes lanterns", user_id=None)])
    with pytest.raises(ScopeError):
        memory.load(nobodys)
    memory.load(nobodys, agent_id="bot")
    assert texts(memory, agent_id="bot") == ["Likes lanterns"]
    bobs = save(tmp_path / "bob.json", [item(TWO, "Plays the violin"), item(THREE, "Has a boat", user_id="bob")])
    for handle, ids in ((memory, ADA), (memory.scoped(**ADA), {})):
        with pytest.raises(ScopeError):
            handle.load(bobs, **ids)
    assert texts(memory, **ADA) == []


def test_what_is_unreadable_in_results_is_left_out_with_a_warning(memory: Door, tmp_path: Path):
    rows = [
        item(ONE, "Likes lanterns", created_at="yesterday", metadata={"a": float("inf")}),
        item(ONE, "Likes lanterns twice"),
        item(TWO, "  "),
        {"memory": "no id", "user_id": "ada"},
        None,
        item(THREE, "from the future", created_at="2999-01-01T00:00:00+00:00"),
    ]
    report = memory.load(save(tmp_path / "r.json", {"results": rows}))
    codes = sorted(warning.partition(":")[0] for warning in report.warnings)
    assert codes == ["metadata", "repeated", "time", "unreadable", "unreadable", "unreadable"]
    assert sorted(texts(memory)) == ["Likes lanterns", "from the future"]
    assert memory.get(THREE).created_at < datetime(2999, 1, 1, tzinfo=UTC)


def test_a_history_becomes_versions_and_changes_with_their_times(memory: Door, tmp_path: Path):
    path = newer(
        tmp_path / "history.db",
        (ONE, None, "Lives in Bergen", "ADD", "2024-05-01T09:00:00+00:00", None),
        (TWO, None, "Plays the violin", "ADD", "2024-05-02T09:00:00+00:00", None),
        (ONE, "Lives in Bergen", "Lives in Oslo", "UPDATE", "2024-05-01T09:00:00+00:00", "2024-06-01T09:00:00+00:00"),
        (TWO, "Plays the violin", None, "DELETE", None, None),
    )
    before = path.read_bytes()
    with pytest.raises(ScopeError):
        memory.load(path)
    report = memory.load(path, **ADA)
    assert path.read_bytes() == before
    assert (report.memories, report.versions, report.changes, report.warnings) == (2, 4, 4, ())
    history = memory.history(ONE)
    assert [(change.event, change.old_text, change.new_text) for change in history] == [
        ("ADD", None, "Lives in Bergen"),
        ("UPDATE", "Lives in Bergen", "Lives in Oslo"),
    ]
    assert [change.at.month for change in history] == [5, 6]
    assert [change.event for change in memory.history(TWO)] == ["ADD", "DELETE"]
    assert texts(memory) == ["Lives in Oslo"]
    may = datetime(2024, 5, 15, tzinfo=UTC)
    assert [found.text for found in memory.get_all(known_at=may, **ADA)][-1] == "Lives in Bergen"
    assert memory.search("Where does she live?", as_of=may, limit=1, **ADA)[0].memory.text == "Lives in Bergen"
    assert memory.load(path, **ADA).operation_id is None


def test_an_older_history_has_other_columns(memory: Door, tmp_path: Path):
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(OLDER)
        for row in [
            ("a", ONE, None, "Lives in Bergen", "ADD", "2024-07-01 09:00:00", 0),
            ("b", ONE, "Lives in Bergen", "Lives in Oslo", "UPDATE", "2024-07-02 09:00:00", 0),
        ]:
            connection.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    memory.load(path, **ADA)
    assert [change.new_text for change in memory.history(ONE)] == ["Lives in Bergen", "Lives in Oslo"]
    assert memory.history(ONE)[1].at == datetime(2024, 7, 2, 9, tzinfo=UTC)


def test_broken_histories_come_with_warnings(memory: Door, tmp_path: Path):
    path = newer(
        tmp_path / "history.db",
        (ONE, "Lives in Rome", "Lives in Oslo", "UPDATE", None, "nonsense"),  # its first row is missing
        (ONE, "Lives in Paris", "Lives in Bonn", "UPDATE", None, None),  # the one before it is missing
        (TWO, None, None, "DELETE", None, None),  # nothing but a deletion
        (THREE, None, "Has a boat", "ADD", None, None),
        (THREE, "Has a boat", None, "DELETE", None, None),
        (THREE, "Has a boat", None, "DELETE", None, None),
        (THREE, "Has a boat", "Has two boats", "UPDATE", None, None),  # it came back
        (THREE, None, None, "UPDATE", None, None),
        (THREE, None, "x", "EXPLODE", None, None),
        (None, None, "nobody's", "ADD", None, None),
    )
    report = memory.load(path, **ADA)
    assert {warning.partition(":")[0] for warning in report.warnings} == {"history", "time"}
    assert [change.new_text for change in memory.history(ONE)] == ["Lives in Rome", "Lives in Oslo", "Lives in Bonn"]
    assert [change.event for change in memory.history(THREE)] == ["ADD", "DELETE", "ADD"]
    assert sorted(texts(memory)) == ["Has two boats", "Lives in Bonn"]
    memory.update(THREE, "Has three boats")
    memory.delete(ONE)
    assert texts(memory) == ["Has three boats"]


def test_results_tell_whose_a_history_is(memory: Door, tmp_path: Path):
    history = newer(
        tmp_path / "history.db",
        (ONE, None, "Lives in Bergen", "ADD", "2024-05-01T09:00:00+00:00", None),
        (ONE, "Lives in Bergen", "Lives in Oslo", "UPDATE", None, "2024-06-01T09:00:00+00:00"),
        (TWO, None, "Plays the violin", "ADD", "2024-05-02T09:00:00+00:00", None),
    )
    rows = [item(ONE, "Lives in Oslo", metadata={"room": "attic"}), item(TWO, "Plays the cello", user_id="bob")]
    rows.append(item(THREE, "Has a boat", user_id="bob"))
    results = save(tmp_path / "r.json", rows)
    memory.load(history, results=results)
    assert texts(memory, **ADA) == ["Lives in Oslo"]
    assert memory.get(ONE).metadata == {"room": "attic"}
    assert sorted(texts(memory, **BOB)) == ["Has a boat", "Plays the cello"]
    assert [change.new_text for change in memory.history(TWO)] == ["Plays the violin", "Plays the cello"]
    assert memory.load(history, results=results).operation_id is None
    assert memory.load(results).operation_id is None


@pytest.mark.parametrize("text", ["Lives in Bergen", "User lives in Bergen, Norway", "user lives in Bergen."])
def test_what_was_loaded_is_superseded_by_what_is_said_later(make: MakeDoor, tmp_path: Path, text: str):
    memory = make()  # with rules
    memory.load(save(tmp_path / "r.json", [item(ONE, text), item(TWO, "Lives in fear of spiders")]))
    memory.add("I live in Rome now.", **ADA)
    assert sorted(texts(memory)) == ["Lives in fear of spiders", "User lives in Rome"]
    assert [change.event for change in memory.history(ONE)] == ["ADD", "UPDATE"]


def test_a_deleted_memory_of_a_history_is_left_out_where_only_results_say_whose_it_was(memory: Door, tmp_path: Path):
    history = newer(
        tmp_path / "history.db",
        (ONE, None, "Lives in Oslo", "ADD", "2024-05-01T09:00:00+00:00", None),
        (TWO, None, "Plays the violin", "ADD", "2024-05-02T09:00:00+00:00", None),
        (TWO, "Plays the violin", None, "DELETE", None, "2024-06-01T09:00:00+00:00"),
    )
    report = memory.load(history, results=save(tmp_path / "r.json", [item(ONE, "Lives in Oslo")]))
    assert (report.memories, texts(memory)) == (1, ["Lives in Oslo"])
    assert report.warnings == (
        f"history: memory {TWO!r} is not among the results, so nobody says whose it is; left out",
    )


def test_results_after_a_history_bring_the_metadata(memory: Door, tmp_path: Path):
    history = newer(tmp_path / "history.db", (ONE, None, "Lives in Oslo", "ADD", "2024-05-01T09:00:00+00:00", None))
    memory.load(history, **ADA)
    results = save(tmp_path / "r.json", [item(ONE, "Lives in Oslo", metadata={"room": "attic"})])
    assert memory.load(results).changes == 1
    assert memory.get(ONE).metadata == {"room": "attic"}
    assert memory.load(results).operation_id is None
    assert memory.load(history, **ADA).operation_id is None
    (hit,) = memory.search("Oslo", **ADA)
    assert (hit.memory.version, hit.explain) == (2, None)
    others = save(tmp_path / "o.json", [item(ONE, "Lives in Oslo", user_id="bob")])
    with pytest.raises(InvalidInputError, match=ONE):
        memory.load(others)
    changed = save(tmp_path / "c.json", [item(ONE, "Lives in Rome")])
    with pytest.raises(InvalidInputError, match=ONE):
        memory.load(changed)
    assert texts(memory) == ["Lives in Oslo"]


@pytest.mark.parametrize("content", [b"SQLite format 3\x00 and no more", b"not a database"])
def test_what_is_no_history_is_refused(memory: Door, tmp_path: Path, content: bytes):
    (tmp_path / "history.db").write_bytes(content)
    with pytest.raises(InvalidInputError):
        memory.load(tmp_path / "history.db", format="mem0", **ADA)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE something (x)")
    with pytest.raises(InvalidInputError, match="history"):
        memory.load(tmp_path / "other.db", **ADA)


ROW = st.tuples(
    st.sampled_from([ONE, TWO, "odd id", None]),
    st.sampled_from([None, "", "a", "b"]),
    st.sampled_from([None, "a", "b", "c", "\x00 x"]),
    st.sampled_from(["ADD", "UPDATE", "DELETE", "NONE", None, "odd"]),
    st.sampled_from([None, "2024-05-01T09:00:00+00:00", "2023-01-01 00:00:00", "odd", 5]),
    st.sampled_from([None, "2025-05-01T09:00:00-07:00"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(rows=st.lists(ROW, max_size=8))
def test_no_history_crashes_and_each_is_one_chain(tmp_path: Path, rows: list[tuple[Any, ...]]):
    path = tmp_path / "history.db"
    path.unlink(missing_ok=True)
    newer(path, *rows)
    with Memory(ScriptedLLM(), FakeEmbedder(8), ":memory:", background=False) as memory:
        memory.load(path, **ADA)
        for found in memory.get_all(include_superseded=True, **ADA):
            history = memory.history(found.id)
            assert [change.version for change in history] == list(range(1, len(history) + 1))
            assert [change.old_text or None for change in history] == [
                None,
                *(change.new_text for change in history[:-1]),
            ]
            assert [change.at for change in history] == sorted(change.at for change in history)
        assert memory.load(path, **ADA).operation_id is None


def node(id: str, parent: str | None, role: str = "user", *parts: Any, **fields: Any) -> dict[str, Any]:
    content = {"content_type": fields.pop("content_type", "text"), "parts": list(parts)}
    message = {"id": f"m-{id}", "author": {"role": role}, "create_time": None, "content": content, **fields}
    return {"id": id, "parent": parent, "children": [], "message": message if parts else None}


def conversation(id: str, *nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    for each in nodes:
        each["children"] = [other["id"] for other in nodes if other["parent"] == each["id"]]
    made = {"title": "Lanterns", "create_time": 1714550000.5, "conversation_id": id, "current_node": nodes[-1]["id"]}
    return {**made, "mapping": {each["id"]: each for each in nodes}, **fields}


CHAT = conversation(
    "c1",
    node("root", None),
    node("sys", "root", "system", "You are helpful", metadata={"is_visually_hidden_from_conversation": True}),
    node("u1", "sys", "user", "I live in Oslo", create_time=1714550001.25),
    node("a0", "u1", "assistant", "A reply that was asked for again"),
    node("t1", "u1", "tool", "42", recipient="all"),
    node("call", "t1", "assistant", "search()", recipient="browser"),
    node("think", "call", "assistant", "hmm", content_type="thoughts"),
    node("a1", "think", "assistant", "Lovely", "", {"content_type": "image_asset_pointer"}, {"odd": 1}),
    node("u2", "a1", "user", {"content_type": "audio_transcription", "text": "thanks"}, create_time=1714550009),
)


def test_chatgpt_shows_the_branch_that_was_shown(tmp_path: Path):
    (found,) = read_chatgpt(save(tmp_path / "conversations.json", [CHAT, conversation("c2", node("root", None))]))
    assert (found.session_id, found.title) == ("c1", "Lanterns")
    assert [(turn.role, turn.content) for turn in found.messages] == [
        ("user", "I live in Oslo"),
        ("assistant", "Lovely\n[image]\n[attachment]"),
        ("user", "thanks"),
    ]
    assert found.messages[0].timestamp == datetime.fromtimestamp(1714550001.25, UTC)
    assert found.messages[1].timestamp is None


def test_chatgpt_conversations_are_kept_and_not_learned_from(memory: Door, tmp_path: Path):
    path = save(tmp_path / "conversations.json", [CHAT])
    with pytest.raises(ScopeError):
        memory.load(path)
    assert memory.load(path, **ADA).messages == 3
    kept = memory.messages("c1", **ADA)
    assert [turn.id for turn in kept] == ["m-u1", "m-a1", "m-u2"]
    assert [turn.timestamp for turn in kept] == sorted(turn.timestamp for turn in kept)
    assert kept[0].metadata == {"title": "Lanterns"}
    assert memory.pending() == []
    assert memory.search("Oslo", include_messages=True, **ADA)[0].message.content == "I live in Oslo"
    assert memory.load(path, **ADA).operation_id is None
    assert memory.load(path, **BOB).messages == 3


@pytest.mark.parametrize("odd", ["a\x00b", "\ud800", "x" * 20_000, " ", 5, None, {"id": "a"}, ["a"]])
def test_chatgpt_ids_that_nothing_can_be_kept_under_are_as_good_as_absent(make: MakeDoor, tmp_path: Path, odd: Any):
    memory = make(llm=ScriptedLLM(default=NOTHING))
    turn = node("u1", None, "user", "I live in Oslo")
    turn["id"] = turn["message"]["id"] = odd
    chat = {**conversation("c1", node("root", None)), "mapping": {"u1": turn}, "current_node": odd}
    path = save(tmp_path / "conversations.json", [{**chat, "conversation_id": odd, "id": odd}])
    memory.backfill(path, progress=False, **ADA)
    assert memory.load(path, **ADA).messages == 0
    (kept,) = memory.messages("chatgpt-1", **ADA)
    assert kept.content == "I live in Oslo"
    memory.export(tmp_path / "all.jsonl")


def test_chatgpt_without_a_current_node_or_with_a_circle_ends(tmp_path: Path):
    lost = {**CHAT, "current_node": "nowhere"}
    circle = conversation("c3", node("x", "y", "user", "one"), node("y", "x", "assistant", "two"))
    found = list(read_chatgpt(save(tmp_path / "conversations.json", [lost, circle])))
    assert [turn.content for turn in found[0].messages][-1] == "thanks"
    assert sorted(turn.content for turn in found[1].messages) == ["one", "two"]


@pytest.mark.parametrize("content", ['[{"mapping": 1}]', '{"mapping": {}}', "[1]", '[{"mapping": {}}', "[{} {}]", ""])
def test_what_is_no_chatgpt_file_is_refused(tmp_path: Path, content: str):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InvalidInputError):
        list(read_chatgpt(tmp_path / "x.json"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(JSON, max_size=6), indent=st.sampled_from([None, 2]), chunk=st.integers(1, 9))
def test_a_list_is_read_as_json_reads_it_however_it_is_cut(values: list[Any], indent: int | None, chunk: int):
    class Dripping:
        def __init__(self, raw: bytes) -> None:
            self.raw = raw

        def read(self, _: int) -> bytes:
            part, self.raw = self.raw[:chunk], self.raw[chunk:]
            return part

    raw = json.dumps(values, indent=indent, ensure_ascii=False).encode(errors="surrogatepass")
    if b"\xed" not in raw:
        assert list(arrays.elements(Dripping(raw))) == values
