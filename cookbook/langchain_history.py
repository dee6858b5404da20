"""A `RunnableWithMessageHistory` application, changed by one line: transcripts last, and people are remembered.

Run it with `.venv/bin/python cookbook/langchain_history.py`. LangChain means to remove `RunnableWithMessageHistory` in
its version 2; for new applications there is `create_agent`, see langchain_agent.py. Many run on it, and may stay.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory
from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough, ensure_config
from langchain_core.runnables.history import RunnableWithMessageHistory

from _models import models
from langchain_memx import HISTORY_KEYS, create_memory, history_factory

# Both announce their removal.
warnings.filterwarnings("ignore", message=".*(RunnableWithMessageHistory|InMemoryChatMessageHistory).*")

PROMPT = ChatPromptTemplate.from_messages(
    [("system", "Be brief."), MessagesPlaceholder("history"), ("human", "{question}{facts}")]
)
transcripts: dict[tuple[str, str], InMemoryChatMessageHistory] = {}


def in_memory(user_id: str, session_id: str) -> BaseChatMessageHistory:
    """As many applications have it."""
    return transcripts.setdefault((user_id, session_id), InMemoryChatMessageHistory())


def main() -> None:
    """The application as it was; with the line changed; and with what is known from all conversations."""
    chat, learner, embeddings = models(reply)
    chain = PROMPT.partial(facts="") | chat
    with TemporaryDirectory() as folder:
        database = Path(folder) / "memx.db"
        with create_memory(learner, embeddings, database=database) as memory:
            before = application(chain, in_memory)
            after = application(chain, history_factory(memory))  # this is the line

            for name, app in {"before": before, "after": after}.items():
                say(app, "I'm allergic to peanuts.", session="monday", name=name)
                assert "peanuts" in say(app, "What did I say?", session="monday", name=name)
                assert "peanuts" not in say(app, "What did I say?", session="thursday", name=name)
            memory.flush()  # learning happens in the background; this page does not want to wait for its turn

        # Started again, the transcript is there, and so is what was learned from it.
        with create_memory(learner, embeddings, database=database) as memory:
            histories = history_factory(memory)
            assert len(histories("alice", "monday").messages) == 4

            # A transcript is what was said, and nothing else. What is known from all of a person's conversations
            # is for the prompt to ask for: `context` gives it as a block.
            def facts(asked: dict[str, Any]) -> str:
                ids = ensure_config()["configurable"]
                return "\n\n" + histories(ids["user_id"], ids["session_id"]).context(asked["question"], max_tokens=300)

            knowing = application(RunnablePassthrough.assign(facts=RunnableLambda(facts)) | PROMPT | chat, histories)
            assert "peanuts" in say(knowing, "What am I allergic to?", session="friday", name="with context")
            assert histories("alice", "friday").messages[0].text == "What am I allergic to?"


def application(chain: Runnable[Any, Any], histories: Callable[[str, str], Any]) -> RunnableWithMessageHistory:
    """What the application is, whatever keeps its histories."""
    return RunnableWithMessageHistory(
        chain,
        histories,
        input_messages_key="question",
        history_messages_key="history",
        history_factory_config=HISTORY_KEYS,
    )


def say(app: RunnableWithMessageHistory, said: str, *, session: str, name: str) -> str:
    """The answer to Alice, in lower case."""
    answer = app.invoke({"question": said}, {"configurable": {"user_id": "alice", "session_id": session}})
    print(f"{name:12}  {session:8}  {said}  ->  {answer.text}")
    return str(answer.text).lower()


def reply(messages: Sequence[BaseMessage]) -> str:
    """In the model's place: to a question it says what stands before it, and what was recalled with it."""
    question, *block = messages[-1].text.splitlines()
    if not question.endswith("?"):
        return "I see."
    said = [message.text for message in messages[1:-1] if message.type == "human"]
    known = [*said, *re.findall(r'\] "(.*)"$', "\n".join(block), re.MULTILINE)]
    return f"You said: {'; '.join(known)}" if known else "Nothing yet."


if __name__ == "__main__":
    main()
