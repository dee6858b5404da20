"""Made-up facts and turns: different enough that no two are near duplicates."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import numpy as np

from memx_core.ports import Vectors

_PEOPLE = ("Ada", "Bo", "Chen", "Dilara", "Emeka", "Fatima", "Goran", "Hana", "Ivo", "Jun")
_VERBS = ("likes", "bought", "visited", "lost", "repaired", "painted", "studied", "cooked", "sold", "found")
_THINGS = ("bicycle", "violin", "harbour", "orchard", "kettle", "atlas", "lantern", "carpet", "river", "sandwich")
_WORDS = tuple(
    f"{start}{end}"
    for start in ("bra", "clo", "dri", "flu", "gre", "ski", "tro")
    for end in ("den", "fik", "gon", "lum", "mas", "nip", "pol", "rak", "sev", "tun")
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def facts(count: int, *, seed: int = 0) -> list[str]:
    """Sentences of about a dozen words, each with a number of its own."""
    chosen = random.Random(seed)
    return [
        f"{chosen.choice(_PEOPLE)} {chosen.choice(_VERBS)} the {chosen.choice(_WORDS)} {chosen.choice(_THINGS)} "
        f"near {chosen.choice(_WORDS)} number {number} with {' and '.join(chosen.sample(_WORDS, 3))}"
        for number in range(count)
    ]


def vectors(count: int, dimensions: int = 384, *, seed: int = 0) -> Vectors:
    """Normalised random vectors, shape (count, dimensions)."""
    drawn = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn
