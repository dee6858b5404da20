"""`MemxMiddleware`: an agent that remembers. Recall before the model, capture after its answer.

Neither changes the agent's messages: the recalled block is in the request of a model call only,
and what was said is kept in the memory's own ledger, to be learned from in the background.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypeAlias

from langchain.agents.middleware.types import (
    AgentMiddleware,
    AgentState,
    ModelRequest,
    ModelResponse,
    PrivateStateAttr,
)
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.channels import UntrackedValue  # pyright: ignore[reportMissingTypeStubs]  # a namespace without them
from langgraph.config import get_config
from langgraph.runtime import Runtime
from langgraph.types import TracePolicy, omit_payload

from langchain_memx import _capturing as capturing
from langchain_memx._placing import Placement, after_system, beside_user, latest_human
from langchain_memx._recalling import Deadline, Recalling
from langchain_memx.contents import content_text
from langchain_memx.scopes import Given, resolve, thread
from memx_core import InvalidInputError, Memory, Message, ScopedMemory, ScopeError
from memx_core.memory.arguments import AddOptions, RecallOptions

OnError: TypeAlias = Literal["ignore", "raise"] | Callable[[Exception], None]
_logger = logging.getLogger("langchain_memx")


class Recalled(NamedTuple):
    """What was recalled, and for which message."""

    message_id: str | None
    block: str


class MemxState(AgentState[Any]):
    """What the middleware keeps in the agent's state, unseen by input and output.

    Attributes:
        memx_recalled: Of this run only: never in a checkpoint, where it would grow stale.
        memx_saved: Id of the last message that is kept already.
    """

    memx_recalled: NotRequired[Annotated[Recalled | None, UntrackedValue, PrivateStateAttr]]
    memx_saved: NotRequired[Annotated[str | None, PrivateStateAttr]]


class MemxMiddleware(AgentMiddleware[MemxState, Any, Any]):
    """Long-term memory for an agent made with `create_agent`.

    Setup:
        ```console
        pip install "memx-core[langchain,local]"
        ```

    Instantiate:
        ```python
        from langchain.agents import create_agent
        from langchain_memx import MemxMiddleware
        from memx_core import Memory

        agent = create_agent(model, tools=[...], middleware=[MemxMiddleware(Memory())])
        ```

    Use:
        ```python
        agent.invoke({"messages": [...]}, context={"user_id": "alice"})
        ```

    The user is found in this order: `user_id` of this object, the server's identity, the run's
    context, `config["configurable"]`. Without one the run fails before the model is called.

    Args:
        memory: A `Memory`, or a `ScopedMemory` for an agent that has one user.
        user_id: For an agent that has one user.
        agent_id: Narrows every scope to this agent.
        run_id: Narrows every scope further.
        max_tokens: Size of the recalled block, estimated.
        limit: Lines of the block at most; `None` leaves it to the memory.
        threshold: Least score of what is recalled, in [0, 1].
        filters: Conditions on the memories' metadata.
        include_messages: Also recall turns of conversations.
        placement: `user` puts the block after what the user said last, `system` after the system prompt.
        recall: Put memories into prompts.
        learn: Keep what is said, and learn from it in the background.
        tool_results: Also learn from what tools returned.
        instructions: What to notice or to ignore, in words for the model that learns.
        metadata: For the memories that are made.
        timeout: Seconds that a recall may take; then the model is called without.
        on_error: What becomes of failures of recalling and keeping: `ignore` logs them, `raise`
            raises them, a function is called with them.
        name: Of this middleware; two in one agent need different ones.

    Raises:
        ScopeError: When the agent runs without a user.
        InvalidInputError: If an argument can never work.
    """

    state_schema = MemxState
    trace_policy = TracePolicy(process_inputs=omit_payload, process_outputs=omit_payload)

    def __init__(
        self,
        memory: Memory | ScopedMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        max_tokens: int = 1000,
        limit: int | None = None,
        threshold: float | None = None,
        filters: dict[str, Any] | None = None,
        include_messages: bool = True,
        placement: Placement = "user",
        recall: bool = True,
        learn: bool = True,
        tool_results: bool = False,
        instructions: str | None = None,
        metadata: dict[str, Any] | None = None,
        timeout: float | None = 2.0,
        on_error: OnError = "ignore",
        name: str = "MemxMiddleware",
    ) -> None:
        super().__init__()
        if placement not in ("user", "system"):
            raise InvalidInputError(f"placement={placement!r} is neither 'user' nor 'system'")
        if on_error not in ("ignore", "raise") and not callable(on_error):
            raise InvalidInputError(f"on_error={on_error!r} is neither 'ignore' nor 'raise' nor a function")
        self.tools = []
        self._memory = memory
        self._given = Given(user_id, agent_id, run_id)
        self._recall_options = RecallOptions(
            max_tokens=max_tokens, include_messages=include_messages, threshold=threshold, filters=filters
        )
        if limit is not None:
            self._recall_options["limit"] = limit
        self._instructions, self._metadata = instructions, metadata
        self._placement = placement
        self._recalls, self._learns, self._tool_results = recall, learn, tool_results
        self._deadline = Deadline(timeout)
        self._on_error = on_error
        self._name = name

    @property
    def name(self) -> str:
        """The name of this middleware in the agent's graph."""
        return self._name

    # Before the agent: catch up on a turn that was cut off, and recall once a turn.

    def before_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Keeps what an earlier turn left unsaved, and recalls for what the user said."""
        handle, messages = self._handle(runtime), state["messages"]
        saved = self._capture(handle, state, messages[: latest_human(messages) or 0], runtime)
        return {**saved, "memx_recalled": self._recall(handle, messages)}

    async def abefore_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Like `before_agent`, awaiting the memory."""
        handle, messages = self._handle(runtime), state["messages"]
        saved = await self._acapture(handle, state, messages[: latest_human(messages) or 0], runtime)
        return {**saved, "memx_recalled": await self._arecall(handle, messages)}

    # Around the model: the block goes into the request.

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Calls the model with what was recalled."""
        recalled = _still_good(request)
        if recalled is None:  # resumed after an interrupt, or the user said something since
            recalled = self._recall(self._handle(request.runtime), request.messages)
        return handler(self._placed(request, recalled))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Like `wrap_model_call`, awaiting the memory and the model."""
        recalled = _still_good(request)
        if recalled is None:
            recalled = await self._arecall(self._handle(request.runtime), request.messages)
        return await handler(self._placed(request, recalled))

    # After the agent: what was said is kept, to be learned from in the background.

    def after_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Keeps the turn."""
        return self._capture(self._handle(runtime), state, state["messages"], runtime) or None

    async def aafter_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Like `after_agent`, without blocking the loop."""
        return await self._acapture(self._handle(runtime), state, state["messages"], runtime) or None

    # Inside.

    def _handle(self, runtime: Runtime[Any]) -> ScopedMemory:
        """The memory of the run's user.

        Raises:
            ScopeError: If nobody says who that is.
        """
        if isinstance(self._memory, ScopedMemory):
            return self._memory
        scope = resolve(self._given, runtime=runtime, config=_config())
        return self._memory.scoped(user_id=scope.user_id, agent_id=scope.agent_id, run_id=scope.run_id)

    def _recall(self, handle: ScopedMemory, messages: Sequence[BaseMessage]) -> Recalled:
        message_id, query = _question(messages)
        if not self._recalls or not query:
            return Recalled(message_id, "")
        recalling = Recalling(handle, self._recall_options)
        try:
            self._deadline.run(lambda: recalling.invoke(query))
        except Exception as error:  # noqa: BLE001  # a model without memories is better than none
            self._heard("recall", error)
            return Recalled(message_id, "")
        return Recalled(message_id, recalling.found.text)

    async def _arecall(self, handle: ScopedMemory, messages: Sequence[BaseMessage]) -> Recalled:
        message_id, query = _question(messages)
        if not self._recalls or not query:
            return Recalled(message_id, "")
        recalling = Recalling(handle, self._recall_options)
        try:
            await self._deadline.arun(lambda: recalling.ainvoke(query))
        except Exception as error:  # noqa: BLE001  # a model without memories is better than none
            self._heard("recall", error)
            return Recalled(message_id, "")
        return Recalled(message_id, recalling.found.text)

    def _placed(self, request: ModelRequest[Any], recalled: Recalled) -> ModelRequest[Any]:
        if not recalled.block:
            return request
        if self._placement == "system":
            return request.override(system_message=after_system(request.system_message, recalled.block))
        return request.override(messages=beside_user(request.messages, recalled.block))

    def _capture(
        self, handle: ScopedMemory, state: MemxState, messages: Sequence[BaseMessage], runtime: Runtime[Any]
    ) -> dict[str, Any]:
        """The new watermark, if something was kept."""
        session = thread(runtime, _config())
        new = self._new(state, messages, session)
        if not new:
            return {}
        try:
            handle.add(new, **self._options(session))
        except Exception as error:  # noqa: BLE001  # the watermark stays, and the next turn catches up
            self._heard("keep", error)
            return {}
        return {"memx_saved": messages[-1].id}

    async def _acapture(
        self, handle: ScopedMemory, state: MemxState, messages: Sequence[BaseMessage], runtime: Runtime[Any]
    ) -> dict[str, Any]:
        session = thread(runtime, _config())
        new = self._new(state, messages, session)
        if not new:
            return {}
        try:
            await handle.aadd(new, **self._options(session))
        except Exception as error:  # noqa: BLE001  # the watermark stays, and the next turn catches up
            self._heard("keep", error)
            return {}
        return {"memx_saved": messages[-1].id}

    def _new(self, state: MemxState, messages: Sequence[BaseMessage], session: str | None) -> list[Message]:
        if not self._learns:
            return []
        unsaved = capturing.unsaved(messages, state.get("memx_saved"), threaded=session is not None)
        return capturing.captured(unsaved, tool_results=self._tool_results)

    def _options(self, session: str | None) -> AddOptions:
        return AddOptions(session_id=session, instructions=self._instructions, metadata=self._metadata, wait=False)

    def _heard(self, doing: str, error: Exception) -> None:
        """What an application wants done about a failure; who has no user fails whatever it wants."""
        if isinstance(error, ScopeError) or self._on_error == "raise":
            raise error
        if callable(self._on_error):
            self._on_error(error)
            return
        # Not the error's own words: they may hold what somebody said.
        _logger.warning("memx could not %s (%s); the agent goes on without", doing, type(error).__name__)


def _config() -> RunnableConfig | None:
    try:
        return get_config()
    except RuntimeError:
        return None  # a hook that somebody calls outside of a graph


def _question(messages: Sequence[BaseMessage]) -> tuple[str | None, str]:
    """Id and text of what the user said last."""
    at = latest_human(messages)
    if at is None:
        return None, ""
    return messages[at].id, content_text(messages[at].content).strip()


def _still_good(request: ModelRequest[Any]) -> Recalled | None:
    """What was recalled for what the user said last."""
    recalled = request.state.get("memx_recalled")
    if not isinstance(recalled, Recalled) or recalled.message_id != _question(request.messages)[0]:
        return None
    return recalled
