"""memx's spans and LangChain's own callbacks: whatever another instrumentation opens nests in ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from langchain_memx import create_memory
from memx_core.naming import provider_name
from memx_core.telemetry import OpenTelemetry


class Seen(BaseCallbackHandler):
    """Which span was current when LangChain said that a model begins, as an instrumentation by callbacks sees it."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        self.names.append(getattr(trace.get_current_span(), "name", ""))


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_a_model_of_langchains_is_called_within_our_span(tmp_path: Path, colour: str) -> None:
    exporter, tracers, seen = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False), Seen()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    model = FakeListChatModel(responses=['{"operations": []}'], callbacks=[seen])
    telemetry = OpenTelemetry(tracer_provider=tracers)
    with create_memory(
        model, DeterministicFakeEmbedding(size=8), database=tmp_path / "memx.db", background=False, telemetry=telemetry
    ) as memory:
        if colour == "sync":
            memory.add("I live in Bergen.", user_id="ada")
        else:
            await memory.aadd("I live in Bergen.", user_id="ada")
    tracers.shutdown()
    assert seen.names == ["chat FakeListChatModel"]
    (chat,) = [span for span in exporter.get_finished_spans() if span.name.startswith("chat")]
    assert (chat.attributes or {})["gen_ai.request.model"] == "FakeListChatModel"
    assert any(span.name == "embeddings" for span in exporter.get_finished_spans())


def test_providers_go_by_the_names_of_the_conventions() -> None:
    def of(module: str, name: str = "ChatModel") -> str:
        return provider_name(type(name, (), {"__module__": module})())

    assert of("langchain_openai.chat_models.base") == "openai"
    assert of("langchain_openai.chat_models.azure", "AzureChatOpenAI") == "azure.ai.openai"
    assert of("langchain_aws.chat_models.bedrock_converse") == "aws.bedrock"
    assert of("langchain_mistralai.chat_models") == "mistral_ai"
    assert of("llama_index.llms.openai.base") == "openai"
    assert of("llama_index.embeddings.ollama.base") == "ollama"
    assert of("an_application.models") == "an_application"
