"""How a model's answer ended, by the words that providers have for it, and what libraries made of one that ended badly.

What is cut off or withheld must not pass for whole: memx salvages what is complete, and says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from memx_core.ports import Completion
from memx_core.types import Usage

_CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length", "incomplete"})
_WITHHELD = frozenset({"content_filter", "refusal", "safety", "recitation", "prohibited_content", "blocklist"})


def is_cut(reasons: Collection[str]) -> bool:
    """Whether an answer that ended for one of `reasons` (in lower case) lacks its end."""
    return not _CUT.isdisjoint(reasons)


def is_withheld(reasons: Collection[str]) -> bool:
    """Whether a filter took the answer, or the model refused to give one."""
    return not _WITHHELD.isdisjoint(reasons)


def reopened(text: str) -> str:
    """JSON that a library closed by itself after it was cut off, open again."""
    return text.rstrip('"]} ')


def rescued(error: Exception, *, model: str) -> Completion | None:
    """The answer within an error of a library that raises where others return half an answer: OpenAI's and Groq's."""
    kind = type(error).__name__
    if kind == "ContentFilterFinishReasonError":
        return Completion(model=model)
    if kind == "LengthFinishReasonError":
        return _cut_completion(getattr(error, "completion", None), model)
    failed = _failed_generation(getattr(error, "body", None))
    return None if failed is None else Completion(text=failed, model=model)


def _cut_completion(answer: Any, model: str) -> Completion:  # noqa: ANN401  # OpenAI's own type, which need not be installed
    usage = answer.usage and Usage(
        input_tokens=answer.usage.prompt_tokens, output_tokens=answer.usage.completion_tokens
    )
    return Completion(text=answer.choices[0].message.content, usage=usage or Usage(), model=answer.model or model)


def _failed_generation(body: object) -> str | None:
    """What a model of Groq's said when it did not keep to the schema: it comes as a refused request."""
    inner = _member(body, "error") or body
    failed = _member(inner, "failed_generation")
    return failed if isinstance(failed, str) and failed.strip() else None


def _member(body: object, name: str) -> object:
    return cast("Mapping[str, object]", body).get(name) if isinstance(body, Mapping) else None
