"""Chat engines and agents that remember, in every way of talking to them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, CodeActAgent, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import (
    CondensePlusContextChatEngine,
    CondenseQuestionChatEngine,
    ContextChatEngine,
    SimpleChatEngine,
)
from llama_index.core.query_engine import CustomQueryEngine, RetrieverQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.workflow import Context

from llama_index_memx import MemxMemory
from memx_core import Memory
from tests.llama_index.chats import FACT, Chat, Style, calling, talk, words
from tests.llama_index.conftest import MakeChat

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # LlamaIndex's own
ADA = {"user_id": "ada"}
ALLERGIC = "I'm allergic to zucchini."
DINNER = "What could I cook that has no zucchini in it?"


class Library(BaseRetriever):
    """Knows one thing."""

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [NodeWithScore(node=TextNode(text="Dinner is at eight."), score=1.0)]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._retrieve(query_bundle)


class Oracle(CustomQueryEngine):
    """Says back what it is asked."""

    def custom_query(self, query_str: str) -> str:
        return f"You ask: {query_str}"

    async def acustom_query(self, query_str: str) -> str:
        return self.custom_query(query_str)


def engine(kind: str, llm: Chat, memory: MemxMemory, style: Style = "chat") -> Any:
    match kind:
        case "simple":
            return SimpleChatEngine.from_defaults(llm=llm, memory=memory)
        case "context":
            return ContextChatEngine.from_defaults(llm=llm, memory=memory, retriever=Library())
        case "condense":
            asked: Any = Oracle()
            if "stream" in style:  # which an engine of one's own has no part in
                asked = RetrieverQueryEngine.from_args(Library(), llm=llm, streaming=True)
            return CondenseQuestionChatEngine.from_defaults(llm=llm, memory=memory, query_engine=asked)
        case _:
            return CondensePlusContextChatEngine.from_defaults(llm=llm, memory=memory, retriever=Library())


ENGINES = ("simple", "context", "condense", "condense plus")


@pytest.mark.parametrize("kind", ENGINES)
def test_an_engine_recalls_what_was_said_in_another_conversation(
    kind: str, store: Memory, chat: MakeChat, style: Style, runner: asyncio.Runner
) -> None:
    talk(engine("simple", Chat("I'll keep that in mind."), chat("monday")), ALLERGIC, style, runner)
    store.flush()
    assert [item.text for item in store.get_all(**ADA)] == [FACT]
    llm = Chat("Soup.")
    talk(engine(kind, llm, chat("tuesday"), style), DINNER, style, runner)
    assert any(FACT in str(one.content) for prompt in llm.shown for one in prompt)
    assert words(chat("tuesday").get_all())[0] == DINNER
    assert len(chat("tuesday").get_all()) == 2


def test_a_first_question_is_condensed_only_where_something_is_remembered_of_it(
    store: Memory, chat: MakeChat, style: Style, runner: asyncio.Runner
) -> None:
    store.add(FACT, infer=False, **ADA)
    for said, threshold, calls in (("Hello", 0.3, 1), (DINNER, 0.3, 2), ("Hello", None, 2)):
        llm = Chat("Soup.")
        talk(engine("condense plus", llm, chat(said + str(threshold), threshold=threshold)), said, style, runner)
        assert len(llm.shown) == calls, (said, threshold)
        assert any(FACT in str(one.content) for one in llm.shown[-1]) is (calls == 2)


def weather(city: str) -> str:
    """The weather there."""
    return f"Rain in {city}"


def clock() -> str:
    """The time."""
    return "Noon"


TWO_TOOLS = (calling("weather", says="Let me look.", city="Oslo"), calling("clock", id="call-2"), "It rains at noon.")
REACT = (
    'Thought: I need a tool.\nAction: weather\nAction Input: {"city": "Oslo"}\n',
    "Thought: I can answer without using any more tools.\nAnswer: It rains.",
)
CODE = ("<execute>\nprint('Rain')\n</execute>", "It rains.")


def agent(kind: str, **given: Any) -> tuple[Any, Chat]:
    tools: Any = [weather, clock]
    match kind:
        case "function":
            llm = Chat(*TWO_TOOLS)
            return FunctionAgent(name="a", description="a", llm=llm, tools=tools, **given), llm
        case "react":
            llm = Chat(*REACT)
            return ReActAgent(name="a", description="a", llm=llm, tools=tools, **given), llm
        case "code":
            llm = Chat(*CODE)
            return CodeActAgent(code_execute_fn=lambda code: "Rain", llm=llm, tools=[], **given), llm
        case _:
            llm = Chat(*TWO_TOOLS)
            return AgentWorkflow([FunctionAgent(name="a", description="a", llm=llm, tools=tools, **given)]), llm


AGENTS = ("function", "react", "code", "workflow")
ASKED = "What is the weather like? I'm Ada and I live in Oslo."


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("kind", AGENTS)
async def test_of_an_agents_turn_question_and_answer_are_learned_from_in_one_call(
    kind: str, streaming: bool, store: Memory, chat: MakeChat
) -> None:
    runner, llm = agent(kind, streaming=streaming)
    memory = chat()
    await runner.run(ASKED, memory=memory)
    kept = await store.amessages("s", **ADA)
    learned = [(one.role, one.content) for one in kept if one.origin is None and one.role in ("user", "assistant")]
    assert learned == [
        ("user", ASKED),
        ("assistant", "It rains." if kind in ("react", "code") else "It rains at noon."),
    ]
    assert {job.session_id for job in store.pending()} == {"s"}
    assert llm.shown


@pytest.mark.parametrize("kind", AGENTS)
async def test_a_context_is_used_again_and_again(kind: str, chat: MakeChat) -> None:
    runner, _ = agent(kind)
    memory, context = chat(), Context(runner)
    for _ in range(3):
        await runner.run(ASKED, memory=memory, ctx=context)
    assert words(memory.get_all()).count(ASKED) == 3


async def test_an_agent_that_edits_its_prompt_does_not_edit_the_conversation(chat: MakeChat) -> None:
    runner, llm = agent("function", initial_state={"mood": "good"})
    memory = chat()
    await runner.run(ASKED, memory=memory)
    assert "mood" in llm.prompt or any("mood" in str(one.content) for one in llm.shown[0])
    assert memory.get_all()[0] == ChatMessage(ASKED)
