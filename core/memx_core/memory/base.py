"""What the methods of `Memory` and `ScopedMemory` stand on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from memx_core._io import IO, AsyncIO, Current, Providers, SyncIO, run
from memx_core.flows.room import Room
from memx_core.memory.arguments import ScopeIds
from memx_core.types import Scope

if TYPE_CHECKING:
    from memx_core.memory.like import MemoryLike


P = ParamSpec("P")
T = TypeVar("T")


class Base:
    """What every public method calls: a flow, on the caller's thread or awaited.

    The one seam between what is asked and where it is done: here, or by a server (`memx_client`).
    """

    def _run(
        self,
        flow: Callable[Concatenate[IO, Room, P], Coroutine[Any, Any, T]],
        /,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        raise NotImplementedError

    async def _arun(
        self,
        flow: Callable[Concatenate[IO, Room, P], Coroutine[Any, Any, T]],
        /,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        raise NotImplementedError


class Local(Base):
    """The room of an application, and an `IO` of each colour: flows run in this process."""

    def __init__(self, room: Room, given: Providers) -> None:
        self._room = room
        self._current = Current(given)

    @property
    def _sync(self) -> SyncIO:
        """For one call, which has the same embedder from its beginning to its end."""
        return SyncIO(self._current)

    @property
    def _async(self) -> AsyncIO:
        """Like `_sync`."""
        return AsyncIO(self._current)

    def _run(
        self,
        flow: Callable[Concatenate[IO, Room, P], Coroutine[Any, Any, T]],
        /,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        with self._current.providers.telemetry.method(_name(flow), arguments, named) as told:
            return told(run(flow(self._sync, self._room, *arguments, **named)))

    async def _arun(
        self,
        flow: Callable[Concatenate[IO, Room, P], Coroutine[Any, Any, T]],
        /,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        with self._current.providers.telemetry.method(_name(flow), arguments, named) as told:
            return told(await flow(self._async, self._room, *arguments, **named))


def _name(flow: object) -> str:
    """The public method's, by which its flow goes too."""
    name: str = getattr(flow, "__name__", "call")
    return name


class ScopedBase:
    """A memory, and the one scope that is reached through it."""

    def __init__(self, memory: MemoryLike, scope: Scope) -> None:
        self._memory = memory
        self._scope = scope

    @property
    def scope(self) -> Scope:
        """Whose memories these are."""
        return self._scope

    @property
    def memory(self) -> MemoryLike:
        """Where they are kept, with everybody else's."""
        return self._memory

    @property
    def _ids(self) -> ScopeIds:
        return ScopeIds(user_id=self._scope.user_id, agent_id=self._scope.agent_id, run_id=self._scope.run_id)
