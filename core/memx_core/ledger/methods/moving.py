"""Everything out as lines, and in again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from memx_core.ledger import dumping, loading
from memx_core.ledger.intake.base import Load, Loaded, VectorOf
from memx_core.ledger.methods.base import Base
from memx_core.moving.jsonl import Numbered
from memx_core.moving.lines import Line
from memx_core.types import Scope


class Moving(Base):
    """Everything out as lines, and in again."""

    def dump(self, namespace: str, scope: Scope, take: Callable[[Line], None], *, embedder: str | None) -> None:
        """Gives everything of `scope` to `take`, line by line, as it is at one moment."""
        with self._database.reading() as connection:
            for line in dumping.dump(connection, namespace, scope, embedder=embedder):
                take(line)

    def load(self, request: Load, lines: Iterable[Numbered], vector: VectorOf) -> Loaded:
        """Takes in `lines`, all or none.

        Raises:
            InvalidInputError: If one cannot be taken in.
            ScopeError: If one is outside of the request's scope.
            Outdated: If `vector` lacks one: what was here when they were made is gone.
        """
        with self._database.writing(request.write.namespace) as connection:
            return loading.take_in(connection, request, lines, vector)

    def to_embed(self, namespace: str, lines: Sequence[Numbered]) -> list[tuple[int, str]]:
        """Of lines of one type those that are new and have a text to embed: number and text."""
        with self._database.reading() as connection:
            return list(loading.to_embed(connection, namespace, lines))
