"""What the turns of a chat are to each other, for every index: they are to rank alike. Pure."""

from __future__ import annotations

from memx_core.ports import IndexEntry
from memx_core.text import asking

SHORT_TURN = 40
"""Words (as counted by `text.tokens`) up to which a chat turn needs its neighbours to be understood."""
LEADING = 3
"""One in so many of an arm's best turns, the first, brings the turns beside it along."""


def leading(limit: int) -> int:
    """How many of an arm's best turns bring those beside them along."""
    return -(-limit // LEADING)


def asks(entry: IndexEntry, words: int) -> float:
    """How much of the entry only asks; of a turn that is short enough to do nothing else."""
    return asking(entry.text) if entry.kind == "message" and words <= SHORT_TURN else 0.0
