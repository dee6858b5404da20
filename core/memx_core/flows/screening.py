"""The screen of a room, in a thread where the colour awaits: before anything else is done with a text.

Where a call has a result, what was refused is left out and named there. Where it has none (`update`,
a reason), or has to be exact (`apply`, `approve`), the call itself is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import ScreenedError
from memx_core.flows.batches import Batch
from memx_core.flows.room import Room
from memx_core.plans import Plan
from memx_core.reconciliation import Reconciled
from memx_core.screening import Refused, Screening
from memx_core.types import Message, Metadata, Operation

LONGEST_ERROR = 1_000
"""Characters of an error that are noted with a job."""
T = TypeVar("T")


async def batch(io: IO, room: Room, batch: Batch) -> Batch:
    """What of `batch` may be kept, with a warning for all that may not.

    Raises:
        ScreenedError: If the screen fails.
    """
    return batch if room.screen is None else await io.call(_batch, Screening(room.screen), batch)


def _batch(asked: Screening, batch: Batch) -> Batch:
    warnings: list[str] = []
    messages = [
        kept
        for number, message in enumerate(batch.messages, 1)
        if (kept := _message(asked, message, f"message {number}", warnings)) is not None
    ]
    request = replace(
        batch.request,
        metadata=asked.entries(batch.request.metadata),
        instructions=asked.optional(batch.request.instructions),
    )
    if request != batch.request:
        warnings.append("screened: metadata or instructions of the call were changed")
    return replace(batch, messages=tuple(messages), request=request, warnings=(*batch.warnings, *warnings))


def _message(asked: Screening, message: Message, name: str, warnings: list[str]) -> Message | None:
    try:
        kept = asked.message(message)
    except Refused:
        warnings.append(f"screened: {name} was refused and is not kept")
        return None
    if kept != message:
        warnings.append(f"screened: {name} was changed before it was kept")
    return kept


async def weighed(io: IO, room: Room, weighed: Reconciled) -> Reconciled:
    """What of the operations may be carried out: a model may know what nobody said.

    Raises:
        ScreenedError: If the screen fails.
    """
    return weighed if room.screen is None else await io.call(_weighed, Screening(room.screen), weighed)


def _weighed(asked: Screening, weighed: Reconciled) -> Reconciled:
    operations: list[Operation] = []
    warnings = _warnings(asked, weighed.warnings)
    for operation in weighed.operations:
        try:
            kept = asked.operation(operation)
        except Refused:
            warnings.append(f"screened: the text of an {operation.event} was refused and is not kept")
            continue
        if kept != operation:
            warnings.append(f"screened: an {operation.event} was changed before it was kept")
        operations.append(kept)
    return Reconciled(tuple(operations), tuple(warnings))


async def warnings(io: IO, room: Room, warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Warnings as they may be kept: some show the beginning of what was left out.

    Raises:
        ScreenedError: If the screen fails.
    """
    if room.screen is None or not warnings:
        return warnings
    return tuple(await io.call(_warnings, Screening(room.screen), warnings))


def _warnings(asked: Screening, warnings: Sequence[str]) -> list[str]:
    kept = ((each, asked.optional(each)) for each in warnings)
    return [f"{each.split(':')[0]}: the screen refuses the details" if said is None else said for each, said in kept]


async def told(io: IO, room: Room, error: Exception) -> str:
    """The error as it is noted with a job; of one whose words may not be kept only the type."""
    kind = type(error).__name__
    said = inputs.clean(f"{kind}: {error}"[:LONGEST_ERROR])
    if room.screen is None:
        return said
    try:
        return await io.call(Screening(room.screen).optional, said) or kind
    except ScreenedError:
        return kind


async def text(io: IO, room: Room, text: str, name: str) -> str:
    """The text as it may be kept.

    Raises:
        ScreenedError: If it may not be, or the screen fails.
    """
    return await _whole(io, room, lambda asked: asked.text(text), text, name)


async def metadata(io: IO, room: Room, metadata: Metadata, name: str) -> Metadata:
    """Like `text`, for JSON values."""
    return await _whole(io, room, lambda asked: _all(asked, metadata), metadata, name)


async def _whole(io: IO, room: Room, ask: Callable[[Screening], T], given: T, name: str) -> T:
    if room.screen is None:
        return given
    try:
        return await io.call(ask, Screening(room.screen))
    except Refused:
        raise ScreenedError(f"the screen refuses {name}, so nothing was stored") from None


def _all(asked: Screening, metadata: Metadata) -> Metadata:
    kept = asked.raw(metadata)
    if kept is None:
        raise Refused
    return kept


async def check_plan(io: IO, room: Room, plan: Plan) -> None:
    """Refuses a plan that cannot be carried out exactly, as some of it may not be kept.

    Raises:
        ScreenedError: If so.
    """
    batch = Batch(plan.scope, plan.messages)
    if room.screen is not None:
        asked = Screening(room.screen)
        kept = await io.call(_batch, asked, batch)
        metadata = await io.call(asked.entries, plan.metadata)
        if kept.warnings or metadata != plan.metadata:
            raise ScreenedError("the screen refuses or changes a message of the plan; plan again")
    await check_operations(io, room, plan.operations)


async def check_operations(io: IO, room: Room, operations: Sequence[Operation]) -> None:
    """Refuses operations that cannot be carried out exactly, as some of it may not be kept.

    Raises:
        ScreenedError: If so.
    """
    kept = await weighed(io, room, Reconciled(tuple(operations), ()))
    if kept.warnings:
        raise ScreenedError("the screen refuses or changes what the operations say, so nothing was stored")
