"""memx: a long-term memory for LLM applications.

    from memx_core import Memory

An append-only ledger in SQL is the truth, the vector index is derived from it, and the language
model only proposes. Importing this is quick and quiet: no network, no thread, no file. What needs
SQLAlchemy, numpy and pydantic is imported when it is first named, so that an application which only
catches our errors or annotates with our types does not pay for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from memx_core.errors import (
    BudgetExceededError,
    EmbeddingMismatchError,
    ExtractionError,
    FilterError,
    IndexMismatchError,
    IndexUnavailableError,
    InvalidInputError,
    LedgerError,
    MemoryNotFoundError,
    MemxError,
    OperationNotFoundError,
    PlanConflictError,
    ProviderError,
    ScopeError,
    ScreenedError,
)
from memx_core.plans import Plan
from memx_core.provenance import Learned, Origin, Provenance, Source
from memx_core.reports import Budget, CopyReport, ErasureReport, OwnerReport, ScopeReport, UsageReport
from memx_core.types import (
    AddResult,
    Change,
    Explanation,
    Job,
    MemoryItem,
    Message,
    Operation,
    Page,
    Recall,
    Scope,
    SearchHit,
    TimeSpan,
    Usage,
)

if TYPE_CHECKING:
    from memx_core.background import Background
    from memx_core.ledger import copy_database, upgrade_database
    from memx_core.memory import Memory, MemoryLike, ScopedMemory
    from memx_core.moving import BackfillEstimate, BackfillReport, Conversation, LoadReport, read_chatgpt
    from memx_core.ports import Completion, Screen

__all__ = [
    "AddResult",
    "BackfillEstimate",
    "BackfillReport",
    "Background",
    "Budget",
    "BudgetExceededError",
    "Change",
    "Completion",
    "Conversation",
    "CopyReport",
    "EmbeddingMismatchError",
    "ErasureReport",
    "Explanation",
    "ExtractionError",
    "FilterError",
    "IndexMismatchError",
    "IndexUnavailableError",
    "InvalidInputError",
    "Job",
    "Learned",
    "LedgerError",
    "LoadReport",
    "Memory",
    "MemoryItem",
    "MemoryLike",
    "MemoryNotFoundError",
    "MemxError",
    "Message",
    "Operation",
    "OperationNotFoundError",
    "Origin",
    "OwnerReport",
    "Page",
    "Plan",
    "PlanConflictError",
    "Provenance",
    "ProviderError",
    "Recall",
    "Scope",
    "ScopeError",
    "ScopeReport",
    "ScopedMemory",
    "Screen",
    "ScreenedError",
    "SearchHit",
    "Source",
    "TimeSpan",
    "Usage",
    "UsageReport",
    "copy_database",
    "read_chatgpt",
    "upgrade_database",
]

_LATER = {
    "BackfillEstimate": "memx_core.moving",
    "BackfillReport": "memx_core.moving",
    "Background": "memx_core.background",
    "Completion": "memx_core.ports",
    "Conversation": "memx_core.moving",
    "LoadReport": "memx_core.moving",
    "Memory": "memx_core.memory",
    "MemoryLike": "memx_core.memory",
    "ScopedMemory": "memx_core.memory",
    "Screen": "memx_core.ports",
    "copy_database": "memx_core.ledger",
    "read_chatgpt": "memx_core.moving",
    "upgrade_database": "memx_core.ledger",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return __all__
