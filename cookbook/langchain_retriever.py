"""A user's memories in a chain: as a retriever that feeds the prompt, and as a tool that the model may use.

Run it with `.venv/bin/python cookbook/langchain_retriever.py`. Whose memories they are, the config of each call says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnablePassthrough
from langchain_core.tools import create_retriever_tool

from _models import models
from langchain_memx import MemxRetriever, create_memory, format_memories

ALICE = RunnableConfig(configurable={"user_id": "alice"})
BOB = RunnableConfig(configurable={"user_id": "bob"})
PROMPT = ChatPromptTemplate.from_messages(
    [
        ("system", "Answer in one sentence. What is known about the user is in a block of data beside the question."),
        ("human", "{question}\n\n{facts}"),  # a memory is a value here, never a part of the template
    ]
)


def main() -> None:
    """First the retriever alone, then in a chain, then as a tool."""
    chat, learner, embeddings = models(reply)
    with TemporaryDirectory() as folder, create_memory(learner, embeddings, database=f"{folder}/memx.db") as memory:
        # Called like this, `add` has learned when it returns.
        memory.add("I'm vegetarian, and I'm allergic to peanuts. I live in Bergen.", user_id="alice")
        memory.add("I live in Lisbon, and my favourite food is grilled fish.", user_id="bob")
        retriever = MemxRetriever(memory=memory, k=3)

        print("Documents:")
        for found in retriever.invoke("What may she eat?", ALICE):
            print(f"  {found.metadata['score']:.2f}  {found.page_content}  ({found.metadata['said_at'][:10]})")
            assert found.metadata["user_id"] == "alice"

        facts = retriever | format_memories
        chain = {"facts": facts, "question": RunnablePassthrough()} | PROMPT | chat | StrOutputParser()
        print("\nChain:")
        for_alice = chain.invoke("What am I allergic to?", ALICE)
        print(f"  alice: {for_alice}")
        assert "peanuts" in for_alice.lower()
        for_bob = chain.invoke("Where do I live?", BOB)
        print(f"  bob: {for_bob}")
        assert "Lisbon" in for_bob
        assert "Bergen" not in for_bob

        # The options of a search can be given for one call, as in any retriever.
        assert len(retriever.invoke("What may she eat?", ALICE, k=1)) == 1

        # As a tool: the model decides whether to look, and for what. The config goes along with the call, so that
        # the tool is one user's, too, without the model having a say in it. (For agents there is `memory_tools`.)
        tool = create_retriever_tool(retriever, "look_up", "Looks up what is known about the user.")
        looking = chat.bind_tools([tool], tool_choice="look_up") | RunnableLambda(calls).pipe(tool)
        print("\nTool:")
        print(f"  {tool.name}({', '.join(tool.args)})")
        result = looking.invoke("Look up where I live.", BOB)
        print("  bob: " + "; ".join(result.text.split("\n\n")))
        assert "Lisbon" in result.text
        assert "Bergen" not in result.text

        try:
            chain.invoke("What am I allergic to?")
        except ValueError as error:
            print(f"\nNobody's memories:\n  {error}")
        else:
            raise AssertionError("somebody's memories were used for nobody")


def calls(message: AIMessage) -> object:
    """The first tool call, as a tool takes it."""
    return message.tool_calls[0]


def reply(messages: Sequence[BaseMessage]) -> AIMessage | str:
    """In the model's place: it looks up what it is told to, and otherwise says what it was shown of the user."""
    said = messages[-1].text
    if said.startswith("Look up"):
        return AIMessage("", tool_calls=[{"name": "look_up", "args": {"query": said}, "id": "call-1"}])
    facts = re.findall(r'\] "(.*)"$', said, re.MULTILINE)
    return f"I know: {'; '.join(facts)}."


if __name__ == "__main__":
    main()
