"""LlamaIndex's node postprocessors as the port `Reranker`."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, TextNode

from memx_core import InvalidInputError
from memx_core.judging import Verdict, judged
from memx_core.naming import described, shown


class LlamaIndexReranker:
    """Lets a LlamaIndex `BaseNodePostprocessor` have the last word in each search.

    Any that ranks will do: a cross-encoder, Cohere's, `LLMRerank`. Its scores are taken, whatever their scale,
    or its order where it gives none. What it leaves out comes last: give it a `top_n` no smaller than the
    `limit` of a search. At least 30 hits are shown to it.

    Setup:
        ```console
        pip install "memx-core[llama-index]" llama-index-postprocessor-cohere-rerank
        ```

    Instantiate:
        ```python
        from llama_index_memx import LlamaIndexReranker
        from memx_core import Memory

        # postprocessor = CohereRerank(top_n=30)
        memory = Memory(reranker=LlamaIndexReranker(postprocessor))
        ```

    Use:
        ```python
        memory.add("I live in Oslo.", user_id="alice")
        memory.search("Where does she live?", user_id="alice", limit=5)
        ```

    Args:
        postprocessor: Any of LlamaIndex's node postprocessors.

    Raises:
        InvalidInputError: If `postprocessor` is none.
    """

    def __init__(self, postprocessor: BaseNodePostprocessor) -> None:
        self._postprocessor = _checked(postprocessor)

    def __repr__(self) -> str:
        return described(self, self._postprocessor)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """A relevance from 0 to 1 for each text, in order; see `Reranker`.

        Raises:
            InvalidInputError: If the postprocessor returns a node that it was not given.
        """
        return judged(texts, lambda each: self._judged(query, each))

    def _judged(self, query: str, texts: list[str]) -> list[Verdict]:
        nodes = [NodeWithScore(node=TextNode(text=text, id_=str(place))) for place, text in enumerate(texts)]
        kept = self._postprocessor.postprocess_nodes(nodes, query_str=query)
        return [(_place(found.node.node_id), found.score) for found in kept]


def _place(node_id: str) -> int:
    return int(node_id) if node_id.isdecimal() else -1


def _checked(postprocessor: object) -> BaseNodePostprocessor:
    if not isinstance(postprocessor, BaseNodePostprocessor):
        raise InvalidInputError(f"postprocessor={shown(postprocessor)} is no BaseNodePostprocessor of LlamaIndex's")
    return postprocessor
