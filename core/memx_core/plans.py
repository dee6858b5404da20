"""A plan: what a call would do, decided and not yet done; and the policies that gate it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from memx_core.types import Kind, Message, Metadata, Operation, Scope, Usage

Decision: TypeAlias = Literal["apply", "review", "reject"]
Policy: TypeAlias = Literal["auto", "review"] | Callable[[Operation], Decision | bool]
"""What may happen by itself. `auto`: everything; `review`: ADD and what only confirms, while the
rest waits to be approved; or a function of one operation (True applies, False holds for review)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The validated operations of one call, not yet applied. It survives JSON and another process.

    Attributes:
        id: The operation's id once it is applied.
        operations: What would change, and what would only gain evidence (`NONE`).
        warnings: What was proposed and left out, each `code: detail`.
        usage: What proposing it cost.
        scope: Whose memories.
        created_at: When it was made.
        messages: The turns it was made from, to be kept when it is applied.
        session_id: Their conversation.
        metadata: Of new memories.
        expires_at: Of new memories.
        kind: Of new memories.
        key: Idempotency key of the call.
        digest: What the key stands for.
        proposer: The model's name, `rules`, or `user`.
        prompt: Fingerprint of the prompt's static part.
        namespace: The application it was made for.
        revision: Number of the newest write when it was begun.
    """

    id: str
    operations: tuple[Operation, ...]
    warnings: tuple[str, ...]
    usage: Usage
    scope: Scope
    created_at: datetime
    messages: tuple[Message, ...]
    session_id: str | None = None
    metadata: Metadata = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None
    kind: Kind = "fact"
    key: str | None = None
    digest: str | None = None
    proposer: str = ""
    prompt: str | None = None
    namespace: str = "default"
    revision: int = 0
