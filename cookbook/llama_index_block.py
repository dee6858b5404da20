"""A memx block in the `Memory` that an application has already, beside a static one.

Run it with `.venv/bin/python cookbook/llama_index_block.py`. LlamaIndex's own `Memory` goes on keeping the conversation
and building the prompt; the block learns from the turns that go by, and says what is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from llama_index.core.base.llms.types import ChatMessage, TextBlock
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.memory import Memory, StaticMemoryBlock

from _llama_models import Models, models
from llama_index_memx import MemxMemoryBlock
from memx_core import Memory as Store

CANTEEN = "The canteen is closed on Fridays."


def main() -> None:
    """Two sessions: in the second one both blocks are in the prompt."""
    chosen = models(reply)
    with TemporaryDirectory() as folder, chosen.open_memory(folder) as store:
        first = engine(chosen, store, session="monday")
        for said in ("I'm allergic to peanuts, and I live in Bergen.", "What's for lunch?"):
            print(f"monday: {said}\n  -> {first.chat(said)}")
        store.flush()  # only because this page does not want to wait

        second = engine(chosen, store, session="thursday")
        answer = str(second.chat("What am I allergic to?"))
        print(f"thursday: What am I allergic to?\n  -> {answer}")
        assert "peanuts" in answer

        print("\nThe prompt's blocks:")
        (system, *_) = second._memory.get()  # what the model was given, for the reader of this page
        print(system.content)
        assert CANTEEN in str(system.content)


def engine(chosen: Models, store: Store, *, session: str) -> SimpleChatEngine:
    """A chat engine with LlamaIndex's memory: a block that never changes, and one that learns."""
    memory = Memory.from_defaults(
        session_id=session,
        memory_blocks=[
            StaticMemoryBlock(
                name="canteen", static_content=[TextBlock(text="The canteen is closed on Fridays.")], priority=0
            ),
            MemxMemoryBlock(memory=store, user_id="alice", priority=1),
        ],
    )
    return SimpleChatEngine.from_defaults(llm=chosen.llm, memory=memory)


def reply(messages: Sequence[ChatMessage]) -> str:
    """In the model's place: to a question it says what it was shown of the user's memories."""
    if not (messages[-1].content or "").rstrip().endswith("?"):
        return "I see."
    facts = re.findall(r'\] "(.*)"$', "\n".join(message.content or "" for message in messages), re.MULTILINE)
    return f"I remember: {'; '.join(facts)}." if facts else "Soup, I think."


if __name__ == "__main__":
    main()
