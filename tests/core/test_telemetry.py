"""OpenTelemetry hears of every call, in both colours and from the worker; of no text and no id unless asked."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from memx_core import Completion, ExtractionError, InvalidInputError, Memory, Usage
from memx_core.background import Background
from memx_core.telemetry import OpenTelemetry
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import NOTHING, adds
from tests.conftest import Door, MakeDoor

ADA = {"user_id": "ada"}
SAID = "I'm Ada and I live in Bergen"
LEARNED = "Ada lives in Bergen"


class Heard:
    """A telemetry, and what it told."""

    def __init__(self, **settings: Any) -> None:
        self._spans, self._metrics = InMemorySpanExporter(), InMemoryMetricReader()
        self._tracers = TracerProvider(shutdown_on_exit=False)
        self._tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._meters = MeterProvider([self._metrics], shutdown_on_exit=False)
        self.tracer = self._tracers.get_tracer("application")
        self.telemetry = OpenTelemetry(tracer_provider=self._tracers, meter_provider=self._meters, **settings)

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those that ended, the first to begin first."""
        return sorted(self._spans.get_finished_spans(), key=lambda span: span.start_time or 0)

    def span(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    @property
    def points(self) -> dict[str, list[HistogramDataPoint]]:
        """By metric, what was recorded."""
        data = self._metrics.get_metrics_data()
        metrics = [
            metric
            for of_resource in (data.resource_metrics if data else ())
            for scope in of_resource.scope_metrics
            for metric in scope.metrics
        ]
        return {metric.name: list(metric.data.data_points) for metric in metrics}  # type: ignore[arg-type]

    def close(self) -> None:
        self._tracers.shutdown()
        self._meters.shutdown()


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    yield heard
    heard.close()


def everything_told(heard: Heard) -> str:
    spans = [(span.name, dict(span.attributes or {}), span.events, span.status.description) for span in heard.spans]
    return repr((spans, [[(p.attributes, p.sum) for p in points] for points in heard.points.values()]))


def within(outer: ReadableSpan, inner: ReadableSpan) -> bool:
    return inner.parent is not None and inner.parent.span_id == outer.context.span_id


@pytest.fixture
def told(make: MakeDoor, llm: ScriptedLLM, heard: Heard) -> Door:
    return make(llm=llm, telemetry=heard.telemetry)


def answered(text: str, **usage: int) -> Completion:
    return Completion(text=json.dumps(adds(text)), usage=Usage(**usage), model="scripted-1")


def test_a_write_is_a_span_with_those_of_model_and_embedder_in_it(told: Door, llm: ScriptedLLM, heard: Heard) -> None:
    llm.queue(answered(LEARNED, input_tokens=100, output_tokens=7))
    told.add(SAID, **ADA)
    add, chat = heard.span("memx.add"), heard.span("chat")
    assert [span.name for span in heard.spans] == ["memx.add", "embeddings", "chat", "embeddings"]
    assert all(within(add, span) for span in heard.spans[1:])
    assert (add.kind, chat.kind) == (SpanKind.INTERNAL, SpanKind.CLIENT)
    assert dict(add.attributes or {}) == {
        "memx.operation": "add",
        "memx.status": "done",
        "memx.warnings": 0,
        "memx.results": 1,
    }
    assert dict(chat.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "memx_core",
        "gen_ai.output.type": "json",
        "gen_ai.response.model": "scripted-1",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 7,
    }
    embedded = dict(heard.spans[1].attributes or {})
    assert (embedded["gen_ai.operation.name"], embedded["memx.texts"]) == ("embeddings", 1)
    assert embedded["gen_ai.embeddings.dimension.count"] == 384


def test_reads_tell_how_much_they_found(told: Door, llm: ScriptedLLM, heard: Heard) -> None:
    llm.queue(adds(LEARNED))
    told.add(SAID, **ADA)
    told.search("Where does she live?", **ADA)
    told.recall("Where does she live?", **ADA)
    told.get_all(**ADA)
    told.scoped(user_id="ada").history(told.get_all(**ADA)[0].id)
    assert (heard.span("memx.search").attributes or {})["memx.results"] == 1
    assert (heard.span("memx.recall").attributes or {})["memx.results"] == 2
    assert (heard.span("memx.recall").attributes or {})["memx.tokens"]
    assert (heard.span("memx.history").attributes or {})["memx.results"] == 1


def test_metrics_have_durations_and_tokens_by_the_conventions(told: Door, llm: ScriptedLLM, heard: Heard) -> None:
    llm.queue(answered(LEARNED, input_tokens=100, output_tokens=7), answered("x", input_tokens=50, output_tokens=3))
    told.add(SAID, **ADA)
    told.add("Hello", **ADA)
    points = heard.points
    tokens = {(point.attributes or {})["gen_ai.token.type"]: point for point in points["gen_ai.client.token.usage"]}
    assert {kind: (point.count, point.sum) for kind, point in tokens.items()} == {"input": (2, 150), "output": (2, 10)}
    assert tokens["input"].explicit_bounds[:4] == (1, 4, 16, 64)
    calls = {
        (point.attributes or {})["gen_ai.operation.name"]: point for point in points["gen_ai.client.operation.duration"]
    }
    assert calls["chat"].count == 2
    assert calls["chat"].explicit_bounds[0] == 0.01
    (adding,) = points["memx.operation.duration"]
    assert (adding.count, adding.attributes) == (2, {"memx.operation": "add"})


def test_an_error_is_told_by_its_class_alone(told: Door, llm: ScriptedLLM, heard: Heard) -> None:
    llm.queue(ConnectionError(f"{SAID} did not reach anybody"))
    with pytest.raises(ConnectionError):
        told.add(SAID, **ADA)
    llm.queue("no JSON at all", f"and no JSON: {SAID}")
    with pytest.raises(ExtractionError):
        told.add("Hello", **ADA)
    with pytest.raises(InvalidInputError):
        told.search(" ", **ADA)
    first, second, third = [span for span in heard.spans if span.name in ("memx.add", "memx.search")]
    for span, kind in (
        (first, "ConnectionError"),
        (second, "memx_core.errors.ExtractionError"),
        (third, "memx_core.errors.InvalidInputError"),
    ):
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description is None
        assert span.events == ()
        assert (span.attributes or {})["error.type"] == kind
    failed = [(point.attributes or {}).get("error.type") for point in heard.points["gen_ai.client.operation.duration"]]
    assert failed.count("ConnectionError") == 1
    assert "Ada" not in everything_told(heard)


def test_nothing_of_what_was_said_and_nobodys_id_is_told(told: Door, llm: ScriptedLLM, heard: Heard) -> None:
    whose = {"user_id": "CANARY-user", "agent_id": "CANARY-agent", "run_id": "CANARY-run"}
    llm.queue(adds("CANARY fact", quote="CANARY"), ConnectionError("CANARY error"), "CANARY garbage", "CANARY again")
    turn = {"role": "user", "content": "CANARY said", "name": "CANARY name"}
    result = told.add([turn], session_id="CANARY-s", metadata={"CANARY": "CANARY"}, instructions="CANARY", **whose)
    for key in ("CANARY-1", "CANARY-2"):
        with pytest.raises((ConnectionError, ExtractionError)):
            told.add(f"{key} said", key=key, **whose)
    told.search("CANARY query", filters={"CANARY": "CANARY"}, include_messages=True, explain=True, **whose)
    told.recall("CANARY query", **whose)
    id = result.changes[0].memory_id
    told.update(id, "CANARY update", reason="CANARY", **whose)
    told.why(id, **whose)
    told.delete(id, reason="CANARY", **whose)
    told.pending(**whose)
    told.messages("CANARY-s", **whose)
    told.erase(**whose)
    assert len({span.name for span in heard.spans}) == 11
    shown = everything_told(heard)
    assert "CANARY" not in shown
    assert id not in shown


def test_texts_and_ids_are_told_where_they_are_asked_for(make: MakeDoor, llm: ScriptedLLM) -> None:
    heard = Heard(record_content=True, record_ids=True)
    memory = make(llm=llm, telemetry=heard.telemetry)
    llm.queue(adds(LEARNED))
    result = memory.add(SAID, session_id="monday", **ADA)
    memory.search("Where does she live?", **ADA)
    add, chat = heard.span("memx.add").attributes or {}, heard.span("chat").attributes or {}
    assert (add["memx.user_id"], add["memx.session_id"]) == ("ada", "monday")
    assert add["memx.operation_id"] == result.operation_id
    assert add["memx.texts"] == (LEARNED,)
    assert SAID in str(chat["gen_ai.input.messages"])
    assert LEARNED in str(chat["gen_ai.output.messages"])
    search = heard.span("memx.search").attributes or {}
    assert (search["memx.query"], search["memx.texts"]) == ("Where does she live?", (LEARNED,))
    heard.close()


def test_what_was_refused_by_the_screen_is_not_told_even_then(make: MakeDoor, llm: ScriptedLLM) -> None:
    heard = Heard(record_content=True)
    memory = make(llm=llm, telemetry=heard.telemetry, screen=lambda text: text.replace("sk-secret", "***"))
    llm.queue(NOTHING)
    memory.add("My key is sk-secret", **ADA)
    assert "My key is ***" in everything_told(heard)
    assert "sk-secret" not in everything_told(heard)
    heard.close()


def test_models_may_be_left_to_another_instrumentation(make: MakeDoor, llm: ScriptedLLM) -> None:
    heard = Heard(model_calls=False)

    def answer(*_: object) -> Any:
        with heard.tracer.start_as_current_span("theirs"):
            return adds(LEARNED)

    llm.queue(answer)
    make(llm=llm, telemetry=heard.telemetry).add(SAID, **ADA)
    assert [span.name for span in heard.spans] == ["memx.add", "theirs"]
    assert within(*heard.spans)
    assert list(heard.points) == ["memx.operation.duration"]
    heard.close()


async def test_spans_nest_in_the_applications_and_others_in_ours(place: Path, heard: Heard) -> None:
    def answer(*_: object) -> Any:
        with heard.tracer.start_as_current_span("theirs"):
            return NOTHING

    llm = ScriptedLLM(default=answer)
    async with Memory(llm, FakeEmbedder(), place, background=False, telemetry=heard.telemetry) as memory:
        with heard.tracer.start_as_current_span("request"):
            await memory.aadd(SAID, **ADA)
            memory.add("Hello", **ADA)
    request = heard.span("request")
    calls, chats, theirs = (
        [each for each in heard.spans if each.name == name] for name in ("memx.add", "chat", "theirs")
    )
    assert all(within(request, add) for add in calls)
    assert all(map(within, calls, chats))
    assert all(map(within, chats, theirs))
    assert len(theirs) == 2
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_calls_at_the_same_time_are_told_apart(place: Path, heard: Heard) -> None:
    async with Memory(
        ScriptedLLM(default=NOTHING), FakeEmbedder(), place, background=False, telemetry=heard.telemetry
    ) as memory:
        await asyncio.gather(*(memory.aadd(f"Hello number {n}", user_id=f"user {n}") for n in range(5)))
    calls, chats = ([span for span in heard.spans if span.name == name] for name in ("memx.add", "chat"))
    assert sorted(span.context.span_id for span in calls) == sorted(
        span.parent.span_id for span in chats if span.parent
    )


def test_the_worker_tells_of_its_turns(place: Path, heard: Heard) -> None:
    quick = Background(poll=0.01, idle=0)
    llm = ScriptedLLM(default=adds(LEARNED))
    with Memory(llm, FakeEmbedder(), place, background=quick, telemetry=heard.telemetry) as memory:
        with heard.tracer.start_as_current_span("request"):
            memory.add(SAID, wait=False, **ADA)
        while memory.pending(**ADA):
            time.sleep(0.01)
    learn = next(span for span in heard.spans if span.name == "memx.learn")
    assert learn.parent is None
    assert within(learn, heard.span("chat"))
    assert "Bergen" not in everything_told(heard)


def test_nobody_is_told_and_nothing_imported_unless_asked(tmp_path: Path) -> None:
    code = (
        "import sys; from memx_core import Memory; from memx_core.embedders import HashingEmbedder\n"
        "memory = Memory(embedder=HashingEmbedder(), database=':memory:', background=False)\n"
        "memory.add('I live in Bergen.', user_id='ada'); memory.search('home', user_id='ada')\n"
        "assert 'opentelemetry' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True)


def test_what_is_no_telemetry_is_refused_and_a_missing_extra_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (True, "otel", OpenTelemetry):
        with pytest.raises(InvalidInputError, match=r"memx_core\.telemetry\.OpenTelemetry\(\)"):
            Memory(embedder=FakeEmbedder(), database=":memory:", telemetry=wrong)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r'pip install "memx-core\[otel\]"'):
        OpenTelemetry()


def test_without_a_setup_of_the_applications_it_does_nothing(make: MakeDoor, llm: ScriptedLLM) -> None:
    llm.queue(adds(LEARNED))
    assert make(llm=llm, telemetry=OpenTelemetry()).add(SAID, **ADA).changes[0].new_text == LEARNED
