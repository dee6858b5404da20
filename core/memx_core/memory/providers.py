"""Telling what a user handed over as model or embedder, before it is called for the first time."""

from __future__ import annotations

from memx_core.errors import InvalidInputError
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Embedder, Reranker

_WRAPPERS = {
    ("langchain", "llm"): "langchain_memx.LangChainLLM",
    ("langchain", "embedder"): "langchain_memx.LangChainEmbedder",
    ("llama_index", "llm"): "llama_index_memx.LlamaIndexLLM",
    ("llama_index", "embedder"): "llama_index_memx.LlamaIndexEmbedder",
}
_OURS = ("langchain_memx", "llama_index_memx")


def check_llm(llm: object) -> LLM | AsyncLLM | None:
    """The model, if it is one.

    Raises:
        InvalidInputError: If it is a framework's own object, or no model at all.
    """
    _refuse_raw(llm, "llm")
    if llm is None or isinstance(llm, LLM | AsyncLLM):
        return llm
    raise InvalidInputError(f"llm={_shown(llm)} has neither `complete` nor `acomplete`; see memx_core.ports.LLM")


def check_embedder(embedder: object) -> Embedder | AsyncEmbedder:
    """The embedder, if it is one.

    Raises:
        InvalidInputError: If it is a framework's own object, or no embedder at all.
    """
    _refuse_raw(embedder, "embedder")
    if isinstance(embedder, Embedder | AsyncEmbedder):
        return embedder
    raise InvalidInputError(
        f"embedder={_shown(embedder)} lacks `embed_documents`, `embed_query` or `fingerprint` "
        "(or their async twins); see memx_core.ports.Embedder"
    )


def check_reranker(reranker: object) -> Reranker | None:
    """The reranker, if it is one.

    Raises:
        InvalidInputError: If it has no `rerank`.
    """
    if reranker is None or isinstance(reranker, Reranker):
        return reranker
    raise InvalidInputError(f"reranker={_shown(reranker)} has no `rerank`; see memx_core.ports.Reranker")


def _refuse_raw(provider: object, argument: str) -> None:
    """A framework's object has methods of the same names that mean something else."""
    if isinstance(provider, type):
        raise InvalidInputError(f"{argument}={provider.__name__} is a class; pass an instance of it")
    modules = {base.__module__ for base in type(provider).__mro__}
    if any(module.startswith(_OURS) for module in modules):
        return
    for (framework, role), wrapper in _WRAPPERS.items():
        if role == argument and any(module.startswith(framework) for module in modules):
            raise InvalidInputError(
                f"{argument}={_shown(provider)} is {framework}'s own; pass {argument}={wrapper}(...) around it"
            )


def _shown(provider: object) -> str:
    """Its type, not its `repr`: that may hold a key."""
    return f"<{type(provider).__module__}.{type(provider).__qualname__}>"
