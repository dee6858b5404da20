"""Coming from `ConversationBufferMemory`, or from mem0 called by hand: before and after, side by side.

Run it with `.venv/bin/python cookbook/langchain_migrating.py`. The left side is quoted, because nothing here needs it;
the right side is the page's own code, which it runs. An agent needs none of it, see langchain_agent.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from inspect import cleandoc, getsource
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage

from _models import models
from langchain_memx import MemxChatMessageHistory, create_memory
from memx_core import Memory

BUFFER = """
    buffer = ConversationBufferMemory(return_messages=True)

    def converse(chat, said):
        past = buffer.load_memory_variables({})["history"]
        answer = chat.invoke([*past, HumanMessage(said)])
        buffer.save_context({"input": said},
                            {"output": answer.text})
        return answer.text
"""
MEM0 = """
    memory = Memory.from_config(config)

    def ask(chat, said, user):
        found = memory.search(said, user_id=user)
        facts = [hit["memory"] for hit in found["results"]]
        asked = said + "\\n\\n" + "\\n".join(facts)
        answer = chat.invoke([HumanMessage(asked)])
        turn = [{"role": "user", "content": said},
                {"role": "assistant", "content": answer.text}]
        memory.add(turn, user_id=user)
        return answer.text
"""


def converse(memory: Memory, chat: BaseChatModel, said: str) -> str:
    """A conversation that goes on after a restart."""
    history = MemxChatMessageHistory(memory, "s1", user_id="alice")
    answer = chat.invoke([*history.messages, HumanMessage(said)])
    history.add_messages([HumanMessage(said), answer])
    return str(answer.text)


def ask(memory: Memory, chat: BaseChatModel, said: str, user: str) -> str:
    """A question beside which stands what is known."""
    facts = memory.recall(said, user_id=user, max_tokens=300)
    answer = chat.invoke([HumanMessage(f"{said}\n\n{facts}")])
    turn = [{"role": "user", "content": said}, {"role": "assistant", "content": str(answer.text)}]
    memory.add(turn, user_id=user, wait=False)  # no model is asked before this returns
    return str(answer.text)


def main() -> None:
    """Both ways over, each with a look at what has become possible."""
    chat, learner, embeddings = models(reply)
    with TemporaryDirectory() as folder, create_memory(learner, embeddings, database=f"{folder}/memx.db") as memory:
        show("A buffer of one conversation", BUFFER, converse)
        converse(memory, chat, "I'm allergic to peanuts.")
        assert "peanuts" in converse(memory, chat, "What did I say?")
        memory.flush()  # memories are learned in the background; this page does not want to wait
        print(f"Learned from it, meanwhile: {[item.text for item in memory.get_all(user_id='alice')]}\n")

        show("mem0, called by hand", MEM0, ask)
        exported = Path(folder) / "mem0.json"
        exported.write_text(json.dumps({"results": [{"id": "1", "memory": "User lives in Bergen", "user_id": "bob"}]}))
        memory.load(exported)  # or its history database; no model is asked
        assert "Bergen" in ask(memory, chat, "Where do I live?", "bob")
        ask(memory, chat, "I have a daughter called Maja.", "bob")
        memory.flush()
        print(f"Brought along, and learned since: {[item.text for item in memory.get_all(user_id='bob')]}")
        assert "Maja" in str(memory.get_all(user_id="bob"))


def show(title: str, before: str, after: Callable[..., str]) -> None:
    """What was written, and what is written now."""
    left, right = ["BEFORE", "", *cleandoc(before).splitlines()], ["NOW", "", *getsource(after).splitlines()]
    print(title, *(f"{old:58}| {new}" for old, new in zip_longest(left, right, fillvalue="")), "", sep="\n")


def reply(messages: Sequence[BaseMessage]) -> str:
    """In the model's place: what was said before, or what was found."""
    facts = re.findall(r'\] "(.*)"$', messages[-1].text, re.MULTILINE)
    return "; ".join([*(message.text for message in messages[:-1] if message.type == "human"), *facts]) or "I see."


if __name__ == "__main__":
    main()
