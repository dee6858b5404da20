"""LangChain's OpenAI model on a server of our own, which answers as OpenAI's does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from langchain_memx import LangChainLLM
from memx_core import Completion, Message
from memx_core.extraction.schema import MemoryOperations
from tests.answers import adds

openai = pytest.importorskip("langchain_openai", reason="the extra `openai` is not installed")

WHOLE = json.dumps(adds("User lives in Oslo"))
Ask = Callable[..., Completion]


def reply(finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": None, **message}}
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


class Server:
    """Gives one answer to every request, which it keeps."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.requests: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(json.loads(request.content))
        return httpx.Response(200, json=self.answer)


def ask(server: Server, colour: str, **options: Any) -> Completion:
    transport = httpx.MockTransport(server)
    model = openai.ChatOpenAI(
        model="gpt-4o-mini",
        api_key="sk-secret",
        http_client=httpx.Client(transport=transport),
        http_async_client=httpx.AsyncClient(transport=transport),
    )
    llm, said = LangChainLLM(model, **options), [Message("user", "I live in Oslo.")]
    if colour == "sync":
        return llm.complete(said, MemoryOperations)
    return asyncio.run(llm.acomplete(said, MemoryOperations))


def test_the_schema_is_sent_in_strict_mode_and_the_answer_comes_parsed(colour: str) -> None:
    server = Server(reply(content=WHOLE))
    answer = ask(server, colour)
    (request,) = server.requests
    assert request["response_format"]["json_schema"]["strict"] is True
    assert answer.data == json.loads(WHOLE)
    assert (answer.model, answer.usage.input_tokens, answer.usage.output_tokens) == ("gpt-4o-mini-2024-07-18", 100, 20)


def test_a_tool_call_is_forced_where_it_is_asked_for(colour: str) -> None:
    function = {"name": "MemoryOperations", "arguments": WHOLE}
    server = Server(reply("tool_calls", tool_calls=[{"id": "1", "type": "function", "function": function}]))
    answer = ask(server, colour, method="function_calling")
    assert server.requests[0]["tool_choice"]["function"]["name"] == "MemoryOperations"
    assert answer.data == MemoryOperations.model_validate_json(WHOLE)


@pytest.mark.parametrize("kept", [1, len(WHOLE) // 2, len(WHOLE) - 1])
def test_what_is_there_of_an_answer_that_was_cut_off_is_not_lost(kept: int, colour: str) -> None:
    answer = ask(Server(reply("length", content=WHOLE[:kept])), colour)
    assert (answer.text, answer.data) == (WHOLE[:kept], None)
    assert answer.usage.output_tokens == 20


def test_arguments_that_were_cut_off_are_not_lost_either(colour: str) -> None:
    function = {"name": "MemoryOperations", "arguments": WHOLE[:-30]}
    server = Server(reply("length", tool_calls=[{"id": "1", "type": "function", "function": function}]))
    assert ask(server, colour, method="function_calling").text == WHOLE[:-30]


@pytest.mark.parametrize(
    "said", ["I'd rather not.", '{"operations": "none"}', f"Here: {WHOLE}", f"{WHOLE} Done.", "[]"]
)
def test_what_misses_the_schema_is_handed_over_and_never_raised(said: str, colour: str) -> None:
    answer = ask(Server(reply(content=said)), colour)
    told = answer.text if answer.data is None else json.dumps(answer.data)
    assert told == said
    assert answer.usage.output_tokens == 20


def test_a_filtered_or_refused_answer_is_no_empty_one(colour: str) -> None:
    for answer in (reply("content_filter", content=""), reply(refusal="I can't help with that.")):
        assert ask(Server(answer), colour).text is None
        assert ask(Server(answer), colour).data is None
