"""What the ledger is asked to write, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from memx_core.ports import Vector
from memx_core.types import AddResult, Kind, Message, Metadata, Operation, Scope, Usage


@dataclass(frozen=True, slots=True)
class Attributes:
    """What new versions carry beside their text.

    Attributes:
        kind: Kind of new memories.
        metadata: Of new versions; `None` keeps the former version's.
        merge: Add `metadata` to the former version's instead of replacing it.
        expires_at: Of new versions.
        keep_expiry: Keep the former version's `expires_at` instead.
    """

    kind: Kind = "fact"
    metadata: Metadata | None = None
    merge: bool = False
    expires_at: datetime | None = None
    keep_expiry: bool = False


@dataclass(frozen=True, slots=True)
class JobRequest:
    """Messages to be learned from later, and how."""

    metadata: Metadata = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """Everything that one call changes, applied whole or not at all.

    Attributes:
        id: The operation's id.
        kind: Which method it was (`add`, `update`, …).
        scope: The exact address.
        at: When it is recorded.
        actor: Who decided: the model's name, `rules`, `user`.
        messages: Turns to keep; evidence points at their positions.
        stored: Rows of turns that are kept already, instead of `messages`.
        message_vectors: By position in `messages` (or in `stored`).
        operations: What to change.
        vectors: By memory id, for each text that an operation writes.
        twins: The user wants the text although another memory says the same.
        request: Digest of what came with `key`.
        fingerprint: The embedder's, when there are vectors.
        job: Queue the messages for later.
        done: Jobs that this write completes.
        begun: Number of the newest write when the work for this one began: what was erased since
            may be in it. `None` for what rests on nothing that was read.
    """

    id: str
    kind: str
    namespace: str
    scope: Scope
    at: datetime
    actor: str
    messages: Sequence[Message] = ()
    stored: Sequence[int] | None = None
    message_vectors: Mapping[int, Vector] = field(default_factory=dict[int, Vector])
    operations: Sequence[Operation] = ()
    vectors: Mapping[str, Vector] = field(default_factory=dict[str, Vector])
    attributes: Attributes = field(default_factory=Attributes)
    twins: bool = False
    key: str | None = None
    request: str | None = None
    prompt: str | None = None
    usage: Usage = field(default_factory=Usage)
    warnings: Sequence[str] = ()
    fingerprint: str = ""
    job: JobRequest | None = None
    done: Sequence[int] = ()
    begun: int | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """What a write came to.

    Attributes:
        result: For the caller.
        revision: Its number; 0 if nothing was written because the key had been used.
    """

    result: AddResult
    revision: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal came to.

    Attributes:
        count: How many memories or turns.
        revision: Its number.
    """

    count: int
    revision: int


class Outdated(Exception):
    """A memory changed since the operation on it was decided; decide again. Never leaves memx.

    Attributes:
        ids: The memories.
    """

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(", ".join(ids))
        self.ids = tuple(ids)


class Erased(Exception):
    """Something of the scope was erased since the work for this write began; begin anew. Never leaves memx."""


class Abandoned(Exception):
    """The turns of a job were cleared, replaced or learned from meanwhile; look again. Never leaves memx."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message and its row."""

    row: int
    message: Message


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job with what is needed to do it."""

    seq: int
    id: str
    scope: Scope
    session: str | None
    request: JobRequest
    messages: tuple[StoredMessage, ...]
