"""What a framework's way to a memory is to the campaign of isolation: one call that says all that it lets out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from memx_core import ScopedMemory


class Caller(NamedTuple):
    """Who calls, and with what.

    Attributes:
        own: The caller's memory.
        user: The caller's id.
        word: A word to ask for.
        name: Of a memory, a call or a turn.
    """

    own: ScopedMemory
    user: str
    word: str
    name: str


class Door(NamedTuple):
    """A way to a memory.

    Attributes:
        awaiting: A call in the async colour.
        blocking: The same in the other; `None`: the framework has no such.
    """

    awaiting: Callable[[Caller], Awaitable[object]]
    blocking: Callable[[Caller], object] | None = None


def without_ids(said: object) -> list[str]:
    """What a tool says to a model, without the beginnings of ids by which it names memories."""
    return [part for part in str(said).split() if not part.startswith("[")]
