"""Taking everything out and in again: after it every read says what it said before."""

from __future__ import annotations

import gzip
import json
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine

from memx_core import EmbeddingMismatchError, InvalidInputError, Memory, MemoryNotFoundError, Message, ScopeError
from memx_core.embedders import HashingEmbedder
from memx_core.ledger import tables
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.answers import NOTHING, adds, operation, updates
from tests.conftest import Door, MakeDoor
from tests.databases import rows as dump

pytestmark = pytest.mark.databases

ADA, BOB = {"user_id": "ada"}, {"user_id": "bob"}
WORDS = ("lantern", "harbour", "violin", "meadow", "copper", "walnut")


def lines(path: Path) -> list[dict[str, Any]]:
    raw = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def of_type(path: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in lines(path) if line["type"] == kind]


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def other(make: MakeDoor, llm: ScriptedLLM, embedder: FakeEmbedder, tmp_path: Path) -> Door:
    """A memory on another, empty database."""
    return make(llm=llm, embedder=embedder, database=tmp_path / "other.db", background=False)


@pytest.fixture
def memory(make: MakeDoor, llm: ScriptedLLM) -> Door:
    return make(llm=llm, background=False)


def fill(memory: Door, llm: ScriptedLLM, clock: ManualClock) -> None:
    """A supersession, a deletion, a queued job, two users, a transcript with an application's own form."""
    llm.queue(adds("Ada lives in Bergen", when="since 2019"), updates(0, "Ada lives in Oslo"))
    memory.add("I'm Ada, I live in Bergen since 2019", session_id="s", metadata={"from": ["chat"]}, **ADA)
    clock.advance(days=1)
    memory.add("I moved to Oslo", session_id="s", **ADA)
    kept = memory.add("lantern harbour", infer=False, **ADA)
    clock.advance(days=1)
    memory.delete(kept.changes[0].memory_id, reason="not wanted", **ADA)
    memory.add("Grüße 🤖 \u2028 to be learned later", session_id="t", wait=False, instructions="be brief", **ADA)
    memory.add("violin meadow", infer=False, user_id="bob", run_id="r", expires_at=clock() + timedelta(days=9))
    memory.put_messages("u", Message("tool", "42", id="call", raw={"deep": [1, None]}), learn=False, **BOB)


def reads(memory: Any, clock: ManualClock, moments: list[datetime]) -> Iterator[Any]:
    """All that can be read, for both users: now, and as it was."""
    for ids in (ADA, BOB):
        everything = list(memory.get_all(include_superseded=True, limit=1000, **ids))
        yield everything
        for then in moments:
            yield list(memory.get_all(known_at=then, limit=1000, **ids))
            yield memory.search(WORDS[0], as_of=then, limit=50, **ids)
        yield memory.search(" ".join(WORDS), include_messages=True, limit=50, explain=True, **ids)
        yield str(memory.recall("Where does Ada live?", **ids))
        yield memory.diff(moments[0], **ids)
        yield [memory.messages(session, **ids) for session in (None, "s", "t", "u")]
        yield [(job.id, job.operation_id, job.session_id, job.status) for job in memory.pending(**ids)]
        for item in everything:
            yield memory.history(item.id, **ids)
            yield memory.why(item.id, **ids)


def test_what_is_loaded_reads_as_it_did(
    memory: Door, other: Door, llm: ScriptedLLM, clock: ManualClock, tmp_path: Path
):
    start = clock()
    fill(memory, llm, clock)
    moments = [start, start + timedelta(hours=1), start + timedelta(days=1), clock()]
    path = tmp_path / "all.jsonl"
    assert memory.export(path) == 3
    report = other.load(path)
    assert (report.memories, report.versions, report.changes, report.skipped) == (3, 5, 5, 0)
    assert report.warnings == ()
    assert list(reads(other, clock, moments)) == list(reads(memory, clock, moments))
    llm.queue(NOTHING)
    other.flush()
    assert "to be learned later" in llm.prompts[-1]
    assert "be brief" in llm.prompts[-1]


