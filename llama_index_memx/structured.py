"""How a LlamaIndex model is asked for JSON, and what its answer says.

LlamaIndex's own `structured_predict` raises for most of the odd answers that memx can read, or
drops all but one of several tool calls; and what its models parse, they complete silently where
it was cut off. So the model is asked here, and the raw answer goes to memx.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ToolCallBlock
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import LLM
from llama_index.core.tools import FunctionTool, ToolMetadata
from pydantic import BaseModel

from llama_index_memx._calling import suspending
from memx_core.endings import is_cut, is_withheld, reopened
from memx_core.ports import Completion
from memx_core.types import Usage

Method: TypeAlias = Literal["function_calling", "prompt"]
"""By a tool call that is required; by the words of the prompt alone."""

_REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason", "status")
_USAGES = ("usage", "usage_metadata")
_ASKED = ("prompt_tokens", "input_tokens", "prompt_token_count", "prompt_eval_count", "inputTokens")
_ANSWERED = ("completion_tokens", "output_tokens", "candidates_token_count", "eval_count", "outputTokens")


def method_for(model: LLM) -> Method:
    """The strictest way to a schema that `model` says it can go. Some ask their server for that."""
    calls = isinstance(model, FunctionCallingLLM) and model.metadata.is_function_calling_model
    return "function_calling" if calls else "prompt"


def suspends(model: LLM, method: Method) -> bool:
    """Whether the model can really be awaited."""
    kind = type(model)
    ways: list[object] = [kind.achat]
    if method == "function_calling" and issubclass(kind, FunctionCallingLLM):
        ways.append(kind.achat_with_tools)
    return all(map(suspending, ways))


def ask(model: LLM, messages: list[ChatMessage], schema: type[BaseModel], method: Method) -> ChatResponse:
    """The model's answer."""
    if method == "function_calling" and isinstance(model, FunctionCallingLLM):
        return model.chat_with_tools(**_with_tool(messages, schema))
    return model.chat(messages)


async def aask(model: LLM, messages: list[ChatMessage], schema: type[BaseModel], method: Method) -> ChatResponse:
    """Like `ask`, awaiting the model."""
    if method == "function_calling" and isinstance(model, FunctionCallingLLM):
        return await model.achat_with_tools(**_with_tool(messages, schema))
    return await model.achat(messages)


def _with_tool(messages: list[ChatMessage], schema: type[BaseModel]) -> dict[str, Any]:
    """One tool, which is never run. Several calls of it are allowed: where they are not, all but one are dropped."""
    metadata = ToolMetadata(description=schema.__doc__ or schema.__name__, name=schema.__name__, fn_schema=schema)
    return {
        "tools": [FunctionTool(fn=schema, metadata=metadata)],
        "chat_history": messages,
        "tool_required": True,
        "allow_parallel_tool_calls": True,
    }


def completion(answer: ChatResponse, asked: LLM, *, model: str) -> Completion:
    """What the model answered, as text; `None` if a filter took it, or the model refused in a field for that."""
    text = _said(answer, asked)
    withheld = not text.strip() and _is_withheld(answer)
    name = _member(answer.raw, "model")
    return Completion(
        text=None if withheld else text, usage=_usage(answer), model=name if isinstance(name, str) and name else model
    )


def _said(answer: ChatResponse, asked: LLM) -> str:
    """Of tool calls, their arguments, one call a line; else the text."""
    calls = [block.tool_kwargs for block in answer.message.blocks if isinstance(block, ToolCallBlock)]
    said = [_arguments(given) for given in calls or _elsewhere(answer, asked)]
    if said and is_cut(_reasons(answer)) and not (calls and isinstance(calls[-1], str)):
        said[-1] = reopened(said[-1])  # They were closed by LlamaIndex, or by the model's own package.
    return "\n".join(said) or answer.message.content or ""


def _arguments(given: object) -> str:
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)


def _elsewhere(answer: ChatResponse, asked: LLM) -> Sequence[object]:
    """Arguments of calls that are not blocks of the message, as older packages tell them."""
    if not _beside(answer.message).get("tool_calls") or not isinstance(asked, FunctionCallingLLM):
        return []
    try:
        found = asked.get_tool_calls_from_response(answer, error_on_no_tool_call=False)
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
        return []  # Not to be read, as an answer that is no JSON: memx asks once more.
    return [call.tool_kwargs for call in found]


def _is_withheld(answer: ChatResponse) -> bool:
    refused = _beside(answer.message).get("refusal") or _member(_member(_choice(answer), "message"), "refusal")
    return bool(refused) or is_withheld(_reasons(answer))


def _reasons(answer: ChatResponse) -> set[str]:
    """Why the answer ended, as its provider says, wherever it says so."""
    places = (answer.raw, _choice(answer), _beside(answer))
    return {_word(found) for place in places for name in _REASONS if (found := _member(place, name))}


def _word(value: object) -> str:
    """A name, or that of an enum's member, in lower case."""
    return str(getattr(value, "name", value)).lower()


def _choice(answer: ChatResponse) -> object:
    for name in ("choices", "candidates"):
        found = _member(answer.raw, name)
        if isinstance(found, Sequence) and found:
            return cast("Sequence[object]", found)[0]
    return None


def _usage(answer: ChatResponse) -> Usage:
    places = [*_places(answer)]
    return Usage(input_tokens=_count(places, _ASKED), output_tokens=_count(places, _ANSWERED))


def _places(answer: ChatResponse) -> Iterator[object]:
    for name in _USAGES:
        yield _member(answer.raw, name)
    yield answer.raw
    yield _beside(answer)


def _count(places: Sequence[object], names: Sequence[str]) -> int:
    counts = (_member(place, name) for place in places for name in names)
    return next((count for count in counts if isinstance(count, int) and count > 0), 0)


def _beside(said: ChatResponse | ChatMessage) -> Mapping[str, object]:
    return cast("Mapping[str, object]", said.additional_kwargs)  # pyright: ignore[reportUnknownMemberType]  # a bare dict


def _member(place: object, name: str) -> object:
    """Of a mapping or an object, as raw answers are either."""
    if isinstance(place, Mapping):
        return cast("Mapping[str, object]", place).get(name)
    return getattr(place, name, None)
