"""An agent that looks after its memory itself: it searches, saves, updates and forgets by four tools.

Run it with `.venv/bin/python cookbook/langchain_tools.py`. Whose memories are meant is said by the application at
each call; the tools' schemas do not know the word, so that no model can ask for somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from _models import models
from langchain_memx import create_memory, memory_tools

SYSTEM = "You look after what is known about the user with your tools. Search before you answer."
REMEMBER = "Please remember that I'm allergic to peanuts."
ASK = "What am I allergic to?"
CORRECT = "I was wrong about my allergy: it's hazelnuts, not peanuts. Please correct that."
FORGET = "Please forget about my allergy altogether."


class User(TypedDict):
    """What the application says about a run."""

    user_id: str


def main() -> None:
    """Each line is a conversation of its own: all that is known of earlier ones comes through the tools."""
    chat, learner, embeddings = models(reply)
    with TemporaryDirectory() as folder, create_memory(learner, embeddings, database=f"{folder}/memx.db") as memory:
        tools = memory_tools(memory)
        for tool in tools:
            assert "user_id" not in tool.args
            print(f"{tool.name}({', '.join(tool.args)})")
        agent = create_agent(chat, tools=tools, context_schema=User, system_prompt=SYSTEM)
        alice = memory.scoped(user_id="alice")

        say(agent, REMEMBER)  # what a tool saves is saved when it returns: nothing to wait for
        assert "peanuts" in str(alice.get_all())
        assert "peanuts" in say(agent, ASK).lower()
        say(agent, CORRECT)
        assert "hazelnuts" in say(agent, ASK).lower()

        assert "hazelnuts" not in say(agent, ASK, user="bob").lower()
        say(agent, FORGET, user="bob")  # there is nothing of his to forget

        (allergy,) = alice.get_all()
        say(agent, FORGET)
        assert not alice.get_all()

        print("\nWhat the agent did to that memory, and who says so:")
        for change in alice.history(allergy.id):
            print(f"  {change.event}: {change.old_text} -> {change.new_text}  ({change.reason})")


def say(agent: Any, said: str, *, user: str = "alice") -> str:  # noqa: ANN401
    """The agent's answer; its calls and what they returned are printed."""
    print(f"\n{user}: {said}")
    messages = agent.invoke({"messages": [HumanMessage(said)]}, context={"user_id": user})["messages"]
    for message in messages[1:]:
        for call in getattr(message, "tool_calls", []):
            print(f"  {call['name']} {call['args']}")
        if message.text:
            print(f"  {'->' if message.type == 'tool' else 'agent:'} {message.text}")
    return str(messages[-1].text)


FOUND = "(what the last search showed)"
SEARCH = ("search_memory", {"query": "allergies"})
STEPS: dict[str, list[tuple[str, dict[str, str]]]] = {
    REMEMBER: [("save_memory", {"text": "User is allergic to peanuts"})],
    ASK: [SEARCH],
    CORRECT: [SEARCH, ("update_memory", {"memory": FOUND, "text": "User is allergic to hazelnuts, not to peanuts"})],
    FORGET: [SEARCH, ("forget_memory", {"memory": FOUND})],
}


def reply(messages: Sequence[BaseMessage]) -> AIMessage | str:
    """In the model's place: the next call; after the last one, or when nothing was found, an answer."""
    (asked,) = [message.text for message in messages if isinstance(message, HumanMessage)]
    results = [message.text for message in messages if isinstance(message, ToolMessage)]
    found = re.match(r'\[(\w+)\] \S+ "(.*)"', results[-1]) if results else None
    if len(results) == len(STEPS[asked]) or (results and not found):
        return found[2] if found else "Done."
    name, args = STEPS[asked][len(results)]
    args = {key: found[1] if found and value == FOUND else value for key, value in args.items()}
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"call-{len(results)}"}])


if __name__ == "__main__":
    main()
