"""A chat engine that remembers: what Alice says on Monday is known on Thursday, and to nobody but her.

Run it with `.venv/bin/python cookbook/llama_index_chat.py`. `MemxMemory` takes the place of LlamaIndex's own `Memory`:
it keeps the conversation, has it learned from in the background, and puts what is remembered into the next prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine

from _llama_models import Models, models
from llama_index_memx import MemxMemory
from memx_core import Memory


def main() -> None:
    """Three conversations, two people, one store."""
    chosen = models(reply)
    with TemporaryDirectory() as folder, chosen.open_memory(folder) as store:
        say(chosen, store, "I'm vegetarian, and I live in Bergen.", user="alice", session="monday")
        # Learning happens in the background, after the answer. An application need not wait for it;
        # this page does, to go on at once.
        store.flush()

        answer = say(chosen, store, "Where do I live?", user="alice", session="thursday")
        assert "Bergen" in answer
        assert "Bergen" not in say(chosen, store, "Where do I live?", user="bob", session="his first")

        # The conversation lasts as well: another engine, in another process, goes on with it.
        thursday = MemxMemory.from_defaults(memory=store, user_id="alice", session_id="thursday")
        print("\nThursday's conversation, as it was said:")
        for message in thursday.get_all():
            print(f"  {message.role.value}: {message.content}")
        # What is remembered was in the prompt only, and not in the conversation: nothing goes stale.
        assert [message.content for message in thursday.get_all()] == ["Where do I live?", answer]

        print("\nWhat is remembered of Alice:")
        for item in store.get_all(user_id="alice"):
            print(f"  {item.text}")
        assert not store.get_all(user_id="bob")


def say(chosen: Models, store: Memory, said: str, *, user: str, session: str) -> str:
    """The answer of an engine that is made anew for each turn: its memory is all that lasts."""
    memory = MemxMemory.from_defaults(memory=store, user_id=user, session_id=session)
    answer = str(SimpleChatEngine.from_defaults(llm=chosen.llm, memory=memory).chat(said))
    print(f"{user}, {session}: {said}\n  -> {answer}")
    return answer


def reply(messages: Sequence[ChatMessage]) -> str:
    """In the model's place: to a question it says what it was shown of the user's memories."""
    if not (messages[-1].content or "").rstrip().endswith("?"):
        return "I see."
    shown = "\n".join(message.content or "" for message in messages)
    facts = re.findall(r'\] "(.*)"$', shown, re.MULTILINE)
    return f"I remember: {'; '.join(facts)}." if facts else "I don't know that yet."


if __name__ == "__main__":
    main()
