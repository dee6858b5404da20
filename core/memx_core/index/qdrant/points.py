"""An entry as a point: two vectors, and what is filtered by. No text, and no word of it either.

A memory has a point for each of its versions, as the past is searched too, so a point is numbered
by the ledger's row and not by the memory's id. A word is a number that is the same in every
process; what it counts is divided by a length that all scopes share, and can be had back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, cast

import numpy as np
from qdrant_client import models

from memx_core.index import bm25
from memx_core.index.nearness import asks
from memx_core.ports import EntryKind, IndexEntry
from memx_core.text import tokens
from memx_core.types import Scope

DENSE, WORDS = "dense", "bm25"
"""Names of the vectors."""
MIDDLING = 12
"""Words of a text that is neither long nor short, for the stored weights."""
_WORDLESS = 0  # so that a text without words has a vector too, and is counted among the entries


def number(kind: EntryKind, row: int) -> int:
    """The point's id."""
    return 2 * row + (kind == "message")


def kind_of(id: int) -> EntryKind:
    """Of a point, by its id."""
    return "message" if id % 2 else "memory"


def row_of(id: int) -> int:
    """Of a point, by its id."""
    return id // 2


def point(entry: IndexEntry) -> models.PointStruct:
    """The point of `entry`."""
    words = tokens(entry.text)
    vectors: dict[str, Any] = {WORDS: weights(words)}
    if entry.vector is not None:
        vectors[DENSE] = entry.vector.tolist()
    payload: dict[str, Any] = {
        **dict(owners(entry.scope)),
        "found": entry.kind if entry.current else "",
        "id": entry.id,
        "names": list(entry.names),
        "revision": entry.revision,
        "row": entry.row,
        "session": entry.session,
        "words": len(words),
    }
    if part := asks(entry, len(words)):  # most ask nothing, and need no room for it
        payload["asks"] = part
    return models.PointStruct(id=number(entry.kind, entry.row), vector=vectors, payload=payload)


def owners(scope: Scope) -> list[tuple[str, str]]:
    """The ids that `scope` gives, with the fields they are in."""
    ids = (("user_id", scope.user_id), ("agent_id", scope.agent_id), ("run_id", scope.run_id))
    return [(field, id) for field, id in ids if id is not None]


@lru_cache(maxsize=1 << 15)
def dimension(word: str) -> int:
    """The number of a word, the same in every process."""
    digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") or 1


def weights(words: Sequence[str]) -> models.SparseVector:
    """The words of a text by number, each with its part of BM25 in a scope of middling texts."""
    counted = Counter(map(dimension, words)) or {_WORDLESS: 1}
    counts = np.array([min(count, bm25.MOST_COUNTED) for count in counted.values()], np.float64)
    stored = (bm25.K1 + 1) * counts / (counts + _burden(len(words)))
    return models.SparseVector(indices=list(counted), values=stored.tolist())


def counts(vector: models.SparseVector, words: int) -> dict[int, int]:
    """How often each word is in a text of so many `words`, by what is stored of it."""
    stored = np.array(vector.values, np.float64)
    found = stored * _burden(words) / (bm25.K1 + 1 - stored)
    return dict(zip(vector.indices, np.rint(found).astype(int).tolist(), strict=True))


def _burden(words: int) -> float:
    return bm25.K1 * (1 - bm25.B + bm25.B * words / MIDDLING)


def sparse(vectors: object) -> models.SparseVector:
    """The words among a point's vectors."""
    if isinstance(vectors, Mapping):
        found = cast("Mapping[str, object]", vectors).get(WORDS)
        if isinstance(found, models.SparseVector):
            return found
    return models.SparseVector(indices=[], values=[])
