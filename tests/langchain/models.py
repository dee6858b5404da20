"""Chat models and embeddings of LangChain's kind that say what they are told, and remember who asked how."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from memx_core.embedders import HashingEmbedder


class PlainChat(BaseChatModel):
    """Knows nothing of tools or schemas. The last answer is given again and again."""

    answers: list[Any] = Field(default_factory=list)
    model: str = "scripted-1"
    api_key: str = "sk-secret"
    colours: list[str] = Field(default_factory=list)
    prompts: list[list[BaseMessage]] = Field(default_factory=list)
    asked: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _answer(self, messages: list[BaseMessage], colour: str, asked: dict[str, Any]) -> ChatResult:
        self.prompts.append(messages)
        self.colours.append(colour)
        self.asked.append(asked)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        message = answer if isinstance(answer, AIMessage) else AIMessage(answer)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **asked: Any):
        return self._answer(messages, "sync", asked)

    async def _agenerate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **asked: Any):
        return self._answer(messages, "async", asked)


class ToolChat(PlainChat):
    """Can call tools."""

    def bind_tools(self, tools: Sequence[Any], **asked: Any):
        return self.bind(tools=[tool.__name__ for tool in tools], **asked)


class AgentChat(ToolChat):
    """For agents: its answers are streamed word by word, tool calls too. An answer may be a function of the prompt."""

    def bind_tools(self, tools: Sequence[Any], **asked: Any):
        return self.bind(tools=[getattr(tool, "name", None) or tool.__name__ for tool in tools], **asked)

    def _answer(self, messages: list[BaseMessage], colour: str, asked: dict[str, Any]) -> ChatResult:
        result = super()._answer(messages, colour, asked)
        for generation in result.generations:  # an answer that is given twice is two messages
            generation.message = generation.message.model_copy(update={"id": str(uuid.uuid4())})
        return result

    def _pieces(self, result: ChatResult) -> Iterator[ChatGenerationChunk]:
        message = result.generations[0].message
        assert isinstance(message, AIMessage)
        for piece in re.findall(r"\S+\s*", str(message.content)):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece, id=message.id))
        calls = [
            {"name": made["name"], "args": json.dumps(made["args"]), "id": made["id"], "index": at}
            for at, made in enumerate(message.tool_calls)
        ]
        last: Any = {"tool_call_chunks": calls, "usage_metadata": message.usage_metadata, "chunk_position": "last"}
        yield ChatGenerationChunk(message=AIMessageChunk(content="", id=message.id, **last))

    def _stream(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **asked: Any):
        for chunk in self._pieces(self._answer(messages, "sync", asked)):
            if run_manager:
                run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk

    async def _astream(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **asked: Any):
        for chunk in self._pieces(self._answer(messages, "async", asked)):
            if run_manager:
                await run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk


def call(arguments: Any, *, name: str = "MemoryOperations", **metadata: Any) -> AIMessage:
    """An answer by one tool call; arguments as text are those that could not be parsed."""
    broken = isinstance(arguments, str)
    made = {"name": name, "args": arguments, "id": "call-1"}
    return AIMessage(
        "",
        tool_calls=[] if broken else [made],
        invalid_tool_calls=[{**made, "error": "not JSON"}] if broken else [],
        response_metadata=metadata,
    )


class WordEmbeddings(Embeddings):
    """Hashed words."""

    def __init__(self, model: str = "words-1", dimensions: int = 64) -> None:
        self.model = model
        self.dimensions = dimensions
        self.api_key = "sk-secret"
        self.calls: list[tuple[str, str]] = []
        self._embedder = HashingEmbedder(dimensions)

    def _documents(self, texts: list[str], colour: str) -> list[list[float]]:
        assert type(texts) is list
        self.calls.append(("documents", colour))
        return [[float(number) for number in vector] for vector in self._embedder.embed_documents(texts)]

    def _query(self, text: str, colour: str) -> list[float]:
        self.calls.append(("query", colour))
        return [float(number) for number in self._embedder.embed_query(text)]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._documents(texts, "sync")

    def embed_query(self, text: str) -> list[float]:
        return self._query(text, "sync")

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._documents(texts, "async")

    async def aembed_query(self, text: str) -> list[float]:
        return self._query(text, "async")
