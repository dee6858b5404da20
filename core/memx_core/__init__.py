"""memx: a long-term memory for LLM applications.

    from memx_core import Memory

An append-only ledger in SQL is the truth, the vector index is derived from it, and the language
model only proposes. Importing this is quick and quiet: no network, no thread, no file.
"""

from memx_core.errors import (
    BudgetExceededError,
    EmbeddingMismatchError,
    ExtractionError,
    FilterError,
    IndexUnavailableError,
    InvalidInputError,
    LedgerError,
    MemoryNotFoundError,
    MemxError,
    PlanConflictError,
    ScopeError,
)
from memx_core.memory import Memory, ScopedMemory
from memx_core.ports import Completion
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

__all__ = [
    "AddResult",
    "BudgetExceededError",
    "Change",
    "Completion",
    "EmbeddingMismatchError",
    "Explanation",
    "ExtractionError",
    "FilterError",
    "IndexUnavailableError",
    "InvalidInputError",
    "Job",
    "LedgerError",
    "Memory",
    "MemoryItem",
    "MemoryNotFoundError",
    "MemxError",
    "Message",
    "Operation",
    "Page",
    "PlanConflictError",
    "Recall",
    "Scope",
    "ScopeError",
    "ScopedMemory",
    "SearchHit",
    "TimeSpan",
    "Usage",
]
