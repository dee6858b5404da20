"""What OpenAI's server is asked and what it sends: requests read, answers in its JSON, whole or as a stream."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["chat", "embeddings", "models"]
Vectors: TypeAlias = Callable[[Sequence[str], int], Iterable[Iterable[float]]]
"""Texts and dimensions to vectors."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came; names of headers in lower case."""

    kind: Kind
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def wanted(self) -> str:
        """Name of the schema or tool that the answer must be; empty if it may be anything."""
        form = (self.body.get("response_format") or {}).get("json_schema") or {}
        choice = self.body.get("tool_choice")
        if isinstance(choice, dict):
            return str(choice["function"]["name"])
        tools = self.body.get("tools") or ()
        if choice in ("required", "any") and tools:
            return str(tools[0]["function"]["name"])
        return str(form.get("name", ""))

    @property
    def forced(self) -> bool:
        """Whether a tool must be called."""
        return isinstance(self.body.get("tool_choice"), dict) or self.body.get("tool_choice") in ("required", "any")

    @property
    def prompt(self) -> str:
        """All texts of the messages, one a line."""
        return "\n".join(text for message in self.body["messages"] for text in _texts(message.get("content")))

    @property
    def texts(self) -> list[str]:
        """What is to be embedded; tokens as words."""
        given = self.body["input"]
        inputs = [given] if isinstance(given, str) else given
        return [each if isinstance(each, str) else " ".join(f"t{token}" for token in each) for each in inputs]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; arguments as text are sent as they are, so that they may be cut off."""

    name: str
    arguments: Mapping[str, Any] | str


@dataclass(frozen=True, slots=True)
class Reply:
    """A chat completion.

    Attributes:
        finish: `finish_reason`; by default what fits.
        usage: Tokens of the prompt and of the answer; by default about one a word.
    """

    text: str | None = None
    calls: Sequence[Call] = ()
    finish: str = ""
    refusal: str | None = None
    usage: tuple[int, int] | None = None


def completion(asked: Asked, reply: Reply, number: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    if reply.calls:
        message["tool_calls"] = _tool_calls(reply, number)
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply), "logprobs": None}
    return {**_head(asked, number, "chat.completion"), "choices": [choice], "usage": _usage(asked, reply)}


def chunks(asked: Asked, reply: Reply, number: int) -> Iterator[dict[str, Any]]:
    """Word by word; arguments of tools likewise."""
    head = _head(asked, number, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}

    yield chunk({"role": "assistant", "content": "" if reply.text is not None else None})
    for word in _words(reply.text or ""):
        yield chunk({"content": word})
    for word in _words(reply.refusal or ""):
        yield chunk({"refusal": word})
    for at, call in enumerate(_tool_calls(reply, number)):
        function = call["function"]
        yield chunk({"tool_calls": [{**call, "index": at, "function": {**function, "arguments": ""}}]})
        for word in _words(function["arguments"]):
            yield chunk({"tool_calls": [{"index": at, "function": {"arguments": word}}]})
    yield chunk({}, _finish(reply))
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(asked, reply)}


def embedded(asked: Asked, vectors: Vectors) -> dict[str, Any]:
    rows = vectors(asked.texts, asked.body.get("dimensions") or 64)
    form = _packed if asked.body.get("encoding_format") == "base64" else list
    data = [{"object": "embedding", "index": at, "embedding": form(map(float, row))} for at, row in enumerate(rows)]
    tokens = sum(len(text.split()) for text in asked.texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": asked.body["model"], "data": data, "usage": usage}


def _packed(row: Iterable[float]) -> str:
    numbers = list(row)
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def _head(asked: Asked, number: int, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{number}", "object": kind, "created": 1, "model": asked.body["model"]}


def _tool_calls(reply: Reply, number: int) -> list[dict[str, Any]]:
    def text(arguments: Mapping[str, Any] | str) -> str:
        return arguments if isinstance(arguments, str) else json.dumps(arguments)

    return [
        {
            "id": f"call-{number}-{at}",
            "type": "function",
            "function": {"name": call.name, "arguments": text(call.arguments)},
        }
        for at, call in enumerate(reply.calls)
    ]


def _finish(reply: Reply) -> str:
    return reply.finish or ("tool_calls" if reply.calls else "stop")


def _usage(asked: Asked, reply: Reply) -> dict[str, int]:
    said = " ".join([reply.text or "", *(call["function"]["arguments"] for call in _tool_calls(reply, 0))])
    asks, answers = reply.usage or (len(asked.prompt.split()), len(said.split()))
    return {"prompt_tokens": asks, "completion_tokens": answers, "total_tokens": asks + answers}


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [block["text"] for block in content or () if block.get("type") == "text"]


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*", text)


def event(chunk: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
