"""Spans and metrics for OpenTelemetry, of what a memory does and of the models that it asks.

    Memory(telemetry=OpenTelemetry())

They go to whatever the application has set up, by the conventions for generative AI; memx itself sends nothing
anywhere. No text and no id is in them unless it is asked for. Importing this needs no OpenTelemetry; making one does.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, cast

from memx_core.types import AddResult, Change, Message, Page, Recall, SearchHit

if TYPE_CHECKING:
    from opentelemetry.metrics import Histogram, MeterProvider
    from opentelemetry.trace import Span, SpanKind, TracerProvider

    from memx_core.ports import Completion, Told

T = TypeVar("T")
_Attributes = dict[str, str | int | float | bool | Sequence[str]]
_IDS = ("user_id", "agent_id", "run_id", "session_id")
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(4**power for power in range(14))
_QUICK = (0.0005, 0.001, 0.0025, 0.005, *_SECONDS)


# Nobody listens -------------------------------------------------------------------------------


def _as_it_is(result: T, /) -> T:
    return result


_UNTOLD: AbstractContextManager[Any] = nullcontext(_as_it_is)  # holds nothing, so everybody may have the same


class Silence:
    """Nobody hears of anything."""

    def method(
        self, name: str, arguments: Sequence[object], named: Mapping[str, object], /
    ) -> AbstractContextManager[Told]:
        """See `Telemetry`."""
        return _UNTOLD

    def completion(self, llm: object, messages: Sequence[Message], /) -> AbstractContextManager[Told]:
        """See `Telemetry`."""
        return _UNTOLD

    def embedding(self, embedder: object, texts: Sequence[str], /) -> AbstractContextManager[Told]:
        """See `Telemetry`."""
        return _UNTOLD


SILENCE = Silence()


# OpenTelemetry --------------------------------------------------------------------------------


class OpenTelemetry:
    """Tells OpenTelemetry of every call. Thread-safe; several memories may share one.

    Args:
        tracer_provider: Where spans go; `None` is the application's own.
        meter_provider: Where metrics go; likewise.
        record_content: Also what is asked, prompted, answered, learned and found. The prompt is what passed the
            screen; a query is as it was asked.
        record_ids: Also whose call it was: user, agent, run, session and operation.
        model_calls: False leaves spans and metrics of model and embedder to another instrumentation, such as that of
            LangChain, LlamaIndex or the provider's client, which would count their tokens a second time.

    Raises:
        ImportError: If the extra `otel` is missing.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        record_content: bool = False,
        record_ids: bool = False,
        model_calls: bool = True,
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise ImportError('telemetry needs OpenTelemetry: pip install "memx-core[otel]"') from error
        self._content, self._ids, self._models = record_content, record_ids, model_calls
        self._kinds, self._error = trace.SpanKind, trace.StatusCode.ERROR
        self._tracer = trace.get_tracer("memx", _version(), tracer_provider)
        meter = metrics.get_meter("memx", _version(), meter_provider)
        self._methods = meter.create_histogram(
            "memx.operation.duration", "s", "Duration of a method.", explicit_bucket_boundaries_advisory=_QUICK
        )
        self._calls = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(record_content={self._content}, record_ids={self._ids})"

    def method(
        self, name: str, arguments: Sequence[object], named: Mapping[str, object], /
    ) -> AbstractContextManager[Told]:
        """See `Telemetry`."""
        more = _Attributes()
        if self._ids:
            more |= {f"memx.{id}": str(named[id]) for id in _IDS if named.get(id) is not None}
        if self._content and name in ("search", "recall") and arguments:
            more["memx.query"] = str(arguments[0])
        return self._observed(_Method(name, ids=self._ids, content=self._content), self._methods, more)

    def completion(self, llm: object, messages: Sequence[Message], /) -> AbstractContextManager[Told]:
        """See `Telemetry`."""
        if not self._models:
            return _UNTOLD
        more = _Attributes({"gen_ai.output.type": "json"})
        if self._content:
            more["gen_ai.input.messages"] = _said(messages)
        return self._observed(_Chat(llm, self._tokens, content=self._content), self._calls, more)

    def embedding(self, embedder: object, texts: Sequence[str], /) -> AbstractContextManager[Told]:
        """See `Telemetry`."""
        if not self._models:
            return _UNTOLD
        more = _Attributes({"memx.texts": len(texts)})
        if self._content:
            more["memx.embedded"] = list(texts)
        return self._observed(_Embedding(embedder), self._calls, more)

    @contextmanager
    def _observed(self, call: _Call, durations: Histogram, more: _Attributes) -> Generator[Told]:
        """A span, in which what happens meanwhile nests, and its duration; an error by its class alone."""
        begun, failed = perf_counter(), _Attributes()
        kind: SpanKind = self._kinds.INTERNAL if isinstance(call, _Method) else self._kinds.CLIENT
        with self._tracer.start_as_current_span(
            call.name,
            kind=kind,
            attributes={**call.attributes, **more},
            record_exception=False,  # its text may hold what was said
            set_status_on_exception=False,
        ) as span:
            try:
                yield call.telling(span)
            except BaseException as error:
                failed["error.type"] = _type(error)
                span.set_attributes(failed)
                span.set_status(self._error)
                raise
            finally:
                durations.record(perf_counter() - begun, {**call.attributes, **failed})


