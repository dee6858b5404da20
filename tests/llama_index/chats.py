"""A model that says what it is told to, and the ways LlamaIndex has to talk to one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from typing import Any, Literal, TypeAlias, get_args

from blockbuster import blockbuster_ctx
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    LLMMetadata,
    ToolCallBlock,
)
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from pydantic import PrivateAttr

Style: TypeAlias = Literal["chat", "achat", "stream_chat", "astream_chat", "loop"]
"""`loop`: the blocking way, within a running loop."""
STYLES: tuple[Style, ...] = get_args(Style)
FACT = "User is allergic to zucchini"


class Chat(FunctionCallingLLM):
    """Answers, each a text or a message, the last one again and again; what it was shown, for each call."""

    _answers: list[ChatMessage] = PrivateAttr()
    _shown: list[list[ChatMessage]] = PrivateAttr(default_factory=list)

    def __init__(self, *answers: str | ChatMessage) -> None:
        super().__init__()
        given = answers or ("All right.",)
        self._answers = [ChatMessage(one, role="assistant") if isinstance(one, str) else one for one in given]

    @property
    def shown(self) -> list[list[ChatMessage]]:
        return self._shown

    @property
    def prompt(self) -> str:
        """All that it was shown last."""
        return "\n".join(f"{one.role.value}: {one.content}" for one in self._shown[-1])

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, is_function_calling_model=True, context_window=32_000)

    def _next(self, messages: Sequence[ChatMessage]) -> ChatResponse:
        self._shown.append([message.model_copy(deep=True) for message in messages])
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return ChatResponse(message=answer.model_copy(deep=True), delta=answer.content or "")

    def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        return self._next(messages)

    async def achat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        return self._next(messages)

    def stream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> Generator[ChatResponse, None, None]:
        whole = self._next(messages)
        return (part for part in [whole])

    async def astream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> AsyncGenerator[ChatResponse, None]:
        whole = self._next(messages)

        async def parts() -> AsyncGenerator[ChatResponse, None]:
            yield whole

        return parts()

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        return CompletionResponse(text=self._next([ChatMessage(prompt)]).message.content or "")

    async def acomplete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        return self.complete(prompt)

    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
        return iter([self.complete(prompt)])

    async def astream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
        raise NotImplementedError

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[Any],
        user_msg: Any = None,
        chat_history: Any = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        return {"messages": [*(chat_history or []), *([user_msg] if user_msg else [])]}

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **_: Any
    ) -> list[ToolSelection]:
        calls = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
        return [
            ToolSelection(tool_id=call.tool_call_id or "", tool_name=call.tool_name, tool_kwargs=dict(call.tool_kwargs))
            for call in calls
        ]


def calling(tool: str, *, id: str = "call-1", says: str | None = None, **kwargs: Any) -> ChatMessage:
    """An assistant that calls a tool, and may say something besides."""
    call = ToolCallBlock(tool_call_id=id, tool_name=tool, tool_kwargs=kwargs)
    message = ChatMessage(says, role="assistant")
    message.blocks.append(call)
    return message


def talk(engine: Any, said: str, style: Style, runner: asyncio.Runner) -> str:
    """What a chat engine answers, asked in a style."""
    match style:
        case "chat":
            return str(engine.chat(said))
        case "stream_chat":
            return "".join(engine.stream_chat(said).response_gen)
        case "loop":
            return runner.run(_within(engine, said))
        case "achat":
            return str(_run(runner, engine.achat(said)))
        case "astream_chat":
            return str(_run(runner, _streamed(engine, said)))


async def _within(engine: Any, said: str) -> str:
    return str(engine.chat(said))


async def _streamed(engine: Any, said: str) -> str:
    response = await engine.astream_chat(said)
    return "".join([part async for part in response.async_response_gen()])


def _run(runner: asyncio.Runner, coroutine: Any) -> Any:
    """What it comes to, if nothing of ours blocks the loop."""

    async def call() -> Any:
        return await coroutine

    with blockbuster_ctx(["memx_core", "llama_index_memx"]):  # LlamaIndex itself blocks: it counts tokens in a thread
        return runner.run(call())


def words(messages: Sequence[ChatMessage]) -> list[str]:
    return [message.content or "" for message in messages]
