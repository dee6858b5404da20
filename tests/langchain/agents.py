"""An agent that is talked to in any of the styles LangChain has, and what its model was shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

from blockbuster import blockbuster_ctx
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.types import Command

from langchain_memx import MemxMiddleware
from memx_core import Memory, MemoryLike, ScopedMemory
from tests.langchain.models import AgentChat

Style: TypeAlias = Literal["invoke", "ainvoke", "stream", "astream", "loop"]
"""`loop`: the blocking way, within a running loop."""
STYLES: tuple[Style, ...] = get_args(Style)
MODES = ("values", "updates", "messages", "custom", "checkpoints", "tasks", "debug")
FACT = "User is allergic to zucchini"
ADA = {"user_id": "ada"}


class Talk:
    """Turns of conversations with one agent, in one style."""

    def __init__(self, agent: Any, model: AgentChat, style: Style, runner: asyncio.Runner) -> None:
        self.agent = agent
        self.model = model
        self.style = style
        self._runner = runner

    def say(self, said: Any, *, user: str | None = "ada", thread: str | None = "t", **kept: Any) -> list[BaseMessage]:
        """The conversation after a turn; `said` may be a text, messages, or a command."""
        given = said
        if not isinstance(said, Command):
            given = {"messages": [HumanMessage(said)] if isinstance(said, str) else said}
        config: Any = {"configurable": {} if thread is None else {"thread_id": thread}}
        kept = {"context": {"user_id": user}, **kept} if user is not None else kept
        state = self._run(given, config, kept)
        return list(state["messages"])

    def _run(self, given: Any, config: Any, kept: dict[str, Any]) -> Any:
        match self.style:
            case "invoke":
                return self.agent.invoke(given, config, **kept)
            case "stream":
                return list(self.agent.stream(given, config, stream_mode="values", **kept))[-1]
            case "loop":
                return self._runner.run(self._within(given, config, kept))
            case "ainvoke":
                return self.wait(self.agent.ainvoke(given, config, **kept))
            case "astream":
                return self.wait(self._streamed(given, config, kept))[-1]

    async def _within(self, given: Any, config: Any, kept: dict[str, Any]) -> Any:
        return self.agent.invoke(given, config, **kept)

    async def _streamed(self, given: Any, config: Any, kept: dict[str, Any]) -> list[Any]:
        return [part async for part in self.agent.astream(given, config, stream_mode="values", **kept)]

    def wait(self, coroutine: Any) -> Any:
        """What it comes to, if nothing blocks the loop."""
        with blockbuster_ctx():
            return self._runner.run(coroutine)

    @property
    def shown(self) -> list[list[BaseMessage]]:
        """What the model was shown, for each call."""
        return self.model.prompts

    @property
    def latest(self) -> str:
        """The last human message that the model was shown."""
        return next(text(message) for message in reversed(self.shown[-1]) if isinstance(message, HumanMessage))


def text(message: BaseMessage) -> str:
    return str(message.text)


def spoken(messages: Sequence[BaseMessage]) -> list[str]:
    return [text(message) for message in messages]


def made(
    memory: MemoryLike | ScopedMemory,
    *,
    answers: Sequence[Any] = ("All right.",),
    beside: Sequence[Any] = (),
    after: Sequence[Any] = (),
    tools: Sequence[Any] = (),
    checkpointer: Any = None,
    agent: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[Any, AgentChat]:
    """An agent with a `MemxMiddleware`, between `beside` and `after`, and its model."""
    model = AgentChat(answers=list(answers))
    options.setdefault("timeout", 30.0)  # a busy machine is no failure; tests of time give their own
    options.setdefault("on_error", "raise")
    middleware = [*beside, MemxMiddleware(memory, **options), *after]
    settings = {"context_schema": dict, **(agent or {})}
    return create_agent(model, list(tools), middleware=middleware, checkpointer=checkpointer, **settings), model


def calls(name: str, *arguments: dict[str, Any]) -> AIMessage:
    """An answer that calls a tool, once for each of the arguments."""
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"c{at}"} for at, args in enumerate(arguments)])


def kept(memory: Memory, user: str = "ada", thread: str | None = "t") -> list[str]:
    """The texts that memx keeps of a conversation."""
    return [message.content for message in memory.messages(thread, user_id=user)]
