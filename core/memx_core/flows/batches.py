"""What is to be learned from, what it comes to, and the vectors of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from memx_core import rendering, screening, searchable
from memx_core._io import IO
from memx_core.ledger import JobRequest
from memx_core.ports import Vector
from memx_core.types import UNLEARNED, Kind, Message, Operation, Scope, Usage

WRITING = screening.WRITING
"""The operations that write a text."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be learned from.

    Attributes:
        messages: The turns, oldest first.
        stored: Their rows, when the ledger has them already.
        jobs: The jobs that this completes.
        infer: False keeps every turn as a memory as it is.
        begun: Number of the newest write when the work on it began.
        warnings: What of it was left out beforehand.
    """

    scope: Scope
    messages: tuple[Message, ...]
    session_id: str | None = None
    request: JobRequest = field(default_factory=JobRequest)
    key: str | None = None
    digest: str | None = None
    stored: tuple[int, ...] | None = None
    jobs: tuple[int, ...] = ()
    infer: bool = True
    begun: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What a batch comes to; nothing of it is written yet.

    Attributes:
        usage: What deciding cost, but for the embedding of the turns.
        actor: Who proposed: the model's name, `rules`, `user`.
        prompt: Fingerprint of the prompt's static part.
        kind: Of new memories.
        heard: Vectors of the turns, by position.
        vectors: By memory id, for each text that an operation writes.
        fingerprint: Of the embedder that made the vectors.
    """

    operations: tuple[Operation, ...] = ()
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    actor: str = ""
    prompt: str | None = None
    kind: Kind = "fact"
    heard: Mapping[int, Vector] = field(default_factory=dict[int, Vector])
    vectors: Mapping[str, Vector] = field(default_factory=dict[str, Vector])
    fingerprint: str = ""


def is_heard(message: Message) -> bool:
    """Whether somebody said it: worth embedding and finding again."""
    return message.role in ("user", "assistant") and bool(message.content.strip())


def is_learned(message: Message) -> bool:
    """Whether memories may come from it: not from what memx itself put into the prompt."""
    return is_heard(message) and message.origin not in UNLEARNED and not rendering.is_echo(message.content)


async def embed_messages(io: IO, messages: Sequence[Message]) -> dict[int, Vector]:
    """Vectors of the turns that somebody said, by position."""
    positions = [position for position, message in enumerate(messages) if is_heard(message)]
    texts = [searchable.message_text(messages[position]) for position in positions]
    return dict(zip(positions, await io.embed_documents(texts), strict=True))


async def embed_texts(io: IO, operations: Sequence[Operation], embedded: dict[str, Vector]) -> None:
    """Adds what is missing in `embedded`: the vector of each operation's text, in one call."""
    missing = list(dict.fromkeys(text for text in map(entry_text, operations) if text not in embedded))
    embedded.update(zip(missing, await io.embed_documents(missing), strict=True))


def entry_text(operation: Operation) -> str:
    """What of an operation's text is embedded."""
    return searchable.memory_text(operation.text, operation.when)


def of_operations(operations: Sequence[Operation], embedded: Mapping[str, Vector]) -> dict[str, Vector]:
    """Vectors by memory id, for the operations that write a text."""
    return {
        operation.memory_id: embedded[entry_text(operation)] for operation in operations if operation.event in WRITING
    }
