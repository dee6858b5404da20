"""What every adapter asks a recall for: checked options, and what of a long question counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memx_core import inputs
from memx_core.filters import compile_filter
from memx_core.memory.arguments import RecallOptions

_LONGEST_QUESTION = 4000


def recall_options(
    *,
    max_tokens: int,
    limit: int | None,
    threshold: float | None,
    filters: Mapping[str, Any] | None,
    include_messages: bool,
) -> RecallOptions:
    """For `recall`, checked; with `limit=None` there are as many lines as fit."""
    compile_filter(filters)
    options = RecallOptions(
        max_tokens=inputs.max_tokens(max_tokens),
        include_messages=bool(include_messages),
        threshold=inputs.threshold(threshold),
        filters=filters,
    )
    if limit is not None:
        options["limit"] = inputs.limit(limit)
    return options


def question(text: str) -> str:
    """What to recall for: the text, and of a long one its beginning and its end."""
    text = text.strip()
    if len(text) <= _LONGEST_QUESTION:
        return text
    return f"{text[: _LONGEST_QUESTION // 2]}\n{text[-_LONGEST_QUESTION // 2 :]}"