class _Call:
    """What is called, and what becomes of it; `attributes` are those of the span and the metrics."""

    name: str
    attributes: _Attributes

    def telling(self, span: Span) -> Told:
        """Tells `span` of the result."""

        def told(result: T, /) -> T:
            if span.is_recording() or self.counts:
                span.set_attributes(self.result(result))
            return result

        return told

    counts = False
    """Whether a result is wanted where no span is."""

    def result(self, result: object) -> _Attributes:
        """What a span says of the result."""
        raise NotImplementedError


class _Method(_Call):
    """A method of a memory."""

    def __init__(self, name: str, *, ids: bool, content: bool) -> None:
        self.name = f"memx.{name}"
        self.attributes = {"memx.operation": name}
        self._ids = ids
        self._content = content

    def result(self, result: object) -> _Attributes:
        """Counts; and texts and ids where they are wanted."""
        told = _Attributes()
        if isinstance(result, AddResult):
            told |= {"memx.status": result.status, "memx.warnings": len(result.warnings)}
            if self._ids:
                told["memx.operation_id"] = result.operation_id
        if isinstance(result, Recall):
            told["memx.tokens"] = result.tokens
        found = _found(result)
        if found is not None:
            told["memx.results"] = len(found)
            if self._content:
                told["memx.texts"] = [text for text in map(_text, found) if text is not None]
        return told


class _Chat(_Call):
    """A call of a model."""

    counts = True

    def __init__(self, llm: object, tokens: Histogram, *, content: bool) -> None:
        self.attributes = _asked("chat", llm)
        self.name = " ".join(str(each) for each in ("chat", self.attributes.get("gen_ai.request.model")) if each)
        self._tokens = tokens
        self._content = content

    def result(self, result: object) -> _Attributes:
        """Tokens, as they are booked too: the provider's, or else memx's estimate."""
        completion = cast("Completion", result)
        usage = completion.usage
        told = _Attributes(
            {"gen_ai.usage.input_tokens": usage.input_tokens, "gen_ai.usage.output_tokens": usage.output_tokens}
        )
        answered = _Attributes({"gen_ai.response.model": completion.model} if completion.model else {})
        for kind, count in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            self._tokens.record(count, {**self.attributes, **answered, "gen_ai.token.type": kind})
        if self._content:
            told["gen_ai.output.messages"] = _said([Message("assistant", completion.shown)])
        return told | answered


class _Embedding(_Call):
    """A call of an embedder."""

    def __init__(self, embedder: object) -> None:
        self.attributes = _asked("embeddings", embedder)
        model = self.attributes.get("gen_ai.request.model")
        self.name = " ".join(str(each) for each in ("embeddings", model) if each)

    def result(self, result: object) -> _Attributes:
        """The vectors' length."""
        return {"gen_ai.embeddings.dimension.count": int(cast("Any", result).shape[-1])}


def _asked(operation: str, provider: object) -> _Attributes:
    """Who is asked for what; an adapter says whose model it is, anything else its own package."""
    told = _Attributes({"gen_ai.operation.name": operation})
    told["gen_ai.provider.name"] = getattr(provider, "provider_name", "") or type(provider).__module__.split(".")[0]
    if model := getattr(provider, "model_name", ""):
        told["gen_ai.request.model"] = str(model)
    return told


def _found(result: object) -> Sequence[object] | None:
    if isinstance(result, AddResult):
        return result.changes
    if isinstance(result, Recall):
        return result.hits
    return cast("Sequence[object]", result) if isinstance(result, list | tuple | Page) else None


def _text(each: object) -> str | None:
    if isinstance(each, SearchHit):
        return each.memory.text
    text = each.new_text if isinstance(each, Change) else getattr(each, "text", None)
    return text if isinstance(text, str) else None


def _said(messages: Sequence[Message]) -> str:
    """Messages as the conventions write them."""
    parts = [{"role": each.role, "parts": [{"type": "text", "content": each.content}]} for each in messages]
    return json.dumps(parts, ensure_ascii=False)


def _type(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and few want telemetry

    try:
        return version("memx-core")
    except PackageNotFoundError:  # a checkout on the path
        return ""
