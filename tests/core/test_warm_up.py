"""A memory is warmed up before anybody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from memx_core import EmbeddingMismatchError, IndexMismatchError
from memx_core.index import QdrantIndex
from memx_core.ports import IndexSource
from memx_core.testing import FakeEmbedder
from memx_core.testing.contracts.index_case import memory as memory_entry
from memx_core.testing.source import ListSource
from tests.conftest import MakeDoor
from tests.qdrant_server import Fault, QdrantServer


class Cold(FakeEmbedder):
    """Has to be loaded."""

    loads = 0

    def warm_up(self) -> None:
        self.loads += 1


@pytest.mark.parametrize("scoped", [False, True])
def test_an_embedder_that_has_something_to_load_is_told_to(make: MakeDoor, scoped: bool) -> None:
    embedder = Cold()
    memory = make(embedder=embedder)
    (memory.scoped(user_id="ada") if scoped else memory).warm_up()
    assert embedder.loads == 1
    assert embedder.calls == []


def test_any_other_is_left_alone(make: MakeDoor) -> None:
    embedder = FakeEmbedder()
    make(embedder=embedder).warm_up()
    assert embedder.calls == []


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    server = QdrantServer()
    yield server
    server.close()


def test_an_index_on_a_server_is_looked_at(make: MakeDoor, server: QdrantServer) -> None:
    make(index=QdrantIndex(client=server.client())).warm_up()
    assert {asked.path for asked in server.requests} == {"/", "/collections"}


def test_an_index_that_does_not_answer_is_said_and_not_waited_for(
    make: MakeDoor, server: QdrantServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.fault = lambda asked: Fault(503)
    make(index=QdrantIndex(client=server.client())).warm_up()
    assert "Qdrant did not tell its version: 503" in caplog.text


def test_an_index_that_can_never_be_used_is_an_error(make: MakeDoor, server: QdrantServer) -> None:
    """While memory would go on without it."""
    server.version = "1.15.4"
    memory = make(index=QdrantIndex(client=server.client()))
    with pytest.raises(IndexMismatchError, match=r"'1.15.4'.*update it"):
        memory.warm_up()
    assert memory.search("tea", user_id="ada") == []


def test_a_collection_of_somebody_elses_is_an_error(make: MakeDoor, server: QdrantServer) -> None:
    memory = make(index=QdrantIndex(client=server.client()))
    memory.add("I like tea.", user_id="ada", infer=False)
    client = server.client()
    (name,) = [one.name for one in client.get_collections().collections]
    client.delete_collection(name)
    client.create_collection(name, vectors_config={})
    with pytest.raises(IndexMismatchError, match="not made by this version of memx"):
        memory.warm_up()


def test_an_index_with_another_embedders_vectors_is_an_error(make: MakeDoor, server: QdrantServer) -> None:
    """As when two databases share a server and a prefix."""
    index = QdrantIndex(client=server.client())
    index.attach(ListSource())
    index.apply("default", [memory_entry(1, "coffee", vector=(1, 0, 0, 0), space="another model")])
    with pytest.raises(EmbeddingMismatchError, match="another model"):
        make(index=QdrantIndex(client=server.client())).warm_up()


def test_an_index_that_cannot_tell_is_left_alone(make: MakeDoor) -> None:
    index = Told()
    make(index=index).warm_up()
    assert index.asked == []


class Told:
    """The port and no more."""

    pulls = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def attach(self, source: IndexSource) -> None: ...

    def close(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name in ("apply", "search", "names", "drop"):
            return lambda *given: self.asked.append(name)
        raise AttributeError(name)
