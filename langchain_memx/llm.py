"""A LangChain chat model as the port `LLM`, in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import BaseModel

from langchain_memx.structured import Method, bound, completion, method_for
from memx_core import Completion, InvalidInputError, Message
from memx_core.endings import rescued
from memx_core.loops import of_another_loop
from memx_core.naming import described, model_name, provider_name, shown

CONFIG = RunnableConfig(tags=["memx", "nostream"], run_name="memx")
"""Traces tell our calls by it, and LangGraph keeps their tokens out of the user's stream."""
_ROLES: Mapping[str, type[BaseMessage]] = {"system": SystemMessage, "assistant": AIMessage}


class LangChainLLM:
    """A LangChain chat model that proposes what to remember.

    Setup:
        ```console
        pip install "memx-core[langchain,local]" langchain-openai
        ```

    Instantiate:
        ```python
        from langchain_memx import LangChainLLM
        from langchain_openai import ChatOpenAI

        llm = LangChainLLM(ChatOpenAI(model="gpt-5-mini"))
        ```

    Use:
        ```python
        from memx_core import Memory

        memory = Memory(llm=llm)
        memory.add("I live in Oslo.", user_id="alice")
        ```

    The answer's shape is forced in the strictest way that the model is known to go; otherwise the
    prompt asks for it. Whatever comes, memx salvages what is complete. The model's own retries
    and timeout hold, and what it raises passes through.

    Args:
        model: Any of LangChain's chat models.
        method: `json_schema`, `function_calling` or `prompt`; `None` chooses by the model's
            profile, and by whether its class can bind tools.

    Raises:
        InvalidInputError: If `model` is no chat model, or `method` none of the three.
    """

    def __init__(self, model: BaseChatModel, *, method: Method | None = None) -> None:
        self._model = _checked(model)
        self._method: Method = method_for(model) if method is None else _known(method)
        self._name = model_name(model) or type(model).__name__
        self._bound: dict[type[BaseModel], Runnable[LanguageModelInput, Any]] = {}  # making one costs 1.5 ms

    def __repr__(self) -> str:
        return described(self, self._model)

    @property
    def model_name(self) -> str:
        """The model's own name, or its class's."""
        return self._name

    @property
    def provider_name(self) -> str:
        """Who is asked, for telemetry."""
        return provider_name(self._model)

    @property
    def method(self) -> Method:
        """How the model is asked for JSON."""
        return self._method

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """The model's answer to `messages`."""
        try:
            return self._read(self._asking(schema).invoke(_prompt(messages), CONFIG))
        except Exception as error:
            found = rescued(error, model=self._name)
            if found is None:
                raise
            return found

    async def acomplete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """Like `complete`, awaiting the model."""
        try:
            return self._read(await self._asking(schema).ainvoke(_prompt(messages), CONFIG))
        except Exception as error:
            if of_another_loop(error):
                return await asyncio.to_thread(self.complete, messages, schema)
            found = rescued(error, model=self._name)
            if found is None:
                raise
            return found

    def _asking(self, schema: type[BaseModel]) -> Runnable[LanguageModelInput, Any]:
        if schema not in self._bound:
            self._bound[schema] = bound(self._model, schema, self._method)
        return self._bound[schema]

    def _read(self, answer: object) -> Completion:
        if isinstance(answer, BaseMessage):
            return completion(answer, None, model=self._name)
        both = cast("Mapping[str, Any]", answer)
        return completion(both["raw"], both["parsed"], model=self._name)


def _checked(model: object) -> BaseChatModel:
    if isinstance(model, BaseChatModel):
        return model
    raise InvalidInputError(
        f"LangChainLLM takes a LangChain chat model, and got {shown(model)}; "
        'make one with init_chat_model("provider:model"), and pass it without .bind or .with_retry around it'
    )


def _known(method: str) -> Method:
    if method in get_args(Method):
        return cast("Method", method)
    raise InvalidInputError(f"method={method!r} is none of {', '.join(get_args(Method))}")


def _prompt(messages: Sequence[Message]) -> list[BaseMessage]:
    """Names are said in the text: providers refuse most of them in their own field."""
    return [_ROLES.get(message.role, HumanMessage)(content=_spoken(message)) for message in messages]


def _spoken(message: Message) -> str:
    return f"{message.name}: {message.content}" if message.name else message.content
