"""What the ledger is asked to write, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from memx_core.ports import Vector
from memx_core.types import AddResult, Change, Kind, MemoryItem, Message, Metadata, Operation, Scope, Usage


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
    """Messages to be learned from later, and how.

    Attributes:
        complete: They end a turn: what was said in it before is not held back any longer.
    """

    metadata: Metadata = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None
    instructions: str | None = None
    complete: bool = True


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
        held: What waits to be approved instead.
        exact: All of `operations` exactly as they are, or nothing.
        plan: Digest of the plan that this carries out.
        replies: Rows of what the assistant said right after something was taken back.
        vectors: By memory id, for each text that an operation writes.
        twins: The user wants the text although another memory says the same.
        request: Digest of what came with `key`.
        fingerprint: The embedder's, when there are vectors.
        job: Queue the messages for later.
        failed: Why learning from them at once came to nothing: the job's first try.
        not_before: When the job may be done at the earliest.
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
    held: Sequence[Operation] = ()
    exact: bool = False
    plan: str | None = None
    replies: Sequence[int] = ()
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
    failed: str | None = None
    not_before: datetime | None = None
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


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo came to.

    Attributes:
        changes: That it made.
        revision: Its number.
    """

    changes: tuple[Change, ...]
    revision: int


@dataclass(frozen=True, slots=True)
class Reverted:
    """What a revert came to.

    Attributes:
        item: The version that is current now.
        revision: Its number; 0 if it was so already.
    """

    item: MemoryItem
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
class Held:
    """An operation that waits to be approved, with what is needed to carry it out.

    Attributes:
        id: Its own.
        call: Number of the operation that it is part of, whose id is `operation_id`.
        scope: The exact address.
        operation: What was decided.
        rows: Rows of the turns it rests on, by their positions in its evidence.
        replies: Rows of what the assistant said right after something was taken back.
        actor: Who proposed it.
        prompt: Fingerprint of the prompt's static part.
    """

    id: str
    call: int
    operation_id: str
    scope: Scope
    session: str | None
    created_at: datetime
    operation: Operation
    attributes: Attributes
    rows: Mapping[int, int]
    replies: tuple[int, ...]
    actor: str
    prompt: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The jobs of one conversation at one address.

    Attributes:
        address: Digest of the address, the namespace included.
        session: The conversation; empty for none.
    """

    address: str
    session: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Asks for the oldest jobs of a queue.

    Attributes:
        after: Only jobs behind this one.
        wanted: Somebody waits for it: parked jobs too, and those that would pause after a failure.
        dead: A lease whose owner is not expected back.
    """

    queue: Queue
    after: int = 0
    wanted: bool = False
    dead: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody else is at a queue."""

    lease: str
    until: datetime


@dataclass(frozen=True, slots=True)
class OpenJob:
    """One job of a batch that is being worked on."""

    seq: int
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """Jobs that are learned from together, with what is needed to do it.

    Attributes:
        lease: By which they are the caller's, until `until`.
        jobs: In their order, at least one.
        messages: The turns of all of them, in the order of the transcript.
    """

    lease: str
    until: datetime
    scope: Scope
    session: str | None
    request: JobRequest
    jobs: tuple[OpenJob, ...]
    messages: tuple[StoredMessage, ...]

    @property
    def seqs(self) -> tuple[int, ...]:
        """The jobs' numbers."""
        return tuple(job.seq for job in self.jobs)


@dataclass(frozen=True, slots=True)
class Failure:
    """What came of a try that came to nothing.

    Attributes:
        error: In words.
        not_before: When the next try may be.
        counts: It was the jobs' own failure.
        parks: It was the last try that nobody asks for.
    """

    error: str
    not_before: datetime
    counts: bool = True
    parks: bool = False
