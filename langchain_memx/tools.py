"""`memory_tools`: an agent that looks after its memory itself, by four tools.

The model never says whose memories are meant; that is found out at every call. What the tools do and
say is in `memx_core.toolbox`.
"""

from __future__ import annotations

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import ArgsSchema, BaseTool
from pydantic import ConfigDict, Field

from langchain_memx._handles import handle
from memx_core import MemoryLike, ScopedMemory, toolbox
from memx_core.memory.fitting import Given, fitting


def memory_tools(
    memory: MemoryLike | ScopedMemory,
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
    """What the four have in common: whose memory it is."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: MemoryLike | ScopedMemory = Field(exclude=True, repr=False)
    given: Given = Field(default_factory=Given, exclude=True, repr=False)

    def _known(self, config: RunnableConfig) -> ScopedMemory:
        return handle(self.memory, self.given, config)


class SearchMemory(MemoryTool):
    """Finds memories."""

    name: str = toolbox.SEARCH.name
    description: str = toolbox.SEARCH.description
    args_schema: ArgsSchema | None = toolbox.SearchInput

    def _run(self, query: str, limit: int = 5, *, config: RunnableConfig) -> str:
        return toolbox.search(self._known(config), query, limit=limit)

    async def _arun(self, query: str, limit: int = 5, *, config: RunnableConfig) -> str:
        return await toolbox.asearch(self._known(config), query, limit=limit)


class SaveMemory(MemoryTool):
    """Remembers a fact as the model words it."""

    name: str = toolbox.SAVE.name
    description: str = toolbox.SAVE.description
    args_schema: ArgsSchema | None = toolbox.SaveInput

    def _run(self, text: str, *, config: RunnableConfig) -> str:
        return toolbox.save(self._known(config), text)

    async def _arun(self, text: str, *, config: RunnableConfig) -> str:
        return await toolbox.asave(self._known(config), text)


class UpdateMemory(MemoryTool):
    """Replaces what a memory says; the history keeps what it said before."""

    name: str = toolbox.UPDATE.name
    description: str = toolbox.UPDATE.description
    args_schema: ArgsSchema | None = toolbox.UpdateInput

    def _run(self, memory: str, text: str, *, config: RunnableConfig) -> str:
        return toolbox.update(self._known(config), memory, text)

    async def _arun(self, memory: str, text: str, *, config: RunnableConfig) -> str:
        return await toolbox.aupdate(self._known(config), memory, text)


class ForgetMemory(MemoryTool):
    """Forgets a memory; the history keeps that it was there."""

    name: str = toolbox.FORGET.name
    description: str = toolbox.FORGET.description
    args_schema: ArgsSchema | None = toolbox.ForgetInput

    def _run(self, memory: str, *, config: RunnableConfig) -> str:
        return toolbox.forget(self._known(config), memory)

    async def _arun(self, memory: str, *, config: RunnableConfig) -> str:
        return await toolbox.aforget(self._known(config), memory)
