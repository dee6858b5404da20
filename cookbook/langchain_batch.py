"""Many users in one `batch`: a chain and an agent that serve a crowd at once, and never mix two people up.

Run it with `.venv/bin/python cookbook/langchain_batch.py`. Each element has a config of its own, and in it its user;
nothing that they share (the memory, the retriever, the middleware, the agent) knows one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnablePassthrough

from _models import models
from langchain_memx import MemxMiddleware, MemxRetriever, create_memory, format_memories

CITIES = ["Amman", "Bergen", "Cairo", "Dakar", "Espoo", "Faro", "Ghent", "Haifa", "Izmir", "Jaipur", "Kyoto", "Leeds"]
# Ids may be anything that a person is called by; nothing in them is a wildcard.
USERS = ["*", "%", "user:1", "user:10", "alice", "Alice", "alice@example.com", "алиса", "用户", "a b", "0", "null"]
HOMES = dict(zip(USERS, CITIES, strict=True))
PROMPT = ChatPromptTemplate.from_messages([("human", "{question}\n\n{facts}")])


def main() -> None:
    """They all tell the agent where they live, at once; then they all ask, at once, in each way there is."""
    chat, learner, embeddings = models(reply)
    with TemporaryDirectory() as folder, create_memory(learner, embeddings, database=f"{folder}/memx.db") as memory:
        # A recall may usually take 2 seconds, and then the model is called without; here nothing shall be missing.
        agent = create_agent(chat, middleware=[MemxMiddleware(memory, timeout=None)])
        facts = MemxRetriever(memory=memory, include_messages=True, k=20) | format_memories
        chain = {"facts": facts, "question": RunnablePassthrough()} | PROMPT | chat | StrOutputParser()
        # A `context` is one for the whole batch; `configurable` is each element's own.
        configs = [RunnableConfig(configurable={"user_id": user}, max_concurrency=4) for user in USERS]

        agent.batch([{"messages": [HumanMessage(f"I live in {home}.")]} for home in HOMES.values()], configs)
        memory.flush()  # learning happens in the background; this page does not want to wait for its turn

        question = "Where do I live?"
        asked: list[Any] = [{"messages": [HumanMessage(question)]} for _ in USERS]
        answers = {
            "agent.batch": [state["messages"][-1].text for state in agent.batch(asked, configs)],
            "agent.abatch": [state["messages"][-1].text for state in asyncio.run(agent.abatch(asked, configs))],
            "chain.batch": chain.batch([question] * len(USERS), configs),
            "chain.abatch": asyncio.run(chain.abatch([question] * len(USERS), configs)),
        }
        for user, *given in zip(USERS, *answers.values(), strict=True):
            for answer in given:
                assert mentioned(answer) == {HOMES[user]}, f"{user}: {answer}"
            print(f"{user:18} {given[0]}")
        print(f"\n{len(answers)} ways, {len(USERS)} people, {len(answers) * len(USERS)} answers; nobody was mixed up")


def mentioned(answer: str) -> set[str]:
    """The cities in an answer."""
    return {city for city in CITIES if city in answer}


def reply(messages: Sequence[BaseMessage]) -> str:
    """In the model's place: it says all that it was shown of the user's memories, whatever it was asked."""
    facts = re.findall(r'\] (?:user: )?"(.*)"$', messages[-1].text, re.MULTILINE)
    return " ".join(facts) if facts else "I see."


if __name__ == "__main__":
    main()
