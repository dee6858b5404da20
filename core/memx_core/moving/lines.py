"""The lines of an export, one class a type; see `moving.jsonl` for what they mean together."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from memx_core.moving.fields import Count, Digest, Id, Json, Name, Number, Short, Text, Time, Vector
from memx_core.plans import operation_from
from memx_core.types import Event, Kind, Precision, Scope, Status, TimeSpan


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


class _Owned(_Strict):
    """What carries ids."""

    user_id: Name | None = None
    agent_id: Name | None = None
    run_id: Name | None = None

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.user_id, self.agent_id, self.run_id)


class _Belonging(_Owned):
    """What belongs to somebody."""

    @model_validator(mode="after")
    def _somebodys(self) -> Self:
        if self.scope == Scope():
            raise ValueError("has none of user_id, agent_id and run_id")
        return self


class Header(_Owned):
    """The first line: what the file is."""

    type: Literal["memx"]
    version: Number
    namespace: Name
    at: Time
    fingerprint: Text | None = None
    embeddings: bool = False


class OperationLine(_Owned):
    """One call that wrote something."""

    type: Literal["operation"]
    id: Id
    kind: Short
    status: Short
    key: Text | None = None
    request: Digest | None = None
    plan: Digest | None = None
    actor: Text
    prompt: Digest | None = None
    usage: dict[Literal["calls", "input_tokens", "output_tokens", "embedding_calls"], Count] = {}
    warnings: list[Text] = []
    at: Time
    learned_by: Id | None = None
    undone_by: Id | None = None
    partial: bool = False


class JobLine(_Belonging):
    """Messages that still have to be learned from."""

    type: Literal["job"]
    id: Id
    operation: Id
    session: Text
    status: Short
    request: JobRequestLine
    attempts: Count = 0
    error: Text | None = None
    tokens: Count = 0
    created_at: Time
    not_before: Time | None = None


class JobRequestLine(_Strict):
    """How they are to be learned from."""

    metadata: Json = {}
    expires_at: Time | None = None
    instructions: Text | None = None


class MessageLine(_Belonging):
    """One turn of a conversation."""

    type: Literal["message"]
    session: Text
    id: Name
    role: Literal["user", "assistant", "system", "tool"]
    name: Text | None = None
    content: Text
    metadata: Json = {}
    origin: Name | None = None
    raw: Json | None = None
    said_at: Time
    recorded_at: Time
    cleared: bool = False
    withheld: bool = False
    overtaken: bool = False
    job: Id | None = None
    operation: Id
    vector: Vector | None = None


class MemoryLine(_Belonging):
    """What all versions of a memory share."""

    type: Literal["memory"]
    id: Id
    head: Number
    latest: Number
    alive: bool
    fingerprint: Digest | None = None
    created_at: Time


class WhenLine(_Strict):
    """The time that a version speaks of."""

    start: Time
    end: Time
    precision: Precision
    phrase: Text

    @property
    def span(self) -> TimeSpan:
        """The same as a value."""
        return TimeSpan(self.start, self.end, self.precision, self.phrase)


class VersionLine(_Strict):
    """One version of a memory, or its tombstone."""

    type: Literal["version"]
    memory: Id
    version: Number
    restores: Count | None = None
    status: Status
    kind: Kind
    text: Text
    metadata: Json = {}
    subject: Text | None = None
    slot: Text | None = None
    when: WhenLine | None = None
    conflicts_with: Id | None = None
    said_at: Time
    valid_from: Time
    valid_to: Time | None = None
    expires_at: Time | None = None
    recorded_at: Time
    known_until: Time | None = None
    vector: Vector | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.restores is not None and self.restores >= self.version:
            raise ValueError("restores what is not before it")
        return self


class ChangeLine(_Strict):
    """A row of history."""

    type: Literal["change"]
    memory: Id
    version: Number
    operation: Id
    event: Event
    before: Number | None = None
    reason: Text = ""
    actor: Text
    at: Time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.before is not None and self.before >= self.version:
            raise ValueError("follows what is not before it")
        return self


class EvidenceLine(_Strict):
    """The words that a version rests on."""

    type: Literal["evidence"]
    memory: Id
    version: Number
    session: Text
    message: Name
    operation: Id
    quote: Text
    start: Annotated[int, Field(ge=-1, le=2**31 - 1)]


class ConflictLine(_Strict):
    """From when to when a version contradicted another memory."""

    type: Literal["conflict"]
    memory: Id
    version: Number
    rival: Id
    opened: Id
    since: Time
    closed: Id | None = None
    until: Time | None = None


class MarkLine(_Belonging):
    """From when to when a turn was withheld, or overtaken."""

    type: Literal["mark"]
    session: Text
    message: Name
    mark: Literal["withheld", "overtaken"]
    opened: Id
    since: Time
    closed: Id | None = None
    until: Time | None = None


class TurnLine(_Strict):
    """How a review names a turn."""

    session: Text
    id: Name


class AttributesLine(_Strict):
    """What the version will carry beside its text."""

    kind: Kind = "fact"
    metadata: Json | None = None
    merge: bool = False
    expires_at: Time | None = None
    keep_expiry: bool = False


def _operation(value: dict[str, Any]) -> dict[str, Any]:
    operation_from(value)
    return value


class ProposalLine(_Strict):
    """What waits to be approved; `rows` are the turns that its evidence counts, by position."""

    operation: Annotated[dict[str, Any], AfterValidator(_operation)]
    attributes: AttributesLine
    rows: list[tuple[int, TurnLine]]
    replies: list[TurnLine]
    actor: Text
    prompt: Digest | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        counted = {item.message for item in operation_from(self.operation).evidence}
        if not counted <= {position for position, _ in self.rows}:
            raise ValueError("has evidence of turns that it does not name")
        return self


class ReviewLine(_Belonging):
    """An operation that waits to be approved, or did until a call `closed` it."""

    type: Literal["review"]
    id: Id
    operation: Id
    session: Text
    proposal: ProposalLine
    created_at: Time
    closed: Id | None = None


Line: TypeAlias = Annotated[
    OperationLine
    | JobLine
    | MessageLine
    | MemoryLine
    | VersionLine
    | ChangeLine
    | EvidenceLine
    | ConflictLine
    | MarkLine
    | ReviewLine,
    Field(discriminator="type"),
]

JobLine.model_rebuild()
