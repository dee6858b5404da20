"""Vectors that a caller has already."""

from __future__ import annotations

import numpy as np

from memx_core.errors import InvalidInputError
from memx_core.inputs.showing import show
from memx_core.ports import Vector


def embedding(value: object) -> Vector | None:
    """A query's vector, normalised; `None` for none.

    Raises:
        InvalidInputError: If it is no list of finite numbers, or all of them are 0.
    """
    if value is None:
        return None
    try:
        vector = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"embedding must be a list of numbers, not {show(value)}") from error
    norm = float(np.linalg.norm(vector)) if vector.ndim == 1 and vector.size else 0.0
    if not np.isfinite(norm) or not norm:
        raise InvalidInputError("embedding must be a list of finite numbers, not all 0, from the memory's embedder")
    normalised: Vector = (vector / norm).astype(np.float32)
    return normalised
