"""`memory_tools`: an agent that looks after its memory itself, by four tools.

The model never says whose memories are meant. It names a memory by the start of its id, which the
search shows; whether that is one of the user's is for the memory to say, at every call.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import ArgsSchema, BaseTool
from pydantic import BaseModel, ConfigDict, Field

from langchain_memx._aliases import Unusable, afound, found, short
from langchain_memx._handles import fitting, handle
from langchain_memx.scopes import Given
from memx_core import (
    AddResult,
    InvalidInputError,
    Memory,
    MemoryItem,
    MemoryNotFoundError,
    PlanConflictError,
    ScopedMemory,
    ScreenedError,
    SearchHit,
    inputs,
)
from memx_core.rendering import escaped

_WRONG = (InvalidInputError, TypeError, AttributeError, NameError, NotImplementedError, AssertionError)
"""Mistakes of a program, which are raised: no model can do anything about them."""
_UNREACHABLE = "The memory cannot be reached at the moment. Go on without it."
_REFUSED = "That was not kept: the application does not let such a text be remembered."
_logger = logging.getLogger("langchain_memx")


class SearchInput(BaseModel):
    """What to look for."""

    query: str = Field(description="What to look for, as a question or in key words.")
    limit: int = Field(default=5, ge=1, le=50, description="How many memories to show at most.")


class SaveInput(BaseModel):
    """What to remember."""

    text: str = Field(description="One fact, as a sentence that can be understood by itself.")


class UpdateInput(BaseModel):
    """What to change."""

    memory: str = Field(description="The memory's short name, as the search shows it in [brackets].")
    text: str = Field(description="The fact as it is now, as a sentence that can be understood by itself.")


class ForgetInput(BaseModel):
    """What to forget."""

    memory: str = Field(description="The memory's short name, as the search shows it in [brackets].")


def memory_tools(
    memory: Memory | ScopedMemory,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> list[BaseTool]:
    """Tools to search, save, update and forget memories of the run's user.

    Setup:
        ```console
        pip install "memx-core[langchain,local]"
        ```

    Instantiate:
        ```python
        from langchain.agents import create_agent
        from langchain_memx import memory_tools
        from memx_core import Memory

        memory = Memory()
        agent = create_agent(model, tools=[*tools, *memory_tools(memory)])
        ```

    Use:
        ```python
        asked = {"messages": [{"role": "user", "content": "Remember that I live in Oslo."}]}
        agent.invoke(asked, context={"user_id": "alice"})
        ```

    The user is found when a tool is called: `user_id` given here, the server's identity, the run's
    context, `config["configurable"]`; without one the call raises `ScopeError`. When the memory is
    down, a tool says so to the model, and the agent goes on.

    Args:
        memory: A `Memory`, or a `ScopedMemory` for an agent that has one user.
        user_id: For an agent that has one user.
        agent_id: Narrows every scope to this agent.
        run_id: Narrows every scope further.
    """
    given = Given(user_id, agent_id, run_id)
    fitting(memory, given)
    kinds = (SearchMemory, SaveMemory, UpdateMemory, ForgetMemory)
    return [kind(memory=memory, given=given) for kind in kinds]


class MemoryTool(BaseTool):
    """What the four have in common: whose memory it is, and what to tell the model when something fails."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: Memory | ScopedMemory = Field(exclude=True, repr=False)
    given: Given = Field(default_factory=Given, exclude=True, repr=False)

    def _said(self, config: RunnableConfig, do: Callable[[ScopedMemory], str]) -> str:
        """What `do` says, or what went wrong, as far as the model can do something about it."""
        known = handle(self.memory, self.given, config)
        try:
            return do(known)
        except Exception as error:  # noqa: BLE001  # an exception would end the agent's run
            return _excuse(error)

    async def _asaid(self, config: RunnableConfig, do: Callable[[ScopedMemory], Awaitable[str]]) -> str:
        known = handle(self.memory, self.given, config)
        try:
            return await do(known)
        except Exception as error:  # noqa: BLE001  # an exception would end the agent's run
            return _excuse(error)


