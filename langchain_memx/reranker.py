"""LangChain's document compressors as the port `Reranker`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import BaseDocumentCompressor, Document

from memx_core import InvalidInputError
from memx_core.judging import Verdict, judged
from memx_core.naming import described, shown

_PLACE = "memx_place"
_SCORE = "relevance_score"


class LangChainReranker:
    """Lets a LangChain `BaseDocumentCompressor` have the last word in each search.

    Any that ranks will do: a cross-encoder, Cohere's, a list-wise judgement by a model. Its `relevance_score` is
    taken where it gives one, else its order. What it leaves out comes last: give it a `top_n` no smaller than
    the `limit` of a search. At least 30 hits are shown to it.

    Setup:
        ```console
        pip install "memx-core[langchain]" langchain-cohere
        ```

    Instantiate:
        ```python
        from langchain_memx import LangChainReranker
        from memx_core import Memory

        # compressor = CohereRerank(model="rerank-v3.5", top_n=30)
        memory = Memory(reranker=LangChainReranker(compressor))
        ```

    Use:
        ```python
        memory.add("I live in Oslo.", user_id="alice")
        memory.search("Where does she live?", user_id="alice", limit=5)
        ```

    Args:
        compressor: Any of LangChain's document compressors.

    Raises:
        InvalidInputError: If `compressor` is none.
    """

    def __init__(self, compressor: BaseDocumentCompressor) -> None:
        self._compressor = _checked(compressor)

    def __repr__(self) -> str:
        return described(self, self._compressor)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """A relevance from 0 to 1 for each text, in order; see `Reranker`.

        Raises:
            InvalidInputError: If the compressor returns a document that it was not given.
        """
        return judged(texts, lambda each: self._judged(query, each))

    def _judged(self, query: str, texts: list[str]) -> list[Verdict]:
        documents = [Document(page_content=text, metadata={_PLACE: place}) for place, text in enumerate(texts)]
        kept = self._compressor.compress_documents(documents, query)
        return [(document.metadata.get(_PLACE, -1), _score(document.metadata.get(_SCORE))) for document in kept]


def _score(given: Any) -> float | None:  # noqa: ANN401  # metadata
    return None if given is None else float(given)


def _checked(compressor: object) -> BaseDocumentCompressor:
    if not isinstance(compressor, BaseDocumentCompressor):
        raise InvalidInputError(f"compressor={shown(compressor)} is no BaseDocumentCompressor of LangChain's")
    return compressor
