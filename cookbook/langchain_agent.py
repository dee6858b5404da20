"""An agent with memory across threads: what Alice says on Monday is known on Thursday, and to nobody but her.

Run it with `.venv/bin/python cookbook/langchain_agent.py`. One line makes the agent remember: the
middleware puts what is remembered beside what the user says, and keeps the turn afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

from langchain.agents import create_agent
from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from _models import models
from langchain_memx import MemxMiddleware, create_memory


class User(TypedDict):
    """What the application says about a run; the model neither sees nor sets it."""

    user_id: str


def main() -> None:
    """Three conversations, two people, one agent."""
    chat, learner, embeddings = models(reply)
    with TemporaryDirectory() as folder, create_memory(learner, embeddings, database=f"{folder}/memx.db") as memory:
        agent = create_agent(
            chat,
            checkpointer=InMemorySaver(),  # remembers a thread
            # Remembers a person. A recall may usually take 2 seconds, and then the model is called without.
            middleware=[MemxMiddleware(memory, timeout=None)],
            context_schema=User,
        )

        say(agent, "I'm allergic to peanuts, and I live in Bergen.", user="alice", thread="monday")
        # Learning happens in the background, after the answer. An application need not wait for it;
        # this page does, to go on at once.
        memory.flush()

        answer, messages = say(agent, "What am I allergic to?", user="alice", thread="thursday")
        assert "peanuts" in answer.lower()

        # The block of memories was in the request only, not in the thread: nothing to checkpoint, nothing to go stale.
        assert messages == ["What am I allergic to?", answer]

        answer, _ = say(agent, "What am I allergic to?", user="bob", thread="his first")
        assert "peanuts" not in answer.lower()

        say(agent, "Guess what: I moved to Oslo last week!", user="alice", thread="thursday")
        memory.flush()

        print("\nWhat is remembered of Alice now:")
        alice = memory.scoped(user_id="alice")
        for item in alice.get_all():
            print(f"  {item.text}")
        (home,) = alice.search("Where does she live?", limit=1)
        assert "Oslo" in home.memory.text
        assert "Oslo" not in str(memory.get_all(user_id="bob"))
        print("and how her home came about:")
        for change in alice.history(home.memory.id):
            print(f"  {change.event}: {change.old_text} -> {change.new_text}")

        try:
            agent.invoke({"messages": [HumanMessage("Who am I?")]}, {"configurable": {"thread_id": "nobody's"}})
        except ValueError as error:
            print(f"\nWithout a user the model is not even called:\n  {error}")
        else:
            raise AssertionError("somebody's memories were used for nobody")


def say(agent: Any, said: str, *, user: str, thread: str) -> tuple[str, list[str]]:  # noqa: ANN401
    """The answer, and the thread's messages."""
    config = {"configurable": {"thread_id": thread}}
    state = agent.invoke({"messages": [HumanMessage(said)]}, config, context={"user_id": user})
    messages = [message.text for message in state["messages"]]
    print(f"{user}, {thread}: {said}\n  -> {messages[-1]}")
    return messages[-1], messages


def reply(messages: Sequence[BaseMessage]) -> str:
    """In the model's place: to a question it says what it was shown of the user's memories."""
    question, *block = messages[-1].text.splitlines()
    if not question.endswith("?"):
        return "I see."
    facts = re.findall(r'\] "(.*)"$', "\n".join(block), re.MULTILINE)
    return f"I remember: {'; '.join(facts)}." if facts else "I don't know that yet."


if __name__ == "__main__":
    main()
