"""The fakes do what they are told and remember what they were asked; our own providers keep the contracts."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from pydantic import BaseModel

from memx_core.errors import InvalidInputError
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Completion, Embedder, IndexEntry
from memx_core.testing import (
    AsyncFakeEmbedder,
    AsyncScriptedLLM,
    EmbedderContract,
    FakeEmbedder,
    ListSource,
    LLMContract,
    ManualClock,
    RerankerContract,
    ScriptedEmbedder,
    ScriptedLLM,
    SyncFakeEmbedder,
    SyncScriptedLLM,
)
from memx_core.text import tokens
from memx_core.types import Message, Scope, Usage

FAKES = [
    *((fake(), LLM, AsyncLLM) for fake in (ScriptedLLM, SyncScriptedLLM, AsyncScriptedLLM)),
    *((fake(), Embedder, AsyncEmbedder) for fake in (FakeEmbedder, SyncFakeEmbedder, AsyncFakeEmbedder)),
]


class City(BaseModel):
    city: str = ""


ANNA = Scope("anna")
ASKED = [Message("system", "Find the city."), Message("user", "I moved to Oslo")]


def ask(llm, messages=ASKED):
    return llm.complete(messages, City)


class TestScriptedLLM(LLMContract):
    def make_llm(self, answer):
        return ScriptedLLM(default=answer)


class TestSyncScriptedLLM(LLMContract):
    colours = ("sync",)

    def make_llm(self, answer):
        return SyncScriptedLLM(default=json.loads(answer))


class TestAsyncScriptedLLM(LLMContract):
    colours = ("async",)

    def make_llm(self, answer):
        return AsyncScriptedLLM(default=Completion(data=json.loads(answer)))


class TestFakeEmbedder(EmbedderContract):
    def make_embedder(self):
        return FakeEmbedder()


class TestSyncFakeEmbedder(EmbedderContract):
    colours = ("sync",)

    def make_embedder(self):
        return SyncFakeEmbedder()


class TestAsyncFakeEmbedder(EmbedderContract):
    colours = ("async",)

    def make_embedder(self):
        return AsyncFakeEmbedder()


class SharedWords:
    """A reranker that counts the words of the query in each text."""

    def rerank(self, query, texts):
        words = set(tokens(query))
        return [len(words & set(tokens(text))) / len(words) for text in texts]


class TestSharedWords(RerankerContract):
    def make_reranker(self):
        return SharedWords()


def test_importing_the_fakes_and_the_contracts_needs_no_pytest():
    code = "import sys; sys.modules['pytest'] = None; import memx_core.testing as t; t.IndexContract, t.ScriptedLLM()"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_failing_promise_shows_the_values_it_compared():
    class Forgetful(LLMContract):
        def make_llm(self, answer):
            return ScriptedLLM(default='{"city": "Bergen"}')

    with pytest.raises(AssertionError, match=r"Bergen.*Oslo"):
        Forgetful().test_the_answer_arrives("sync")


def test_a_colour_that_a_provider_lacks_is_told_with_what_to_write():
    class Blocking(LLMContract):
        def make_llm(self, answer):
            return SyncScriptedLLM(default=answer)

    with pytest.raises(AssertionError, match=r'no `acomplete`; if that is right, write colours = \("sync",\)'):
        Blocking().test_the_answer_arrives("async")


def test_answers_come_in_their_order_and_each_once():
    llm = ScriptedLLM(["one", "two"])
    llm.queue("three", "four")
    assert [ask(llm).text for _ in range(3)] == ["one", "two", "three"]
    assert llm.remaining == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("not { json", "not { json"),
        ("", ""),
        ({"city": "Tromsø"}, '{"city": "Tromsø"}'),
        ([{"city": "Oslo"}, 1, None], '[{"city": "Oslo"}, 1, null]'),
        (City(city="Oslo"), '{"city":"Oslo"}'),
        (lambda messages, schema: {"said": messages[-1].content}, '{"said": "I moved to Oslo"}'),
        (lambda messages, schema: schema(city="Oslo"), '{"city":"Oslo"}'),
    ],
)
def test_an_answer_is_handed_over_as_text(answer, text):
    completion = ask(ScriptedLLM([answer]))
    assert (completion.text, completion.data, completion.model) == (text, None, "scripted")


def test_a_completion_is_handed_over_as_it_is():
    withheld = Completion(text=None, usage=Usage(output_tokens=7))
    assert ask(ScriptedLLM([withheld])) is withheld
    assert ask(ScriptedLLM([lambda messages, schema: withheld])) is withheld


@pytest.mark.parametrize("error", [TimeoutError("busy"), KeyboardInterrupt(), asyncio.CancelledError()])
def test_an_exception_is_raised_and_the_call_remembered(error):
    llm = ScriptedLLM([error, lambda messages, schema: error, "fine"])
    for _ in range(2):
        with pytest.raises(type(error)) as raised:
            ask(llm)
        assert raised.value is error
    assert ask(llm).text == "fine"
    assert len(llm.calls) == 3


def test_a_call_too_many_fails_and_says_so():
    llm = ScriptedLLM(["one"])
    llm.queue("two")
    ask(llm)
    ask(llm)
    with pytest.raises(AssertionError, match=r"call 3 of a model with 2 answers queued:\n\nFind the city"):
        ask(llm)


def test_the_default_answers_when_the_queue_is_empty():
    llm = ScriptedLLM(["one"], default={"city": ""})
    assert [ask(llm).text for _ in range(3)] == ["one", '{"city": ""}', '{"city": ""}']


async def test_a_model_remembers_what_it_was_asked_and_in_which_colour():
    llm = ScriptedLLM(default="fine")
    await llm.acomplete(ASKED, City)
    llm.complete(ASKED[1:], BaseModel)
    assert [(call.messages, call.schema) for call in llm.calls] == [(tuple(ASKED), City), (tuple(ASKED[1:]), BaseModel)]
    assert llm.colours == ["async", "sync"]
    assert llm.prompts == ["Find the city.\n\nI moved to Oslo", "I moved to Oslo"]


def test_tokens_are_estimated():
    short, long = ask(ScriptedLLM(["yes"])).usage, ask(ScriptedLLM(["yes " * 100]), ASKED * 10).usage
    assert 0 < short.input_tokens < long.input_tokens
    assert 0 < short.output_tokens < long.output_tokens
    assert short.calls == 0


def test_threads_get_each_answer_once():
    llm = ScriptedLLM([str(number) for number in range(200)])
    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda _: ask(llm).text, range(200)))
    assert sorted(texts, key=int) == [str(number) for number in range(200)]
    assert len(llm.calls) == 200


def test_a_fake_of_one_colour_lacks_the_other():
    has = {type(fake): (isinstance(fake, blocking), isinstance(fake, awaitable)) for fake, blocking, awaitable in FAKES}
    assert has == {
        ScriptedLLM: (True, True),
        SyncScriptedLLM: (True, False),
        AsyncScriptedLLM: (False, True),
        FakeEmbedder: (True, True),
        SyncFakeEmbedder: (True, False),
        AsyncFakeEmbedder: (False, True),
    }


async def test_an_embedder_remembers_what_it_was_asked_and_in_which_colour():
    embedder = FakeEmbedder(16)
    embedder.embed_documents(["tea", "coffee"])
    await embedder.aembed_query("a drink?")
    assert [(call.texts, call.purpose, call.colour) for call in embedder.calls] == [
        (("tea", "coffee"), "documents", "sync"),
        (("a drink?",), "query", "async"),
    ]
    assert embedder.texts == ["tea", "coffee", "a drink?"]
    assert embedder.colours == ["sync", "async"]


def test_an_embedder_fails_at_the_calls_it_is_told_to():
    embedder = FakeEmbedder(16, fail_on=[1, 3])
    with pytest.raises(ConnectionError, match="call 1 of the embedder fails"):
        embedder.embed_documents(["tea"])
    embedder.embed_documents(["tea"])
    with pytest.raises(ConnectionError, match="call 3"):
        embedder.embed_query("tea")
    assert len(embedder.calls) == 3
    with pytest.raises(TimeoutError, match="busy"):
        FakeEmbedder(fail_on=[1], error=TimeoutError("busy")).embed_query("tea")


def test_an_embedder_claims_the_space_it_is_told_to():
    assert FakeEmbedder(16).fingerprint == FakeEmbedder(16).fingerprint != FakeEmbedder(32).fingerprint
    assert FakeEmbedder(fingerprint="other:model:384").fingerprint == "other:model:384"
    assert (FakeEmbedder(16).dimensions, FakeEmbedder(16).embed_query("tea").shape) == (16, (16,))


def test_scripted_vectors_are_exact():
    embedder = ScriptedEmbedder({"tea": [1, 0], "coffee": [0.6, 0.8]}, default=[0, 1])
    vectors = embedder.embed_documents(["coffee", "chess", "tea"])
    np.testing.assert_array_equal(vectors, np.array([[0.6, 0.8], [0, 1], [1, 0]], np.float32))
    assert embedder.embed_documents([]).shape == (0, 2)
    assert embedder.dimensions == 2


def test_a_text_without_a_scripted_vector_fails_and_is_shown():
    with pytest.raises(AssertionError, match=r"no vector is scripted for 'chess', only for \['tea'\]"):
        ScriptedEmbedder({"tea": [1, 0]}).embed_query("chess")


def test_a_clock_stands_still_until_it_is_moved():
    clock = ManualClock(datetime(2024, 2, 28, 23, tzinfo=timezone(timedelta(hours=-1))))
    assert clock() == clock() == datetime(2024, 2, 29, tzinfo=UTC)
    assert clock().tzinfo is UTC
    assert clock.advance(timedelta(days=1), hours=2, seconds=-1) == datetime(2024, 3, 1, 1, 59, 59, tzinfo=UTC)
    assert clock() == datetime(2024, 3, 1, 1, 59, 59, tzinfo=UTC)
    assert clock.advance(days=-1) == datetime(2024, 2, 29, 1, 59, 59, tzinfo=UTC)


def test_a_clock_needs_a_time_zone():
    with pytest.raises(InvalidInputError, match="has no time zone"):
        ManualClock(datetime(2024, 2, 28))


def entry(row, text="tea", *, scope=ANNA):
    return IndexEntry(row=row, id=f"m{row}", kind="memory", scope=scope, text=text, vector=None)


def test_a_source_gives_what_was_written_since_a_revision():
    source = ListSource()
    first = source.write("app", entry(1), entry(2))
    second = source.write("app", entry(1, "coffee"), entry(3, scope=Scope("ben")))
    assert first < second == source.revision("app")
    assert source.entries("app", Scope("anna"), since=first) == ([entry(1, "coffee")], second, False)
    assert source.entries("app", Scope(), since=second) == ([], second, False)
    assert [each.row for each in source.entries("app", Scope(), since=0)[0]] == [1, 2, 3]


def test_a_source_keeps_namespaces_apart():
    source = ListSource()
    source.write("app", entry(1))
    assert source.entries("other", Scope(), since=0) == ([], 0, False)


def test_what_a_source_erases_is_gone_and_counts_as_a_write():
    source = ListSource()
    before = source.write("app", entry(1), entry(2, scope=Scope("anna", "guide")), entry(3, scope=Scope("ben")))
    assert source.erase("app", Scope("anna")) == 2
    assert source.revision("app") > before
    assert source.entries("app", Scope(), since=0)[0] == [entry(3, scope=Scope("ben"))]