def test_loading_twice_changes_nothing(
    memory: Door, other: Door, llm: ScriptedLLM, embedder: FakeEmbedder, clock: ManualClock, tmp_path: Path
):
    fill(memory, llm, clock)
    memory.export(tmp_path / "all.jsonl")
    first = other.load(tmp_path / "all.jsonl")
    before = dump(tmp_path / "other.db")
    calls = len(embedder.calls)
    second = other.load(tmp_path / "all.jsonl")
    assert dump(tmp_path / "other.db") == before
    assert len(embedder.calls) == calls
    assert (second.operation_id, second.memories, second.messages) == (None, 0, 0)
    assert second.skipped == first.memories + first.messages
    assert memory.load(tmp_path / "all.jsonl").operation_id is None


def test_an_export_of_what_was_loaded_is_the_same(
    memory: Door, other: Door, llm: ScriptedLLM, clock: ManualClock, tmp_path: Path
):
    fill(memory, llm, clock)
    memory.export(tmp_path / "a.jsonl.gz", embeddings=True)
    assert other.load(tmp_path / "a.jsonl.gz").memories == 3
    other.export(tmp_path / "b.jsonl", embeddings=True)
    assert lines(tmp_path / "b.jsonl")[1:] == lines(tmp_path / "a.jsonl.gz")[1:]


def test_embeddings_in_the_file_spare_the_embedder(
    memory: Door, make: MakeDoor, llm: ScriptedLLM, clock: ManualClock, tmp_path: Path
):
    fill(memory, llm, clock)
    memory.export(tmp_path / "with.jsonl", embeddings=True)
    same, changed = FakeEmbedder(), FakeEmbedder(32)
    first = make(llm=llm, embedder=same, database=tmp_path / "same.db", background=False)
    first.load(tmp_path / "with.jsonl")
    assert same.texts == []
    second = make(llm=llm, embedder=changed, database=tmp_path / "changed.db", background=False)
    second.load(tmp_path / "with.jsonl")
    assert "violin meadow" in changed.texts
    assert second.search("violin meadow", **BOB)[0].memory.text == "violin meadow"


def test_whatever_is_kept_can_be_taken_out_and_in(
    memory: Door, other: Door, llm: ScriptedLLM, clock: ManualClock, tmp_path: Path
):
    """Also what grew while it was kept: an update adds its metadata to what is there."""
    large = "x" * 40_000
    llm.queue(adds("Ada lives in Bergen"), updates(0, "Ada lives in Oslo"))
    turn = {"role": "user", "content": "I live in Bergen", "origin": "restored-from-the-backup-of-january"}
    memory.add([turn], metadata={"first": large}, **ADA)
    memory.add("I moved to Oslo", metadata={"second": large}, **ADA)
    (item,) = memory.get_all(**ADA)
    assert sorted(item.metadata) == ["first", "second"]
    memory.export(tmp_path / "all.jsonl")
    other.load(tmp_path / "all.jsonl")
    assert list(reads(other, clock, [clock()])) == list(reads(memory, clock, [clock()]))
    assert other.messages(None, **ADA)[0].origin == turn["origin"]


def test_a_scope_takes_only_what_is_its_own(
    memory: Door, other: Door, llm: ScriptedLLM, clock: ManualClock, tmp_path: Path
):
    fill(memory, llm, clock)
    memory.scoped(**BOB).export(tmp_path / "bob.jsonl")
    text = (tmp_path / "bob.jsonl").read_text()
    assert "violin" in text
    assert "Oslo" not in text
    assert re.search(r"\bada\b", text.lower()) is None
    other.scoped(**BOB).load(tmp_path / "bob.jsonl")
    assert [item.text for item in other.get_all(**BOB)] == ["violin meadow"]


def test_an_operation_that_reached_further_tells_nothing_of_others(
    memory: Door, other: Door, clock: ManualClock, tmp_path: Path
):
    for user in ("ada", "bob"):
        memory.add(f"lantern of {user}", infer=False, user_id=user, agent_id="bot")
    memory.delete_all(agent_id="bot")
    for user in ("ada", "bob"):
        memory.export(tmp_path / f"{user}.jsonl", user_id=user)
        (wide,) = [line for line in of_type(tmp_path / f"{user}.jsonl", "operation") if line.get("partial")]
        assert (wide["user_id"], wide["kind"], wide.get("agent_id")) == (user, "delete_all", None)
        other.load(tmp_path / f"{user}.jsonl", user_id=user)
    for ids in (ADA, BOB):
        (deleted,) = {change.memory_id for change in memory.diff(clock() - timedelta(days=1), **ids)}
        assert other.history(deleted, **ids) == memory.history(deleted, **ids)
    assert other.load(tmp_path / "ada.jsonl").operation_id is None
    assert memory.load(tmp_path / "ada.jsonl").operation_id is None


