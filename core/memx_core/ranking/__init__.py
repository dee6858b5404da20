"""What the index found, in the order in which it is worth reading. Pure."""

from __future__ import annotations

from memx_core.ranking.fusion import Fused, fuse
from memx_core.ranking.naming import mask_names
from memx_core.ranking.refining import refine, swing

__all__ = ["Fused", "fuse", "mask_names", "refine", "swing"]
