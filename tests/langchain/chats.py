"""A chat with a history, in every calling style of LangChain, around chains of every shape."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

from blockbuster import blockbuster_ctx
from langchain.agents import create_agent
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable
from langchain_core.runnables.history import RunnableWithMessageHistory

from langchain_memx import HISTORY_KEYS, history_factory
from memx_core import Memory
from tests.langchain.models import AgentChat

CallStyle: TypeAlias = Literal["invoke", "ainvoke", "stream", "astream", "batch", "abatch"]
CALL_STYLES: tuple[CallStyle, ...] = get_args(CallStyle)
Shape: TypeAlias = Literal["dict", "list", "text", "string", "agent", "agent-list"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
"""`list`: messages in, a message out; `text`: a text in; `string`: a text comes out; `agent`: messages in a dict."""


def chain(shape: Shape, model: AgentChat) -> tuple[Runnable[Any, Any], dict[str, str], Callable[[str], Any]]:
    """A runnable, the keys of its history, and how it is told something."""
    prompt = ChatPromptTemplate.from_messages([("system", "Be kind."), MessagesPlaceholder("past"), ("human", "{q}")])
    keys = {"input_messages_key": "q", "history_messages_key": "past"}
    match shape:
        case "dict":
            return prompt | model, keys, lambda said: {"q": said}
        case "string":
            return prompt | model | StrOutputParser(), keys, lambda said: {"q": said}
        case "list":
            return model, {}, lambda said: [HumanMessage(said)]
        case "text":
            return model, {}, lambda said: said
        case "agent" | "agent-list":
            keys = {"input_messages_key": "messages", "output_messages_key": "messages"}
            agent = create_agent(model)
            if shape == "agent":
                return agent, keys, lambda said: {"messages": said}
            return agent, keys, lambda said: {"messages": [HumanMessage(said)]}


def with_history(runnable: Runnable[Any, Any], factory: Any, **keys: Any) -> RunnableWithMessageHistory:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return RunnableWithMessageHistory(runnable, factory, **keys)


class Chat:
    """One user's conversations with a chain that has a history."""

    def __init__(self, memory: Memory, shape: Shape, style: CallStyle, runner: asyncio.Runner, **given: Any) -> None:
        self.model = AgentChat(answers=["All right."])
        runnable, keys, self.told = chain(shape, self.model)
        factory = history_factory(memory, **given)
        self.runnable = with_history(runnable, factory, history_factory_config=HISTORY_KEYS, **keys)
        self.style = style
        self.runner = runner
        self.memory = memory
        self.factory = factory

    def say(self, *said: str, user: str = "ada", session: str = "s") -> list[BaseMessage]:
        """The transcript after one call, for a batch with all of them in it."""
        config: Any = {"configurable": {"user_id": user, "session_id": session}}
        told = [self.told(words) for words in said]
        match self.style:
            case "invoke":
                self.runnable.invoke(told[0], config)
            case "stream":
                list(self.runnable.stream(told[0], config))
            case "batch":
                self.runnable.batch(told, config)
            case "ainvoke":
                self.wait(self.runnable.ainvoke(told[0], config))
            case "astream":
                self.wait(self._astream(told[0], config))
            case "abatch":
                self.wait(self.runnable.abatch(told, config))
        return self.factory(user, session).messages

    async def _astream(self, told: Any, config: Any) -> None:
        async for _ in self.runnable.astream(told, config):
            pass

    def wait(self, coroutine: Any) -> Any:
        """What it comes to, if nothing blocks the loop."""
        with blockbuster_ctx():
            return self.runner.run(coroutine)
