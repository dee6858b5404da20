"""The stand-in for Qdrant by its other door, gRPC: it is asked as by REST, and the answer goes back.

with listening(QdrantServer()) as client: QdrantIndex(client=client)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import httpx
from pydantic import BaseModel, TypeAdapter
from qdrant_client import QdrantClient, models
from qdrant_client import grpc as q
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc

from tests.qdrant_server import Asked, QdrantServer

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
}
_KINDS = {q.FieldTypeKeyword: "keyword", q.FieldTypeInteger: "integer", q.FieldTypeBool: "bool"}


@contextmanager
def listening(server: QdrantServer, **options: Any) -> Iterator[QdrantClient]:
    """A client that speaks to `server` by gRPC, on loopback."""
    with ThreadPoolExecutor(4) as pool:
        listener = grpc.server(pool)
        listener.add_generic_rpc_handlers((_Handlers(server),))
        port = listener.add_insecure_port("127.0.0.1:0")
        listener.start()
        client = QdrantClient(
            "http://127.0.0.1",
            port=1,  # nobody is there: all has to come by gRPC
            grpc_port=port,
            prefer_grpc=True,
            check_compatibility=False,
            **options,
        )
        try:
            yield client
        finally:
            client.close()
            listener.stop(None).wait()


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, server: QdrantServer) -> None:
        self.server = server

    def service(self, details: Any) -> Any:
        """What answers `/qdrant.Points/Facet`, for one."""
        request, asks, reply = _CALLS[details.method.removeprefix("/qdrant.")]

        def handle(message: Any, context: grpc.ServicerContext) -> Any:
            method, path, body = asks(message)
            key = dict(context.invocation_metadata()).get("api-key")
            try:
                status, content = self.server.serve(Asked(method, path, _plain(body), key))
            except httpx.TransportError as error:
                late = isinstance(error, httpx.TimeoutException)
                context.abort(
                    grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.UNAVAILABLE, type(error).__name__
                )
            if status != 200:
                says = content.decode() if status == 401 else json.loads(content)["status"]["error"]
                context.abort(_CODES.get(status, grpc.StatusCode.INTERNAL), says)
            told = json.loads(content)
            return reply(told.get("result", told))

        return grpc.unary_unary_rpc_method_handler(
            handle, request_deserializer=request.FromString, response_serializer=lambda told: told.SerializeToString()
        )


def _plain(body: Any) -> Any:
    return body.model_dump(mode="json", exclude_none=True) if isinstance(body, BaseModel) else body


_Call = tuple[Any, Callable[[Any], tuple[str, str, Any]], Callable[[Any], Any]]


def _create(asked: Any) -> Any:
    given = {
        "vectors": {
            name: GrpcToRest.convert_vector_params(each) for name, each in asked.vectors_config.params_map.map.items()
        },
        "sparse_vectors": GrpcToRest.convert_sparse_vector_config(asked.sparse_vectors_config),
        "metadata": GrpcToRest.convert_payload(asked.metadata),
    }
    if asked.HasField("sharding_method"):
        given["sharding_method"] = GrpcToRest.convert_sharding_method(asked.sharding_method)
    for name in ("shard_number", "replication_factor", "write_consistency_factor"):
        if asked.HasField(name):
            given[name] = getattr(asked, name)
    if asked.HasField("hnsw_config"):
        given["hnsw_config"] = GrpcToRest.convert_hnsw_config_diff(asked.hnsw_config)
    return models.CreateCollection(**given)


def _index(asked: Any) -> Any:
    if asked.HasField("field_index_params"):
        return {
            "field_name": asked.field_name,
            "field_schema": _plain(GrpcToRest.convert_payload_schema_params(asked.field_index_params)),
        }
    return {"field_name": asked.field_name, "field_schema": _KINDS[asked.field_type]}


def _shard_key(asked: Any) -> Any:
    return (
        GrpcToRest.convert_shard_key_selector(asked.shard_key_selector)
        if asked.HasField("shard_key_selector")
        else None
    )


def _facet(asked: Any) -> models.FacetRequest:
    return models.FacetRequest(
        key=asked.key,
        limit=asked.limit,
        exact=asked.exact,
        filter=GrpcToRest.convert_filter(asked.filter),
        shard_key=_shard_key(asked),
    )


def _points(asked: Any) -> models.PointRequest:
    return models.PointRequest(
        ids=[GrpcToRest.convert_point_id(each) for each in asked.ids],
        with_payload=GrpcToRest.convert_with_payload_interface(asked.with_payload),
        with_vector=GrpcToRest.convert_with_vectors_selector(asked.with_vectors),
        shard_key=_shard_key(asked),
    )


def _query(asked: Any) -> models.QueryRequestBatch:
    return models.QueryRequestBatch(searches=[GrpcToRest.convert_query_points(each) for each in asked.query_points])


def _delete(asked: Any) -> Any:
    selector = GrpcToRest.convert_points_selector(asked.points)
    return selector.model_copy(update={"shard_key": _shard_key(asked)})


def _batch(asked: Any) -> models.UpdateOperations:
    return models.UpdateOperations(operations=[_upsert(each.upsert) for each in asked.operations])


def _upsert(asked: Any) -> models.UpsertOperation:
    points = models.PointsList(
        points=[GrpcToRest.convert_point_struct(each) for each in asked.points],
        shard_key=_shard_key(asked),
        update_filter=GrpcToRest.convert_filter(asked.update_filter) if asked.HasField("update_filter") else None,
    )
    return models.UpsertOperation(upsert=points)


def _results(told: Any) -> q.UpdateBatchResponse:
    return q.UpdateBatchResponse(result=[q.UpdateResult(operation_id=0, status=q.Completed) for _ in told])


def _batch_results(told: Any) -> q.QueryBatchResponse:
    found = [TypeAdapter(list[models.ScoredPoint]).validate_python(each["points"]) for each in told]
    return q.QueryBatchResponse(
        result=[q.BatchResult(result=map(RestToGrpc.convert_scored_point, points)) for points in found]
    )


def _got(told: Any) -> q.GetResponse:
    found = TypeAdapter(list[models.Record]).validate_python(told)
    return q.GetResponse(result=[RestToGrpc.convert_retrieved_point(each) for each in found])


def _counted(told: Any) -> q.FacetResponse:
    return q.FacetResponse(
        hits=[RestToGrpc.convert_facet_value_hit(each) for each in models.FacetResponse(**told).hits]
    )


def _described(told: Any) -> q.GetCollectionInfoResponse:
    return q.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(models.CollectionInfo(**told)))


def _written(told: Any) -> q.PointsOperationResponse:
    return q.PointsOperationResponse(result=q.UpdateResult(operation_id=0, status=q.Completed))


def _done(told: Any) -> q.CollectionOperationResponse:
    return q.CollectionOperationResponse(result=bool(told))


def _in(name: str, rest: str = "") -> str:
    return f"/collections/{name}{rest}"


_CALLS: dict[str, _Call] = {
    "Qdrant/HealthCheck": (
        q.HealthCheckRequest,
        lambda asked: ("GET", "/", None),
        lambda told: q.HealthCheckReply(title=told["title"], version=told["version"]),
    ),
    "Collections/List": (
        q.ListCollectionsRequest,
        lambda asked: ("GET", "/collections", None),
        lambda told: q.ListCollectionsResponse(
            collections=[q.CollectionDescription(**each) for each in told["collections"]]
        ),
    ),
    "Collections/Get": (
        q.GetCollectionInfoRequest,
        lambda asked: ("GET", _in(asked.collection_name), None),
        _described,
    ),
    "Collections/Create": (
        q.CreateCollection,
        lambda asked: ("PUT", _in(asked.collection_name), _create(asked)),
        _done,
    ),
    "Collections/Delete": (q.DeleteCollection, lambda asked: ("DELETE", _in(asked.collection_name), None), _done),
    "Collections/CreateShardKey": (
        q.CreateShardKeyRequest,
        lambda asked: (
            "PUT",
            _in(asked.collection_name, "/shards"),
            {"shard_key": GrpcToRest.convert_shard_key(asked.request.shard_key)},
        ),
        lambda told: q.CreateShardKeyResponse(result=bool(told)),
    ),
    "Points/CreateFieldIndex": (
        q.CreateFieldIndexCollection,
        lambda asked: ("PUT", _in(asked.collection_name, "/index"), _index(asked)),
        _written,
    ),
    "Points/UpdateBatch": (
        q.UpdateBatchPoints,
        lambda asked: ("POST", _in(asked.collection_name, "/points/batch"), _batch(asked)),
        _results,
    ),
    "Points/Delete": (
        q.DeletePoints,
        lambda asked: ("POST", _in(asked.collection_name, "/points/delete"), _delete(asked)),
        _written,
    ),
    "Points/Get": (q.GetPoints, lambda asked: ("POST", _in(asked.collection_name, "/points"), _points(asked)), _got),
    "Points/QueryBatch": (
        q.QueryBatchPoints,
        lambda asked: ("POST", _in(asked.collection_name, "/points/query/batch"), _query(asked)),
        _batch_results,
    ),
    "Points/Facet": (
        q.FacetCounts,
        lambda asked: ("POST", _in(asked.collection_name, "/facet"), _facet(asked)),
        _counted,
    ),
}
