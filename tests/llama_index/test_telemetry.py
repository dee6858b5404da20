"""memx's spans and LlamaIndex's dispatcher: whatever another instrumentation opens nests in ours."""

from __future__ import annotations

from pathlib import Path

from llama_index.core import MockEmbedding
from llama_index.core.llms import MockLLM
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llama_index_memx import LlamaIndexEmbedder, LlamaIndexLLM
from memx_core import Memory
from memx_core.telemetry import OpenTelemetry


class Seeing(MockLLM):
    """Says which span is current."""

    def complete(self, *arguments: object, **named: object) -> object:  # type: ignore[override]
        SEEN.append(getattr(trace.get_current_span(), "name", ""))
        return super().complete(*arguments, **named)  # type: ignore[arg-type]


SEEN: list[str] = []


def test_a_model_of_llama_indexs_is_called_within_our_span(tmp_path: Path) -> None:
    exporter, tracers = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    llm, embedder = LlamaIndexLLM(Seeing(max_tokens=None)), LlamaIndexEmbedder(MockEmbedding(embed_dim=8))
    SEEN.clear()
    telemetry = OpenTelemetry(tracer_provider=tracers)
    with Memory(llm, embedder, tmp_path / "memx.db", background=False, telemetry=telemetry) as memory:
        memory.add("I live in Bergen.", user_id="ada")
    tracers.shutdown()
    assert set(SEEN) == {f"chat {llm.model_name}"}
    names = [span.name for span in exporter.get_finished_spans()]
    assert "memx.add" in names
    assert any(name.startswith("embeddings") for name in names)
