"""The stand-in for Qdrant refuses what the server refuses and local mode forgives, and fails as it is told to."""

from typing import Any

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException

from tests.qdrant_server import Fault, QdrantServer


@pytest.fixture
def server() -> QdrantServer:
    return QdrantServer()


SPARSE = models.SparseVector(indices=[1], values=[1.0])


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (lambda c: ask(c, query=[1.0] * 4, using="dense", filter=match("city")), "Index required"),
        (lambda c: ask(c, query=models.OrderByQuery(order_by="row")), "No range index"),
        (lambda c: c.facet("c", "city"), "No appropriate index for faceting"),
        (lambda c: c.delete("c", models.FilterSelector(filter=match("city"))), "Index required"),
        (lambda c: put(c, id="anna"), "not a valid point ID"),
        (lambda c: put(c, vector={"dense": [1.0]}), "expected dim: 4, got 1"),
        (lambda c: put(c, vector={"other": [1.0]}), "Not existing vector name error: other"),
        (lambda c: put(c, shard_key="big"), "Shard key big not found"),
        (lambda c: ask(c, query=SPARSE, using="dense"), "Conversion between vector types"),
        (lambda c: c.get_collection("nowhere"), "Collection `nowhere` doesn"),
        (lambda c: c.create_collection("c", vectors_config={}), "already exists"),
    ],
)
def test_it_refuses_what_the_server_refuses(server: QdrantServer, refused: Any, says: str) -> None:
    client = server.client()
    client.create_collection("c", vectors_config={"dense": models.VectorParams(size=4, distance=models.Distance.DOT)})
    with pytest.raises(Exception, match=says):
        refused(client)


def match(key: str) -> models.Filter:
    return models.Filter(must=[models.FieldCondition(key=key, match=models.MatchValue(value="Oslo"))])


def ask(client: QdrantClient, **given: Any) -> None:
    client.query_batch_points("c", [models.QueryRequest(**given)])


def put(client: QdrantClient, *, id: Any = 1, vector: Any = None, shard_key: Any = None) -> None:
    points = models.PointsList(points=[models.PointStruct(id=id, vector=vector or {})], shard_key=shard_key)
    client.batch_update_points("c", [models.UpsertOperation(upsert=points)])


@pytest.mark.parametrize(("applied", "held"), [(False, 0), (True, 1)])
def test_it_fails_before_or_after_it_has_done_what_it_was_asked(server: QdrantServer, applied: bool, held: int) -> None:
    client = server.client()
    client.create_collection("c", vectors_config={})
    server.fault = lambda asked: Fault("timeout", applied)
    with pytest.raises(ResponseHandlingException):
        put(client)
    assert len(server.points()) == held


def test_a_failing_connection_on_the_network_is_one_that_ends(server: QdrantServer) -> None:
    server.fault = lambda asked: Fault("drop")
    with server.listening() as url, pytest.raises(ResponseHandlingException):
        QdrantClient(url, check_compatibility=False).get_collections()
