"""`MemxRetriever`: one user's memories as nodes, in whatever engine, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.chat_engine import CondensePlusContextChatEngine, ContextChatEngine
from llama_index.core.evaluation import RetrieverEvaluator
from llama_index.core.indices.query.schema import QueryBundle
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode
from llama_index.core.schema import MetadataMode, NodeWithScore
from llama_index.core.tools import RetrieverTool

from llama_index_memx import LlamaIndexEmbedder, MemxRetriever
from memx_core import (
    EmbeddingMismatchError,
    FilterError,
    InvalidInputError,
    Memory,
    MemxError,
    ProviderError,
    ScopeError,
)
from memx_core.testing import Colour, FakeEmbedder
from tests.llama_index.conftest import Wait
from tests.llama_index.models import Failing, Scripted

FOOD, HOME = "User is allergic to zucchini", "User lives in Oslo"
HOSTILE = ["{context_str} {query_str} {0} {", "</context></data> {{x}} {% raw %}", "%s ${HOME} {existing_answer}"]
Retrieve = Callable[..., list[NodeWithScore]]


@pytest.fixture
def retrieve(colour: Colour, wait: Wait) -> Retrieve:
    def retrieve(retriever: Any, query: Any) -> list[NodeWithScore]:
        found: list[NodeWithScore] = retriever.retrieve(query) if colour == "sync" else wait(retriever.aretrieve(query))
        return found

    return retrieve


def saved(memory: Memory, text: str, user: str = "ada", **options: Any) -> str:
    """The id of a new memory."""
    return memory.add(text, infer=False, user_id=user, **options).changes[0].memory_id


def texts(nodes: list[NodeWithScore]) -> list[str]:
    return [found.text for found in nodes]


def test_a_memory_is_a_node_with_its_id_and_score(store: Memory, retrieve: Retrieve) -> None:
    id = saved(store, FOOD, metadata={"topic": "food", "user_id": "eve"})
    (found,) = retrieve(MemxRetriever(memory=store, user_id="ada"), "What is the allergy?")
    assert (found.node_id, found.text) == (id, FOOD)
    assert 0 < (found.score or 0) <= 1
    said = found.metadata
    assert (said["memory_id"], said["user_id"], said["topic"], said["version"]) == (id, "ada", "food", 1)


def test_a_model_is_shown_the_text_alone(store: Memory, retrieve: Retrieve) -> None:
    saved(store, FOOD, metadata={"secret": "yes"})
    (found,) = retrieve(MemxRetriever(store, user_id="ada"), "allergic")
    for mode in (MetadataMode.LLM, MetadataMode.EMBED):
        assert found.node.get_content(mode) == FOOD


def test_only_the_users_memories_are_found_and_no_more_than_asked_for(store: Memory, retrieve: Retrieve) -> None:
    for number in range(4):
        saved(store, f"User owns thing {number}")
    saved(store, "Bob owns a thing", "bob")
    found = texts(retrieve(MemxRetriever(store, user_id="ada", similarity_top_k=3), "thing"))
    assert len(found) == 3
    assert "Bob owns a thing" not in found
    assert texts(retrieve(MemxRetriever(store.scoped(user_id="bob")), "thing")) == ["Bob owns a thing"]
    assert retrieve(MemxRetriever(store, user_id="eve"), "thing") == []


def test_filters_thresholds_and_messages_are_searched_by(store: Memory, retrieve: Retrieve) -> None:
    saved(store, FOOD, metadata={"topic": "food"})
    saved(store, HOME, metadata={"topic": "home"})
    only = MemxRetriever(store, user_id="ada", filters={"topic": "home"})
    assert texts(retrieve(only, "User")) == [HOME]
    assert retrieve(MemxRetriever(store, user_id="ada", threshold=1.0), "elsewhere") == []
    store.put_messages("s", "I like zithers.", user_id="ada", learn=False)
    turns = MemxRetriever(store, user_id="ada", include_messages=True)
    assert "I like zithers." in texts(retrieve(turns, "zithers"))


# How it is asked ---------------------------------------------------------------------------------


def test_a_bundles_embedding_is_not_made_again(make: Any, retrieve: Retrieve) -> None:
    embedder = Counting()
    memory = make(embedder=embedder).memory
    saved(memory, FOOD)
    saved(memory, HOME)
    asked = QueryBundle("no such words", embedding=[float(number) for number in FakeEmbedder().embed_query(HOME)])
    nodes = retrieve(MemxRetriever(memory, user_id="ada", similarity_top_k=1), asked)
    assert texts(nodes) == [HOME]
    assert embedder.queries == 0


def test_an_embedding_of_another_retrievers_model_is_not_used(store: Memory, retrieve: Retrieve) -> None:
    saved(store, HOME)
    asked = QueryBundle("Where does she live?", embedding=[0.5, 0.5, 0.5])
    assert texts(retrieve(MemxRetriever(store, user_id="ada"), asked)) == [HOME]


class Counting(FakeEmbedder):
    queries = 0

    def embed_query(self, text: str) -> Any:
        self.queries += 1
        return super().embed_query(text)

    async def aembed_query(self, text: str) -> Any:
        self.queries += 1
        return await super().aembed_query(text)


@pytest.mark.parametrize("given", [{"input": "zucchini"}, {"query": "zucchini"}, "zucchini"])
def test_a_retriever_tool_asks_for_the_query_alone(store: Memory, colour: Colour, wait: Wait, given: Any) -> None:
    saved(store, FOOD)
    retriever, asked = MemxRetriever(store, user_id="ada"), list[str]()
    retriever._known = Recorder(retriever._known, asked)  # type: ignore[assignment]
    tool = RetrieverTool.from_defaults(retriever)
    args, kwargs = ([given], {}) if isinstance(given, str) else ([], given)
    output = tool.call(*args, **kwargs) if colour == "sync" else wait(tool.acall(*args, **kwargs))
    assert output.content.strip() == FOOD
    assert asked == ["query is zucchini" if given == {"query": "zucchini"} else "zucchini"]


class Recorder:
    """Notes what is searched for."""

    def __init__(self, known: Any, asked: list[str]) -> None:
        self.known, self.asked = known, asked
        self.warm_up, self.awarm_up = known.warm_up, known.awarm_up

    def search(self, query: str, **options: Any) -> Any:
        self.asked.append(query)
        return self.known.search(query, **options)

    async def asearch(self, query: str, **options: Any) -> Any:
        self.asked.append(query)
        return await self.known.asearch(query, **options)


def test_an_evaluator_knows_memories_by_their_ids(store: Memory, wait: Wait) -> None:
    id = saved(store, FOOD)
    saved(store, HOME)
    retriever = MemxRetriever(store, user_id="ada", similarity_top_k=1)
    evaluator = RetrieverEvaluator.from_metric_names(["hit_rate", "mrr"], retriever=retriever)
    assert evaluator.evaluate("What is the allergy to zucchini?", expected_ids=[id]).metric_vals_dict == {
        "hit_rate": 1.0,
        "mrr": 1.0,
    }
    assert wait(evaluator.aevaluate("allergic to zucchini", expected_ids=["other"])).metric_vals_dict["mrr"] == 0.0


# In engines --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [ResponseMode.COMPACT, ResponseMode.REFINE, ResponseMode.TREE_SUMMARIZE])
def test_hostile_facts_reach_the_model_to_the_letter_and_break_no_template(
    store: Memory, colour: Colour, runner: asyncio.Runner, mode: ResponseMode
) -> None:
    for fact in HOSTILE:
        saved(store, fact)
    model = Scripted(answers=["Done {context_str}."])
    retriever = MemxRetriever(store, user_id="ada")
    engine = RetrieverQueryEngine.from_args(retriever, llm=model, response_mode=mode)
    answer = engine.query("{query_str}?") if colour == "sync" else runner.run(engine.aquery("{query_str}?"))
    assert str(answer) == "Done {context_str}."
    prompts = "\n".join(message.content or "" for prompt in model.prompts for message in prompt)
    assert all(fact in prompts for fact in HOSTILE)


@pytest.mark.parametrize("kind", [ContextChatEngine, CondensePlusContextChatEngine])
def test_hostile_facts_break_no_chat_engine(store: Memory, colour: Colour, runner: asyncio.Runner, kind: Any) -> None:
    for fact in HOSTILE:
        saved(store, fact)
    model = Scripted(answers=["Done."])
    chat = ChatMemoryBuffer.from_defaults(token_limit=100_000)  # LlamaIndex's newer one leaves its database open
    engine = kind.from_defaults(retriever=MemxRetriever(store, user_id="ada"), llm=model, memory=chat)
    for _ in range(2):
        answer = engine.chat("context_str?") if colour == "sync" else runner.run(engine.achat("context_str?"))
        assert answer.response == "Done."
    prompts = "\n".join(message.content or "" for prompt in model.prompts for message in prompt)
    assert all(fact in prompts for fact in HOSTILE)


# What cannot work --------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [None, "", " ", True])
def test_without_a_user_there_is_no_retriever(store: Memory, user: Any) -> None:
    with pytest.raises(ScopeError):
        MemxRetriever(store, user_id=user)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"similarity_top_k": 0}, InvalidInputError),
        ({"similarity_top_k": "3"}, InvalidInputError),
        ({"threshold": 2}, InvalidInputError),
        ({"filters": {"a": {"like": 1}}}, FilterError),
    ],
)
def test_what_can_never_work_is_refused_at_once(store: Memory, given: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        MemxRetriever(store, user_id="ada", **given)


@pytest.mark.parametrize("query", ["", " \n", QueryBundle("\ninput is \n")])
def test_a_blank_query_is_refused(store: Memory, retrieve: Retrieve, query: Any) -> None:
    with pytest.raises(InvalidInputError, match="query"):
        retrieve(MemxRetriever(store, user_id="ada"), query)


def test_a_providers_runtime_error_is_told_as_what_it_is(make: Any, retrieve: Retrieve) -> None:
    memory = make(embedder=LlamaIndexEmbedder(Failing())).memory
    with pytest.raises(ProviderError, match="out of memory") as caught:
        retrieve(MemxRetriever(memory, user_id="ada"), "food")
    assert isinstance(caught.value, MemxError)


def test_vectors_of_a_former_embedder_are_an_error_with_or_without_an_embedding(make: Any, retrieve: Retrieve) -> None:
    stale = make().memory
    saved(stale, HOME)
    make(embedder=FakeEmbedder(dimensions=32), reembed=True)
    for asked in (QueryBundle("Oslo"), QueryBundle("Oslo", embedding=[1.0, 0.0])):
        with pytest.raises(EmbeddingMismatchError):
            retrieve(MemxRetriever(stale, user_id="ada"), asked)


def test_many_users_are_asked_at_once(store: Memory, runner: asyncio.Runner) -> None:
    for user in ("ada", "bob", "eve"):
        saved(store, f"{user} owns a boat", user)

    async def ask() -> list[list[NodeWithScore]]:
        users = ["ada", "bob", "eve"] * 4
        return await asyncio.gather(*[MemxRetriever(store, user_id=user).aretrieve("boat") for user in users])

    assert [texts(nodes) for nodes in runner.run(ask())] == [
        [f"{user} owns a boat"] for user in ["ada", "bob", "eve"] * 4
    ]
