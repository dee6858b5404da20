"""The model, and what the memory learns with: the same choice for every page about LlamaIndex.

With `OPENAI_API_KEY` (and LlamaIndex's OpenAI packages) all of it is OpenAI's. Without, the memory learns by rules and
finds by the bundled embedder, and in the place of the model stands a function of the page.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.mock import MockFunctionCallingLLM

from llama_index_memx import create_memory
from memx_core import Memory

Reply = Callable[[Sequence[ChatMessage]], ChatMessage | str]


class Models(NamedTuple):
    """What a page talks to, and what its memory learns and finds with; `None` is the memory's own, offline."""

    llm: FunctionCallingLLM
    embed_model: BaseEmbedding | None = None

    def open_memory(self, folder: str) -> Memory:
        """A memory that learns with the page's model, or by rules if it has none."""
        database = f"{folder}/memx.db"
        if self.embed_model is None:
            return Memory(database=database)
        return create_memory(self.llm, self.embed_model, database=database)


def models(reply: Reply) -> Models:
    """OpenAI's if there is a key and it answers, else `reply`; and said which."""
    found = _openai() if os.environ.get("OPENAI_API_KEY") else None
    print(
        "Model: OpenAI\n" if found else "Model: none, a function of this page answers; memories are learned by rules\n"
    )
    return found or Models(_offline(reply))


def _openai() -> Models | None:
    try:
        from llama_index.embeddings.openai import OpenAIEmbedding  # type: ignore[import-untyped,import-not-found,unused-ignore]  # publishes no types
        from llama_index.llms.openai import OpenAI  # type: ignore[import-untyped,import-not-found,unused-ignore]  # publishes no types
    except ImportError:
        print("LlamaIndex's packages for OpenAI are not installed.")
        return None

    base = os.environ.get("OPENAI_BASE_URL")
    embed_model = OpenAIEmbedding(model="text-embedding-3-small", api_base=base, timeout=20)
    try:
        embed_model.get_query_embedding("Are you there?")
    except Exception as error:  # noqa: BLE001  # Whatever it raises, the page goes on without it.
        print(f"OpenAI does not answer ({type(error).__name__}).")
        return None
    return Models(OpenAI(model=os.environ.get("OPENAI_MODEL", "gpt-5-mini"), api_base=base), embed_model)


def _offline(reply: Reply) -> FunctionCallingLLM:
    """A model that says what a function of the messages says; it may call tools."""

    def answer(messages: Sequence[ChatMessage], **_: object) -> ChatMessage:
        said = reply(messages)
        return said if isinstance(said, ChatMessage) else ChatMessage(role="assistant", content=said)

    return MockFunctionCallingLLM(response_generator=answer, is_chat_model=True)


def call(name: str, **arguments: object) -> ChatMessage:
    """What a model says to have a tool called."""
    block = ToolCallBlock(tool_call_id=f"call-{name}", tool_name=name, tool_kwargs=json.dumps(arguments))
    return ChatMessage(role="assistant", blocks=[block])
