"""What the routes share: the memories, the keys, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from memx_core.memory import Memory
from memx_server.keys import KeyInfo, Keys
from memx_server.memories import Memories
from memx_server.metrics import Metrics
from memx_server.problems import Problem
from memx_server.replays import Replays
from memx_server.settings import Limits


@dataclass(slots=True)
class House:
    """One application's own.

    Attributes:
        memories: What is open.
        keys: Who may ask; `None` where nobody needs a key.
        metrics: What is counted.
        limits: What one request may take.
        replays: Answers that a retry gets again.
        stopping: Whether it is giving everything back.
    """

    memories: Memories
    keys: Keys | None
    metrics: Metrics
    limits: Limits
    replays: Replays
    stopping: bool = False


def house(request: Request) -> House:
    """For routes: the application's own."""
    found: House = request.app.state.house
    return found


def key(request: Request) -> KeyInfo:
    """For routes: who is asking."""
    found: KeyInfo = request.state.key
    return found


def admin(request: Request) -> KeyInfo:
    """For routes: who is asking, with an admin key; for others there is nothing here."""
    found = key(request)
    if not found.admin:
        raise Problem(404, "there is nothing under this path")
    return found


async def memory(request: Request) -> Memory:
    """For routes: the memory that the key opens."""
    found = key(request)
    if found.namespace is None:
        raise Problem(404, "there is nothing under this path for an admin key: it opens no memories")
    return await house(request).memories.of(found.namespace)


Here: TypeAlias = Annotated[House, Depends(house)]
There: TypeAlias = Annotated[Memory, Depends(memory)]
Who: TypeAlias = Annotated[KeyInfo, Depends(key)]
