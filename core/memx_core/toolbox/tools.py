"""The four tools, in both colours: each answers with a text for the model."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from memx_core import inputs
from memx_core.errors import InvalidInputError, MemoryNotFoundError, PlanConflictError, ScreenedError
from memx_core.memory import ScopedMemory
from memx_core.rendering import escaped
from memx_core.toolbox.aliases import Unusable, afound, found, short
from memx_core.types import AddResult, MemoryItem, SearchHit

NOTHING = "Nothing is remembered about that."
_WRONG = (InvalidInputError, TypeError, AttributeError, NameError, NotImplementedError, AssertionError)
"""Mistakes of a program, which are raised: no model can do anything about them."""
_UNREACHABLE = "The memory cannot be reached at the moment. Go on without it."
_REFUSED = "That was not kept: the application does not let such a text be remembered."
_logger = logging.getLogger("memx_core.toolbox")


def search(known: ScopedMemory, query: str, *, limit: int = 5, nothing: str = NOTHING) -> str:
    """Memories, best first, a line each, or `nothing`."""
    return _said(lambda: _listed(known.search(_worded(query), limit=limit)) or nothing)


async def asearch(known: ScopedMemory, query: str, *, limit: int = 5, nothing: str = NOTHING) -> str:
    """Like `search`, awaiting the embedder."""

    async def do() -> str:
        return _listed(await known.asearch(_worded(query), limit=limit)) or nothing

    return await _asaid(do)


def save(known: ScopedMemory, text: str) -> str:
    """Remembers a fact as the model words it."""
    return _said(lambda: _saved(known.add(_own(text), infer=False)))


async def asave(known: ScopedMemory, text: str) -> str:
    """Like `save`, awaiting the embedder."""

    async def do() -> str:
        return _saved(await known.aadd(_own(text), infer=False))

    return await _asaid(do)


def update(known: ScopedMemory, memory: str, text: str) -> str:
    """Replaces what a memory says; the history keeps what it said before."""

    def do() -> str:
        return _updated(known.update(found(known, memory), _worded(text), reason="updated by the agent"))

    return _said(do)


async def aupdate(known: ScopedMemory, memory: str, text: str) -> str:
    """Like `update`, awaiting the embedder."""

    async def do() -> str:
        name = await afound(known, memory)
        return _updated(await known.aupdate(name, _worded(text), reason="updated by the agent"))

    return await _asaid(do)


def forget(known: ScopedMemory, memory: str) -> str:
    """Forgets a memory; the history keeps that it was there."""

    def do() -> str:
        name = found(known, memory)
        known.delete(name, reason="forgotten by the agent")
        return _forgotten(name)

    return _said(do)


async def aforget(known: ScopedMemory, memory: str) -> str:
    """Like `forget`, without blocking the loop."""

    async def do() -> str:
        name = await afound(known, memory)
        await known.adelete(name, reason="forgotten by the agent")
        return _forgotten(name)

    return await _asaid(do)


def _said(do: Callable[[], str]) -> str:
    """What `do` says, or what went wrong, as far as the model can do something about it."""
    try:
        return do()
    except Exception as error:  # noqa: BLE001  # an exception would end the agent's run
        return _excuse(error)


async def _asaid(do: Callable[[], Awaitable[str]]) -> str:
    try:
        return await do()
    except Exception as error:  # noqa: BLE001  # an exception would end the agent's run
        return _excuse(error)


# What the model is told.


def _listed(hits: Sequence[SearchHit]) -> str:
    """One line a memory, as data: what it says is written as JSON writes strings."""
    items = [hit.memory for hit in hits]
    return "\n".join(f"[{short(item.id)}] {item.updated_at:%Y-%m-%d} {escaped(item.text)}" for item in items)


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
