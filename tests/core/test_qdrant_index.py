"""`QdrantIndex`: what it asks of the server, what it refuses, and what it makes of what it finds there."""

import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient, models

from memx_core.errors import EmbeddingMismatchError, IndexUnavailableError, InvalidInputError
from memx_core.index import QdrantIndex
from memx_core.index.qdrant import index as index_module
from memx_core.ports import IndexEntry, IndexHit, IndexQuery
from memx_core.testing.contracts.index_case import ANNA, APP, BEN, memory, message, unit
from memx_core.testing.source import ListSource
from memx_core.text import tokens
from memx_core.types import Scope
from tests import qdrant_grpc
from tests.qdrant_server import Fault, QdrantServer

NORTH, EAST = (1, 0, 0, 0), (0, 1, 0, 0)


@pytest.fixture
def server() -> QdrantServer:
    return QdrantServer()


@pytest.fixture
def source() -> ListSource:
    return ListSource()


@pytest.fixture
def index(server: QdrantServer, source: ListSource) -> QdrantIndex:
    return attached(QdrantIndex(client=server.client()), source)


@pytest.fixture(params=["rest", "grpc"])
def client(request: pytest.FixtureRequest, server: QdrantServer) -> Iterator[QdrantClient]:
    """By either door of the server's."""
    if request.param == "rest":
        yield server.client()
        return
    with qdrant_grpc.listening(server) as client:
        yield client


def attached(index: QdrantIndex, source: ListSource) -> QdrantIndex:
    index.attach(source)
    return index


def write(source: ListSource, index: QdrantIndex, *entries: IndexEntry) -> None:
    source.write(APP, *entries)
    index.apply(APP, entries)


def find(index: QdrantIndex, words: str = "coffee", *, scope: Scope = ANNA, **given: Any) -> list[IndexHit]:
    query = IndexQuery(
        namespace=APP, scope=scope, vectors=unit(*NORTH).reshape(1, -1), words=[tokens(words)], limit=10, **given
    )
    (hits,) = index.search(query)
    return sorted(hits)


def rows(index: QdrantIndex, words: str = "coffee", **given: Any) -> list[int]:
    return [hit.row for hit in find(index, words, **given)]


# --- what it takes --------------------------------------------------------------------------


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("memx_core.index.qdrant")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    import memx_core.index

    with pytest.raises(ImportError, match=r'pip install "memx-core\[qdrant\]"'):
        _ = memx_core.index.QdrantIndex


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"url": "https://qdrant.test", "path": "here"},
        {"client": "https://qdrant.test"},
        {"client": AsyncQdrantClient(":memory:")},
    ],
)
def test_exactly_one_place_is_taken(given: Any) -> None:
    with pytest.raises(InvalidInputError):
        QdrantIndex(**given)


def test_settings_beside_a_ready_made_client_are_refused(server: QdrantServer) -> None:
    with pytest.raises(InvalidInputError, match="timeout"):
        QdrantIndex(client=server.client(), timeout=3)


def test_the_settings_of_an_async_client_are_used(source: ListSource) -> None:
    server = QdrantServer(api_key="secret")
    index = attached(QdrantIndex(client=server.async_client()), source)
    write(source, index, memory(1, "coffee", vector=NORTH))
    assert rows(index) == [1]


def test_a_client_of_somebody_elses_stays_open(server: QdrantServer) -> None:
    client = server.client()
    QdrantIndex(client=client).close()
    assert client.get_collections().collections == []


def test_a_server_on_the_network_is_used_by_its_url(server: QdrantServer, source: ListSource) -> None:
    with server.listening() as url:
        index = attached(QdrantIndex(url), source)
        write(source, index, memory(1, "coffee", vector=NORTH))
        assert rows(index) == [1]
        index.close()


@pytest.mark.parametrize("key", [None, "wrong-key"])
def test_a_server_that_wants_another_key_is_an_error_that_shows_no_key(source: ListSource, key: str | None) -> None:
    server = QdrantServer(api_key="right-key")
    index = attached(QdrantIndex(client=server.client(api_key=key)), source)
    with pytest.raises(IndexUnavailableError, match="401") as raised:
        rows(index)
    assert "-key" not in f"{raised.value}{index!r}"


