"""The keyword arguments of the public methods, named once for both colours and both handles.

`Memory.search` spells its arguments out; `asearch` and `ScopedMemory` take the same ones by
these names. Defaults live with the spelled-out method.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import EllipsisType
from typing import Any, TypeAlias, TypedDict

from memx_core.types import Message, Metadata

Messages: TypeAlias = str | Message | Mapping[str, Any] | Iterable[Message | Mapping[str, Any]]
"""A text, a message, or several: as `Message` or as `{"role": …, "content": …}`."""
Filters: TypeAlias = Mapping[str, Any]
"""`{"city": "Oslo", "age": {"gte": 30}}`, with `AND`, `OR`, `NOT`."""


class ScopeIds(TypedDict, total=False):
    """Whose memories."""

    user_id: str | None
    agent_id: str | None
    run_id: str | None


class PlanOptions(TypedDict, total=False):
    """See `Memory.plan`."""

    session_id: str | None
    metadata: Metadata | None
    timestamp: datetime | None
    expires_at: datetime | None
    infer: bool
    instructions: str | None
    key: str | None


class AddOptions(PlanOptions, total=False):
    """See `Memory.add`."""

    wait: bool


class PutOptions(TypedDict, total=False):
    """See `Memory.put_messages`."""

    learn: bool
    complete: bool


class ClearOptions(TypedDict, total=False):
    """See `Memory.clear_messages`."""

    message_ids: Collection[str] | None


class GetOptions(TypedDict, total=False):
    """See `Memory.get`."""

    known_at: datetime | None
    as_of: datetime | None
    version: int | None


class PageOptions(TypedDict, total=False):
    """See `Memory.get_all`."""

    filters: Filters | None
    limit: int
    cursor: str | None
    known_at: datetime | None
    as_of: datetime | None
    include_superseded: bool


class SearchOptions(TypedDict, total=False):
    """See `Memory.search`."""

    limit: int
    filters: Filters | None
    threshold: float | None
    as_of: datetime | None
    known_at: datetime | None
    include_messages: bool
    explain: bool
    embedding: Sequence[float] | None


class RecallOptions(TypedDict, total=False):
    """See `Memory.recall`."""

    max_tokens: int
    limit: int
    filters: Filters | None
    threshold: float | None
    as_of: datetime | None
    known_at: datetime | None
    include_messages: bool
    exclude_messages: Collection[str]


class UpdateOptions(TypedDict, total=False):
    """See `Memory.update`."""

    metadata: Metadata | None
    expires_at: datetime | EllipsisType | None
    reason: str | None


class UndoOptions(TypedDict, total=False):
    """See `Memory.undo`."""

    cascade: bool
    reason: str | None


class TranscriptOptions(TypedDict, total=False):
    """See `Memory.messages`."""

    limit: int | None


class BackfillOptions(TypedDict, total=False):
    """See `Memory.backfill`."""

    instructions: str | None
    metadata: Metadata | None
    tokens_per_call: int
    progress: bool | Callable[[int, int], object]


class BackfillArguments(ScopeIds, BackfillOptions):
    """All of `Memory.backfill`'s, but for `dry_run`."""


class AddArguments(ScopeIds, AddOptions):
    """All of `Memory.add`'s."""


class PlanArguments(ScopeIds, PlanOptions):
    """All of `Memory.plan`'s."""


class RejectArguments(ScopeIds, total=False):
    """All of `Memory.reject`'s."""

    reason: str | None


class PutArguments(ScopeIds, PutOptions):
    """All of `Memory.put_messages`'s."""


class ClearArguments(ScopeIds, ClearOptions):
    """All of `Memory.clear_messages`'s."""


class GetArguments(ScopeIds, GetOptions):
    """All of `Memory.get`'s."""


class PageArguments(ScopeIds, PageOptions):
    """All of `Memory.get_all`'s."""


class SearchArguments(ScopeIds, SearchOptions):
    """All of `Memory.search`'s."""


class RecallArguments(ScopeIds, RecallOptions):
    """All of `Memory.recall`'s."""


class UpdateArguments(ScopeIds, UpdateOptions):
    """All of `Memory.update`'s."""


class TranscriptArguments(ScopeIds, TranscriptOptions):
    """All of `Memory.messages`'s."""


class UndoArguments(ScopeIds, UndoOptions):
    """All of `Memory.undo`'s."""
