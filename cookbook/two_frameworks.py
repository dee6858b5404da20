"""One store, two frameworks: a LangChain agent learns, a LlamaIndex chat engine recalls.

Run it with `.venv/bin/python cookbook/two_frameworks.py`. They share the memories and the transcripts: either of them
goes on where the other stopped. It works offline; functions of this page stand in the models' place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from langchain.agents import create_agent
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms.mock import MockFunctionCallingLLM

import langchain_memx
import llama_index_memx
from _models import Offline
from memx_core import Memory

ALICE = "alice"


def main() -> None:
    """The agent hears it, the chat engine knows it; then both show what they have in common."""
    with TemporaryDirectory() as folder, Memory(database=f"{folder}/memx.db") as store:
        agent = create_agent(Offline(reply=agents_reply), middleware=[langchain_memx.MemxMiddleware(store)])
        config = RunnableConfig(configurable={"thread_id": "monday"})
        said = HumanMessage("I'm allergic to peanuts, and I live in Bergen.")
        state = agent.invoke({"messages": [said]}, config, context={"user_id": ALICE})
        print(f"LangChain agent:        {said.text}\n  -> {state['messages'][-1].text}")
        store.flush()  # only because this page does not want to wait

        memory = llama_index_memx.MemxMemory.from_defaults(memory=store, user_id=ALICE, session_id="monday")
        engine = SimpleChatEngine.from_defaults(llm=offline(), memory=memory)
        answer = str(engine.chat("What am I allergic to?"))
        print(f"LlamaIndex chat engine: What am I allergic to?\n  -> {answer}")
        assert "peanuts" in answer

        history = langchain_memx.MemxChatMessageHistory(store, "monday", user_id=ALICE)
        in_langchain = [message.text for message in history.messages]
        in_llama_index = [message.content for message in memory.get_all()]
        print("\nOne conversation, whichever of them is asked:")
        for line in in_langchain:
            print(f"  {line}")
        assert in_langchain == in_llama_index
        assert len(in_langchain) == 4

        documents = langchain_memx.MemxRetriever(memory=store, user_id=ALICE, k=5).invoke("allergies")
        retriever = llama_index_memx.MemxRetriever(memory=store, user_id=ALICE, similarity_top_k=5)
        nodes = retriever.retrieve("allergies")
        print("\nThe same memories, by the same ids:")
        for document in documents:
            print(f"  {str(document.id)[:8]}  {document.page_content}")
        assert [document.id for document in documents] == [node.node_id for node in nodes]


def agents_reply(messages: Sequence[BaseMessage]) -> str:
    """In the place of LangChain's model."""
    return "I'll keep that in mind." if messages else ""


def offline() -> MockFunctionCallingLLM:
    """In the place of LlamaIndex's model: it says what it was shown of the user's memories."""

    def answer(messages: Sequence[ChatMessage], **_: object) -> ChatMessage:
        facts = re.findall(r'\] "(.*)"$', "\n".join(message.content or "" for message in messages), re.MULTILINE)
        return ChatMessage(role="assistant", content=f"I remember: {'; '.join(facts)}.")

    return MockFunctionCallingLLM(response_generator=answer, is_chat_model=True)


if __name__ == "__main__":
    main()
