"""`MemxMiddleware`: an agent that remembers. Recall before the model, capture after its answer.

Neither changes the agent's messages: the recalled block is in the request of a model call only,
and what was said is kept in the memory's own ledger, to be learned from in the background.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, NotRequired, Self

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
from langchain_memx import _settings as settings
from langchain_memx._capturing import Due, Saved
from langchain_memx._placing import Placement, after_system, beside_user, latest_human
from langchain_memx._recalling import Recalling
from langchain_memx._settings import OnError
from langchain_memx._turns import Question, Turn, Turns
from langchain_memx.contents import content_text
from langchain_memx.scopes import resolve, thread
from memx_core import InvalidInputError, MemoryLike, ScopedMemory, ScopeError
from memx_core.deadlines import Deadline
from memx_core.memory.arguments import AddOptions
from memx_core.memory.fitting import Given, fitting
from memx_core.memory.options import question, recall_options

_logger = logging.getLogger("langchain_memx")


class MemxState(AgentState[Any]):
    """What the middleware keeps in the agent's state, unseen by input and output. No words of anybody.

    Attributes:
        memx_turn: Name of this run: never in a checkpoint, so that a resumed run recalls again.
        memx_saved: How far the thread is kept, by the middleware's name.
    """

    memx_turn: NotRequired[Annotated[str | None, UntrackedValue, PrivateStateAttr]]
    memx_saved: NotRequired[Annotated[dict[str, Saved], PrivateStateAttr]]


class _Run(NamedTuple):
    """Whose run it is, and of which conversation."""

    handle: ScopedMemory
    session: str | None
    whose: str


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

        memory = Memory()
        agent = create_agent(model, tools=tools, middleware=[MemxMiddleware(memory)])
        ```

    Use:
        ```python
        asked = {"messages": [{"role": "user", "content": "What could I cook tonight?"}]}
        agent.invoke(asked, context={"user_id": "alice"})
        ```

    The user is found in this order: `user_id` of this object, the server's identity, the run's
    context, `config["configurable"]`. Without one the run fails before the model is called. A turn
    is its user's to the end: who resumes another's run neither recalls nor is learned from.

    With a checkpointer nothing is lost when a run is cut off, interrupted or summarised. Without one
    a run keeps its own turn, and what the application brings along of earlier ones is not kept again.

    Args:
        memory: A `Memory`, or a `ScopedMemory` for an agent that has one user.
        user_id: For an agent that has one user.
        agent_id: Narrows every scope to this agent.
        run_id: Narrows every scope further.
        max_tokens: Size of the recalled block, estimated.
        limit: Lines of the block at most; `None`: as many as fit.
        threshold: Least score of what is recalled, in [0, 1].
        filters: Conditions on the memories' metadata.
        include_messages: Also recall turns of conversations, those that the prompt does not hold anyway.
        placement: `user` puts the block after what the user said last, `system` after the system prompt.
        recall: Put memories into prompts.
        learn: Keep what is said, and learn from it in the background.
        tool_results: Also learn from what tools returned.
        instructions: What to notice or to ignore, in words for the model that learns.
        metadata: For the memories that are made.
        timeout: Seconds that recalling, or keeping, may hold up a turn; then it goes on without. An
            embedder that runs in this process is loaded first, which does not count: the first turn
            waits for that, unless the application called `memory.warm_up()`.
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
        memory: MemoryLike | ScopedMemory,
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
        self.tools = []
        self._given = Given(user_id, agent_id, run_id)
        self._memory = fitting(memory, self._given)
        self._recall_options = recall_options(
            max_tokens=max_tokens,
            limit=limit,
            threshold=threshold,
            filters=filters,
            include_messages=include_messages,
        )
        self._add_options = settings.add_options(instructions=instructions, metadata=metadata)
        self._placement = settings.placement(placement)
        self._recalls, self._learns, self._tool_results = recall, learn, tool_results
        self._deadline = Deadline(timeout)
        self._on_error = settings.on_error(on_error)
        self._name = settings.name(name)
        self._turns = Turns()

    @property
    def name(self) -> str:
        """The name of this middleware in the agent's graph."""
        return self._name

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: what it has is the memory, and there is one."""
        return self

    # Before the agent: whose turn is it, and is anything of earlier ones not kept yet?

    def before_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Keeps what earlier turns left, as one that was cut off does."""
        run, messages = self._run(runtime), state["messages"]
        saved = self._begun(state, run)
        earlier = messages[: capturing.turn_start(messages)]
        done = self._keep(run, self._due(earlier, saved))
        return self._noted(state, capturing.upto(saved, earlier) if done else saved)

    async def abefore_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Like `before_agent`, without blocking the loop."""
        run, messages = self._run(runtime), state["messages"]
        saved = self._begun(state, run)
        earlier = messages[: capturing.turn_start(messages)]
        done = await self._akeep(run, self._due(earlier, saved))
        return self._noted(state, capturing.upto(saved, earlier) if done else saved)

    # Around the model: what is remembered goes into the request, once every other middleware had its say.

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Calls the model with what is remembered."""
        turn = self._turn(request)
        if turn.block is None:  # the first call of the turn, or of a run that was resumed
            turn.block = self._recall(request, turn.question)
        return handler(self._placed(request, turn.block))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Like `wrap_model_call`, awaiting the memory and the model."""
        turn = self._turn(request)
        if turn.block is None:
            turn.block = await self._arecall(request, turn.question)
        return await handler(self._placed(request, turn.block))

    # After the agent: what was said is kept, to be learned from in the background.

    def after_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Keeps the turn, unless somebody else began it."""
        run, heard = self._run(runtime), self._turns.end(state.get("memx_turn"))
        saved = self._begun(state, run) if self._owns(state, run) else None
        if saved is None or not self._keep(run, self._due_after(state["messages"], saved, heard)):
            return None
        return self._noted(state, capturing.upto(saved, state["messages"]))

    async def aafter_agent(self, state: MemxState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Like `after_agent`, without blocking the loop."""
        run, heard = self._run(runtime), self._turns.end(state.get("memx_turn"))
        saved = self._begun(state, run) if self._owns(state, run) else None
        if saved is None or not await self._akeep(run, self._due_after(state["messages"], saved, heard)):
            return None
        return self._noted(state, capturing.upto(saved, state["messages"]))

    # Whose it is.

    def _run(self, runtime: Runtime[Any]) -> _Run:
        """The run's user and conversation.

        Raises:
            ScopeError: If nobody says who the user is.
        """
        config, memory = _config(), self._memory
        if not isinstance(memory, ScopedMemory):
            scope = resolve(self._given, runtime=runtime, config=config)
            memory = memory.scoped(user_id=scope.user_id, agent_id=scope.agent_id, run_id=scope.run_id)
        return _Run(memory, thread(runtime, config), capturing.address(memory.scope))

    def _saved(self, state: Mapping[str, Any]) -> Saved | None:
        found: dict[str, Saved] = state.get("memx_saved") or {}
        return found.get(self._name)

    def _owns(self, state: Mapping[str, Any], run: _Run) -> bool:
        """Whether the turn is that user's: a colleague who resumes it to approve something did not say it."""
        saved = self._saved(state)
        return saved is None or saved["whose"] == run.whose

    def _begun(self, state: MemxState, run: _Run) -> Saved:
        checkpointed = capturing.is_checkpointed(_config())
        return capturing.begun(self._saved(state), state["messages"], run.whose, checkpointed=checkpointed)

    def _noted(self, state: MemxState, saved: Saved) -> dict[str, Any]:
        others: dict[str, Saved] = state.get("memx_saved") or {}
        turn = state.get("memx_turn") or uuid.uuid4().hex  # another MemxMiddleware may have named it
        return {"memx_saved": {**others, self._name: saved}, "memx_turn": turn}

    # Recalling.

    def _turn(self, request: ModelRequest[Any]) -> Turn:
        name: Any = request.state.get("memx_turn")
        turn = self._turns.at(name, _question(request.messages))
        saved = self._saved(request.state)
        if self._learns and saved is not None:
            turn.hear(capturing.unsaved(request.state["messages"], saved)[0])
        return turn

    def _recall(self, request: ModelRequest[Any], question: Question) -> str:
        recalling = self._recalling(request, question)
        if recalling is None:
            return ""
        try:
            recalling.warm_up()
            recalling.invoke(question.text)
        except Exception as error:  # noqa: BLE001  # a model without memories is better than none
            self._failed("recall", error)
            return ""
        return recalling.found.text

    async def _arecall(self, request: ModelRequest[Any], question: Question) -> str:
        recalling = self._recalling(request, question)
        if recalling is None:
            return ""
        try:
            await recalling.awarm_up()
            await recalling.ainvoke(question.text)
        except Exception as error:  # noqa: BLE001  # a model without memories is better than none
            self._failed("recall", error)
            return ""
        return recalling.found.text

    def _recalling(self, request: ModelRequest[Any], question: Question) -> Recalling | None:
        run = self._run(request.runtime)
        if not self._recalls or not question.text or not self._owns(request.state, run):
            return None
        shown = [message.id for message in request.messages if message.id is not None]
        return Recalling(run.handle, {**self._recall_options, "exclude_messages": shown}, self._deadline)

    def _placed(self, request: ModelRequest[Any], block: str) -> ModelRequest[Any]:
        if not block:
            return request
        if self._placement == "system":
            return request.override(system_message=after_system(request.system_message, block))
        return request.override(messages=beside_user(request.messages, block))

    # Keeping.

    def _due(self, messages: Sequence[BaseMessage], saved: Saved) -> Due:
        if not self._learns:
            return capturing.NOTHING
        return capturing.due(messages, saved, tool_results=self._tool_results)

    def _due_after(self, messages: Sequence[BaseMessage], saved: Saved, heard: Iterable[BaseMessage]) -> Due:
        if not self._learns:
            return capturing.NOTHING
        return capturing.due_after(messages, saved, heard, tool_results=self._tool_results)

    def _keep(self, run: _Run, due: Due) -> bool:
        """Whether nothing of it is left to be kept."""
        if not due.messages:
            return True
        try:
            self._deadline.run(lambda: capturing.keep(run.handle, due, self._options(run)))
        except Exception as error:  # noqa: BLE001  # the watermark stays, and the next turn catches up
            return self._unkept(error)
        return True

    async def _akeep(self, run: _Run, due: Due) -> bool:
        if not due.messages:
            return True
        try:
            await self._deadline.arun(lambda: capturing.akeep(run.handle, due, self._options(run)))
        except Exception as error:  # noqa: BLE001  # the watermark stays, and the next turn catches up
            return self._unkept(error)
        return True

    def _options(self, run: _Run) -> AddOptions:
        options = self._add_options.copy()
        options["session_id"] = run.session
        return options

    def _unkept(self, error: Exception) -> bool:
        """Whether to try it no more: what is refused today is refused tomorrow, and would hold up the rest."""
        self._failed("keep", error)
        return isinstance(error, InvalidInputError)

    def _failed(self, doing: str, error: Exception) -> None:
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


def _question(messages: Sequence[BaseMessage]) -> Question:
    """What the user said last; of a long text its beginning and its end."""
    at = latest_human(messages)
    return Question() if at is None else Question(messages[at].id, question(content_text(messages[at].content)))
