"""The values that travel between the rooms of memx and out to its users.

All are frozen: a function that changes something returns a new value. Times are aware and in
UTC. The one thing to know: a memory's *versions* never change; a `MemoryItem` is one version
of one memory, as seen at one moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias, overload

Event: TypeAlias = Literal["ADD", "UPDATE", "DELETE", "NONE", "CONFLICT"]
Status: TypeAlias = Literal["active", "superseded", "deleted", "conflict"]
Kind: TypeAlias = Literal["fact", "verbatim", "message"]
Precision: TypeAlias = Literal["year", "season", "month", "week", "day", "time"]
AddStatus: TypeAlias = Literal["done", "queued", "review"]
Metadata: TypeAlias = Mapping[str, Any]
UNLEARNED = frozenset({"recalled", "scratchpad", "kept"})
"""Origins of messages that no memory comes from; see `Message.origin`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memories: exact ids, of which at least one is given.

    As a query an id that is `None` is unconstrained; as an address it is simply absent. Ids
    are opaque: nothing in them is a wildcard and nothing is trimmed.
    """

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of time that somebody named, resolved against when they said it.

    Attributes:
        start: First moment, aware UTC.
        end: First moment after it, aware UTC.
        precision: How exactly it was said; `month` for "in May".
        phrase: The original wording.
    """

    start: datetime
    end: datetime
    precision: Precision
    phrase: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat, kept verbatim.

    Attributes:
        role: `user`, `assistant`, `system` or `tool`. Only the first two are learned from.
        content: The text.
        name: The speaker's name, when there is more than one person.
        timestamp: When it was said, aware UTC.
        id: Its id in the application; given one, a later message with it replaces this one.
        session_id: The conversation it belongs to.
        metadata: JSON values of the application.
        origin: Where it came from; `recalled` marks text that memx itself injected, `scratchpad` what an
            agent said on its way to the answer, `kept` what is to be kept and found: none is learned from.
        raw: The application's own form of the turn, in JSON: kept and given back as it is, never
            searched, learned from or put into a prompt.
    """

    role: str
    content: str
    name: str | None = None
    timestamp: datetime | None = None
    id: str | None = None
    session_id: str | None = None
    metadata: Metadata = field(default_factory=dict[str, Any])
    origin: str | None = None
    raw: Metadata | None = None


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One stored fact: a version of a memory.

    Attributes:
        id: The memory's id, the same for all its versions.
        text: The fact, in the speaker's language.
        kind: `fact` (extracted), `verbatim` (kept as said) or `message` (a chat turn found by
            `include_messages`; `id` is then the message's).
        version: 1 for the first, counting up.
        created_at: When the memory was first recorded.
        updated_at: When this version was recorded.
        valid_from: Since when it has been true, as far as it was said.
        valid_to: Since when it is no longer true; `None` while it is.
        expires_at: From then on it is not returned any more.
        status: `active`, `superseded` (an older version; of a message: partly out of date),
            `deleted`, or `conflict` (active, and contradicted by another that no order in time
            decides).
        subject: Who or what it is about, if known.
        slot: The attribute it fills (`home`, `diet`), if known.
        said_at: When the message that it comes from was said.
        when: The time it speaks of, resolved, with the original wording.
    """

    id: str
    text: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    metadata: Metadata
    kind: Kind
    version: int
    created_at: datetime
    updated_at: datetime
    valid_from: datetime | None
    valid_to: datetime | None
    expires_at: datetime | None
    status: Status
    subject: str | None = None
    slot: str | None = None
    said_at: datetime | None = None
    when: TimeSpan | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call cost: model calls and their tokens, and embedding calls.

    Where a provider tells no tokens they are estimated from what was asked and answered, on the
    high side.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    embedding_calls: int = 0

    @property
    def tokens(self) -> int:
        """The model's, asked and answered together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.embedding_calls + other.embedding_calls,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a memory comes from: a message of the call, and the words in it.

    Attributes:
        message: Position of the message among those of the request.
        quote: The exact words, or the whole message's when they were not found in it.
        start: Offset of `quote` in the message, in characters; -1 when it is not literally there.
    """

    message: int
    quote: str
    start: int


@dataclass(frozen=True, slots=True)
class ProposedOperation:
    """What a proposer wants done, as yet unchecked. Numbers are handles, never ids.

    Attributes:
        event: `ADD`, `UPDATE`, `DELETE`, `NONE` or `CONFLICT`.
        text: The fact; empty for DELETE and NONE.
        target: Handle of the candidate it is about; `None` for a plain ADD.
        messages: Handles of the messages it comes from.
        quote: Words of one of those messages.
        when: The time expression as said ("last May"), unresolved.
        subject: Who it is about.
        slot: The attribute it fills.
        reason: Why, in a few words.
        old_text: What the proposer takes the candidate's text to be, if it repeated it.
    """

    event: Event
    text: str = ""
    target: int | None = None
    messages: tuple[int, ...] = ()
    quote: str = ""
    when: str = ""
    subject: str = ""
    slot: str = ""
    reason: str = ""
    old_text: str = ""


