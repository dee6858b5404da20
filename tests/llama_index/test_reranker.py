"""LlamaIndex's node postprocessors judge what is found."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.bridge.pydantic import Field
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, TextNode

from llama_index_memx import LlamaIndexReranker
from memx_core import InvalidInputError
from memx_core.testing import RerankerContract
from memx_core.text import tokens
from tests.conftest import MakeDoor


class Words(BaseNodePostprocessor):
    """Orders by the words that are shared with the query, on a scale of its own; scores only if told to."""

    scale: float | None = Field(default=None)
    top_n: int = Field(default=30)

    def _postprocess_nodes(self, nodes: list[NodeWithScore], query_bundle: Any = None) -> list[NodeWithScore]:
        def shared(found: NodeWithScore) -> int:
            return len(set(tokens(query_bundle.query_str)) & set(tokens(found.node.get_content())))

        best = sorted(nodes, key=shared, reverse=True)[: self.top_n]
        return [NodeWithScore(node=each.node, score=self.scale and shared(each) * self.scale) for each in best]


class TestByOrder(RerankerContract):
    def make_reranker(self) -> LlamaIndexReranker:
        return LlamaIndexReranker(Words())


class TestByScores(RerankerContract):
    def make_reranker(self) -> LlamaIndexReranker:
        return LlamaIndexReranker(Words(scale=0.05))


class TestByRawScores(RerankerContract):
    def make_reranker(self) -> LlamaIndexReranker:
        return LlamaIndexReranker(Words(scale=3.0))


TEXTS = ["tea in Oslo", "a red bicycle", "tea"]


@pytest.mark.parametrize(
    ("postprocessor", "expected"),
    [
        (Words(), [1, 1 / 3, 2 / 3]),
        (Words(top_n=1), [1, 0, 0]),
        (Words(scale=0.25), [0.5, 0, 0.25]),
        (Words(scale=2), [0.982, 0.5, 0.881]),
    ],
)
def test_what_becomes_of_orders_and_scores(postprocessor: Words, expected: list[float]) -> None:
    reranker = LlamaIndexReranker(postprocessor)
    assert reranker.rerank("Where is tea in Oslo?", TEXTS) == pytest.approx(expected, abs=1e-3)


def test_it_has_the_last_word_in_a_search(make: MakeDoor) -> None:
    memory = make(reranker=LlamaIndexReranker(Words()))
    for text in ("I drink coffee at noon.", "My bicycle is red.", "I have a red hat."):
        memory.add(text, user_id="ada", infer=False)
    best, _ = memory.search("which bicycle of mine is red", user_id="ada", limit=2)
    assert (best.memory.text, best.score) == ("My bicycle is red.", 1.0)


@pytest.mark.parametrize("stray", ["7", "x", "-1"])
def test_a_node_that_was_not_given_is_an_error(stray: str) -> None:
    class Stray(BaseNodePostprocessor):
        def _postprocess_nodes(self, nodes: Any, query_bundle: Any = None) -> list[NodeWithScore]:
            return [NodeWithScore(node=TextNode(text="x", id_=stray), score=0.5)]

    with pytest.raises(InvalidInputError, match="was not given"):
        LlamaIndexReranker(Stray()).rerank("tea", TEXTS)


def test_what_is_no_postprocessor_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no BaseNodePostprocessor"):
        LlamaIndexReranker(object())
