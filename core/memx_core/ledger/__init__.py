"""The ledger: an append-only history in SQL, which is the truth about every memory."""

from memx_core.ledger.erasing import Erasure
from memx_core.ledger.ledger import Ledger
from memx_core.ledger.moments import Then, looked_at
from memx_core.ledger.values import (
    Abandoned,
    Attributes,
    Committed,
    Erased,
    JobRequest,
    OpenJob,
    Outdated,
    Removed,
    StoredMessage,
    Write,
)

__all__ = [
    "Abandoned",
    "Attributes",
    "Committed",
    "Erased",
    "Erasure",
    "JobRequest",
    "Ledger",
    "OpenJob",
    "Outdated",
    "Removed",
    "StoredMessage",
    "Then",
    "Write",
    "looked_at",
]
