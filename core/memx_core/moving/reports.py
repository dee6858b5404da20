"""What taking in and learning from old conversations comes to."""

from __future__ import annotations

from dataclasses import dataclass, field

from memx_core.types import Usage

MOST_WARNINGS = 1_000
"""Warnings that a report lists; of the others it says how many there are."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a file brought.

    Attributes:
        operation_id: The load itself in the ledger; `None` if there was nothing new.
        memories: Memories that are new, deleted ones too.
        versions: Their versions.
        changes: Rows of their history.
        messages: Turns that are new.
        skipped: Memories and turns that were here already.
        warnings: What was left out or changed, each `code: detail`.
    """

    operation_id: str | None = None
    memories: int = 0
    versions: int = 0
    changes: int = 0
    messages: int = 0
    skipped: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackfillEstimate:
    """What learning from old conversations will take, before any model is asked.

    Attributes:
        conversations: How many there are.
        messages: Their turns.
        tokens: Of the turns, estimated.
        calls: Batches that a model has to see, each at least one call; 0 where rules propose.
        input_tokens: What those calls take in: turns, fixed prompt, and room for known memories and
            earlier turns.
        done: Batches that an earlier run has learned from; they are not counted in the two above.
    """

    conversations: int = 0
    messages: int = 0
    tokens: int = 0
    calls: int = 0
    input_tokens: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What learning from old conversations came to.

    Attributes:
        estimate: What was expected.
        batches: Batches that were learned from now.
        skipped: Batches that an earlier run had learned from.
        queued: Batches that were kept and wait to be learned from, as where a budget is used up.
        messages: Turns in the batches of now.
        changes: Changes that they led to.
        warnings: Of all calls, each `code: detail`.
        usage: What it cost.
    """

    estimate: BackfillEstimate
    batches: int = 0
    skipped: int = 0
    queued: int = 0
    messages: int = 0
    changes: int = 0
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


class Warnings:
    """Collects warnings, and counts those that are too many to list."""

    def __init__(self) -> None:
        self._listed: list[str] = []
        self._more = 0

    def add(self, *warnings: str) -> None:
        """Takes them in."""
        room = MOST_WARNINGS - len(self._listed)
        self._listed.extend(warnings[:room])
        self._more += len(warnings[room:])

    def all(self) -> tuple[str, ...]:
        """Those to report."""
        more = (f"more: {self._more:,} further warnings",) if self._more else ()
        return (*self._listed, *more)
