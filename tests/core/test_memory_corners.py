"""Where two features meet: expiry and repetition, conflicts and metadata, keys and races, jobs and removal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from memx_core import InvalidInputError, Memory
from memx_core.ledger.engine import address
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM, SyncScriptedLLM
from tests.answers import NOTHING, adds, answer, operation
from tests.conftest import Door, MakeDoor

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}


def texts(door: Door, **options: object) -> list[str]:
    return sorted(item.text for item in door.get_all(**ADA, **options))


@pytest.mark.parametrize("infer", [True, False])
def test_what_has_expired_can_be_said_again(memory: Door, llm: ScriptedLLM, clock: ManualClock, infer: bool) -> None:
    said = "Ada is in Rome"
    llm.queue(adds(said), adds(said))
    (first,) = memory.add(said, infer=infer, expires_at=clock() + timedelta(days=1), **ADA).changes
    clock.advance(days=2)
    (second,) = memory.add(said, infer=infer, **ADA).changes
    assert texts(memory) == [said]
    assert first.memory_id != second.memory_id
    assert memory.add(said, infer=False, **ADA).changes == ()


def test_the_versions_of_a_memory_are_listed_while_its_present_one_is(memory: Door, clock: ManualClock) -> None:
    soon = clock() + timedelta(days=1)
    (lasting,) = memory.add("kept at first for a day", infer=False, expires_at=soon, **ADA).changes
    (passing,) = memory.add("kept for ever at first", infer=False, **ADA).changes
    memory.update(lasting.memory_id, "kept for ever", expires_at=None)
    memory.update(passing.memory_id, "kept for a day", expires_at=soon)
    assert len(texts(memory, include_superseded=True)) == 4
    clock.advance(days=2)
    assert texts(memory, include_superseded=True) == ["kept at first for a day", "kept for ever"]


def test_new_metadata_decide_no_conflict(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada is 40"), answer(operation("CONFLICT", "Ada is 41", target=0)))
    (change,) = memory.add("I'm Ada, I'm 40", **ADA).changes
    memory.add("I'm Ada, I'm 41", **ADA)
    assert memory.update(change.memory_id, metadata={"seen": True}).status == "conflict"
    assert [item.status for item in memory.get_all(**ADA)] == ["conflict"] * 2
    memory.update(change.memory_id, "Ada is 42")
    assert [item.status for item in memory.get_all(**ADA)] == ["active"] * 2


def test_a_key_gives_the_first_result_back_in_its_order(memory: Door, llm: ScriptedLLM) -> None:
    cats = [f"Ada has a cat called {name}" for name in ("Zed", "Yan", "Xul", "Wim", "Vic", "Ulf", "Tom", "Sam")]
    llm.queue(adds(*cats))
    said = "I'm Ada, my cats are Zed, Yan, Xul, Wim, Vic, Ulf, Tom and Sam"
    first = memory.add(said, key="turn-1", **ADA)
    memory.delete(first.changes[0].memory_id)
    assert [change.new_text for change in first.changes] == cats
    assert memory.add(said, key="turn-1", **ADA) == first


def test_a_key_that_is_used_meanwhile_for_something_else_is_refused(make: MakeDoor) -> None:
    llm = SyncScriptedLLM()
    memory, other = make(llm=llm), make(llm=ScriptedLLM())

    def meanwhile(*_: object) -> object:
        other.memory.add("Something else", infer=False, key="turn-1", **ADA)
        return adds("Ada lives in Oslo")

    llm.queue(meanwhile)
    with pytest.raises(InvalidInputError, match="turn-1"):
        memory.add("I'm Ada, I live in Oslo", key="turn-1", **ADA)
    assert texts(memory) == ["Something else"]
    assert memory.pending() == []


def test_what_waits_to_be_learned_from_is_forgotten_with_everything_else(memory: Door, llm: ScriptedLLM) -> None:
    memory.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    memory.delete_all(**ADA)
    memory.flush()
    assert llm.calls == []
    assert memory.pending() == []
    assert texts(memory) == []


def test_a_message_is_kept_although_the_embedder_fails(make: MakeDoor, llm: ScriptedLLM) -> None:
    door = make(llm=llm, embedder=FakeEmbedder(fail_on=[1]))
    with pytest.raises(ConnectionError):
        door.put_messages("s", "I'm Ada, I live in Oslo", learn=False, **ADA)
    assert [message.content for message in door.messages("s", **ADA)] == ["I'm Ada, I live in Oslo"]
    assert len(door.search("Oslo", include_messages=True, **ADA)) == 1
    assert door.pending() == []


def test_a_vector_that_comes_later_is_found_by(make: MakeDoor, llm: ScriptedLLM) -> None:
    door = make(llm=llm)
    door.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    (before,) = door.search("Oslo", include_messages=True, explain=True, **ADA)
    llm.queue(NOTHING)
    door.flush()
    (after,) = door.search("Oslo", include_messages=True, explain=True, **ADA)
    assert before.explain.dense is None
    assert after.explain.dense is not None


@pytest.mark.parametrize("cleared", [True, False])
def test_a_job_is_done_on_what_its_messages_say_in_the_end(make: MakeDoor, cleared: bool) -> None:
    llm = SyncScriptedLLM()
    door, other = make(llm=llm), make(llm=ScriptedLLM())

    def meanwhile(*_: object) -> object:
        if cleared:
            other.memory.clear_messages("s", **ADA)
        else:
            rome = {"role": "user", "content": "I'm Ada, I live in Rome", "id": "1"}
            other.memory.put_messages("s", rome, **ADA)
        return adds("Ada lives in Oslo")

    llm.queue(meanwhile, adds("Ada lives in Rome"))
    door.put_messages("s", {"role": "user", "content": "I'm Ada, I live in Oslo", "id": "1"}, **ADA)
    door.flush()
    assert texts(door) == ([] if cleared else ["Ada lives in Rome"])
    assert door.pending() == []
    assert door.search("Oslo", include_messages=True, threshold=0.5, **ADA) == []


def test_an_error_of_any_size_and_spelling_is_noted_with_its_job(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(ValueError("odd \ud800\0" + "x" * 100_000))
    memory.add("I'm Ada, I live in Oslo", wait=False, **ADA)
    with pytest.raises(ValueError, match="odd"):
        memory.flush()
    (job,) = memory.pending()
    assert job.error.startswith("ValueError: odd")
    assert len(job.error) < 2_000


class Rerank:
    """As many scores too few as it is told."""

    def __init__(self, missing: int) -> None:
        self.missing = missing

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        assert texts, "nobody reranks nothing"
        return [1 / (number + 1) for number in range(len(texts))][: len(texts) - self.missing]


def test_a_reranker_judges_every_hit_and_is_not_asked_about_none(make: MakeDoor) -> None:
    door = make(reranker=Rerank(0))
    assert door.search("lantern", **ADA) == []
    door.add("a lantern", infer=False, **ADA)
    assert [hit.score for hit in door.search("lantern", **ADA)] == [1.0]
    with pytest.raises(InvalidInputError, match="0 scores for 1"):
        make(reranker=Rerank(1)).search("lantern", **ADA)


class Keeper:
    """A model that can only be awaited, and shows its key."""

    def __repr__(self) -> str:
        return "Keeper(api_key='sk-secret')"

    async def acomplete(self, messages: object, schema: object) -> object:
        raise NotImplementedError


def test_no_error_shows_what_a_provider_says_of_itself(tmp_path: Path) -> None:
    with Memory(Keeper(), FakeEmbedder(), tmp_path / "memx.db") as memory:
        with pytest.raises(InvalidInputError, match="Keeper has no blocking") as refused:
            memory.add("I'm Ada", **ADA)
        assert "sk-secret" not in str(refused.value)
        assert "sk-secret" not in repr(memory) + repr(memory.scoped(**ADA))


def test_a_memory_says_where_it_is_kept_without_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Memory(embedder=FakeEmbedder(), database="here.db", namespace="shop", background=False) as memory:
        assert memory.database == f"sqlite:///{tmp_path.resolve() / 'here.db'}"
        assert memory.namespace == "shop"
    url = make_url("postgresql+psycopg://ada:sesame@host:5/memx?password=sesame&sslmode=require")
    assert address(url) == "postgresql+psycopg://ada@host:5/memx?sslmode=require"
