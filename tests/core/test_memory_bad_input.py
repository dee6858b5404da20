"""What cannot work is refused with a clear error of ours, before anything is asked or written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage

from memx_core import (
    EmbeddingMismatchError,
    ExtractionError,
    InvalidInputError,
    LedgerError,
    Memory,
    MemxError,
    ScopeError,
)
from memx_core.testing import FakeEmbedder, ScriptedEmbedder, ScriptedLLM
from tests.answers import NOTHING, adds
from tests.conftest import Door, MakeDoor

ADA = {"user_id": "ada"}
RECURSIVE: list[Any] = []
RECURSIVE.append(RECURSIVE)

REFUSED: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "no text": ("add", [""], ADA),
    "a blank text": ("add", [" \n\t"], ADA),
    "None": ("add", [None], ADA),
    "a number": ("add", [7], ADA),
    "bytes": ("add", [b"hello"], ADA),
    "no messages": ("add", [[]], ADA),
    "a message without a role": ("add", [{"content": "hi"}], ADA),
    "an unknown role": ("add", [{"role": "wizard", "content": "hi"}], ADA),
    "a framework's message": ("add", [[HumanMessage("hi")]], ADA),
    "a naive time": ("add", ["hi"], {**ADA, "timestamp": datetime(2026, 1, 1)}),
    "a naive expiry": ("add", ["hi"], {**ADA, "expires_at": datetime(2026, 1, 1)}),
    "NaN in metadata": ("add", ["hi"], {**ADA, "metadata": {"x": [float("nan")]}}),
    "metadata that is no JSON": ("add", ["hi"], {**ADA, "metadata": {"x": object()}}),
    "metadata that holds itself": ("add", ["hi"], {**ADA, "metadata": {"x": RECURSIVE}}),
    "metadata that is no mapping": ("add", ["hi"], {**ADA, "metadata": ["x"]}),
    "no scope": ("add", ["hi"], {}),
    "a blank id": ("add", ["hi"], {"user_id": " "}),
    "an id that is a number": ("add", ["hi"], {"user_id": 7}),
    "an id with NUL": ("add", ["hi"], {"user_id": "a\0b"}),
    "half a surrogate as id": ("add", ["hi"], {"user_id": "\ud800"}),
    "a blank key": ("add", ["hi"], {**ADA, "key": ""}),
    "a blank query": ("search", ["  "], ADA),
    "no query": ("search", [None], ADA),
    "a limit of 0": ("search", ["hi"], {**ADA, "limit": 0}),
    "a limit below 0": ("get_all", [], {**ADA, "limit": -1}),
    "a limit that is true": ("get_all", [], {**ADA, "limit": True}),
    "a threshold above 1": ("search", ["hi"], {**ADA, "threshold": 1.5}),
    "an unknown operator": ("search", ["hi"], {**ADA, "filters": {"a": {"like": "x"}}}),
    "a filter that is no mapping": ("get_all", [], {**ADA, "filters": "a = 1"}),
    "a cursor of another make": ("get_all", [], {**ADA, "cursor": "page two"}),
    "a budget of 0": ("recall", ["hi"], {**ADA, "max_tokens": 0}),
    "an id of a memory that is none": ("get", [7], ADA),
    "nothing to update": ("update", ["some-id"], ADA),
    "a blank update": ("update", ["some-id", " "], ADA),
    "no session": ("put_messages", [None, "hi"], ADA),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_and_nothing_is_done(make: MakeDoor, case: str) -> None:
    llm, embedder = ScriptedLLM(), FakeEmbedder()
    door = make(llm=llm, embedder=embedder)
    method, args, kwargs = REFUSED[case]
    with pytest.raises(InvalidInputError) as caught:
        getattr(door, method)(*args, **kwargs)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, MemxError)
    assert str(caught.value)
    assert (llm.calls, embedder.calls) == ([], [])
    assert door.messages(None, **ADA) == []
    assert len(door.get_all(**ADA)) == 0


@pytest.mark.parametrize(
    "words",
    [
        "\ud83d\ude00 \udc00",
        "a\0b",
        "🤖👩‍👩‍👧",
        "שלום, אני גר בתל אביב",
        "مرحبا",
        "\u202eevil",
        "ﬁ ½ Ⅷ",
        "a" * 100_000,
        "\u2028x",
    ],
    ids=["surrogates", "nul", "emoji", "hebrew", "arabic", "override", "ligatures", "long", "separator"],
)
def test_strange_texts_are_kept_found_and_recalled(make: MakeDoor, words: str) -> None:
    door = make(llm=ScriptedLLM(default=NOTHING))
    door.add(words, session_id="s", **ADA)
    (change,) = door.add(words, infer=False, **ADA).changes
    (kept,) = door.messages("s", **ADA)
    kept.content.encode()
    assert change.memory_id in {hit.memory.id for hit in door.search(words, **ADA)}
    str(door.recall(words, max_tokens=300, **ADA)).encode()


def test_ten_megabytes_are_kept_whole_and_read_in_pieces(tmp_path: Path) -> None:
    words = "I live in Oslo, and so on. " * 400_000
    llm = ScriptedLLM(default=NOTHING)
    with Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db") as memory:
        memory.add(words, session_id="s", **ADA)
        (kept,) = memory.messages("s", **ADA)
        assert kept.content == words
    with Memory(llm, FakeEmbedder(), tmp_path / "memx.db") as memory:
        memory.add(words[:40_000], session_id="t", **ADA)
        assert len(llm.calls) > 3
        assert max(len(prompt) for prompt in llm.prompts) < 25_000


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"llm": FakeListChatModel(responses=["x"])}, "langchain_memx.LangChainLLM"),
        ({"embedder": DeterministicFakeEmbedding(size=4)}, "langchain_memx.LangChainEmbedder"),
        ({"llm": "gpt-5"}, "complete"),
        ({"llm": ScriptedLLM}, "instance"),
        ({"embedder": object()}, "embed_documents"),
        ({"reranker": object()}, "rerank"),
        ({"database": 7}, "database"),
        ({"database": " "}, "database"),
        ({"namespace": ""}, "namespace"),
    ],
)
def test_what_cannot_be_a_part_of_a_memory_is_refused(tmp_path: Path, given: dict[str, Any], named: str) -> None:
    settings = {"llm": ScriptedLLM(), "embedder": FakeEmbedder(), "database": tmp_path / "memx.db", **given}
    with pytest.raises(InvalidInputError, match=named):
        Memory(**settings)


def test_an_error_about_a_provider_shows_no_key() -> None:
    class Client:
        api_key = "sk-secret"

        def __repr__(self) -> str:
            return f"Client(api_key={self.api_key!r})"

    with pytest.raises(InvalidInputError) as caught:
        Memory(Client(), FakeEmbedder(), ":memory:")
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "vectors", [[[1.0, float("nan")]], [[1.0], [1.0]], [1.0, 0.0], [["a", "b"]], [[]], None, [[1.0, 0.0], [1.0]]]
)
def test_vectors_that_are_none_are_refused_and_the_message_is_kept(make: MakeDoor, vectors: Any) -> None:
    class Broken:
        fingerprint = "broken"

        def embed_documents(self, texts: object) -> Any:
            return vectors

        def embed_query(self, text: str) -> Any:
            return vectors

    door = make(llm=ScriptedLLM(), embedder=Broken())
    with pytest.raises(EmbeddingMismatchError):
        door.add("I'm Ada, I live in Oslo", session_id="s", **ADA)
    assert len(door.messages("s", **ADA)) == 1
    assert len(door.pending(**ADA)) == 1
    if vectors != [1.0, 0.0]:  # that is a vector, though not a list of them
        with pytest.raises(EmbeddingMismatchError):
            door.search("Oslo", **ADA)


def test_a_database_of_another_embedder_is_refused_at_the_door(make: MakeDoor, tmp_path: Path) -> None:
    make().add("hello there", infer=False, **ADA)
    with pytest.raises(EmbeddingMismatchError, match="fake:hashing:64"):
        Memory(embedder=FakeEmbedder(64), database=tmp_path / "memx.db")


def test_an_embedder_that_changes_its_size_is_noticed(make: MakeDoor) -> None:
    embedder = ScriptedEmbedder({"one": [1.0, 0.0]}, default=[0.0, 1.0])
    door = make(embedder=embedder)
    door.add("one", infer=False, **ADA)
    embedder._default = [0.0, 0.0, 1.0]
    embedder.dimensions = 3
    with pytest.raises(EmbeddingMismatchError):
        door.add("two", infer=False, **ADA)
    assert [item.text for item in door.get_all(**ADA)] == ["one"]


def test_a_closed_memory_says_so(make: MakeDoor) -> None:
    door = make()
    door.close()
    door.close()
    with pytest.raises(LedgerError, match="closed"):
        door.get_all(**ADA)


def test_providers_errors_pass_through_as_they_are(make: MakeDoor) -> None:
    class TooManyRequests(Exception):
        pass

    error = TooManyRequests("slow down")
    door = make(llm=ScriptedLLM([error, adds("Ada lives in Oslo")]))
    with pytest.raises(TooManyRequests) as caught:
        door.add("I'm Ada, I live in Oslo", **ADA)
    assert caught.value is error


@pytest.mark.timeout(20)
@pytest.mark.parametrize("of", ["llm", "embedder", "reranker", "policy"])
def test_a_provider_that_has_nothing_more_to_give_keeps_nobody_waiting(make: MakeDoor, of: str) -> None:
    class Exhausted(FakeEmbedder):
        """Everything at once, each as if it had called `next`; no future can hold what that raises."""

        def complete(self, messages: object, schema: object) -> Any:
            return next(iter(()))

        def rerank(self, query: str, texts: object) -> Any:
            return next(iter(()))

    class ExhaustedEmbedder:
        fingerprint = "exhausted"

        def embed_documents(self, texts: object) -> Any:
            return next(iter(()))

        def embed_query(self, text: str) -> Any:
            return next(iter(()))

    given = {
        "llm": {"llm": Exhausted()},
        "embedder": {"embedder": ExhaustedEmbedder()},
        "reranker": {"reranker": Exhausted()},
        "policy": {"policy": lambda operation: next(iter(()))},
    }
    door = make(**given[of])
    if of == "reranker":
        door.add("I'm Ada, I live in Oslo", **ADA)
    with pytest.raises(RuntimeError, match="StopIteration"):
        door.search("Oslo", **ADA) if of == "reranker" else door.add("I'm Ada, I live in Oslo", **ADA)
    assert len(door.pending(**ADA)) == (of != "reranker")


@pytest.mark.parametrize("answer", ["text", None, {"operations": []}])
def test_an_answer_in_no_completion_is_named_and_the_message_is_kept(make: MakeDoor, answer: Any) -> None:
    class Plain:
        def complete(self, messages: object, schema: object) -> Any:
            return answer

        async def acomplete(self, messages: object, schema: object) -> Any:
            return answer

    door = make(llm=Plain())
    with pytest.raises(ExtractionError, match="Completion"):
        door.add("I'm Ada, I live in Oslo", **ADA)
    assert len(door.pending(**ADA)) == 1


def test_a_model_whose_blocking_method_is_async_is_refused_at_the_door() -> None:
    class Mistaken:
        async def complete(self, messages: object, schema: object) -> Any:
            return None

    with pytest.raises(InvalidInputError, match="acomplete"):
        Memory(Mistaken(), FakeEmbedder(), ":memory:")  # type: ignore[arg-type]


def test_a_scope_error_names_the_id(memory: Door) -> None:
    with pytest.raises(ScopeError, match="agent_id"):
        memory.add("hi", user_id="ada", agent_id="")
