"""LangChain's document compressors judge what is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor, Document

from langchain_memx import LangChainReranker
from memx_core import InvalidInputError
from memx_core.testing import RerankerContract
from memx_core.text import tokens
from tests.conftest import MakeDoor


class Words(BaseDocumentCompressor):
    """Orders by the words that are shared with the query, on a scale of its own; scores only if told to."""

    scale: float | None = None
    top_n: int = 30

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> list[Document]:
        def shared(document: Document) -> int:
            return len(set(tokens(query)) & set(tokens(document.page_content)))

        best = sorted(documents, key=shared, reverse=True)[: self.top_n]
        if self.scale is None:
            return [Document(page_content=each.page_content, metadata=dict(each.metadata)) for each in best]
        return [
            Document(page_content="…", metadata={**each.metadata, "relevance_score": shared(each) * self.scale})
            for each in best
        ]


class TestByOrder(RerankerContract):
    def make_reranker(self) -> LangChainReranker:
        return LangChainReranker(Words())


class TestByScores(RerankerContract):
    def make_reranker(self) -> LangChainReranker:
        return LangChainReranker(Words(scale=0.05))


class TestByRawScores(RerankerContract):
    def make_reranker(self) -> LangChainReranker:
        return LangChainReranker(Words(scale=3.0))


TEXTS = ["tea in Oslo", "a red bicycle", "tea"]


@pytest.mark.parametrize(
    ("compressor", "expected"),
    [
        (Words(), [1, 1 / 3, 2 / 3]),
        (Words(top_n=1), [1, 0, 0]),
        (Words(scale=0.25), [0.5, 0, 0.25]),
        (Words(scale=0.25, top_n=2), [0.5, 0, 0.25]),
        (Words(scale=2), [0.982, 0.5, 0.881]),
    ],
)
def test_what_becomes_of_orders_and_scores(compressor: Words, expected: list[float]) -> None:
    assert LangChainReranker(compressor).rerank("Where is tea in Oslo?", TEXTS) == pytest.approx(expected, abs=1e-3)


def test_it_has_the_last_word_in_a_search(make: MakeDoor) -> None:
    memory = make(reranker=LangChainReranker(Words()))
    for text in ("I drink coffee at noon.", "My bicycle is red.", "I have a red hat."):
        memory.add(text, user_id="ada", infer=False)
    best, _ = memory.search("which bicycle of mine is red", user_id="ada", limit=2)
    assert (best.memory.text, best.score) == ("My bicycle is red.", 1.0)


@pytest.mark.parametrize("stray", [Document(page_content="x"), Document(page_content="x", metadata={"memx_place": 7})])
def test_a_document_that_was_not_given_is_an_error(stray: Document) -> None:
    class Stray(BaseDocumentCompressor):
        def compress_documents(self, documents: Any, query: str, callbacks: Any = None) -> list[Document]:
            return [stray]

    with pytest.raises(InvalidInputError, match="was not given"):
        LangChainReranker(Stray()).rerank("tea", TEXTS)


def test_a_score_that_is_not_a_number_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="not a number"):
        LangChainReranker(Words(scale=float("nan"))).rerank("tea", TEXTS)


def test_what_is_no_compressor_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no BaseDocumentCompressor"):
        LangChainReranker(object())
