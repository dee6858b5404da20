"""Where a `QdrantIndex` may keep its points: each place is given the same tests.

A real server is one of them if `MEMX_TEST_QDRANT_URL` is set (with `MEMX_TEST_QDRANT_API_KEY`, if it
wants one). What is left there is removed.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from qdrant_client import QdrantClient

from memx_core.index import QdrantIndex
from tests import qdrant_grpc
from tests.qdrant_server import QdrantServer

URL = os.environ.get("MEMX_TEST_QDRANT_URL")
KEY = os.environ.get("MEMX_TEST_QDRANT_API_KEY")
PLACES = ["stand-in", "older", "local", *(["server"] if URL else [])]
MakeIndex: TypeAlias = Callable[..., QdrantIndex]


@contextmanager
def place(name: str) -> Iterator[MakeIndex]:
    """Makes indexes that share one place, which is empty before and afterwards."""
    if name == "server":
        with _real() as make:
            yield make
        return
    if name == "local":
        client = QdrantClient(":memory:")
        yield lambda **given: QdrantIndex(client=client, **given)
        client.close()
        return
    if name == "grpc":
        server = QdrantServer()
        with qdrant_grpc.listening(server) as client:
            yield lambda **given: QdrantIndex(client=client, **given)
        server.close()
        return
    server = QdrantServer(api_key="secret", version="1.16.3" if name == "older" else "1.19.0")
    yield lambda **given: QdrantIndex(client=server.client(), **given)
    server.close()


@contextmanager
def _real() -> Iterator[MakeIndex]:
    prefix = f"memx_test_{uuid.uuid4().hex[:12]}"
    client = QdrantClient(url=URL, api_key=KEY)

    def make(**given: Any) -> QdrantIndex:
        return QdrantIndex(client=client, prefix=prefix, **given)

    try:
        yield make
    finally:
        for collection in client.get_collections().collections:
            if collection.name.startswith(prefix):
                client.delete_collection(collection.name)
        client.close()
