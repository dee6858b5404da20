"""Which embedder's vectors serve, and the making of others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from memx_core.ledger import spaces, writes
from memx_core.ledger.methods.base import Base
from memx_core.ledger.refusals import repeated
from memx_core.ledger.spaces import Unembedded
from memx_core.ledger.values import Write
from memx_core.ports import Vector


class Embedding(Base):
    """Which embedder's vectors serve, and the making of others."""

    def fingerprint(self, namespace: str) -> str | None:
        """The embedder's whose vectors serve `namespace`; `None` before the first."""
        with self._database.reading() as connection:
            found = spaces.serving(connection, namespace)
            return None if found is None else str(found.fingerprint)

    def unembedded(self, namespace: str, fingerprint: str, *, after: Unembedded | None, limit: int) -> list[Unembedded]:
        """The next rows that have no vector of `fingerprint`."""
        with self._database.reading() as connection:
            return list(islice(spaces.missing(connection, namespace, fingerprint, after=after), limit))

    def count_unembedded(self, namespace: str, fingerprint: str) -> int:
        """How many rows have no vector of `fingerprint`, about."""
        with self._database.reading() as connection:
            return spaces.count_missing(connection, namespace, fingerprint)

    @repeated
    def embed(self, request: Write, vectors: Mapping[Unembedded, Vector], *, serves: bool) -> None:
        """Keeps vectors of rows that had none: with `serves` only if no other embedder's are searched.

        Raises:
            EmbeddingMismatchError: If another space serves, or they are of another size than those before.
        """
        with self._database.writing(request.namespace) as connection:
            filled = spaces.fill(connection, request.namespace, request.fingerprint, vectors, serves=serves)
            found = spaces.serving(connection, request.namespace)
            if found is not None and found.fingerprint == request.fingerprint:
                spaces.touch(connection, filled, writes.open_operation(connection, request))
            else:
                writes.book_embedding(connection, request)

    @repeated
    def serve(self, request: Write, *, lacking: int) -> bool:
        """Has the vectors of the request's embedder serve, if no more than `lacking` rows have none."""
        with self._database.writing(request.namespace) as connection:
            found = spaces.serving(connection, request.namespace)
            if found is not None and found.fingerprint == request.fingerprint:
                return True
            missing = spaces.missing(connection, request.namespace, request.fingerprint, after=None)
            if len(list(islice(missing, lacking + 1))) > lacking:
                return False
            operation = writes.open_operation(connection, request)
            spaces.serve(connection, request.namespace, request.fingerprint, operation)
            return True

    @repeated
    def abandon(self, namespace: str, fingerprint: str) -> None:
        """Removes vectors that were begun for any other embedder than `fingerprint` and do not serve."""
        with self._database.writing(namespace) as connection:
            spaces.abandon(connection, namespace, fingerprint)
