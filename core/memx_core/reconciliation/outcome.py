"""The values of reconciliation: its limits, an operation in the making, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memx_core.types import Event, Evidence, MemoryItem, Operation, TimeSpan


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one proposal may do.

    Attributes:
        operations: Operations of one proposal; the rest is left out.
        characters: Length of a memory's text; a longer one is left out.
    """

    operations: int = 64
    characters: int = 1000


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What holds of a proposal.

    Attributes:
        operations: At most one that changes any one memory.
        warnings: What was left out or changed, and why, each `code: detail`.
    """

    operations: tuple[Operation, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An operation that holds by itself, before it is seen beside the others.

    Attributes:
        event: What is to happen; `NONE` adds evidence to `target`.
        text: The new text; empty for `DELETE` and `NONE`.
        target: The known memory meant; `None` for `ADD`.
        since: Since when it is true, if the proposer said what time it speaks of.
        asked: A `DELETE` that the user asked for in words that were found.
        needless: A `DELETE` of what another memory says by now.
    """

    event: Event
    text: str = ""
    target: MemoryItem | None = None
    evidence: tuple[Evidence, ...] = ()
    said_at: datetime | None = None
    when: TimeSpan | None = None
    since: datetime | None = None
    subject: str | None = None
    slot: str | None = None
    reason: str = ""
    asked: bool = False
    needless: bool = False

    @property
    def is_unfounded(self) -> bool:
        """Whether it is a deletion that so far nothing speaks for."""
        return self.event == "DELETE" and not self.asked and not self.needless


def shown(text: str, *, longest: int = 80) -> str:
    """`text` as a warning shows it: in quotes, and not too much of it."""
    return repr(text if len(text) <= longest else f"{text[: longest - 1]}\u2026")
