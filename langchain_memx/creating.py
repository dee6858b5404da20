"""`create_memory`: a memory from a model and embeddings of LangChain's, as objects or by name."""

from __future__ import annotations

from typing import Any, TypeGuard, cast

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel

from langchain_memx.embedder import LangChainEmbedder
from langchain_memx.llm import LangChainLLM
from memx_core import InvalidInputError, Memory
from memx_core.ports import LLM as LLMPort
from memx_core.ports import AsyncEmbedder, AsyncLLM, Embedder


def create_memory(
    model: str | BaseChatModel | LLMPort | AsyncLLM | None = None,
    embeddings: str | Embeddings | Embedder | AsyncEmbedder | None = None,
    *,
    model_kwargs: dict[str, Any] | None = None,
    embeddings_kwargs: dict[str, Any] | None = None,
    **options: Any,  # noqa: ANN401  # those of `Memory`
) -> Memory:
    """A `Memory` whose model and embedder are LangChain's.

    Setup:
        ```console
        pip install "memx-core[langchain]" langchain-openai
        ```

    Instantiate:
        ```python
        from langchain_memx import create_memory

        memory = create_memory("openai:gpt-5-mini", "openai:text-embedding-3-small", database="app.db")
        ```

    Args:
        model: A chat model, or `provider:name` as for `init_chat_model`; `None` lets rules propose.
        embeddings: Embeddings, or `provider:name` as for `init_embeddings`; `None` is the bundled model.
        model_kwargs: For `init_chat_model`: `temperature`, `base_url`, `api_key` and so on.
        embeddings_kwargs: For `init_embeddings`.
        options: As for `Memory`: `database`, `namespace`, `policy` and so on.

    Raises:
        ImportError: If the provider's package is missing; it says which.
        InvalidInputError: If a name has no provider, or an object is no model.
    """
    return Memory(
        llm=_model(model, model_kwargs or {}), embedder=_embedder(embeddings, embeddings_kwargs or {}), **options
    )


def _model(model: str | BaseChatModel | LLMPort | AsyncLLM | None, settings: dict[str, Any]) -> Any:  # noqa: ANN401  # checked by `Memory`
    if isinstance(model, str):
        from langchain.chat_models import init_chat_model

        return LangChainLLM(cast("BaseChatModel", init_chat_model(_named(model, "model"), **settings)))
    _refuse_settings(settings, "model")
    return LangChainLLM(model) if _is_chat_model(model) else model


def _embedder(embeddings: str | Embeddings | Embedder | AsyncEmbedder | None, settings: dict[str, Any]) -> Any:  # noqa: ANN401  # checked by `Memory`
    if isinstance(embeddings, str):
        from langchain.embeddings import init_embeddings

        return LangChainEmbedder(init_embeddings(_named(embeddings, "embeddings"), **settings))
    _refuse_settings(settings, "embeddings")
    return LangChainEmbedder(embeddings) if isinstance(embeddings, Embeddings) else embeddings


def _is_chat_model(model: object) -> TypeGuard[BaseChatModel]:
    return isinstance(model, BaseChatModel)


def _named(name: str, argument: str) -> str:
    provider, colon, model = name.partition(":")
    if not (colon and provider.strip() and model.strip()):
        raise InvalidInputError(
            f'{argument}={name!r} names no provider: write it as "provider:name", like "openai:gpt-5-mini"'
        )
    return name


def _refuse_settings(settings: dict[str, Any], argument: str) -> None:
    if settings:
        raise InvalidInputError(f"{argument}_kwargs are for a {argument} given by name, not for a ready-made one")