def test_a_scoped_memory_refuses_what_is_not_its_own(
    memory: Door, other: Door, llm: ScriptedLLM, clock: ManualClock, tmp_path: Path
):
    fill(memory, llm, clock)
    memory.export(tmp_path / "all.jsonl")
    before = dump(tmp_path / "other.db")
    with pytest.raises(ScopeError):
        other.scoped(**BOB).load(tmp_path / "all.jsonl")
    assert dump(tmp_path / "other.db") == before


def test_a_file_cannot_write_over_somebody_elses_memory(memory: Door, tmp_path: Path):
    (made,) = memory.add("lantern harbour", infer=False, session_id="s", **ADA).changes
    memory.export(tmp_path / "all.jsonl")
    forged = [
        {
            **line,
            **({"user_id": "bob"} if "user_id" in line else {}),
            **({"text": "taken over"} if "text" in line else {}),
        }
        for line in lines(tmp_path / "all.jsonl")
    ]
    for handle in (memory, memory.scoped(**BOB)):
        with pytest.raises(InvalidInputError) as error:
            handle.load(write(tmp_path / "forged.jsonl", forged))
        assert "taken over" not in str(error.value)
    of_memory = [line for line in forged if line["type"] in ("memx", "memory", "version")]
    with pytest.raises(InvalidInputError, match=made.memory_id):
        memory.load(write(tmp_path / "forged.jsonl", of_memory))
    alone = [line for line in forged if line["type"] in ("memx", "version")]
    with pytest.raises(InvalidInputError):  # a version without its memory
        memory.scoped(**BOB).load(write(tmp_path / "forged.jsonl", alone))
    assert memory.get(made.memory_id).text == "lantern harbour"
    assert memory.get_all(**BOB).items == ()


def test_a_file_cannot_hang_its_rows_on_somebody_elses_operation(memory: Door, other: Door, tmp_path: Path):
    first = memory.add("lantern harbour", infer=False, key="k", **ADA)
    memory.export(tmp_path / "ada.jsonl")
    other.add("violin meadow", infer=False, **BOB)
    other.export(tmp_path / "bob.jsonl", **BOB)
    forged = [
        {**line, **({"operation": first.operation_id} if "operation" in line else {})}
        for line in lines(tmp_path / "bob.jsonl")
        if line["type"] != "operation"
    ]
    with pytest.raises(InvalidInputError, match="operation"):
        memory.scoped(**BOB).load(write(tmp_path / "forged.jsonl", forged))
    assert memory.add("lantern harbour", infer=False, key="k", **ADA) == first


def test_a_file_of_another_application_on_one_database_is_refused(memory: Door, make: MakeDoor, tmp_path: Path):
    memory.add("lantern harbour", infer=False, **ADA)
    memory.export(tmp_path / "all.jsonl")
    with pytest.raises(InvalidInputError, match="here already"):
        make(namespace="elsewhere", background=False).load(tmp_path / "all.jsonl")
    assert len(memory.get_all(**ADA)) == 1


def test_what_has_gone_on_since_stays(memory: Door, tmp_path: Path):
    (made,) = memory.add("lantern harbour", infer=False, **ADA).changes
    memory.export(tmp_path / "old.jsonl")
    memory.update(made.memory_id, "copper walnut")
    memory.export(tmp_path / "new.jsonl")
    assert memory.load(tmp_path / "old.jsonl").operation_id is None
    assert memory.get(made.memory_id).text == "copper walnut"


