"""A `memx_core.Memory` as mem0's configuration describes it.

Models and embeddings that are named there are LangChain's, by `langchain_memx.create_memory`: the one
import by which this room reaches out of the core, made when a provider is first named. Ready-made
objects need it only if they are LangChain's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from memx_core import inputs
from memx_core.errors import InvalidInputError
from memx_core.index import QdrantIndex
from memx_core.inputs.showing import adapter
from memx_core.memory import Memory
from memx_core.ports import Index

Config: TypeAlias = Mapping[str, Any]

_KNOWN = frozenset({"llm", "embedder", "vector_store", "history_db_path", "reranker", "custom_instructions", "memx"})
_IGNORED = frozenset({"version"})
_PROVIDERS = {  # where LangChain has another name for it
    "aws_bedrock": "bedrock_converse",
    "azure_openai_structured": "azure_openai",
    "gemini": "google_genai",
    "lmstudio": "openai",
    "openai_structured": "openai",
    "vertexai": "google_vertexai",
    "vllm": "openai",
}
_DEFAULTS = {"llm": {"openai": "gpt-5-mini"}, "embedder": {"openai": "text-embedding-3-small"}}
_SETTINGS = {  # likewise
    "aws_region": "region_name",
    "deepseek_base_url": "base_url",
    "lmstudio_base_url": "base_url",
    "ollama_base_url": "base_url",
    "openai_base_url": "base_url",
    "vllm_base_url": "base_url",
    "xai_base_url": "base_url",
}
_OF_A_PROVIDER = {
    "azure_openai": {"embedding_dims": "dimensions"},
    "ollama": {"max_tokens": "num_predict"},
    "openai": {"embedding_dims": "dimensions"},
}
_MEASURED = frozenset({"embedding_dims", "vision_details", "is_reasoning_model"})
"""Settings that say what memx or LangChain finds out by itself."""
_HERE = frozenset({"chroma", "faiss", "qdrant"})
"""Vector stores that may be a folder on this machine, whose place memx's own index takes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A memory, and what the facade adds to its calls."""

    memory: Memory
    instructions: str | None = None


def opened(config: object) -> Opened:
    """The memory that is described.

    Args:
        config: A configuration as mem0 takes it, as a dict or a pydantic model; a memory that there
            is; or `None` for one without a model, as `memx_core.Memory()` makes it.

    Raises:
        InvalidInputError: If the configuration asks for what cannot be had here.
        ImportError: If a provider is named and its package is missing.
    """
    if isinstance(config, Memory):
        return Opened(config)
    settings = _settings(config, "config")
    if unknown := settings.keys() - _KNOWN - _IGNORED:
        raise InvalidInputError(f"config has {sorted(unknown)}; known are {', '.join(sorted(_KNOWN))}")
    options = {**_settings(settings.get("memx"), "memx")}
    options.setdefault("database", _database(settings.get("history_db_path")))
    options.setdefault("index", _index(settings.get("vector_store")))
    options.setdefault("reranker", _reranker(settings.get("reranker")))
    return Opened(_made(settings.get("llm"), settings.get("embedder"), options), settings.get("custom_instructions"))


def _settings(value: object, name: str) -> Config:
    """A part of the configuration, without what is left open."""
    dump = getattr(value, "model_dump", None)
    given: object = {} if value is None else dump() if callable(dump) else value
    if not _is_config(given):
        raise InvalidInputError(f"{name} must be a dict as mem0 takes it, not {inputs.show(value)}")
    return {key: setting for key, setting in given.items() if setting is not None}


def _is_config(value: object) -> TypeGuard[Config]:
    return isinstance(value, Mapping)


def _made(llm: object, embedder: object, options: dict[str, Any]) -> Memory:
    model, model_settings = provided("llm", llm)
    embeddings, embeddings_settings = provided("embedder", embedder)
    if not any(_is_langchains(part) for part in (model, embeddings)):
        return Memory(model, embeddings, **options)
    from langchain_memx import create_memory

    return create_memory(
        model, embeddings, model_kwargs=model_settings, embeddings_kwargs=embeddings_settings, **options
    )


def _is_langchains(part: object) -> bool:
    """A provider's name, or an object of LangChain's; the core knows neither."""
    return isinstance(part, str) or adapter(part) == "langchain_memx"


def provided(part: str, value: object) -> tuple[Any, dict[str, Any]]:
    """What `create_memory` takes: a name with its settings, or what is ready-made."""
    if not _is_config(value):
        return value, {}
    settings = {**_settings(value.get("config"), f"{part} config")}
    provider = value.get("provider")
    if not isinstance(provider, str) or not provider:
        raise InvalidInputError(f"{part} needs a provider such as 'openai', not {inputs.show(provider)}")
    model = settings.pop("model", _DEFAULTS[part].get(provider))
    if provider == "langchain":
        return model, {}
    if not isinstance(model, str):
        raise InvalidInputError(f"{part} of {provider!r} needs a model in its config, not {inputs.show(model)}")
    name = _PROVIDERS.get(provider, provider)
    return f"{name}:{model}", _renamed(settings, name)


def _renamed(settings: dict[str, Any], provider: str) -> dict[str, Any]:
    flat = {**settings, **_settings(settings.pop("azure_kwargs", None), "azure_kwargs")}
    flat.pop("azure_kwargs", None)
    if flat.pop("enable_vision", False):
        raise InvalidInputError("enable_vision: memx learns from texts; a picture is kept as '[image]'")
    names = {**_SETTINGS, **_OF_A_PROVIDER.get(provider, {})}
    return {names.get(key, key): value for key, value in flat.items() if key in names or key not in _MEASURED}


def _database(path: object) -> object:
    """Beside mem0's own file, which may still be wanted: `memory.memx.load` reads it."""
    if path is None or path == ":memory:":
        return path or "memx.db"
    if not isinstance(path, str | Path):
        raise InvalidInputError(f"history_db_path must be a path, not {inputs.show(path)}")
    return Path(path).with_suffix(".memx.db")


def _index(store: object) -> Index | None:
    """An index on the Qdrant server that is named; `None` for memx's own."""
    described = _settings(store, "vector_store")
    provider = described.get("provider", "qdrant")
    where = _settings(described.get("config"), "vector_store config")
    if provider not in _HERE or (provider != "qdrant" and {"host", "port", "api_key", "tenant"} & where.keys()):
        raise InvalidInputError(
            f"vector_store {inputs.show(provider)}: vectors lie in memx's database, or on a Qdrant server beside it; "
            "leave vector_store out, or name a Qdrant"
        )
    client, url = where.get("client"), where.get("url")
    if provider != "qdrant" or not (client or url or where.get("host")):
        return None
    prefix = f"{where.get('collection_name', 'mem0')}_memx"  # mem0's own collection stays as it is
    if client is not None:
        return QdrantIndex(client=client, prefix=prefix)
    return QdrantIndex(place_of_qdrant(where), api_key=where.get("api_key"), prefix=prefix)


def place_of_qdrant(where: Config) -> str:
    """The address of the server, which mem0 takes in one or in parts."""
    scheme = "https" if where.get("https") else "http"
    return str(where.get("url") or f"{scheme}://{where.get('host')}:{where.get('port', 6333)}")


def _reranker(value: object) -> object:
    if isinstance(value, Mapping):
        raise InvalidInputError("reranker must be an object with a `rerank` (see memx_core.ports), not a description")
    return value
