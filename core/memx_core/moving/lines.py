"""The lines of an export, one class a type; see `moving.jsonl` for what they mean together."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from memx_core import inputs
from memx_core.inputs.values import raw
from memx_core.plans import operation_from
from memx_core.types import Event, Kind, Precision, Scope, Status, TimeSpan


def _utc(value: datetime) -> datetime:
    return inputs.moment(value, "time")


def _storable(value: str) -> str:
    if inputs.clean(value) != value:
        raise ValueError("holds NUL or a lone surrogate, which no database keeps")
    return value


def _told(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank")
    return value


def _json(value: dict[str, Any]) -> dict[str, Any] | None:
    return raw(value)  # which may be larger than `inputs.metadata`: versions add to each other's


def _unpacked(value: object) -> object:
    """Bytes of float32, of their base64."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("is no base64") from None


def _packed(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _whole(value: bytes) -> bytes:
    if not value or len(value) % 4:
        raise ValueError("is no float32 vector")
    return value


_Time: TypeAlias = Annotated[AwareDatetime, AfterValidator(_utc)]
_Text: TypeAlias = Annotated[str, AfterValidator(_storable)]
_Name: TypeAlias = Annotated[_Text, Field(max_length=16_384), AfterValidator(_told)]
_Id: TypeAlias = Annotated[_Text, Field(max_length=36), AfterValidator(_told)]
_Short: TypeAlias = Annotated[_Text, Field(max_length=16, min_length=1)]
_Digest: TypeAlias = Annotated[_Text, Field(max_length=64, min_length=1)]
_Number: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1)]
_Count: TypeAlias = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Json: TypeAlias = Annotated[dict[str, Any], AfterValidator(_json)]
_Vector: TypeAlias = Annotated[
    bytes,
    BeforeValidator(_unpacked),
    AfterValidator(_whole),
    PlainSerializer(_packed, return_type=str, when_used="json"),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Owned(_Strict):
    """What carries ids."""

    user_id: _Name | None = None
    agent_id: _Name | None = None
    run_id: _Name | None = None

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
    version: _Number
    namespace: _Name
    at: _Time
    fingerprint: _Text | None = None
    embeddings: bool = False


class OperationLine(_Owned):
    """One call that wrote something."""

    type: Literal["operation"]
    id: _Id
    kind: _Short
    status: _Short
    key: _Text | None = None
    request: _Digest | None = None
    plan: _Digest | None = None
    actor: _Text
    prompt: _Digest | None = None
    usage: dict[Literal["calls", "input_tokens", "output_tokens", "embedding_calls"], _Count] = {}
    warnings: list[_Text] = []
    at: _Time
    learned_by: _Id | None = None
    undone_by: _Id | None = None
    partial: bool = False


class JobLine(_Belonging):
    """Messages that still have to be learned from."""

    type: Literal["job"]
    id: _Id
    operation: _Id
    session: _Text
    status: _Short
    request: JobRequestLine
    attempts: _Count = 0
    error: _Text | None = None
    tokens: _Count = 0
    created_at: _Time
    not_before: _Time | None = None


class JobRequestLine(_Strict):
    """How they are to be learned from."""

    metadata: _Json = {}
    expires_at: _Time | None = None
    instructions: _Text | None = None


class MessageLine(_Belonging):
    """One turn of a conversation."""

    type: Literal["message"]
    session: _Text
    id: _Name
    role: Literal["user", "assistant", "system", "tool"]
    name: _Text | None = None
    content: _Text
    metadata: _Json = {}
    origin: _Name | None = None
    raw: _Json | None = None
    said_at: _Time
    recorded_at: _Time
    cleared: bool = False
    withheld: bool = False
    overtaken: bool = False
    job: _Id | None = None
    operation: _Id
    vector: _Vector | None = None


class MemoryLine(_Belonging):
    """What all versions of a memory share."""

    type: Literal["memory"]
    id: _Id
    head: _Number
    latest: _Number
    alive: bool
    fingerprint: _Digest | None = None
    created_at: _Time


class WhenLine(_Strict):
    """The time that a version speaks of."""

    start: _Time
    end: _Time
    precision: Precision
    phrase: _Text

    @property
    def span(self) -> TimeSpan:
        """The same as a value."""
        return TimeSpan(self.start, self.end, self.precision, self.phrase)


class VersionLine(_Strict):
    """One version of a memory, or its tombstone."""

    type: Literal["version"]
    memory: _Id
    version: _Number
    restores: _Count | None = None
    status: Status
    kind: Kind
    text: _Text
    metadata: _Json = {}
    subject: _Text | None = None
    slot: _Text | None = None
    when: WhenLine | None = None
    conflicts_with: _Id | None = None
    said_at: _Time
    valid_from: _Time
    valid_to: _Time | None = None
    expires_at: _Time | None = None
    recorded_at: _Time
    known_until: _Time | None = None
    vector: _Vector | None = None


class ChangeLine(_Strict):
    """A row of history."""

    type: Literal["change"]
    memory: _Id
    version: _Number
    operation: _Id
    event: Event
    before: _Number | None = None
    reason: _Text = ""
    actor: _Text
    at: _Time


class EvidenceLine(_Strict):
    """The words that a version rests on."""

    type: Literal["evidence"]
    memory: _Id
    version: _Number
    session: _Text
    message: _Name
    operation: _Id
    quote: _Text
    start: Annotated[int, Field(ge=-1, le=2**31 - 1)]


class ConflictLine(_Strict):
    """From when to when a version contradicted another memory."""

    type: Literal["conflict"]
    memory: _Id
    version: _Number
    rival: _Id
    opened: _Id
    since: _Time
    closed: _Id | None = None
    until: _Time | None = None


class MarkLine(_Belonging):
    """From when to when a turn was withheld, or overtaken."""

    type: Literal["mark"]
    session: _Text
    message: _Name
    mark: Literal["withheld", "overtaken"]
    opened: _Id
    since: _Time
    closed: _Id | None = None
    until: _Time | None = None


class TurnLine(_Strict):
    """How a review names a turn."""

    session: _Text
    id: _Name


class AttributesLine(_Strict):
    """What the version will carry beside its text."""

    kind: Kind = "fact"
    metadata: _Json | None = None
    merge: bool = False
    expires_at: _Time | None = None
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
    actor: _Text
    prompt: _Digest | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        counted = {item.message for item in operation_from(self.operation).evidence}
        if not counted <= {position for position, _ in self.rows}:
            raise ValueError("has evidence of turns that it does not name")
        return self


class ReviewLine(_Belonging):
    """An operation that waits to be approved, or did until a call `closed` it."""

    type: Literal["review"]
    id: _Id
    operation: _Id
    session: _Text
    proposal: ProposalLine
    created_at: _Time
    closed: _Id | None = None


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