def test_another_past_of_a_memory_is_refused(memory: Door, other: Door, tmp_path: Path):
    (made,) = memory.add("lantern harbour", infer=False, **ADA).changes
    memory.export(tmp_path / "old.jsonl")
    other.load(tmp_path / "old.jsonl")
    memory.update(made.memory_id, "copper walnut")
    other.update(made.memory_id, "violin meadow")
    memory.export(tmp_path / "new.jsonl")
    with pytest.raises(InvalidInputError, match=made.memory_id):
        other.load(tmp_path / "new.jsonl")
    assert other.get(made.memory_id).text == "violin meadow"
    assert [change.new_text for change in other.history(made.memory_id)] == ["lantern harbour", "violin meadow"]


def test_a_memory_that_says_what_a_living_one_says_is_left_out(memory: Door, other: Door, tmp_path: Path):
    memory.add("lantern harbour", infer=False, **ADA)
    memory.add("violin meadow", infer=False, **ADA)
    memory.export(tmp_path / "all.jsonl")
    other.add("Lantern harbour!", infer=False, **ADA)
    report = other.load(tmp_path / "all.jsonl")
    assert [warning.partition(":")[0] for warning in report.warnings] == ["known"]
    assert sorted(item.text for item in other.get_all(**ADA)) == ["Lantern harbour!", "violin meadow"]
    before = dump(tmp_path / "other.db")
    assert other.load(tmp_path / "all.jsonl").warnings == report.warnings
    assert dump(tmp_path / "other.db") == before


def test_keys_still_keep_a_call_from_being_made_twice(memory: Door, other: Door, tmp_path: Path):
    first = memory.add("lantern harbour", infer=False, key="k", **ADA)
    memory.export(tmp_path / "all.jsonl")
    other.load(tmp_path / "all.jsonl")
    assert other.add("lantern harbour", infer=False, key="k", **ADA) == first


@pytest.mark.parametrize("damage", ["{", '{"type": "nothing"}', '{"type": "memory", "id": "x"}', "null", "\ufffd\x00"])
def test_a_damaged_line_is_named_and_nothing_is_loaded(memory: Door, other: Door, tmp_path: Path, damage: str):
    memory.add("lantern harbour", infer=False, **ADA)
    memory.export(tmp_path / "all.jsonl")
    good = (tmp_path / "all.jsonl").read_text().splitlines()
    for at in range(1, len(good) + 1):
        broken = [*good[:at], damage, *good[at:]]
        (tmp_path / "broken.jsonl").write_text("\n".join(broken))
        before = dump(tmp_path / "other.db")
        with pytest.raises(InvalidInputError, match=f"line {at + 1} "):
            other.load(tmp_path / "broken.jsonl", format="memx")
        assert dump(tmp_path / "other.db") == before


def test_a_file_that_ends_early_or_repeats_itself_is_refused(memory: Door, other: Door, tmp_path: Path):
    memory.add("lantern harbour", infer=False, session_id="s", **ADA)
    memory.export(tmp_path / "all.jsonl")
    good = lines(tmp_path / "all.jsonl")
    without_versions = [line for line in good if line["type"] not in ("version", "change", "evidence")]
    with pytest.raises(InvalidInputError, match="contradicts itself"):
        other.load(write(tmp_path / "broken.jsonl", without_versions))
    for twice in range(1, len(good)):
        if good[twice]["type"] in ("operation", "message", "memory", "version"):
            with pytest.raises(InvalidInputError):
                other.load(write(tmp_path / "broken.jsonl", [*good[: twice + 1], *good[twice:]]))
    packed = gzip.compress((tmp_path / "all.jsonl").read_bytes())
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InvalidInputError):
        other.load(tmp_path / "cut.jsonl.gz")
    assert other.load(tmp_path / "all.jsonl").memories == 1


@pytest.mark.parametrize("kind", ["version", "change"])
def test_a_file_that_lacks_a_part_of_a_history_is_refused(memory: Door, other: Door, tmp_path: Path, kind: str):
    id = memory.add("lantern harbour", infer=False, **ADA).changes[0].memory_id
    memory.update(id, "violin meadow")
    memory.update(id, "copper walnut")
    memory.export(tmp_path / "all.jsonl")
    rows = lines(tmp_path / "all.jsonl")
    own = [number for number, line in enumerate(rows) if line["type"] == kind]
    for number in own:
        others = [line for at, line in enumerate(rows) if at != number]
        with pytest.raises(InvalidInputError):
            other.load(write(tmp_path / "lacking.jsonl", others))
    for number in own[:-1]:
        doubled = [{**line, "version": 3} if at == number else line for at, line in enumerate(rows)]
        with pytest.raises(InvalidInputError):
            other.load(write(tmp_path / "doubled.jsonl", doubled))
    assert other.get_all(**ADA).items == ()


