"""A LlamaIndex LLM as the port `LLM`, in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, cast, get_args

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms.llm import LLM
from llama_index.core.llms.structured_llm import StructuredLLM
from llama_index_instrumentation import get_dispatcher
from pydantic import BaseModel

from llama_index_memx._calling import acall, call
from llama_index_memx._found import Found, looked_up
from llama_index_memx.structured import Method, aask, ask, completion, method_for, suspends
from memx_core import Completion, InvalidInputError, Message
from memx_core.endings import rescued
from memx_core.naming import described, model_name, provider_name, shown

_dispatcher = get_dispatcher(__name__)


class _Way(NamedTuple):
    """A model, how it is asked, and what it is called."""

    model: LLM
    method: Method
    suspends: bool
    name: str


class LlamaIndexLLM:
    """A LlamaIndex LLM that proposes what to remember.

    A model that can call functions is made to call one; any other is asked in words. Whatever
    comes, memx salvages what is complete. The model's own retries and timeout hold, and what it
    raises passes through, but for a `RuntimeError`, which becomes a `ProviderError`. Its
    `system_prompt` is for chats and not sent.

    Args:
        llm (Optional[LLM]): Any of LlamaIndex's LLMs; `None` takes `Settings.llm` when a model is first needed.
        method (Optional[Literal["function_calling", "prompt"]]): How it is asked; `None` chooses
            by what the model says of itself.

    Raises:
        InvalidInputError: If `llm` is no LLM, or `method` neither of the two.

    Examples:
        `pip install "memx-core[llama-index,local]" llama-index-llms-openai`

        ```python
        from llama_index.llms.openai import OpenAI
        from llama_index_memx import LlamaIndexLLM
        from memx_core import Memory

        memory = Memory(llm=LlamaIndexLLM(OpenAI(model="gpt-5-mini")))
        memory.add("I live in Oslo.", user_id="alice")
        ```
    """

    def __init__(self, llm: LLM | None = None, *, method: Method | None = None) -> None:
        given, chosen = None if llm is None else _checked(llm), _known(method)
        self._given = given
        self._found = Found(lambda: _way(given or _of_settings(), chosen))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(Settings.llm)" if self._given is None else described(self, self._given)

    @property
    def model_name(self) -> str:
        """The model's own name, or its class's; empty before one of `Settings` was needed."""
        if self._found.known:
            return self._found.get().name
        return "" if self._given is None else _name(self._given)

    @property
    def provider_name(self) -> str:
        """Who is asked, for telemetry."""
        return provider_name(self._found.get().model if self._found.known else self._given)

    @_dispatcher.span
    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """The model's answer to `messages`."""
        way = call(self, self._found.get)
        try:
            answer = call(way.model, lambda: ask(way.model, _prompt(messages), schema, way.method))
        except Exception as error:
            found = rescued(error, model=way.name)
            if found is None:
                raise
            return found
        return completion(answer, way.model, model=way.name)

    @_dispatcher.span
    async def acomplete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """Like `complete`, awaiting the model."""
        way = self._found.get() if self._found.known else await asyncio.to_thread(call, self, self._found.get)
        try:
            answer = await acall(
                way.model,
                lambda: aask(way.model, _prompt(messages), schema, way.method),
                lambda: ask(way.model, _prompt(messages), schema, way.method),
                suspends=way.suspends,
            )
        except Exception as error:
            found = rescued(error, model=way.name)
            if found is None:
                raise
            return found
        return completion(answer, way.model, model=way.name)


def _way(model: LLM, method: Method | None) -> _Way:
    """Some models ask their server what they can do, so this waits until one is needed."""
    chosen = method or method_for(model)
    return _Way(model, chosen, suspends(model, chosen), _name(model))


def _name(model: LLM) -> str:
    return model_name(model) or type(model).__name__


def _of_settings() -> LLM:
    from llama_index.core.settings import Settings

    return looked_up("llm", "llm", lambda: Settings.llm)


def _checked(llm: object) -> LLM:
    if isinstance(llm, StructuredLLM):
        raise InvalidInputError(
            "LlamaIndexLLM takes an LLM without .as_structured_llm() around it: memx has its own form"
        )
    if isinstance(llm, LLM):
        return llm
    raise InvalidInputError(
        f"LlamaIndexLLM takes a LlamaIndex LLM, and got {shown(llm)}; pass llm=…, or None for Settings.llm"
    )


def _known(method: str | None) -> Method | None:
    if method is None or method in get_args(Method):
        return cast("Method | None", method)
    raise InvalidInputError(f"method={method!r} is none of {', '.join(get_args(Method))}")


def _prompt(messages: Sequence[Message]) -> list[ChatMessage]:
    """A new list each time, since models add to it. Names are said in the text: providers refuse most of them."""
    return [ChatMessage(role=MessageRole(message.role), content=_spoken(message)) for message in messages]


def _spoken(message: Message) -> str:
    return f"{message.name}: {message.content}" if message.name else message.content
