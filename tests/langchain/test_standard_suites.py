"""LangChain's standard tests, for our retriever and for each of our tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import RetrieversIntegrationTests, ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from langchain_memx import MemxRetriever, memory_tools
from langchain_memx.tools import ForgetMemory, MemoryTool, SaveMemory, SearchMemory, UpdateMemory
from memx_core import Memory
from memx_core.memory.fitting import Given
from memx_core.testing import FakeEmbedder

KINDS: dict[type[MemoryTool], dict[str, Any]] = {
    SearchMemory: {"query": "What may she eat?", "limit": 3},
    SaveMemory: {"text": "User is fond of tomatoes"},
    UpdateMemory: {"memory": "zucchini", "text": "User is fond of tomatoes"},
    ForgetMemory: {"memory": "zucchini"},
}


@pytest.fixture(autouse=True)
def memory(request: pytest.FixtureRequest) -> Iterator[Memory]:
    """The suites ask for what is tested by properties, outside of any fixture."""
    with Memory(embedder=FakeEmbedder(), database=":memory:", background=False) as memory:
        for food in ("zucchini", "walnuts", "mustard", "celery"):
            memory.add(f"User is allergic to {food}", infer=False, user_id="ada")
        if request.instance is not None:
            request.instance.memory = memory
        yield memory


class TestRetriever(RetrieversIntegrationTests):
    memory: Memory

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MemxRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": self.memory, "user_id": "ada"}

    @property
    def retriever_query_example(self) -> str:
        return "What is the user allergic to?"


class OfOneKind:
    memory: Memory
    kind: type[MemoryTool]

    @pytest.fixture(params=KINDS, autouse=True)
    def chosen(self, request: pytest.FixtureRequest) -> None:
        self.kind = request.param

    @property
    def tool_constructor(self) -> type[BaseTool]:
        return self.kind

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"memory": self.memory, "given": Given("ada")}

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return KINDS[self.kind]


class TestToolsAsUnits(OfOneKind, ToolsUnitTests):
    pass


class TestToolsIntegrated(OfOneKind, ToolsIntegrationTests):
    pass


def test_every_tool_is_tested(memory: Memory) -> None:
    assert {type(tool) for tool in memory_tools(memory)} == set(KINDS)