@pytest.mark.parametrize(("kind", "field"), [("version", "restores"), ("change", "before")])
def test_a_version_that_follows_a_later_one_is_refused(
    memory: Door, other: Door, tmp_path: Path, kind: str, field: str
):
    id = memory.add("lantern harbour", infer=False, **ADA).changes[0].memory_id
    memory.update(id, "violin meadow")
    memory.export(tmp_path / "all.jsonl")
    rows = lines(tmp_path / "all.jsonl")
    for line in rows:
        if line["type"] == kind:
            line[field] = 2
    with pytest.raises(InvalidInputError, match="damaged"):
        other.load(write(tmp_path / "forged.jsonl", rows))


def test_a_failing_embedder_leaves_nothing(memory: Door, make: MakeDoor, tmp_path: Path):
    memory.add("lantern harbour", infer=False, **ADA)
    memory.export(tmp_path / "all.jsonl")
    failing = make(embedder=FakeEmbedder(fail_on=[1]), database=tmp_path / "other.db", background=False)
    before = dump(tmp_path / "other.db")
    with pytest.raises(ConnectionError):
        failing.load(tmp_path / "all.jsonl")
    assert dump(tmp_path / "other.db") == before
    assert failing.load(tmp_path / "all.jsonl").memories == 1


def test_vectors_of_another_size_are_refused(memory: Door, other: Door, tmp_path: Path):
    memory.add("lantern harbour", infer=False, **ADA)
    memory.export(tmp_path / "all.jsonl", embeddings=True)
    rows = [
        {**line, **({"vector": "AAAAAA=="} if line["type"] == "version" else {})}
        for line in lines(tmp_path / "all.jsonl")
    ]
    with pytest.raises((InvalidInputError, EmbeddingMismatchError)):
        other.load(write(tmp_path / "broken.jsonl", rows))
    assert other.get_all(**ADA).items == ()


def test_the_mark_of_an_erasure_is_neither_taken_out_nor_in(memory: Door, other: Door, tmp_path: Path):
    memory.add("lantern harbour", infer=False, **ADA)
    memory.add("violin meadow", infer=False, **BOB)
    memory.erase(**ADA)
    memory.export(tmp_path / "all.jsonl")
    assert {line["kind"] for line in of_type(tmp_path / "all.jsonl", "operation")} == {"add"}
    forged = [
        {**line, **({"kind": "erase"} if line["type"] == "operation" else {})} for line in lines(tmp_path / "all.jsonl")
    ]
    with pytest.raises(InvalidInputError, match="erasure"):
        other.load(write(tmp_path / "forged.jsonl", forged))


def test_what_waits_for_approval_can_be_approved_after_loading(make: MakeDoor, llm: ScriptedLLM, tmp_path: Path):
    first = make(llm=llm, policy="review", background=False)
    second = make(llm=llm, policy="review", database=tmp_path / "other.db", background=False)
    llm.queue(adds("Ada lives in Bergen"), updates(0, "Ada lives in Oslo"))
    first.add("I'm Ada, I live in Bergen", session_id="s", **ADA)
    first.add("I moved to Oslo", session_id="s", **ADA)
    first.export(tmp_path / "all.jsonl")
    damages: list[dict[str, Any]] = [{"operation": {"event": "UPDATE"}}, {"attributes": {"kind": "odd"}}, {"rows": []}]
    for damage in damages:
        rows = lines(tmp_path / "all.jsonl")
        (review,) = [line for line in rows if line["type"] == "review"]
        review["proposal"] |= damage
        with pytest.raises(InvalidInputError, match="damaged"):
            second.load(write(tmp_path / "damaged.jsonl", rows))
    second.load(tmp_path / "all.jsonl")
    (waiting,) = second.pending(**ADA)
    assert waiting == first.pending(**ADA)[0]
    assert second.approve(waiting.id, **ADA).changes[0].new_text == "Ada lives in Oslo"
    (item,) = second.get_all(**ADA)
    assert second.why(item.id).versions[-1].sources[0].message.content == "I moved to Oslo"


