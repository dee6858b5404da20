"""`create_memory`: a memory from a model and embeddings of LangChain's, as objects or by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, TypeGuard, TypeVar

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from pydantic import ValidationError

from langchain_memx.embedder import LangChainEmbedder
from langchain_memx.llm import LangChainLLM
from memx_core import InvalidInputError, Memory
from memx_core.ports import LLM as LLMPort
from memx_core.ports import AsyncEmbedder, AsyncLLM, Embedder

T = TypeVar("T")
_NAMED = frozenset({"model", "model_provider", "provider"})


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

    Use:
        ```python
        with create_memory(model, embeddings, database="chats.db") as memory:  # or objects that there are
            memory.add("I live in Oslo.", user_id="alice")
            memory.recall("What could she do at the weekend?", user_id="alice")
        ```

    Args:
        model: A chat model, or `provider:name` as for `init_chat_model`; `None` lets rules propose.
        embeddings: Embeddings, or `provider:name` as for `init_embeddings`; `None` is the bundled model.
        model_kwargs: For `init_chat_model`: `temperature`, `base_url`, `api_key` and so on.
        embeddings_kwargs: For `init_embeddings`.
        options: As for `Memory`: `database`, `namespace`, `policy` and so on.

    Raises:
        ImportError: If the provider's package is missing; it says which.
        InvalidInputError: If a name has no provider that LangChain knows, an object is no model, or the
            provider's class refuses its settings. A missing key is the provider's own error.
    """
    return Memory(llm=as_llm(model, model_kwargs), embedder=as_embedder(embeddings, embeddings_kwargs), **options)


def as_llm(model: str | BaseChatModel | LLMPort | AsyncLLM | None, settings: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  # checked by `Memory`
    """The port of a chat model that is given or named; see `create_memory`."""
    settings = settings or {}
    if not isinstance(model, str):
        _refuse_settings(settings, "model")
        return LangChainLLM(model) if _is_chat_model(model) else model
    provider, name = _named(model, "model", settings)
    init = _langchain("chat_models").init_chat_model
    return LangChainLLM(_made("model", model, lambda: init(name, model_provider=provider, **settings)))


def as_embedder(
    embeddings: str | Embeddings | Embedder | AsyncEmbedder | None, settings: dict[str, Any] | None = None
) -> Any:  # noqa: ANN401  # checked by `Memory`
    """The port of embeddings that are given or named; see `create_memory`."""
    settings = settings or {}
    if not isinstance(embeddings, str):
        _refuse_settings(settings, "embeddings")
        return LangChainEmbedder(embeddings) if isinstance(embeddings, Embeddings) else embeddings
    provider, name = _named(embeddings, "embeddings", settings)
    init = _langchain("embeddings").init_embeddings
    return LangChainEmbedder(_made("embeddings", embeddings, lambda: init(name, provider=provider, **settings)))


def _is_chat_model(model: object) -> TypeGuard[BaseChatModel]:
    return isinstance(model, BaseChatModel)


def _named(name: str, argument: str, settings: dict[str, Any]) -> tuple[str, str]:
    """Provider and model, told apart here: LangChain takes a provider it does not know for part of the model's name."""
    provider, _, model = (part.strip() for part in name.partition(":"))
    if not (provider and model):
        raise InvalidInputError(
            f'{argument}={name!r} names no provider: write it as "provider:name", like "openai:gpt-5-mini"'
        )
    if said_twice := _NAMED & settings.keys():
        raise InvalidInputError(f"{argument}_kwargs={sorted(said_twice)} is said by {argument}={name!r} already")
    return provider.lower().replace("-", "_"), model


def _langchain(module: str) -> ModuleType:
    try:
        return import_module(f"langchain.{module}")
    except ImportError as error:
        raise ImportError(f'models by name need `langchain`: pip install "memx-core[langchain]" ({error})') from error


def _made(argument: str, name: str, make: Callable[[], T]) -> T:
    """What LangChain makes; its complaints without what it was given, which may be a key."""
    try:
        return make()
    except ValidationError as error:
        found = "; ".join(
            ": ".join([*map(str, each["loc"]), each["msg"]]) for each in error.errors(include_input=False)
        )
        raise InvalidInputError(f"{argument}={name!r} cannot be made: {found}") from None
    except ValueError as error:
        if "pip install" in str(error):  # so some say what they miss
            raise ImportError(str(error)) from error
        raise InvalidInputError(f"{argument}={name!r} cannot be made: {error}") from error


def _refuse_settings(settings: dict[str, Any], argument: str) -> None:
    if settings:
        raise InvalidInputError(f"{argument}_kwargs are for a {argument} given by name, not for a ready-made one")
