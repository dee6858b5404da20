"""What a Qdrant server refuses and its client's local mode forgives; the words and codes are the server's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qdrant_client import models

_UUID = re.compile(r"(urn:uuid:)?\{?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")
_RANGED = ("integer", "float", "datetime")
_COUNTED = ("keyword", "integer", "uuid", "bool")


class Refusal(Exception):
    """An answer of the server's that is an error."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status = status
        self.says = says


def bad_request(says: str) -> Refusal:
    return Refusal(400, says)


class Rules:
    """Those of one collection.

    Args:
        config: As it was created.
    """

    def __init__(self, config: models.CreateCollection) -> None:
        self.config = config
        self.schema: dict[str, models.PayloadIndexInfo] = {}
        self.shard_keys: set[str | int] = set()

    @property
    def dense(self) -> Mapping[str, models.VectorParams]:
        return self.config.vectors if isinstance(self.config.vectors, dict) else {}

    @property
    def sparse(self) -> Mapping[str, models.SparseVectorParams]:
        return self.config.sparse_vectors or {}

    def index(self, request: models.CreateFieldIndex, points: int) -> None:
        schema = request.field_schema
        assert schema is not None
        kind = schema if isinstance(schema, models.PayloadSchemaType) else models.PayloadSchemaType(schema.type.value)
        params = None if isinstance(schema, models.PayloadSchemaType) else schema
        self.schema[request.field_name] = models.PayloadIndexInfo(data_type=kind, params=params, points=points)

    def filter(self, given: models.Filter | None) -> None:
        """Strict mode: nothing is filtered by that has no index."""
        for key, needs in _keys(given):
            if key not in self.schema or self.schema[key].data_type.value not in needs:
                raise bad_request(
                    f'Bad request: Index required but not found for "{key}" of one of the following types: '
                    f"[{', '.join(needs)}]. Help: Create an index for this key or use a different filter."
                )

    def facet(self, request: models.FacetRequest) -> None:
        self.filter(request.filter)
        if request.key not in self.schema or self.schema[request.key].data_type.value not in _COUNTED:
            raise bad_request(f"Wrong input: No appropriate index for faceting: `{request.key}`.")

    def query(self, request: models.QueryRequest | models.Prefetch) -> None:
        self.filter(request.filter)
        if isinstance(request.query, models.OrderByQuery):
            order = request.query.order_by
            key = order if isinstance(order, str) else order.key
            if key not in self.schema or self.schema[key].data_type.value not in _RANGED:
                raise bad_request(f"Wrong input: No range index for `order_by` key: `{key}`.")
        elif request.query is not None:
            nearest = request.query.nearest if isinstance(request.query, models.NearestQuery) else request.query
            self._vector(request.using or "", nearest)
        idf = None if request.params is None else request.params.idf
        if isinstance(idf, models.IdfCorpusParams):
            self.filter(idf.corpus)
            words = self.sparse.get(request.using or "")
            if words is None or words.modifier != models.Modifier.IDF:
                raise bad_request("Wrong input: search param `idf` requires a sparse vector with the `idf` modifier")
        if request.limit is not None and request.limit < 1:
            raise Refusal(422, "Validation error in JSON body: [limit: value 0 invalid, must be 1 or larger]")
        for inner in _listed(request.prefetch):
            self.query(inner)

    def upsert(self, upserted: models.PointInsertOperations) -> None:
        assert isinstance(upserted, models.PointsList)
        self.filter(upserted.update_filter)
        self.shard(upserted.shard_key)
        for point in upserted.points:
            valid_id(point.id)
            vectors = point.vector if isinstance(point.vector, dict) else {"": point.vector}
            for name, vector in vectors.items():
                self._vector(name, vector)

    def shard(self, key: Any) -> None:
        custom = self.config.sharding_method == models.ShardingMethod.CUSTOM
        if isinstance(key, models.ShardKeyWithFallback):
            key = key.target if key.target in self.shard_keys else key.fallback
        if custom and key is None:
            raise bad_request("Wrong input: Shard key not specified")
        if key is not None and key not in self.shard_keys:
            raise bad_request(f"Wrong input: Shard key {key} not found")

    def _vector(self, name: str, vector: Any) -> None:
        if name in self.sparse and isinstance(vector, models.SparseVector):
            if len(set(vector.indices)) < len(vector.indices):
                raise Refusal(422, "Validation error in JSON body: [indices: must be unique]")
            return
        if name not in self.dense:
            raise bad_request(f"Wrong input: Not existing vector name error: {name}")
        if not isinstance(vector, list):
            raise bad_request("Wrong input: Conversion between vector types failed")
        if len(vector) != self.dense[name].size:
            raise bad_request(
                f"Wrong input: Vector dimension error: expected dim: {self.dense[name].size}, got {len(vector)}"
            )


def valid_id(id: Any) -> None:
    if isinstance(id, str) and not _UUID.fullmatch(id):
        raise bad_request(
            f"Format error in JSON body: value {id} is not a valid point ID, "
            "valid values are either an unsigned integer or a UUID"
        )
    if isinstance(id, int) and id < 0:
        raise bad_request(f"Format error in JSON body: value {id} is not a valid point ID")


def _keys(given: models.Filter | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if given is None:
        return
    for part in (given.must, given.should, given.must_not):
        for condition in _listed(part):
            if isinstance(condition, models.Filter):
                yield from _keys(condition)
            elif isinstance(condition, models.HasIdCondition):
                for id in condition.has_id:
                    valid_id(id)
            elif isinstance(condition, models.FieldCondition):
                yield condition.key, _RANGED if condition.range is not None else _COUNTED
            else:
                raise NotImplementedError(f"the stand-in knows no {type(condition).__name__}")


def _listed(given: Any) -> Iterable[Any]:
    return () if given is None else given if isinstance(given, list) else [given]
