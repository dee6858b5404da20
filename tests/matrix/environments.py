"""On what the matrix runs which tests."""

from __future__ import annotations

from dataclasses import dataclass

EVERYTHING = ("tests/langchain", "tests/test_cookbook.py", "tests/test_readme.py")
_RUNS = "tests/test_cookbook.py::test_every_page_runs_offline_and_leaves_nothing_behind"
WITHOUT_AGENTS = (
    "tests/langchain/test_docstrings.py",
    "tests/langchain/test_documents.py",
    "tests/langchain/test_history_suite.py",
    "tests/langchain/test_messages.py",
    "tests/langchain/test_openai_models.py",
    "tests/langchain/test_standard_suites.py",
    *(f"{_RUNS}[langchain_{page}.py]" for page in ("history", "migrating", "retriever")),
)
"""Retriever, tools, histories, models and embeddings: all that `langchain-core` is enough for."""


LLAMA_INDEX = ("tests/llama_index",)


@dataclass(frozen=True, slots=True)
class Environment:
    """A set of packages, as pip takes them, and the tests that are run with it."""

    about: str
    packages: tuple[str, ...]
    tests: tuple[str, ...] = EVERYTHING


ENVIRONMENTS = {
    "chains": Environment(
        "the oldest langchain-core, alone: no agents",
        (
            *("--editable", ".[demo,openai]", "langchain-core==1.4.0", "langchain-tests"),
            *("blockbuster", "hatchling", "hypothesis", "pytest", "pytest-asyncio", "pytest-timeout"),
        ),
        WITHOUT_AGENTS,
    ),
    "floor": Environment(
        "the oldest that go together: langchain 1.3.18 asks for langchain-core 1.6",
        ("--editable", ".[test]", "langchain==1.3.18", "langchain-core==1.6.0", "langgraph==1.2.11"),
    ),
    "latest": Environment("the newest that go together", ("--editable", ".[test]")),
    "llama-floor": Environment(
        "the oldest llama-index-core",
        ("--editable", ".[test]", "llama-index-core==0.14.24", "llama-index-instrumentation==0.4.0"),
        LLAMA_INDEX,
    ),
    "llama-latest": Environment("the newest llama-index-core", ("--editable", ".[test]"), LLAMA_INDEX),
    "pydantic": Environment(
        "the newest beside pydantic 2.12, which serialises differently",
        ("--editable", ".[test]", "pydantic==2.12.*"),
        (*LLAMA_INDEX, "tests/langchain/test_messages.py"),
    ),
    "openai": Environment(
        "the newest openai, which LlamaIndex's package for it holds back",
        (
            *("--editable", ".[demo,langchain,openai]", "langchain-tests"),
            *("blockbuster", "hatchling", "hypothesis", "pytest", "pytest-asyncio", "pytest-timeout"),
        ),
        (
            "tests/langchain/test_agents_on_the_wire.py",
            "tests/langchain/test_on_the_wire.py",
            "tests/langchain/test_openai_models.py",
        ),
    ),
    "providers": Environment(
        "the newest beside LiteLLM",
        ("--editable", ".[test,providers]"),
        (
            "tests/langchain/test_create_memory.py",
            "tests/langchain/test_on_the_wire.py",
            "tests/langchain/test_openai_models.py",
        ),
    ),
}
