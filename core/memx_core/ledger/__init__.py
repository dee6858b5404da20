"""The ledger: an append-only history in SQL, which is the truth about every memory."""

from memx_core.ledger.copying import copy_database
from memx_core.ledger.erasing import Erasure
from memx_core.ledger.hearing import Late
from memx_core.ledger.intake.base import Load, Loaded
from memx_core.ledger.ledger import Ledger
from memx_core.ledger.mem0_history import mem0_history
from memx_core.ledger.moments import Then, looked_at
from memx_core.ledger.schema import upgrade_database
from memx_core.ledger.spaces import Unembedded
from memx_core.ledger.values import (
    Abandoned,
    Attributes,
    Claim,
    Committed,
    Erased,
    Failure,
    Held,
    JobRequest,
    OpenBatch,
    OpenJob,
    Outdated,
    Queue,
    Removed,
    Reverted,
    StoredMessage,
    Taken,
    Undone,
    Write,
)

__all__ = [
    "Abandoned",
    "Attributes",
    "Claim",
    "Committed",
    "Erased",
    "Erasure",
    "Failure",
    "Held",
    "JobRequest",
    "Late",
    "Ledger",
    "Load",
    "Loaded",
    "OpenBatch",
    "OpenJob",
    "Outdated",
    "Queue",
    "Removed",
    "Reverted",
    "StoredMessage",
    "Taken",
    "Then",
    "Undone",
    "Unembedded",
    "Write",
    "copy_database",
    "looked_at",
    "mem0_history",
    "upgrade_database",
]
