"""How a chat model is asked for JSON, and what its answer says.

LangChain reads answers politely: it completes JSON that was cut off, keeps only the first of
several tool calls, and takes plain JSON for no answer and no error. Facts would be lost without
a word. So what it parsed is believed only if the raw answer is whole; otherwise the raw text goes
to memx, which reads it with warnings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from inspect import signature
from typing import Any, Literal, TypeAlias

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel, ConfigDict

from memx_core.endings import is_cut, is_withheld, reopened
from memx_core.ports import Completion
from memx_core.types import Usage

Method: TypeAlias = Literal["json_schema", "function_calling", "prompt"]
"""By the provider's own schema mode; by a forced tool call; by the words of the prompt alone."""

_REASONS = ("finish_reason", "stop_reason", "done_reason", "status")


def bound(model: BaseChatModel, schema: type[BaseModel], method: Method) -> Runnable[LanguageModelInput, Any]:
    """`model`, made to answer in `schema`.

    OpenAI's kin, who have a strict mode, get the schema as JSON: given a class, OpenAI's library
    parses by itself, and raises where the answer misses the schema, so that nothing could be salvaged.
    """
    if method == "prompt":
        return model
    if method == "json_schema" and "strict" in signature(type(model).with_structured_output).parameters:
        plain = schema.model_json_schema()
        return model.with_structured_output(plain, method=method, include_raw=True, strict=True)
    return model.with_structured_output(schema, method=method, include_raw=True)


class _Probe(BaseModel):
    """Bound to see what a class does with a schema; never sent."""

    model_config = ConfigDict(extra="forbid")

    found: bool


def method_for(model: BaseChatModel) -> Method:
    """The strictest way to a schema that `model` is known to go. Nobody is asked."""
    for method in _known_ways(model):
        if _binds(model, method):
            return method
    return "prompt"


def _known_ways(model: BaseChatModel) -> Iterator[Method]:
    """By its profile; where that is silent, by what its class is made for."""
    profile = model.profile or {}
    tools = profile.get("tool_calling", type(model).bind_tools is not BaseChatModel.bind_tools)
    if profile.get("structured_output") or (tools and not profile and _only_offers_tools(model)):
        yield "json_schema"
    if tools:
        yield "function_calling"


def _binds(model: BaseChatModel, method: Method) -> bool:
    """Some classes promise what they refuse for one model or another."""
    try:
        bound(model, _Probe, method)
    except (NotImplementedError, TypeError, ValueError):
        return False
    return True


def _only_offers_tools(model: BaseChatModel) -> bool:
    """Whether its class cannot force a tool call (Ollama's server has no word for it), and prefers a schema itself."""
    preferred = signature(type(model).with_structured_output).parameters.get("method")
    if preferred is None or preferred.default != "json_schema":
        return False
    try:
        offered = model.bind_tools([_Probe], tool_choice="any")
    except (NotImplementedError, TypeError, ValueError):
        return False
    return "tool_choice" not in getattr(offered, "kwargs", {"tool_choice": None})


def completion(raw: BaseMessage, parsed: object, *, model: str) -> Completion:
    """What the model answered: `data` if LangChain parsed a whole answer, else `text`."""
    usage, model = _usage(raw), _name(raw) or model
    if parsed is not None and _is_whole(raw):
        return Completion(data=parsed, usage=usage, model=model)
    text = _said(raw)
    return Completion(text=None if _is_withheld(raw) and not text.strip() else text, usage=usage, model=model)


def _is_whole(raw: BaseMessage) -> bool:
    """Whether parsing cannot have completed or dropped anything."""
    if isinstance(raw, AIMessage) and (raw.tool_calls or raw.invalid_tool_calls):
        return len(raw.tool_calls) == 1 and not raw.invalid_tool_calls and not _is_cut(raw)
    text = str(raw.text)
    return "{" not in text or _is_json(text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _said(raw: BaseMessage) -> str:
    """The answer as text; of tool calls, their arguments, one call a line."""
    if not isinstance(raw, AIMessage):
        return str(raw.text)
    calls = [json.dumps(call["args"], ensure_ascii=False) for call in raw.tool_calls]
    if calls and _is_cut(raw) and not raw.invalid_tool_calls:
        calls[-1] = reopened(calls[-1])  # A stream's last arguments were closed by LangChain.
    broken = [call["args"] or "" for call in raw.invalid_tool_calls]
    return "\n".join([*calls, *broken]) or str(raw.text)


def _is_cut(raw: BaseMessage) -> bool:
    return is_cut(_reasons(raw))


def _is_withheld(raw: BaseMessage) -> bool:
    """Whether a filter took the answer, or the model refused in a field for that."""
    blocks = raw.content if isinstance(raw.content, list) else []
    refused = any(isinstance(block, dict) and block.get("type") == "refusal" for block in blocks)
    return bool(refused or raw.additional_kwargs.get("refusal") or is_withheld(_reasons(raw)))


def _reasons(raw: BaseMessage) -> set[str]:
    return {str(raw.response_metadata.get(key, "")).lower() for key in _REASONS}


def _name(raw: BaseMessage) -> str:
    names = (raw.response_metadata.get(key) for key in ("model_name", "model"))
    return next((name for name in names if isinstance(name, str) and name), "")


def _usage(raw: BaseMessage) -> Usage:
    usage = raw.usage_metadata if isinstance(raw, AIMessage) else None
    return Usage(input_tokens=_count(usage, "input_tokens"), output_tokens=_count(usage, "output_tokens"))


def _count(usage: Mapping[str, Any] | None, key: str) -> int:
    return (usage or {}).get(key) or 0
