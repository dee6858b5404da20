"""Everything memx raises on purpose.

    MemxError
    ├── InvalidInputError (ValueError)       an argument that can never work
    │   ├── ScopeError                       no id, or an id that cannot be one
    │   ├── ScreenedError                    the screen refuses a text, or fails
    │   └── FilterError                      a filter that says nothing we know
    ├── EmbeddingMismatchError (ValueError)  vectors of another model or another size
    ├── MemoryNotFoundError (LookupError)    not there, or not in this scope
    │   └── OperationNotFoundError           no such call, or nothing waiting under that id
    ├── PlanConflictError                    what the plan was made for has changed
    ├── ExtractionError                      the model's answer was unusable; the messages are queued
    ├── LedgerError                          the database refused
    ├── ProviderError                        LlamaIndex has no model or embedder, or it raised a `RuntimeError`
    ├── IndexUnavailableError                the index refused; the ledger is intact
    └── BudgetExceededError                  a declared spending limit is reached

None is a `RuntimeError`: LlamaIndex reports those as something else. What a model, an
embedder or a reranker raises passes through unchanged, but for a `RuntimeError` where LlamaIndex calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from memx_core.types import Change, Scope


class MemxError(Exception):
    """Base of everything memx raises on purpose."""


class InvalidInputError(MemxError, ValueError):
    """An argument that can never work; the message shows it and says what would."""


class ScopeError(InvalidInputError):
    """No scope id was given, or one that cannot be an id."""


class ScreenedError(InvalidInputError):
    """The application's screen refuses a text that a call cannot do without, or fails; nothing was stored.

    The message does not repeat the text.
    """


class FilterError(InvalidInputError):
    """A filter that is not in the grammar, such as an unknown operator."""


class EmbeddingMismatchError(MemxError, ValueError):
    """Vectors of another embedding model, of another size, or not numbers at all.

    Attributes:
        kept: Fingerprint of the embedder whose vectors the database holds, where that is the matter.
        offered: Fingerprint of the embedder that was given.
    """

    def __init__(self, message: str, kept: str | None = None, offered: str | None = None) -> None:
        super().__init__(message)
        self.kept = kept
        self.offered = offered

    @classmethod
    def between(cls, kept: str, offered: str) -> Self:
        """The error for an embedder whose vectors are not those of the database."""
        return cls(
            f"the database holds vectors of {kept!r}, and the embedder is {offered!r}: open it with the embedder "
            "it was made with and call `memory.rebuild_index(embedder=new)`; or, if that one is gone, open it with "
            "`Memory(embedder=new, reembed=True)`, which embeds everything again; or use another `namespace`",
            kept,
            offered,
        )


class MemoryNotFoundError(MemxError, LookupError):
    """No such memory in this scope.

    Attributes:
        memory_id: The id that was asked for.
    """

    def __init__(self, memory_id: str) -> None:
        super().__init__(f"no memory {memory_id!r} in this scope; it may never have been there, or be deleted")
        self.memory_id = memory_id

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.memory_id,)


class OperationNotFoundError(MemoryNotFoundError):
    """No such operation in this scope.

    Attributes:
        operation_id: The id that was asked for.
    """

    def __init__(self, operation_id: str) -> None:
        MemxError.__init__(self, f"no operation {operation_id!r} in this scope; it may be done, undone or erased")
        self.memory_id = ""
        self.operation_id = operation_id

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.operation_id,)


class PlanConflictError(MemxError):
    """What something was decided on has changed since: decide again.

    Attributes:
        conflicts: The changes that stand in the way, oldest first.
    """

    def __init__(self, message: str, conflicts: Sequence[Change] = ()) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)


class ExtractionError(MemxError):
    """The model's answer could not be used, also after one repair; the messages stay queued.

    Attributes:
        answer: What the model said last, shortened.
    """

    def __init__(self, message: str, *, answer: str = "") -> None:
        super().__init__(message)
        self.answer = answer


class ProviderError(MemxError):
    """A model or an embedder that was not to be found when it was needed, or that raised a `RuntimeError`: the cause.

    LlamaIndex would report a `RuntimeError` as nested event loops.
    """


class LedgerError(MemxError):
    """The database refused: locked for too long, read-only, full, or damaged."""


class IndexUnavailableError(MemxError):
    """The index refused; the ledger is intact and the index can be rebuilt from it."""


class IndexMismatchError(IndexUnavailableError):
    """What is where the index should be can never be used: others made it, or its server is too old."""


class BudgetExceededError(MemxError):
    """A declared spending limit is reached, so no model was asked.

    Attributes:
        limit: Tokens that a day of UTC may cost.
        spent: Tokens that this one did cost.
        scope: The address whose limit it is; `None` for the whole application's.
        resets_at: When the next day begins.
        needed: About how many a conversation of several calls needs, if only that is too much.
    """

    def __init__(self, limit: int, spent: int, scope: Scope | None, resets_at: datetime, needed: int = 0) -> None:
        whose = "the whole application" if scope is None else "this scope"
        needs = f"this needs about {needed:,} tokens: " if needed else ""
        super().__init__(
            f"{needs}{spent:,} tokens were spent today, and {limit:,} a day are the limit of {whose}; "
            f"it resets at {resets_at:%Y-%m-%d %H:%M} UTC"
        )
        self.limit = limit
        self.spent = spent
        self.scope = scope
        self.resets_at = resets_at
        self.needed = needed

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.limit, self.spent, self.scope, self.resets_at, self.needed)
