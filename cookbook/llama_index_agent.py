"""An agent across sessions: a `FunctionAgent` whose context is kept, carried elsewhere as JSON, and gone on with.

Run it with `.venv/bin/python cookbook/llama_index_agent.py`. A context takes its memory along: who the user is, which
conversation it was and where the store is. What was said stays in the store.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.workflow import Context

from _llama_models import call, models
from llama_index_memx import MemxMemory


async def main() -> None:
    """A booking, the next turn of the same conversation in a context that was stored, and another week."""
    chosen = models(reply)
    with TemporaryDirectory() as folder, chosen.open_memory(folder) as store:
        agent = FunctionAgent(llm=chosen.llm, tools=[book_table], system_prompt="You book tables.")
        monday = MemxMemory.from_defaults(memory=store, user_id="alice", session_id="monday")

        context = Context(agent)
        print(await agent.run("I'm vegetarian. Book me a table for two at Kaffistova.", memory=monday, ctx=context))

        # The context as JSON, as an application keeps it between two requests. Of the memory it holds whose it is
        # and where to find it; the conversation stays in the store.
        kept = json.dumps(context.to_dict())
        again = Context.from_dict(agent, json.loads(kept))
        print(await agent.run("The same again for tomorrow.", memory=monday, ctx=again))
        await store.aflush()

        print("\nMonday's conversation:")
        for message in await monday.aget_all():
            if message.role in (MessageRole.USER, MessageRole.ASSISTANT) and message.content:
                print(f"  {message.role.value}: {message.content}")

        # Another week, another conversation, a context of its own: the person is remembered.
        later = MemxMemory.from_defaults(memory=store, user_id="alice", session_id="next week")
        answer = str(await agent.run("What may I eat?", memory=later))
        print(f"\nNext week: {answer}")
        assert "vegetarian" in answer


def book_table(place: str, people: int) -> str:
    """Books a table."""
    return f"A table for {people} at {place} is booked."


def reply(messages: Sequence[ChatMessage]) -> ChatMessage | str:
    """In the model's place: it books what it is asked to, and otherwise says what it was shown of the user."""
    last = messages[-1]
    if last.role == MessageRole.TOOL:
        return f"Done. {last.content}"
    said = next(message.content or "" for message in reversed(messages) if message.role == MessageRole.USER)
    if not said.rstrip().endswith("?"):
        return call("book_table", place="Kaffistova", people=2)
    facts = re.findall(r'\] "(.*)"$', "\n".join(message.content or "" for message in messages), re.MULTILINE)
    return f"I remember: {'; '.join(facts)}."


if __name__ == "__main__":
    asyncio.run(main())
