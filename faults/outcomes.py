"""What a campaign came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign came to.

    Attributes:
        points: How many times it was tried.
        figures: What came of it, by name.
        broken: What did not hold, each in words.
    """

    points: int
    figures: Mapping[str, int]
    broken: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """An outcome in the making."""

    points: int = 0
    figures: Counter[str] = field(default_factory=Counter[str])
    broken: list[str] = field(default_factory=list[str])

    def expect(self, holds: bool, otherwise: str) -> None:
        """Notes what did not hold."""
        if not holds:
            self.broken.append(otherwise)

    def outcome(self) -> Outcome:
        """What it came to."""
        return Outcome(self.points, dict(self.figures), tuple(self.broken))
