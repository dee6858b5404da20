"""What each call of mem0's does, once for both colours, over the calls of `memx_core.Memory`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from types import EllipsisType
from typing import Any

from memx_core import inputs
from memx_core.errors import InvalidInputError, MemoryNotFoundError, PlanConflictError
from memx_core.mem0 import answers, days, scopes
from memx_core.mem0.answers import Answer
from memx_core.mem0.colours import Calls
from memx_core.mem0.errors import MissingMemoryError
from memx_core.mem0.scopes import Id
from memx_core.memory.arguments import AddArguments, Filters, Messages, UpdateArguments
from memx_core.types import Message, Metadata

_UNTOLD = datetime.min.replace(tzinfo=UTC)
PAGE = 1_000
"""Memories that are read at once, of however many are asked for."""
_CHANGED_MEANWHILE = 10


async def add(
    calls: Calls,
    messages: Messages | None,
    *,
    user_id: Id | None,
    agent_id: Id | None,
    run_id: Id | None,
    metadata: Metadata | None,
    timestamp: Any,  # noqa: ANN401  # `inputs.moment` says what it may be
    expiration_date: Any,  # noqa: ANN401  # `days.end_of` says what it may be
    infer: bool,
    memory_type: str | None,
    prompt: str | None,
    filters: Filters | None,
) -> Answer:
    """See `Memory.add`."""
    if memory_type is not None:
        raise InvalidInputError(
            f"memory_type={inputs.show(memory_type)}: leave it out; memx keeps facts, or what was said (infer=False)"
        )
    ids, _ = scopes.split(filters, user_id=user_id, agent_id=agent_id, run_id=run_id)
    said_at = inputs.moment(timestamp)
    arguments = AddArguments(
        user_id=ids.get("user_id"),
        agent_id=ids.get("agent_id"),
        run_id=ids.get("run_id"),
        metadata=inputs.metadata(metadata),
        timestamp=said_at,
        expires_at=days.end_of(expiration_date),
        instructions=prompt,
        infer=infer,
    )
    if not infer:
        return {"results": await _as_said(calls, inputs.messages(messages, now=said_at or _UNTOLD), arguments)}
    result = await calls.add([] if messages is None else messages, **arguments)
    return {"results": answers.stored(result.changes)}


async def _as_said(calls: Calls, messages: Sequence[Message], arguments: AddArguments) -> list[Answer]:
    """Each message as a memory; those of one speaker in a row go together, as they share their metadata."""
    results: list[Answer] = []
    for (name, role), said in groupby(messages, key=lambda message: (message.name, message.role)):
        speaker: dict[str, Any] = {"role": role} | ({} if name is None else {"actor_id": name})
        own = arguments.copy()
        own["metadata"] = {**(arguments.get("metadata") or {}), **speaker}
        result = await calls.add([_timed(message) for message in said], **own)
        results += answers.stored(result.changes, {"actor_id": name, "role": role})
    return results


def _timed(message: Message) -> Message:
    """Without the time that stands for none, so that the memory's own clock tells it."""
    return replace(message, timestamp=None) if message.timestamp == _UNTOLD else message


async def get(calls: Calls, memory_id: str) -> Answer | None:
    """See `Memory.get`."""
    item = await calls.get(memory_id)
    return None if item is None else answers.found(item)


async def get_all(
    calls: Calls,
    *,
    filters: Filters | None,
    top_k: int,
    show_expired: bool,
    user_id: Id | None,
    agent_id: Id | None,
    run_id: Id | None,
    limit: int | None,
) -> Answer:
    """See `Memory.get_all`."""
    _refuse_expired(show_expired)
    ids, conditions = scopes.split(filters, user_id=user_id, agent_id=agent_id, run_id=run_id)
    wanted, cursor = _count(top_k, limit), None
    results: list[Answer] = []
    while True:
        room = min(PAGE, max(1, wanted - len(results)))
        page = await calls.get_all(filters=conditions, limit=room, cursor=cursor, **ids)
        results += map(answers.listed, page)
        cursor = page.next_cursor
        if cursor is None or len(results) >= wanted:
            return {"results": results[:wanted]}


