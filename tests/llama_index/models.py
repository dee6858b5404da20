"""LLMs and embedding models of LlamaIndex's kind that say what they are told, and remember who asked how."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    LLMMetadata,
    MessageRole,
    TextBlock,
    ToolCallBlock,
)
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.custom import CustomLLM
from llama_index.core.llms.function_calling import FunctionCallingLLM
from pydantic import Field

from memx_core.embedders import HashingEmbedder

KEY = "sk-secret"


class Scripted(FunctionCallingLLM):
    """Its answers one after another, the last again and again; one may be an error, or a whole response."""

    answers: list[Any] = Field(default_factory=list)
    model: str = "scripted-1"
    api_key: str = KEY
    calls_tools: bool = False
    colours: list[str] = Field(default_factory=list)
    prompts: list[list[ChatMessage]] = Field(default_factory=list)
    asked: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, is_function_calling_model=self.calls_tools, model_name=self.model)

    def _answer(self, messages: Sequence[ChatMessage], colour: str, asked: dict[str, Any]) -> ChatResponse:
        self.prompts.append(list(messages))
        self.colours.append(colour)
        self.asked.append(asked)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, ChatResponse) else said(answer)

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **asked: Any) -> ChatResponse:
        return self._answer(messages, "sync", asked)

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **asked: Any) -> ChatResponse:
        await asyncio.sleep(0)
        return self._answer(messages, "async", asked)

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **asked: Any) -> Iterator[ChatResponse]:
        def gen() -> Iterator[ChatResponse]:
            yield self._answer(messages, "sync", asked)

        return gen()

    @llm_chat_callback()
    async def astream_chat(self, messages: Sequence[ChatMessage], **asked: Any) -> AsyncIterator[ChatResponse]:
        async def gen() -> AsyncIterator[ChatResponse]:
            yield self._answer(messages, "async", asked)

        return gen()

    def complete(self, prompt: str, formatted: bool = False, **asked: Any) -> CompletionResponse:
        return CompletionResponse(text=self._answer([ChatMessage(prompt)], "sync", asked).message.content or "")

    async def acomplete(self, prompt: str, formatted: bool = False, **asked: Any) -> CompletionResponse:
        return CompletionResponse(text=self._answer([ChatMessage(prompt)], "async", asked).message.content or "")

    def stream_complete(self, prompt: str, formatted: bool = False, **asked: Any) -> Any:
        raise AssertionError("never asked")

    async def astream_complete(self, prompt: str, formatted: bool = False, **asked: Any) -> Any:
        raise AssertionError("never asked")

    def _prepare_chat_with_tools(
        self,
        tools: Any,
        user_msg: Any = None,
        chat_history: Any = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        **asked: Any,
    ) -> dict[str, Any]:
        names = [tool.metadata.get_name() for tool in tools]
        return {
            "messages": [*(chat_history or []), *([user_msg] if user_msg else [])],
            "tools": names,
            "required": tool_required,
            "parallel": allow_parallel_tool_calls,
        }

    def get_tool_calls_from_response(self, response: ChatResponse, error_on_no_tool_call: bool = True, **_: Any) -> Any:
        from llama_index.core.llms.llm import ToolSelection

        blocks = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
        return [
            ToolSelection(tool_id=block.tool_call_id or "", tool_name=block.tool_name, tool_kwargs=block.tool_kwargs)
            for block in blocks
        ]


class Blocking(CustomLLM):
    """Blocks only: its async methods are those of the base, which call the others."""

    answer: Any = "{}"
    threads: list[str] = Field(default_factory=list)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="blocking-1")

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **asked: Any) -> CompletionResponse:
        import threading

        self.threads.append(threading.current_thread().name)
        if isinstance(self.answer, Exception):
            raise self.answer
        return CompletionResponse(text=self.answer)

    def stream_complete(self, prompt: str, formatted: bool = False, **asked: Any) -> Any:
        raise AssertionError("never asked")


class AwaitOnly(Scripted):
    """Has no blocking way."""

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **asked: Any) -> ChatResponse:
        raise NotImplementedError("await me")


class BlockOnly(Scripted):
    """Has no async way, and says so."""

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **asked: Any) -> ChatResponse:
        await asyncio.sleep(0)
        raise NotImplementedError("no async")


def said(answer: Any, **given: Any) -> ChatResponse:
    """An answer in words."""
    return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=answer), **given)


def called(*arguments: Any, name: str = "MemoryOperations", text: str | None = None, **given: Any) -> ChatResponse:
    """An answer by tool calls."""
    blocks: list[Any] = [TextBlock(text=text)] if text else []
    blocks += [
        ToolCallBlock(tool_call_id=f"call-{at}", tool_name=name, tool_kwargs=each) for at, each in enumerate(arguments)
    ]
    return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks), **given)


class Words(BaseEmbedding):
    """Hashed words, in both colours."""

    model_name: str = "words-1"
    dimensions: int = 64
    api_key: str = KEY
    calls: list[tuple[str, str]] = Field(default_factory=list)
    texts: list[str] = Field(default_factory=list)

    def _vectors(self, texts: list[str], kind: str, colour: str) -> list[list[float]]:
        self.calls.append((kind, colour))
        self.texts += texts
        return [list(map(float, vector)) for vector in HashingEmbedder(self.dimensions).embed_documents(texts)]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._vectors([query], "query", "sync")[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        await asyncio.sleep(0)
        return self._vectors([query], "query", "async")[0]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._vectors([text], "text", "sync")[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._vectors(texts, "texts", "sync")

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        await asyncio.sleep(0)
        return self._vectors(texts, "texts", "async")


class LocalWords(Words):
    """As many local models are: what is async of it blocks."""

    threads: list[str] = Field(default_factory=list)

    def _vectors(self, texts: list[str], kind: str, colour: str) -> list[list[float]]:
        import threading

        self.threads.append(threading.current_thread().name)
        return super()._vectors(texts, kind, colour)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._get_text_embeddings(texts)


class Failing(Words):
    """Raises."""

    error: Any = RuntimeError("CUDA out of memory")

    def _vectors(self, texts: list[str], kind: str, colour: str) -> list[list[float]]:
        raise self.error
