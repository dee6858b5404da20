"""Where a memory comes from: every version, what was said, and who decided."""

from __future__ import annotations

from dataclasses import dataclass

from memx_core.types import Change, MemoryItem, Message


@dataclass(frozen=True, slots=True)
class Source:
    """A message that a version rests on, and the words in it.

    Attributes:
        message: The turn, as it is kept now; blank if its conversation was cleared.
        quote: The exact words, or the whole message's when none were found in it.
        start: Offset of `quote` in the message, in characters; -1 when it is not literally there.
        end: Offset behind it; -1 likewise.
        operation_id: The call that brought it.
    """

    message: Message
    quote: str
    start: int
    end: int
    operation_id: str


@dataclass(frozen=True, slots=True)
class Origin:
    """One version, and how it came to be.

    Attributes:
        memory: The version.
        change: The row of history that made it.
        sources: What was said, oldest first; also what later confirmed it.
        model: Who proposed it: the model's name, `rules`, `user`.
        prompt: Fingerprint of the prompt's static part; `None` without a model.
    """

    memory: MemoryItem
    change: Change
    sources: tuple[Source, ...]
    model: str
    prompt: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why memx believes something.

    Attributes:
        memory_id: The memory.
        versions: All of them, oldest first; the last is the current one, or its deletion.
    """

    memory_id: str
    versions: tuple[Origin, ...]
