"""What a contender can be asked to do. It is one user's memory among as many as were loaded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.stand_ins import Facts, Words

K = 10
"""Hits that every search asks for."""
USER = "user-0"
"""Whose memories are read and written."""
_BATCH = 1_000


class Contender(ABC):
    """One system, opened on an empty folder.

    Args:
        folder: Where it may keep what it keeps.
        words: The embedder.
        facts: The model.
    """

    does: ClassVar[frozenset[str]]
    """Which of `learn`, `put`, `search` and `turn` it has."""

    def __init__(self, folder: Path, words: Words, facts: Facts) -> None:
        self.folder = folder
        self.words = words
        self.facts = facts

    @abstractmethod
    def load(self, known: Mapping[str, Sequence[str]]) -> None:
        """Has texts known of each user, by the fastest way that leaves what its own calls would leave."""

    def learn(self, said: str, answered: str) -> object:
        """What `add` with a model does with a turn that yields two facts."""
        raise NotImplementedError

    def put(self, text: str) -> object:
        """Keeps one text as it is, without a model."""
        raise NotImplementedError

    def search(self, query: str) -> int:
        """Looks for `K` hits; how many came."""
        raise NotImplementedError

    def settle(self, turns: Sequence[tuple[str, str]]) -> None:
        """Has heard `turns` before, where it costs more to have done so."""
        return

    def turn(self, said: str, answered: str) -> object:
        """All that a request waits for: what is remembered of `said`, and keeping the turn, as its pages advise."""
        raise NotImplementedError

    def later(self) -> None:
        """What the turns left to be done when nobody waits."""
        return

    @abstractmethod
    def close(self) -> None:
        """Lets go of everything."""


def batches(known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    """A thousand at most of one user at a time."""
    for user, texts in known.items():
        for start in range(0, len(texts), _BATCH):
            yield user, texts[start : start + _BATCH]


def messages(said: str, answered: str) -> list[dict[str, str]]:
    """A turn, as most take it."""
    return [{"role": "user", "content": said}, {"role": "assistant", "content": answered}]
