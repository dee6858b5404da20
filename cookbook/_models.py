"""The chat model, and what the memory learns with: the same choice for every page about LangChain.

With `OPENAI_API_KEY` (and `memx-core[openai]`) all of it is OpenAI's. Without, the memory learns by rules and
finds by the bundled embedder, and in the place of the chat model stands a function of the page.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

Reply = Callable[[Sequence[BaseMessage]], AIMessage | str]


class Models(NamedTuple):
    """What a page talks to, and what its memory learns and finds with; `None` is the memory's own, offline."""

    chat: BaseChatModel
    learner: BaseChatModel | None = None
    embeddings: Embeddings | None = None


def models(reply: Reply) -> Models:
    """OpenAI's if there is a key and it answers, else `reply`; and said which."""
    found = _openai() if os.environ.get("OPENAI_API_KEY") and find_spec("langchain_openai") else None
    print(
        "Model: OpenAI\n" if found else "Model: none, a function of this page answers; memories are learned by rules\n"
    )
    return found or Models(Offline(reply=reply))


def _openai() -> Models | None:
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    chat = ChatOpenAI(model=os.environ.get("OPENAI_MODEL", "gpt-5-mini"))
    embeddings = OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False, timeout=20)
    try:
        embeddings.embed_query("Are you there?")
    except Exception as error:  # noqa: BLE001  # Whatever it raises, the page goes on without it.
        print(f"OpenAI does not answer ({type(error).__name__}).")
        return None
    return Models(chat, chat, embeddings)


class Offline(BaseChatModel):
    """A chat model that says what a function of the messages says; it may call tools."""

    reply: Reply

    @property
    def _llm_type(self) -> str:
        return "offline"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Offline:  # noqa: ANN401
        """Itself: the function knows the tools of its page."""
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:  # noqa: ANN401
        said = self.reply(messages)
        message = said if isinstance(said, AIMessage) else AIMessage(said)
        return ChatResult(generations=[ChatGeneration(message=message)])
