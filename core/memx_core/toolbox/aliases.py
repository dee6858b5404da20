"""What a model calls a memory: by the start of its id, because whole ones cost tokens and are copied wrongly.

Whose memory it is, it does not say: a name counts among the memories of one scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from memx_core import inputs
from memx_core.errors import InvalidInputError, MemoryNotFoundError
from memx_core.memory import ScopedMemory
from memx_core.rendering import escaped
from memx_core.types import MemoryItem

_SHORT, _PAGE, _SHOWN = 8, 1000, 5


class Unusable(InvalidInputError):
    """What the model said cannot be used, and it can say something else."""


def short(memory_id: str) -> str:
    """The start of a UUID; ids that come from elsewhere may all start alike."""
    try:
        UUID(memory_id)
    except ValueError:
        return escaped(memory_id)[1:-1]
    return memory_id[:_SHORT]


def found(known: ScopedMemory, name: str) -> str:
    """The id that `name` is or begins, among this scope's memories.

    Raises:
        MemoryNotFoundError: If none does.
        Unusable: If several do.
    """
    name = _named(name)
    if known.get(name):
        return name
    if len(name) < _SHORT:
        raise MemoryNotFoundError(name)
    page = known.get_all(limit=_PAGE)
    ids = _beginning(page, name)
    while page.next_cursor:
        page = known.get_all(limit=_PAGE, cursor=page.next_cursor)
        ids += _beginning(page, name)
    return _only(ids, name)


async def afound(known: ScopedMemory, name: str) -> str:
    """Like `found`, without blocking the loop."""
    name = _named(name)
    if await known.aget(name):
        return name
    if len(name) < _SHORT:
        raise MemoryNotFoundError(name)
    page = await known.aget_all(limit=_PAGE)
    ids = _beginning(page, name)
    while page.next_cursor:
        page = await known.aget_all(limit=_PAGE, cursor=page.next_cursor)
        ids += _beginning(page, name)
    return _only(ids, name)


def _named(name: str) -> str:
    name = name.strip().removeprefix("[").removesuffix("]").strip()
    try:
        return inputs.memory_id(name)
    except InvalidInputError:
        raise MemoryNotFoundError(name) from None


def _beginning(page: Sequence[MemoryItem], name: str) -> list[str]:
    return [item.id for item in page if item.id.startswith(name)]


def _only(ids: list[str], name: str) -> str:
    if not ids:
        raise MemoryNotFoundError(name)
    if len(ids) > 1:
        some = ", ".join(escaped(id)[1:-1] for id in ids[:_SHOWN])
        raise Unusable(f"[{name}] could be any of {some}{', ...' if len(ids) > _SHOWN else ''}; say it in full")
    return ids[0]