def test_an_approval_can_be_undone_after_loading(make: MakeDoor, llm: ScriptedLLM, tmp_path: Path):
    first = make(llm=llm, policy="review")
    second = make(llm=llm, policy="review", database=tmp_path / "other.db")
    llm.queue(adds("Ada lives in Bergen"), updates(0, "Ada lives in Oslo"))
    first.add("I'm Ada, I live in Bergen", **ADA)
    call = first.add("I moved to Oslo", **ADA).operation_id
    (job,) = first.pending(**ADA)
    approved = first.approve(call)
    first.export(tmp_path / "all.jsonl")
    second.load(tmp_path / "all.jsonl")
    assert second.pending(**ADA) == []
    second.undo(approved.operation_id)
    assert second.pending(**ADA) == [job]


def test_an_undone_call_stays_undone(memory: Door, other: Door, clock: ManualClock, tmp_path: Path):
    made = memory.add("lantern harbour", infer=False, **ADA)
    clock.advance(days=1)
    memory.undo(made.operation_id, **ADA)
    memory.export(tmp_path / "all.jsonl")
    other.load(tmp_path / "all.jsonl")
    assert other.get_all(**ADA).items == ()
    undo = other.history(made.changes[0].memory_id)[-1].operation_id
    other.undo(undo, **ADA)
    assert [item.text for item in other.get_all(**ADA)] == ["lantern harbour"]


def test_the_former_file_stays_when_writing_fails(memory: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    memory.add("lantern harbour", infer=False, **ADA)
    target = tmp_path / "all.jsonl"
    target.write_text("former")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        memory.export(target)
    assert target.read_text() == "former"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.parametrize("path", [None, "", "  ", 7, "no/such/folder/x.jsonl", "."])
def test_a_path_that_cannot_be_written_is_refused(memory: Door, path: Any):
    with pytest.raises(InvalidInputError):
        memory.export(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"[1, 2", b"\x1f\x8bnot gzip", b"{}", b'{"type": "memx", "version": 99}']
)
def test_a_file_that_is_nothing_known_is_refused(memory: Door, tmp_path: Path, content: bytes):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InvalidInputError):
        memory.load(tmp_path / "x", **ADA)
    with pytest.raises(InvalidInputError):
        memory.load(tmp_path / "absent")


def test_every_column_is_exported_or_left_out_on_purpose():
    """A new column of the ledger has to be thought of here."""
    left_out = {"namespace", "address", "row", "seq", "revision", "lease", "lease_until", "space", "fingerprint"}
    told = {
        "operations": {"learned_by", "undone_by"},
        "versions": {"memory", "id", "created_at", "when_start", "when_end", "when_precision", "when_phrase"}
        | {"user_id", "agent_id", "run_id"},
        "conflicts": {"opened", "closed"},
    }
    from memx_core.moving import lines as shapes

    pairs = {
        "operations": shapes.OperationLine,
        "jobs": shapes.JobLine,
        "messages": shapes.MessageLine,
        "memories": shapes.MemoryLine,
        "versions": shapes.VersionLine,
        "changes": shapes.ChangeLine,
        "evidence": shapes.EvidenceLine,
        "conflicts": shapes.ConflictLine,
        "marks": shapes.MarkLine,
        "reviews": shapes.ReviewLine,
    }
    for name, line in pairs.items():
        columns = {column.name for column in tables.metadata.tables[f"memx_{name}"].columns}
        assert columns - left_out - told.get(name, set()) <= set(line.model_fields), name  # type: ignore[attr-defined]