async def search(
    calls: Calls,
    query: str,
    *,
    top_k: int,
    filters: Filters | None,
    threshold: float | None,
    explain: bool,
    reference_date: object,
    show_expired: bool,
    user_id: Id | None,
    agent_id: Id | None,
    run_id: Id | None,
    limit: int | None,
) -> Answer:
    """See `Memory.search`."""
    _refuse_expired(show_expired)
    if reference_date is not None:
        raise InvalidInputError(
            "reference_date is mem0's platform's; `memory.memx.search(as_of=...)` looks into the past"
        )
    ids, conditions = scopes.split(filters, user_id=user_id, agent_id=agent_id, run_id=run_id)
    wanted, least = _count(top_k, limit), inputs.threshold(0.1 if threshold is None else threshold)
    hits = await calls.search(
        query, limit=max(1, wanted), filters=conditions, threshold=least, explain=bool(explain), **ids
    )
    return {"results": [answers.hit(hit, least) for hit in hits[:wanted]]}


async def update(
    calls: Calls,
    memory_id: str,
    text: str | None,
    *,
    metadata: Metadata | None,
    expiration_date: Any,  # noqa: ANN401  # `days.end_of` says what it may be
) -> Answer:
    """See `Memory.update`."""
    expires_at = ... if isinstance(expiration_date, EllipsisType) else days.end_of(expiration_date)
    try:
        if metadata is None:
            await calls.update(memory_id, text, expires_at=expires_at)
        else:
            await _merged(calls, memory_id, text, inputs.metadata(metadata), UpdateArguments(expires_at=expires_at))
    except MemoryNotFoundError as error:
        raise MissingMemoryError(error.memory_id) from error
    return {"message": "Memory updated successfully!"}


async def _merged(
    calls: Calls, memory_id: str, text: str | None, given: Mapping[str, Any], arguments: UpdateArguments
) -> None:
    """Updates with the metadata that is there, under what is given; who said it stays.

    memx replaces metadata whole. If somebody else was quicker, what they wrote is brought in by another
    update, so that of many at once nobody's is lost.
    """
    seen = await calls.get(memory_id)
    if seen is None:
        raise MemoryNotFoundError(memory_id)
    said_by = {name: value for name, value in seen.metadata.items() if name in answers.SPEAKER}
    known, next_version = dict(seen.metadata), seen.version + 1
    for _ in range(_CHANGED_MEANWHILE):
        arguments["metadata"] = {**known, **given, **said_by}
        made = await calls.update(memory_id, text, **arguments)
        if made.version == next_version:
            return
        theirs = await calls.get(memory_id, version=made.version - 1)
        known, next_version = known | dict(theirs.metadata if theirs else {}), made.version + 1
        text, arguments = None, UpdateArguments()  # what was to be said is said, and may be out of date by now
    raise PlanConflictError(f"memory {memory_id!r} was changed again and again meanwhile; call again")


async def delete(calls: Calls, memory_id: str) -> Answer:
    """See `Memory.delete`."""
    try:
        await calls.delete(memory_id)
    except MemoryNotFoundError as error:
        raise MissingMemoryError(error.memory_id) from error
    return {"message": "Memory deleted successfully!"}


async def delete_all(calls: Calls, *, user_id: Id | None, agent_id: Id | None, run_id: Id | None) -> Answer:
    """See `Memory.delete_all`."""
    await calls.delete_all(**scopes.ids(user_id, agent_id, run_id))
    return {"message": "Memories deleted successfully!"}


async def history(calls: Calls, memory_id: str) -> list[Answer]:
    """See `Memory.history`."""
    try:
        changes = await calls.history(memory_id)
    except MemoryNotFoundError:
        return []
    first = await calls.get(memory_id, version=1)
    return answers.rows(changes, {} if first is None else first.metadata)


def _refuse_expired(show_expired: bool) -> None:
    if show_expired:
        raise InvalidInputError("show_expired=True: what has expired is not returned; `memory.memx.export` has it all")


def _count(top_k: object, limit: object) -> int:
    """How many are wanted at most; `limit` is what `top_k` was called."""
    value, name = (top_k, "top_k") if limit is None else (limit, "limit")
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInputError(f"{name} must be a whole number from 0, not {inputs.show(value)}")
    return value
