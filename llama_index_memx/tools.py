"""`memory_tools`: an agent that looks after its user's memory itself, by four tools.

The model never says whose memories are meant; that is fixed when the tools are made. What they do
and say is in `memx_core.toolbox`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from llama_index.core.tools import FunctionTool, ToolMetadata
from llama_index.core.tools.types import AsyncBaseTool
from pydantic import BaseModel

from llama_index_memx.scopes import bound
from memx_core import MemoryLike, ScopedMemory, toolbox

_NOTHING = "No memories found."


def memory_tools(
    memory: MemoryLike | ScopedMemory,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> list[AsyncBaseTool]:
    """Tools to search, save, update and forget memories of one user.

    When the memory is down, a tool says so to the model, and the agent goes on.

    Args:
        memory (Union[Memory, ScopedMemory]): Where the memories are.
        user_id (str): Whose; not needed with a `ScopedMemory`.
        agent_id (Optional[str]): Narrows the scope to this agent.
        run_id (Optional[str]): Narrows it further.

    Returns:
        List[AsyncBaseTool]: `search_memory`, `save_memory`, `update_memory`, `forget_memory`.

    Raises:
        ScopeError: If there is no user, or one that is no id.

    Examples:
        `pip install "memx-core[llama-index,local]"`

        ```python
        from llama_index.core.agent.workflow import FunctionAgent
        from llama_index_memx import memory_tools
        from memx_core import Memory

        memory = Memory()
        agent = FunctionAgent(llm=llm, tools=[*tools, *memory_tools(memory, user_id="alice")])
        ```
    """
    known = bound(memory, user_id=user_id, agent_id=agent_id, run_id=run_id)
    return [_search(known), _save(known), _update(known), _forget(known)]


def _search(known: ScopedMemory) -> FunctionTool:
    def search_memory(query: str, limit: int = 5) -> str:
        asked = toolbox.SearchInput(query=query, limit=limit)
        return toolbox.search(known, asked.query, limit=asked.limit, nothing=_NOTHING)

    async def asearch_memory(query: str, limit: int = 5) -> str:
        asked = toolbox.SearchInput(query=query, limit=limit)
        return await toolbox.asearch(known, asked.query, limit=asked.limit, nothing=_NOTHING)

    return _tool(toolbox.SEARCH, toolbox.SearchInput, search_memory, asearch_memory)


def _save(known: ScopedMemory) -> FunctionTool:
    def save_memory(text: str) -> str:
        return toolbox.save(known, toolbox.SaveInput(text=text).text)

    async def asave_memory(text: str) -> str:
        return await toolbox.asave(known, toolbox.SaveInput(text=text).text)

    return _tool(toolbox.SAVE, toolbox.SaveInput, save_memory, asave_memory)


def _update(known: ScopedMemory) -> FunctionTool:
    def update_memory(memory: str, text: str) -> str:
        asked = toolbox.UpdateInput(memory=memory, text=text)
        return toolbox.update(known, asked.memory, asked.text)

    async def aupdate_memory(memory: str, text: str) -> str:
        asked = toolbox.UpdateInput(memory=memory, text=text)
        return await toolbox.aupdate(known, asked.memory, asked.text)

    return _tool(toolbox.UPDATE, toolbox.UpdateInput, update_memory, aupdate_memory)


def _forget(known: ScopedMemory) -> FunctionTool:
    def forget_memory(memory: str) -> str:
        return toolbox.forget(known, toolbox.ForgetInput(memory=memory).memory)

    async def aforget_memory(memory: str) -> str:
        return await toolbox.aforget(known, toolbox.ForgetInput(memory=memory).memory)

    return _tool(toolbox.FORGET, toolbox.ForgetInput, forget_memory, aforget_memory)


def _tool(
    described: toolbox.Described,
    schema: type[BaseModel],
    fn: Callable[..., str],
    async_fn: Callable[..., Awaitable[str]],
) -> FunctionTool:
    metadata = ToolMetadata(name=described.name, description=described.description, fn_schema=schema)
    return FunctionTool(fn=fn, async_fn=async_fn, metadata=metadata)