class SearchMemory(MemoryTool):
    """Finds memories."""

    name: str = "search_memory"
    description: str = (
        "Search what is remembered about the user from earlier conversations: facts, preferences, plans, people. "
        "Use it before answering when the answer may depend on the user."
    )
    args_schema: ArgsSchema | None = SearchInput

    def _run(self, query: str, limit: int = 5, *, config: RunnableConfig) -> str:
        return self._said(config, lambda known: _listed(known.search(_worded(query), limit=limit)))

    async def _arun(self, query: str, limit: int = 5, *, config: RunnableConfig) -> str:
        async def search(known: ScopedMemory) -> str:
            return _listed(await known.asearch(_worded(query), limit=limit))

        return await self._asaid(config, search)


class SaveMemory(MemoryTool):
    """Remembers a fact as the model words it."""

    name: str = "save_memory"
    description: str = (
        "Remember a fact about the user for later conversations. Search first: if a memory says something else about "
        "the same thing, update that one instead."
    )
    args_schema: ArgsSchema | None = SaveInput

    def _run(self, text: str, *, config: RunnableConfig) -> str:
        return self._said(config, lambda known: _saved(known.add(_own(text), infer=False)))

    async def _arun(self, text: str, *, config: RunnableConfig) -> str:
        async def save(known: ScopedMemory) -> str:
            return _saved(await known.aadd(_own(text), infer=False))

        return await self._asaid(config, save)


class UpdateMemory(MemoryTool):
    """Replaces what a memory says; the history keeps what it said before."""

    name: str = "update_memory"
    description: str = "Replace what a memory says with what is true now. Search for the memory first."
    args_schema: ArgsSchema | None = UpdateInput

    def _run(self, memory: str, text: str, *, config: RunnableConfig) -> str:
        def update(known: ScopedMemory) -> str:
            return _updated(known.update(found(known, memory), _worded(text), reason="updated by the agent"))

        return self._said(config, update)

    async def _arun(self, memory: str, text: str, *, config: RunnableConfig) -> str:
        async def update(known: ScopedMemory) -> str:
            name = await afound(known, memory)
            return _updated(await known.aupdate(name, _worded(text), reason="updated by the agent"))

        return await self._asaid(config, update)


class ForgetMemory(MemoryTool):
    """Forgets a memory; the history keeps that it was there."""

    name: str = "forget_memory"
    description: str = "Forget a memory, when the user asks for it or it was never true. Search for the memory first."
    args_schema: ArgsSchema | None = ForgetInput

    def _run(self, memory: str, *, config: RunnableConfig) -> str:
        def forget(known: ScopedMemory) -> str:
            name = found(known, memory)
            known.delete(name, reason="forgotten by the agent")
            return _forgotten(name)

        return self._said(config, forget)

    async def _arun(self, memory: str, *, config: RunnableConfig) -> str:
        async def forget(known: ScopedMemory) -> str:
            name = await afound(known, memory)
            await known.adelete(name, reason="forgotten by the agent")
            return _forgotten(name)

        return await self._asaid(config, forget)


# What the model is told.


def _listed(hits: Sequence[SearchHit]) -> str:
    """One line a memory, as data: what it says is written as JSON writes strings."""
    items = [hit.memory for hit in hits]
    lines = [f"[{short(item.id)}] {item.updated_at:%Y-%m-%d} {escaped(item.text)}" for item in items]
    return "\n".join(lines) or "Nothing is remembered about that."


def _saved(result: AddResult) -> str:
    if result.changes:
        return f"Saved as [{short(result.changes[0].memory_id)}]."
    refused = any(warning.startswith("screened:") for warning in result.warnings)
    return _REFUSED if refused else "That is remembered already."


def _updated(item: MemoryItem) -> str:
    return f"Updated [{short(item.id)}]."


def _forgotten(memory_id: str) -> str:
    return f"Forgot [{short(memory_id)}]."


def _excuse(error: Exception) -> str:
    match error:
        case MemoryNotFoundError():
            return "There is no memory of that name. Search again, and use a name that the search shows."
        case PlanConflictError():
            return "That memory was changed meanwhile. Search again."
        case ScreenedError():
            return _REFUSED
        case Unusable():
            return f"That did not work: {error}"
        case _ if isinstance(error, _WRONG):
            raise error
        case _:
            # Not the error's own words: they may hold what somebody said.
            _logger.warning("a memory tool failed (%s); the model was told so", type(error).__name__)
            return _UNREACHABLE


# What the model says.


def _own(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": _worded(text)}


def _worded(text: str) -> str:
    """The text, if it says something.

    Raises:
        Unusable: If it does not, or is too long.
    """
    try:
        return inputs.text(text)
    except InvalidInputError as error:
        raise Unusable(str(error)) from error
