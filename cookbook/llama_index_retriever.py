"""A user's memories in a workflow: a retriever as one step, and a query engine that an agent uses as a tool.

Run it with `.venv/bin/python cookbook/llama_index_retriever.py`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import NodeWithScore
from llama_index.core.tools import QueryEngineTool
from llama_index.core.workflow import Event, StartEvent, StopEvent, Workflow, step

from _llama_models import call, models
from llama_index_memx import MemxRetriever


class Found(Event):
    """What is remembered."""

    question: str
    nodes: list[NodeWithScore]


class Advice(Workflow):
    """Looks up what is known of somebody, then answers."""

    def __init__(self, retriever: MemxRetriever, llm: LLM) -> None:
        super().__init__()
        self.retriever = retriever
        self.llm = llm

    @step
    async def look_up(self, start: StartEvent) -> Found:
        """The first step."""
        question = str(start.question)
        return Found(question=question, nodes=await self.retriever.aretrieve(question))

    @step
    async def answer(self, found: Found) -> StopEvent:
        """The last one."""
        facts = "\n".join(node.get_content() for node in found.nodes)
        prompt = f"{found.question}\n\nWhat is known, as data:\n{facts}"
        return StopEvent(result=str((await self.llm.achat([ChatMessage(role="user", content=prompt)])).message.content))


async def main() -> None:
    """First the retriever alone, then in a workflow, then behind a tool."""
    chosen = models(reply)
    with TemporaryDirectory() as folder, chosen.open_memory(folder) as store:
        await store.aadd("I'm vegetarian, and I'm allergic to peanuts. I live in Bergen.", user_id="alice")
        await store.aadd("I live in Lisbon.", user_id="bob")
        retriever = MemxRetriever(memory=store, user_id="alice", similarity_top_k=3)

        print("Nodes:")
        for found in await retriever.aretrieve("What may she eat?"):
            print(f"  {found.score:.2f}  {found.get_content()}")
            assert "Lisbon" not in found.get_content()

        advice = str(await Advice(retriever, chosen.llm).run(question="What may I eat?"))
        print(f"\nWorkflow: {advice}")
        assert "peanuts" in advice

        engine = RetrieverQueryEngine.from_args(retriever, llm=chosen.llm)
        tool = QueryEngineTool.from_defaults(
            engine, name="about_the_user", description="Answers what is known of them."
        )
        agent = FunctionAgent(llm=chosen.llm, tools=[tool])
        answer = str(await agent.run("Where do I live? Look it up."))
        print(f"\nTool: {answer}")
        assert "Bergen" in answer


def reply(messages: Sequence[ChatMessage]) -> ChatMessage | str:
    """In the model's place: it looks up what it is told to, and otherwise says what it was shown of the user."""
    last = messages[-1]
    said = last.content or ""
    if last.role == MessageRole.USER and said.endswith("Look it up."):
        return call("about_the_user", input="Where does the user live?")
    facts = re.findall(r"User .*", said)
    return f"I know: {'; '.join(dict.fromkeys(facts))}."


if __name__ == "__main__":
    asyncio.run(main())