@dataclass(frozen=True, slots=True)
class ProposalRequest:
    """What a proposer sees. Handles are positions: message 0 is `messages[0]`.

    Attributes:
        messages: The new messages, oldest first; each has a timestamp.
        candidates: Current memories that may be touched, oldest first.
        context: Earlier messages of the conversation, only for understanding.
        instructions: What the application wants noticed or ignored.
    """

    messages: tuple[Message, ...]
    candidates: tuple[MemoryItem, ...] = ()
    context: tuple[Message, ...] = ()
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposer's answer, parsed but unchecked.

    Attributes:
        operations: In the order they were proposed.
        warnings: What was dropped while reading the answer, each `code: detail`.
        usage: What it cost.
        proposer: The model's name, or `rules`.
        prompt: Fingerprint of the prompt's static part; `None` without a model.
    """

    operations: tuple[ProposedOperation, ...] = ()
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    proposer: str = ""
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One validated operation on one memory.

    Attributes:
        event: What is to happen. `NONE` only adds evidence to `memory_id`.
        memory_id: The memory it touches; a new id for ADD.
        text: The new text; the old one for DELETE and NONE.
        old_text: The text it replaces, removes or contradicts.
        expected_version: The version it was decided on, of the memory it contradicts for CONFLICT; 0 for ADD.
        evidence: Where it comes from.
        said_at: When it was said.
        when: The time it speaks of.
        since: Since when it is true, if that was said; else since it was said.
        subject: Who it is about.
        slot: The attribute it fills.
        reason: Why.
        ended: Store as an already ended version: something newer is known.
        conflicts_with: The memory that it contradicts without an order in time.
        retracts: A DELETE that takes back what was said: its sources are not recalled either.
    """

    event: Event
    memory_id: str
    text: str
    old_text: str | None = None
    expected_version: int = 0
    evidence: tuple[Evidence, ...] = ()
    said_at: datetime | None = None
    when: TimeSpan | None = None
    since: datetime | None = None
    subject: str | None = None
    slot: str | None = None
    reason: str = ""
    ended: bool = False
    conflicts_with: str | None = None
    retracts: bool = False

    @property
    def quote(self) -> str:
        """The words it rests on; empty if it rests on none."""
        return self.evidence[0].quote if self.evidence else ""


@dataclass(frozen=True, slots=True)
class Change:
    """One applied operation: a row of history.

    Attributes:
        actor: Who did it: the model's name, `rules`, `user`.
        operation_id: The call it belongs to.
        version: The version that it made.
        ended: That version came too late: it was true before what was known already, which stays
            the current one. Whoever replays changes leaves these out.
    """

    memory_id: str
    event: Event
    old_text: str | None
    new_text: str | None
    at: datetime
    reason: str
    actor: str
    operation_id: str
    version: int
    ended: bool = False


@dataclass(frozen=True, slots=True)
class AddResult:
    """What a write came to.

    Attributes:
        operation_id: Id of the call in the ledger.
        status: `done`; `queued` (the messages are safe, to be learned from later); `review` (the policy
            holds something back: see `pending`, `approve` and `reject`).
        changes: What changed, in order; what was already known is not a change.
        warnings: What was proposed and not done, each `code: detail`.
        usage: What it cost.
    """

    operation_id: str
    status: AddStatus
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a hit got its score: each arm's own score, and what nudged their sum.

    Attributes:
        dense: Cosine of the query and the text, in [-1, 1]; `None` without vectors.
        words: BM25 of the query's words, 0 or more.
        fused: The two in one score, in [0, 1].
        nudges: Named factors on `fused`, each within ±10 %.
        matched: The words of the query that were found.
    """

    dense: float | None
    words: float
    fused: float
    nudges: Mapping[str, float] = field(default_factory=dict[str, float])
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A memory that was found.

    Attributes:
        memory: The memory, or a chat turn with `kind="message"`.
        score: In [0, 1], best 1.
        explain: How the score came about; only when asked for.
        message: The chat turn itself, when it is one.
    """

    memory: MemoryItem
    score: float
    explain: Explanation | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """What the next prompt needs; `str(recall)` is the block to put there.

    Attributes:
        text: The rendered block; empty when nothing is known.
        hits: What is in it, best first.
        tokens: Estimated size of `text`, in tokens.
    """

    text: str
    hits: tuple[SearchHit, ...] = ()
    tokens: int = 0

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Page(Sequence[MemoryItem]):
    """A page of memories, newest first.

    Attributes:
        items: The memories.
        next_cursor: Give it as `cursor` for the next page; `None` on the last.
    """

    items: tuple[MemoryItem, ...] = ()
    next_cursor: str | None = None

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> MemoryItem: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[MemoryItem, ...]: ...
    def __getitem__(self, index: int | slice) -> MemoryItem | tuple[MemoryItem, ...]:
        return self.items[index]


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is durable but not done yet: messages to be learned from, or an operation to be approved.

    Attributes:
        id: The job's id; of an operation to be approved its own, for `approve` and `reject`.
        operation_id: The call that queued it.
        session_id: The conversation, if any.
        status: `queued`, `parked` (given up on for now; see `error`), or `review` (see `operation`).
        attempts: How often it was tried.
        error: What went wrong last.
        created_at: When it was queued.
        operation: What waits to be approved.
    """

    id: str
    operation_id: str
    session_id: str | None
    status: Literal["queued", "parked", "review"]
    attempts: int
    error: str | None
    created_at: datetime
    operation: Operation | None = None
