"""Near duplicates among what is known, looked for before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from memx_core._io import IO
from memx_core.flows import candidates
from memx_core.flows.room import Room
from memx_core.ports import IndexHit, IndexQuery, Vector, Vectors
from memx_core.reconciliation import Reconciled, fold_duplicates
from memx_core.types import Scope

NEAR = 4
"""Nearest memories looked at for each new text."""
CLOSE = 0.9
"""Least cosine of what is looked at; what counts as the same is for `reconciliation` to say."""


async def fold(io: IO, room: Room, scope: Scope, weighed: Reconciled, vectors: Mapping[int, Vector]) -> Reconciled:
    """Turns what says the same as a known memory, or as each other, into evidence for it.

    Args:
        io: See `IO`.
        room: See `Room`.
        scope: The exact address.
        weighed: What holds of a proposal.
        vectors: By position of the operations, for each text that one writes; at least one.
    """
    matrix: Vectors = np.stack(list(vectors.values()))
    query = IndexQuery(room.namespace, scope, vectors=matrix, words=None, limit=NEAR, space=io.fingerprint)
    items, found = await candidates.confirmed(io, room, query, _close, room.clock())
    near = {
        at: [(items[hit.row], hit.dense) for hit in hits if hit.dense is not None and hit.row in items]
        for at, hits in zip(vectors, found, strict=True)
    }
    alike = {(one, other): float(vectors[one] @ vectors[other]) for one, other in combinations(vectors, 2)}
    return fold_duplicates(weighed, near, alike)


def _close(found: Sequence[Sequence[IndexHit]]) -> list[int]:
    """Rows of what could be a near duplicate."""
    return [hit.row for hits in found for hit in hits if hit.dense is not None and hit.dense >= CLOSE]
