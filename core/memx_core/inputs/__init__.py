"""What every public method does to its arguments before anything happens.

Each function takes whatever the caller handed over and returns a clean, new value, or raises an
`InvalidInputError` that says what would do; nothing else is raised and no argument is changed.
Ids are never trimmed, normalised or cleaned, because two that differ must stay two; texts are
cleaned of what no database can keep (see `clean`), and of nothing else.
"""

from __future__ import annotations

from memx_core.inputs.chat import messages
from memx_core.inputs.counts import limit, max_tokens, seconds, threshold
from memx_core.inputs.ids import key, memory_id, message_ids, namespace, operation_id, scope, session
from memx_core.inputs.plans import plan
from memx_core.inputs.showing import show
from memx_core.inputs.texts import clean, text
from memx_core.inputs.times import iso, moment
from memx_core.inputs.values import Scalar, metadata, scalar
from memx_core.inputs.vectors import embedding

__all__ = [
    "Scalar",
    "clean",
    "embedding",
    "iso",
    "key",
    "limit",
    "max_tokens",
    "memory_id",
    "message_ids",
    "messages",
    "metadata",
    "moment",
    "namespace",
    "operation_id",
    "plan",
    "scalar",
    "scope",
    "seconds",
    "session",
    "show",
    "text",
    "threshold",
]
