"""What OpenAI's server refuses, as far as it matters here: a request that passes is one it would take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
_NAME = re.compile(r"[^\s<|\\/>]+")
_UNSUPPORTED = {"default", "oneOf", "allOf", "not", "patternProperties", "dependentRequired", "if"}
_MOST_INPUTS = 2048


def chat_problem(body: Mapping[str, Any]) -> str | None:
    """The first thing wrong with a request for a chat completion."""
    return next(_chat_problems(body), None)


def embeddings_problem(body: Mapping[str, Any]) -> str | None:
    """The first thing wrong with a request for embeddings."""
    given = body.get("input")
    inputs = [given] if isinstance(given, str) else given
    if not isinstance(inputs, list) or not inputs or len(inputs) > _MOST_INPUTS:
        return "'$.input' is invalid: 1 to 2048 texts"
    return None if all(inputs) else "'$.input' is invalid: an empty text"


def _chat_problems(body: Mapping[str, Any]) -> Iterator[str]:
    messages = body.get("messages")
    if not messages:
        yield "[] is too short - 'messages'"
        return
    yield from _message_problems(messages)
    for schema in _strict_schemas(body):
        yield from _schema_problems(schema, schema)


def _message_problems(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    waiting: set[str] = set()
    for at, message in enumerate(messages):
        role = message.get("role")
        if role not in _ROLES:
            yield f"messages[{at}].role: {role!r}"
        if message.get("name") is not None and not _NAME.fullmatch(message["name"]):
            yield f"messages[{at}].name: {message['name']!r} does not match the pattern"
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                yield f"messages[{at}]: a tool message must answer a preceding tool call"
            waiting.discard(message.get("tool_call_id", ""))
            continue
        if waiting:
            yield f"messages[{at}]: tool calls {sorted(waiting)} were not answered"
        waiting = {call["id"] for call in message.get("tool_calls") or ()}
        if message.get("content") is None and not waiting and not message.get("refusal"):
            yield f"messages[{at}].content: null"
    if waiting:
        yield f"tool calls {sorted(waiting)} were not answered"


def _strict_schemas(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    form = (body.get("response_format") or {}).get("json_schema") or {}
    if form.get("strict"):
        yield form["schema"]
    for tool in body.get("tools") or ():
        if tool.get("function", {}).get("strict"):
            yield tool["function"]["parameters"]


def _schema_problems(part: Any, root: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _schema_problems(each, root)
    if not isinstance(part, Mapping):
        return
    if found := _UNSUPPORTED & part.keys():
        yield f"invalid schema: {sorted(found)} is not permitted"
    properties = part.get("properties")
    if properties is not None and part.get("additionalProperties") is not False:
        yield "invalid schema: 'additionalProperties' is required to be false"
    if properties is not None and set(part.get("required", ())) != properties.keys():
        yield "invalid schema: 'required' must hold every property"
    for name, inner in part.items():
        children = inner.values() if name in ("properties", "$defs") else [inner]
        for child in children:
            yield from _schema_problems(child, root)
