"""Looking through what is kept, as flows."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError
from memx_core.flows.room import Room
from memx_core.inputs.ids import optional_id
from memx_core.inputs.shapes import is_collection
from memx_core.memory.calls.owners import owner
from memx_core.memory.calls.reading import position
from memx_core.provenance import Learned
from memx_core.reports import OwnerKind, OwnerReport
from memx_core.types import Page, Scope, Status


async def owners(
    io: IO,
    room: Room,
    kind: OwnerKind,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    containing: str = "",
    after: str | None = None,
    limit: int = 100,
) -> list[OwnerReport]:
    """See `Memory.owners`."""
    if kind not in get_args(OwnerKind):
        raise InvalidInputError(f"kind={inputs.show(kind)} is none of 'user', 'agent' and 'run'")
    return await io.call(
        room.ledger.owners,
        room.namespace,
        owner(user_id, agent_id, run_id) or Scope(),
        kind,
        containing=_part(containing),
        after=optional_id(after, "after"),
        limit=inputs.limit(limit),
        now=room.clock(),
    )


async def versions(
    io: IO,
    room: Room,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    statuses: Collection[Status] = (),
    containing: str = "",
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """See `Memory.versions`."""
    known: tuple[Status, ...] = get_args(Status)
    if not is_collection(statuses) or not all(each in known for each in statuses):
        raise InvalidInputError(f"statuses must be some of {', '.join(map(repr, known))}, not {inputs.show(statuses)}")
    return await io.call(
        room.ledger.versions,
        room.namespace,
        inputs.scope(user_id, agent_id, run_id),
        statuses=frozenset(each for each in known if each in statuses),
        containing=_part(containing),
        limit=inputs.limit(limit),
        after=position(cursor),
    )


async def learned(
    io: IO,
    room: Room,
    session_id: str | None,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> list[Learned]:
    """See `Memory.learned`."""
    scope = inputs.scope(user_id, agent_id, run_id)
    return await io.call(room.ledger.learned, room.namespace, scope, inputs.session(session_id))


def _part(containing: object) -> str:
    return "" if containing == "" else inputs.text(containing, "containing")