def test_what_is_held_does_not_grow_with_what_is_moved(tmp_path: Path):
    def peak(turns: int) -> int:
        path = tmp_path / f"{turns}.jsonl"
        with Memory(ScriptedLLM(), HashingEmbedder(8), tmp_path / f"{turns}.db", background=False) as memory:
            for start in range(0, turns, 1000):
                said = [Message("user", f"turn {start + at} " + "lantern " * 60) for at in range(1000)]
                memory.put_messages("s", said, learn=False, **ADA)
            tracemalloc.start()
            memory.export(path)
        with Memory(ScriptedLLM(), HashingEmbedder(8), tmp_path / f"{turns}.other.db", background=False) as other:
            other.load(path)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert path.stat().st_size > 500 * turns
        return most

    assert peak(3000) < 1.3 * peak(1000)


STEP = st.one_of(
    st.tuples(st.just("verbatim"), st.sampled_from(WORDS), st.booleans()),
    st.tuples(st.just("learn"), st.sampled_from(WORDS), st.sampled_from(["ADD", "UPDATE", "CONFLICT", "DELETE"])),
    st.tuples(st.just("update"), st.sampled_from(WORDS), st.integers(0, 5)),
    st.tuples(st.just("delete"), st.just(""), st.integers(0, 5)),
    st.tuples(st.just("undo"), st.just(""), st.integers(0, 9)),
    st.tuples(st.just("later"), st.sampled_from(WORDS), st.booleans()),
    st.tuples(st.just("delete_all"), st.just(""), st.booleans()),
    st.tuples(st.just("clear"), st.just(""), st.booleans()),
    st.tuples(st.just("wait"), st.just(""), st.integers(1, 3)),
)


class History:
    """Does steps on a memory, and remembers when."""

    def __init__(self) -> None:
        self.clock, self.llm = ManualClock(), ScriptedLLM()
        self.moments = [self.clock() - timedelta(seconds=1)]
        self.operations: list[str] = []
        self.ids: list[str] = []

    def memory(self) -> Memory:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        return Memory(self.llm, FakeEmbedder(32), engine, clock=self.clock, background=False)

    def step(self, memory: Memory, kind: str, word: str, choice: Any) -> None:
        self.clock.advance(minutes=1)
        self.moments.append(self.clock())
        ids = BOB if choice is True else ADA
        made: Any = None
        try:
            if kind == "verbatim":
                made = memory.add(f"{word} {word}", infer=False, session_id="s", **ids)
            elif kind == "learn":
                self.llm.queue({"operations": [operation(choice, f"Ada's {word}", target=0, quote=f"forget {word}")]})
                made = memory.add(f"I said {word}, forget {word}", session_id="s", **ADA)
            elif kind == "update" and self.ids:
                memory.update(self.ids[choice % len(self.ids)], f"{word} again", metadata={"n": choice})
            elif kind == "delete" and self.ids:
                memory.delete(self.ids[choice % len(self.ids)])
            elif kind == "undo" and self.operations:
                memory.undo(self.operations[choice % len(self.operations)])
            elif kind == "later":
                memory.add(f"{word} later", wait=False, session_id="t", **ids)
            elif kind == "delete_all":
                memory.delete_all(**ids)
            elif kind == "clear":
                memory.clear_messages("s", **ids)
            elif kind == "wait":
                self.clock.advance(days=choice)
        except (MemoryNotFoundError, Exception) as error:
            if not isinstance(error, LookupError) and type(error).__module__ != "memx_core.errors":
                raise
        if made is not None:
            self.operations.append(made.operation_id)
            self.ids += [change.memory_id for change in made.changes if change.event == "ADD"]


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=14), embeddings=st.booleans())
def test_any_history_survives_the_way_out_and_in(steps: list[Any], embeddings: bool, tmp_path: Path):
    history = History()
    first, second = history.memory(), history.memory()
    for step in steps:
        history.step(first, *step)
    first.export(tmp_path / "a.jsonl", embeddings=embeddings)
    second.load(tmp_path / "a.jsonl")
    second.export(tmp_path / "b.jsonl", embeddings=embeddings)
    assert told(tmp_path / "a.jsonl") == told(tmp_path / "b.jsonl")
    moments = history.moments
    for before, after in zip(reads(first, history.clock, moments), reads(second, history.clock, moments), strict=True):
        assert after == before
    assert second.load(tmp_path / "a.jsonl").operation_id is None
    first.close()
    second.close()


def told(path: Path) -> Counter[str]:
    return Counter(json.dumps(line, sort_keys=True) for line in lines(path)[1:])
