"""What is asked of a memory that is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.retrieval.cases import Turn
from memx_core.text import estimate_tokens


@dataclass(frozen=True, slots=True)
class Found:
    """A hit.

    Attributes:
        text: As it would stand in a prompt.
        turns: Ids of the turns it is, or comes from.
    """

    text: str
    turns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Context:
    """What would go into a prompt.

    Attributes:
        turns: Ids of the turns in it, and of those that its facts come from.
    """

    text: str
    turns: frozenset[str]


class System(Protocol):
    """A memory of one conversation, empty at first."""

    def add(self, turns: Sequence[Turn]) -> None:
        """Keeps `turns`, and the facts that are given with them if it keeps such. Called once."""
        ...

    def search(self, query: str, k: int) -> Sequence[Found]:
        """The `k` best hits, best first."""
        ...

    def recall(self, query: str, max_tokens: int) -> Context:
        """What a prompt would be given, within `max_tokens` as `memx_core.text.estimate_tokens` counts."""
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


def packed(found: Sequence[Found], max_tokens: int) -> Context:
    """As many hits as fit, a line each, best first: for systems without a way of their own."""
    lines: list[str] = []
    turns: set[str] = set()
    room = max_tokens
    for one in found:
        size = estimate_tokens(f"- {one.text}\n")
        if size <= room:
            lines.append(f"- {one.text}\n")
            turns |= one.turns
            room -= size
    return Context("".join(lines), frozenset(turns))
