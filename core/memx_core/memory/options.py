"""What every adapter asks a recall for: checked options, and what of a long question counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memx_core import inputs
from memx_core.filters import compile_filter
from memx_core.memory.arguments import RecallOptions

_FEWEST, _MOST, _SHORT_LINE = 10, 200, 20
_LONGEST_QUESTION = 4000


def recall_options(
    *,
    max_tokens: int,
    limit: int | None,
    threshold: float | None,
    filters: Mapping[str, Any] | None,
    include_messages: bool,
) -> RecallOptions:
    """For `recall`, checked; with `limit=None` it looks at as many lines as usually fit."""
    compile_filter(filters)
    options = RecallOptions(
        max_tokens=inputs.max_tokens(max_tokens),
        include_messages=bool(include_messages),
        threshold=inputs.threshold(threshold),
        filters=filters,
    )
    options["limit"] = _lines(max_tokens) if limit is None else inputs.limit(limit)
    return options


def _lines(max_tokens: int) -> int:
    """More than usually fit; to look at all that the memory would is slow, and somebody is waiting."""
    return min(_MOST, max(_FEWEST, max_tokens // _SHORT_LINE))


def question(text: str) -> str:
    """What to recall for: the text, and of a long one its beginning and its end."""
    text = text.strip()
    if len(text) <= _LONGEST_QUESTION:
        return text
    return f"{text[: _LONGEST_QUESTION // 2]}\n{text[-_LONGEST_QUESTION // 2 :]}"