@pytest.mark.parametrize("fault", [Fault("drop"), Fault("timeout"), Fault(500), Fault(429)])
def test_a_server_that_fails_is_an_error_of_ours(
    client: QdrantClient, server: QdrantServer, source: ListSource, fault: Fault
) -> None:
    index = attached(QdrantIndex(client=client), source)
    server.fault = lambda asked: fault
    with pytest.raises(IndexUnavailableError, match="Qdrant did not"):
        rows(index)


def test_an_old_server_is_refused(source: ListSource) -> None:
    index = attached(QdrantIndex(client=QdrantServer(version="1.15.4").client()), source)
    with pytest.raises(IndexUnavailableError, match=r"'1.15.4', and memx needs 1\.16"):
        write(source, index, memory(1, "coffee", vector=NORTH))


# --- how it lays out ------------------------------------------------------------------------


def test_fields_are_indexed_before_the_first_point_and_the_user_is_a_tenant(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    write(source, index, memory(1, "coffee", vector=NORTH))
    paths = [asked.path.rpartition("/")[2] for asked in server.requests]
    assert max(place for place, path in enumerate(paths) if path == "index") < paths.index("batch")
    schemas = {asked.body["field_name"]: asked.body["field_schema"] for asked in server.asked("/index")}
    assert schemas["user_id"] == {"type": "keyword", "is_tenant": True}


def test_neither_a_text_nor_a_word_leaves_the_database(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    write(source, index, memory(1, "Anna drinks coffee", vector=NORTH))
    rows(index, "coffee")
    assert "coffee" not in repr(server.requests)
    assert "drink" not in repr(server.points())


def test_an_application_has_one_collection_however_many_users_it_has(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    write(source, index, *(memory(row, "tea", vector=NORTH, scope=Scope(f"user {row}")) for row in range(5)))
    assert len(server.engine.get_collections().collections) == 1


def test_names_of_any_characters_are_applications_of_their_own(server: QdrantServer, source: ListSource) -> None:
    index = attached(QdrantIndex(client=server.client()), source)
    names = ["a/b", "a_b", "a b", "用户", "x" * 300, "..", "A_b"]
    for name in names:
        index.apply(name, [memory(1, vector=NORTH)])
    held = [one.name for one in server.engine.get_collections().collections]
    assert len({name.lower() for name in held}) == len(names)


def test_what_a_cluster_needs_is_passed_on(server: QdrantServer, source: ListSource) -> None:
    settings: dict[str, Any] = {"shard_number": 6, "replication_factor": 2, "write_consistency_factor": 2}
    index = QdrantIndex(
        client=server.client(), read_consistency="majority", collection={"on_disk_payload": True}, **settings
    )  # type: ignore[arg-type]
    write(source, attached(index, source), memory(1, "coffee", vector=NORTH))
    made = next(asked.body for asked in server.requests if asked.method == "PUT")
    assert {key: made[key] for key in settings} == settings
    assert made["on_disk_payload"]


def test_entries_lie_on_the_shards_of_their_address(
    client: QdrantClient, server: QdrantServer, source: ListSource
) -> None:
    def shard(scope: Scope) -> Any:
        if scope.user_id is None:
            return None
        return models.ShardKeyWithFallback(target=scope.user_id, fallback="all") if scope.user_id != "big" else "big"

    index = attached(QdrantIndex(client=client, shard_key_fn=shard), source)
    big = Scope("big", "guide")
    write(source, index, memory(1, "coffee", vector=NORTH), memory(2, "coffee", vector=NORTH, scope=big))
    write(source, index, memory(3, "coffee", vector=NORTH, scope=big))
    assert [asked.body["shard_key"] for asked in server.asked("/shards")] == ["all", "big"]
    assert rows(index, scope=big) == [2, 3]
    assert rows(index, scope=Scope(agent_id="guide")) == [2, 3]
    searches = [search.get("shard_key") for asked in server.asked("/query/batch") for search in asked.body["searches"]]
    assert {*searches} == {"big", None}
    another = attached(QdrantIndex(client=client, shard_key_fn=shard), source)
    write(source, another, memory(4, "coffee", vector=NORTH, scope=big))  # the shard is there already
    assert rows(index, scope=big) == [2, 3, 4]


# --- what it finds there --------------------------------------------------------------------


def test_a_collection_that_somebody_else_made_is_refused(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    write(source, index, memory(1, "coffee", vector=NORTH))
    client = server.client()
    (name,) = [one.name for one in client.get_collections().collections]
    client.delete_collection(name)
    client.create_collection(name, vectors_config={"dense": models.VectorParams(size=4, distance=models.Distance.DOT)})
    other = attached(QdrantIndex(client=client), source)
    with pytest.raises(IndexUnavailableError, match="not made by this version of memx"):
        rows(other)


def test_a_collection_that_compares_otherwise_is_refused(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    write(source, index, memory(1, "coffee", vector=NORTH))
    (rules,) = server._rules.values()
    rules.dense["dense"].distance = models.Distance.EUCLID
    ((name, collection),) = server.engine._client.collections.items()  # type: ignore[attr-defined]
    collection.config.vectors["dense"].distance = models.Distance.EUCLID
    with pytest.raises(IndexUnavailableError, match=f"'{name}' compares by 'Euclid'"):
        rows(attached(QdrantIndex(client=server.client()), source))


def test_vectors_of_two_sizes_never_meet(index: QdrantIndex, source: ListSource) -> None:
    write(source, index, memory(1, "coffee", vector=NORTH))
    with pytest.raises(EmbeddingMismatchError, match="4 dimensions"):
        index.apply(APP, [memory(2, vector=(1, 0))])
    with pytest.raises(EmbeddingMismatchError, match="2 dimensions, the memories 4"):
        index.search(IndexQuery(APP, ANNA, np.ones((1, 2), np.float32), None, 5))
    with pytest.raises(EmbeddingMismatchError, match="NaN"):
        index.search(IndexQuery(APP, ANNA, np.full((1, 4), np.nan, np.float32), None, 5))


def test_the_error_names_both_embedders(index: QdrantIndex, server: QdrantServer, source: ListSource) -> None:
    write(source, index, memory(1, "coffee", vector=NORTH, space="old model"))
    with pytest.raises(EmbeddingMismatchError) as raised:
        rows(attached(QdrantIndex(client=server.client()), source), space="new model")
    assert (raised.value.kept, raised.value.offered) == ("old model", "new model")


def test_entries_before_the_first_vector_are_there_after_it(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    write(source, index, memory(1, "coffee"), message(1, "coffee"))
    assert rows(index, kinds=("memory", "message")) == [1, 1]
    source.write(APP, memory(1, "coffee", space="model"), replace(message(1, "coffee"), space="model"))
    write(source, index, memory(2, "coffee", vector=NORTH, space="model"))
    assert rows(index, kinds=("memory", "message"), space="model") == [1, 1, 2]
    assert len(server.engine.get_collections().collections) == 1


def test_what_comes_late_puts_nothing_back(index: QdrantIndex, source: ListSource) -> None:
    early, late = (
        IndexEntry(1, "home", "memory", ANNA, text, unit(*NORTH), revision=revision, current=current)
        for revision, text, current in ((3, "lives in Bergen", True), (5, "lives in Bergen", False))
    )
    write(source, index, late)
    index.apply(APP, [early])
    assert rows(index, "Bergen") == []
    index.apply(APP, [IndexEntry(1, "home", "memory", ANNA, "lives in Oslo", unit(*EAST), revision=6)])
    assert rows(index, "Oslo") == [1]


def test_a_collection_that_another_process_replaced_is_found(client: QdrantClient, source: ListSource) -> None:
    one, two = (attached(QdrantIndex(client=client), source) for _ in range(2))
    write(source, one, memory(1, "coffee", vector=NORTH, space="old"))
    assert rows(two) == [1]
    one.drop(APP)
    write(source, one, memory(1, "coffee", vector=NORTH, space="new"))
    assert rows(two) == [1]
    one.drop(APP)
    write(source, two, memory(2, "coffee", vector=NORTH, space="new"))
    assert rows(one) == rows(two) == [2]


def test_two_that_make_one_collection_at_once_both_succeed(
    client: QdrantClient, server: QdrantServer, source: ListSource
) -> None:
    one, two = (attached(QdrantIndex(client=client), source) for _ in range(2))

    def interfere(asked: Any) -> None:
        if asked.method == "PUT":
            server.fault = lambda asked: None
            two.apply(APP, [memory(2, "coffee", vector=NORTH)])

    server.fault = interfere
    one.apply(APP, [memory(1, "coffee", vector=NORTH)])
    assert rows(one) == rows(two) == [1, 2]


# --- how much it asks -----------------------------------------------------------------------


def paths(server: QdrantServer) -> list[str]:
    asked = [each.path.rpartition("/")[2] for each in server.requests]
    server.requests.clear()
    return asked


def test_a_write_is_one_request_and_a_search_one_or_two(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    write(source, index, *(memory(row, f"coffee {row}", vector=NORTH) for row in range(9)))
    paths(server)
    write(source, index, memory(9, "tea", vector=NORTH), message(1, "tea", vector=NORTH))
    assert paths(server) == ["batch"]
    rows(index, "coffee tea")
    assert paths(server) == ["facet", "batch"]
    rows(index, "tea")
    assert paths(server) == ["batch"]
    index.names(APP, ANNA)
    index.names(APP, ANNA)
    assert paths(server) == ["facet"]


def test_neighbours_of_however_many_turns_are_one_request_and_theirs_another(
    index: QdrantIndex, server: QdrantServer, source: ListSource
) -> None:
    turns = [message(row, "coffee", vector=EAST if row % 4 else NORTH) for row in range(40)]
    write(source, index, *(replace(turn, session="one") for turn in turns))
    find(index, "tea", kinds=("message",))
    paths(server)
    hits = find(index, "tea", kinds=("message",))
    assert paths(server) == ["batch", "batch", "batch"]
    found = {hit.row: hit.near_dense for hit in hits}
    nearest = range(0, 40, 4)
    assert {row: found[row] for row in nearest} == dict.fromkeys(nearest, 0.0)
    brought = set(found).difference(nearest)  # by the first four, the newest of equals
    assert brought == {23, 25, 27, 29, 31, 33, 35, 37}
    assert {found[row] for row in brought} == {1.0}


def test_rarity_is_asked_of_the_server_where_it_knows_tenants(source: ListSource) -> None:
    scores = []
    for version in ("1.18.2", "1.19.0"):
        server = QdrantServer(version=version)
        index = attached(QdrantIndex(client=server.client()), source)
        index.apply(APP, [memory(row, "coffee", vector=NORTH, scope=BEN) for row in range(2, 30)])
        index.apply(APP, [memory(1, "coffee and tea", vector=NORTH), memory(99, "tea", vector=NORTH)])
        scores.append([hit.words for hit in find(index, "coffee tea")])
        assert ("corpus" in repr(server.requests)) == (version == "1.19.0")
    assert scores[0] == scores[1]


def test_scores_follow_what_another_process_wrote(server: QdrantServer, source: ListSource) -> None:
    one, two = (attached(QdrantIndex(client=server.client()), source) for _ in range(2))
    write(source, one, memory(1, "coffee", vector=NORTH))
    before = find(two)
    write(source, one, memory(2, "tea", vector=NORTH))
    assert find(two)[0].words > before[0].words


# --- local mode -----------------------------------------------------------------------------


def test_local_mode_keeps_its_points_in_a_folder(tmp_path: Any, source: ListSource) -> None:
    index = attached(QdrantIndex(path=str(tmp_path)), source)
    write(source, index, memory(1, "coffee", vector=NORTH))
    index.close()
    again = attached(QdrantIndex(path=str(tmp_path)), source)
    assert rows(again) == [1]
    again.close()


def test_local_mode_warns_once_when_it_holds_many(source: ListSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "MANY", 2)
    index = attached(QdrantIndex(":memory:"), source)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(source, index, memory(1, vector=NORTH), memory(2, vector=NORTH))
    with pytest.warns(UserWarning, match="local mode holds 3 points"):
        write(source, index, memory(3, vector=NORTH))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(source, index, memory(4, vector=NORTH))
