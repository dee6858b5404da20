"""Telling what a user handed over as model or embedder, before it is called for the first time."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import cast

from memx_core import inputs
from memx_core.background import Background
from memx_core.errors import InvalidInputError
from memx_core.plans import Policy
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Embedder, Reranker, Screen, Telemetry
from memx_core.reports import Budget
from memx_core.telemetry import SILENCE

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
    _refuse_async(llm, "llm", "complete")
    if llm is None or isinstance(llm, LLM | AsyncLLM):
        return llm
    raise InvalidInputError(f"llm={_shown(llm)} has neither `complete` nor `acomplete`; see memx_core.ports.LLM")


def check_embedder(embedder: object) -> Embedder | AsyncEmbedder:
    """The embedder, if it is one.

    Raises:
        InvalidInputError: If it is a framework's own object, or no embedder at all.
    """
    _refuse_raw(embedder, "embedder")
    _refuse_async(embedder, "embedder", "embed_documents", "embed_query")
    if isinstance(embedder, Embedder | AsyncEmbedder):
        return embedder
    raise InvalidInputError(
        f"embedder={_shown(embedder)} lacks `embed_documents`, `embed_query` or `fingerprint` "
        "(or their async twins); see memx_core.ports.Embedder"
    )


def is_settled(embedder: object) -> bool:
    """Whether its fingerprint can be told; an adapter's may be one that is looked up when it is first used."""
    return bool(getattr(embedder, "settled", True))


def check_reranker(reranker: object) -> Reranker | None:
    """The reranker, if it is one.

    Raises:
        InvalidInputError: If it has no `rerank`.
    """
    if reranker is None or isinstance(reranker, Reranker):
        return reranker
    raise InvalidInputError(f"reranker={_shown(reranker)} has no `rerank`; see memx_core.ports.Reranker")


def check_telemetry(telemetry: object) -> Telemetry:
    """What hears of calls; nobody, if it is `None`.

    Raises:
        InvalidInputError: If it is anything else.
    """
    if telemetry is None:
        return SILENCE
    if isinstance(telemetry, type) or not isinstance(telemetry, Telemetry):
        raise InvalidInputError(
            f"telemetry={_shown(telemetry)} hears of nothing; pass memx_core.telemetry.OpenTelemetry(), or see "
            "memx_core.ports.Telemetry"
        )
    return telemetry


def check_budget(budget: object) -> Budget | None:
    """The budget, if it is one.

    Raises:
        InvalidInputError: If it is anything else.
    """
    if budget is None or isinstance(budget, Budget):
        return budget
    raise InvalidInputError(f"budget={_shown(budget)} is no memx_core.reports.Budget")


def check_background(background: object) -> bool | Background:
    """Whether, and how, there is a worker.

    Raises:
        InvalidInputError: If it is neither a bool nor a `Background`.
    """
    if isinstance(background, bool | Background):
        return background
    raise InvalidInputError(f"background={_shown(background)} is neither True, False nor a memx_core.Background")


def check_policy(policy: object) -> Policy:
    """What gates operations.

    Raises:
        InvalidInputError: If it is neither `auto`, `review` nor a plain function.
    """
    if policy == "auto":
        return "auto"
    if policy == "review":
        return "review"
    if not callable(policy):
        raise InvalidInputError(
            f"policy={inputs.show(policy)} is neither 'auto', 'review' nor a function of an Operation"
        )
    _refuse_async_function(policy, "policy")
    return cast(Policy, policy)


def check_screen(screen: object) -> Screen | None:
    """What every text is shown to.

    Raises:
        InvalidInputError: If it is not a plain function, nor an object that is called like one.
    """
    if screen is None:
        return None
    if not callable(screen) or isinstance(screen, type):
        raise InvalidInputError(f"screen={_shown(screen)} is no function of a text; see memx_core.ports.Screen")
    _refuse_async_function(screen, "screen")
    return cast(Screen, screen)


def _refuse_async_function(function: object, argument: str) -> None:
    if iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__):
        raise InvalidInputError(
            f"{argument}= is an async function; give a plain one, which runs in a thread of its own"
        )


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


def _refuse_async(provider: object, argument: str, *methods: str) -> None:
    """What has to be awaited goes by the name with an `a` in front."""
    for name in methods:
        if iscoroutinefunction(getattr(provider, name, None)):
            raise InvalidInputError(f"{argument}={_shown(provider)} has an async `{name}`; call it `a{name}`")


def _shown(provider: object) -> str:
    """Its type, not its `repr`: that may hold a key."""
    return f"<{type(provider).__module__}.{type(provider).__qualname__}>"
