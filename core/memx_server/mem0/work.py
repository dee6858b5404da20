"""What each request of mem0's client comes to: the facade's flows, for one scope or several."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from memx_core.errors import FilterError, InvalidInputError, MemoryNotFoundError, ScopeError
from memx_core.mem0 import answers, flows
from memx_core.mem0.answers import Answer
from memx_core.mem0.colours import Awaiting
from memx_core.memory import Memory
from memx_core.reports import ScopeReport
from memx_server.mem0 import bodies, filters
from memx_server.mem0.filters import Asked

MOST: Final = 10_000
"""Memories that a page may begin behind, or a search find."""
_TYPES: Final = {"user": "user_id", "agent": "agent_id", "run": "run_id"}


async def add(memory: Memory, body: bodies.Add) -> Answer:
    """What was learned."""
    found = filters.asked(body.filters)
    if len(found) != 1:
        raise ScopeError("filters of a new memory must name one scope")
    whose = found[0].also(Asked(body.given))
    if whose is None:
        raise ScopeError("an id stands beside the filters and in them, and they differ; give it once")
    ids: dict[str, Any] = {**dict.fromkeys(filters.IDS), **whose.ids}
    return await flows.add(
        Awaiting(memory),
        body.messages,
        **ids,
        metadata=body.metadata,
        timestamp=body.timestamp,
        expiration_date=body.expiration_date,
        infer=body.infer is not False,
        memory_type=None,
        prompt=body.custom_instructions,
        filters=None,
    )


def _scopes(body: bodies.Ids) -> list[Asked]:
    return [both for each in filters.asked(body.filters) if (both := each.also(Asked(body.given))) is not None]


async def search(memory: Memory, body: bodies.Search) -> Answer:
    """What is nearest to the query, in all scopes that are asked for."""
    wanted = 10 if body.top_k is None else body.top_k
    found: dict[str, Answer] = {}
    for asked in _scopes(body):
        ids: dict[str, Any] = {**dict.fromkeys(filters.IDS), **asked.ids}
        answer = await flows.search(
            Awaiting(memory),
            body.query,
            top_k=wanted,
            limit=body.limit,
            filters=asked.filters,
            threshold=body.threshold,
            explain=False,
            reference_date=body.reference_date,
            show_expired=bool(body.show_expired),
            **ids,
        )
        for each in answer["results"]:
            known = found.get(each["id"])
            if known is None or known["score"] < each["score"]:
                found[each["id"]] = each
    best = sorted(found.values(), key=lambda each: -each["score"])[: wanted if body.limit is None else body.limit]
    return {"results": [_only(each, body.fields) for each in best]}


def _only(answer: Answer, fields: Sequence[str] | None) -> Answer:
    return answer if fields is None else {name: value for name, value in answer.items() if name in {"id", *fields}}


async def listed(memory: Memory, body: bodies.List, *, page: int, size: int, path: str) -> Answer:
    """One page of all memories, newest first, with how many there are."""
    if page < 1 or not 1 <= size <= MOST:
        raise InvalidInputError(f"page counts from 1, and page_size is 1 to {MOST:,}")
    found: dict[str, Answer] = {}
    for asked in _scopes(body):
        ids: dict[str, Any] = {**dict.fromkeys(filters.IDS), **asked.ids}
        answer = await flows.get_all(
            Awaiting(memory),
            filters=asked.filters,
            top_k=1_000_000,
            show_expired=bool(body.show_expired),
            limit=None,
            **ids,
        )
        found |= {each["id"]: each for each in answer["results"]}
    newest = sorted(found.values(), key=lambda each: each["created_at"], reverse=True)
    return paged(newest, page=page, size=size, path=path)


def paged(everything: Sequence[Answer], *, page: int, size: int, path: str) -> Answer:
    """A page as mem0 has it, with the addresses of those beside it."""
    start = (page - 1) * size
    after = start + size < len(everything)
    return {
        "count": len(everything),
        "next": f"{path}?page={page + 1}&page_size={size}" if after else None,
        "previous": f"{path}?page={page - 1}&page_size={size}" if page > 1 else None,
        "results": list(everything[start : start + size]),
    }


async def get(memory: Memory, memory_id: str) -> Answer:
    """One memory."""
    found = await flows.get(Awaiting(memory), memory_id)
    if found is None:
        raise MemoryNotFoundError(memory_id)
    return found


async def update(memory: Memory, memory_id: str, body: bodies.Update) -> Answer:
    """The memory as it is now."""
    expiry = body.expiration_date if "expiration_date" in body.model_fields_set else ...
    told = await flows.update(Awaiting(memory), memory_id, body.text, metadata=body.metadata, expiration_date=expiry)
    found = await memory.aget(memory_id)
    return told if found is None else answers.listed(found) | told


async def delete(memory: Memory, memory_id: str) -> Answer:
    """Word that it is gone."""
    return await flows.delete(Awaiting(memory), memory_id)


async def delete_all(memory: Memory, given: Mapping[str, str | None], said: str | None) -> Answer:
    """Word that they are gone; all of one scope.

    Raises:
        FilterError: If a condition is asked for: what is deleted is everything of somebody.
    """
    whose = [both for each in filters.asked(_written(said)) if (both := each.also(_ids(given))) is not None]
    if any(each.conditions for each in whose):
        raise FilterError("delete_all takes ids only; search, and delete one by one")
    for each in whose:
        ids: dict[str, Any] = {**dict.fromkeys(filters.IDS), **each.ids}
        await flows.delete_all(Awaiting(memory), **ids)
    return {"message": "Memories deleted successfully!"}


def _ids(given: Mapping[str, str | None]) -> Asked:
    return Asked({name: value for name, value in given.items() if value is not None})


def _written(said: str | None) -> object:
    """Filters that stand in a query: as JSON, or as mem0's client writes them, which is as Python does."""
    if said is None:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            return read(said)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    raise FilterError("filters must be an object, as JSON")


async def history(memory: Memory, memory_id: str) -> list[Answer]:
    """Every change, oldest first.

    Raises:
        MemoryNotFoundError: If there never was such a memory.
    """
    found = await flows.history(Awaiting(memory), memory_id)
    if not found:
        raise MemoryNotFoundError(memory_id)
    return found


async def entities(memory: Memory) -> list[Answer]:
    """Users, agents and runs of which something is remembered."""
    held = await memory.ascopes()
    return [entity for kind, name in _TYPES.items() for entity in _entities(held, kind, name)]


def _entities(held: Iterable[ScopeReport], kind: str, id_name: str) -> Iterable[Answer]:
    by_id: dict[str, list[ScopeReport]] = {}
    for each in held:
        if (value := getattr(each.scope, id_name)) is not None:
            by_id.setdefault(value, []).append(each)
    for value, reports in by_id.items():
        yield {
            "id": value,
            "name": value,
            "type": kind,
            "total_memories": sum(each.memories for each in reports),
            "created_at": min(each.created_at for each in reports).isoformat(),
            "updated_at": max(each.updated_at for each in reports).isoformat(),
        }


async def delete_entity(memory: Memory, kind: str, name: str) -> Answer:
    """Word that everything of a user, an agent or a run is gone for good.

    Raises:
        InvalidInputError: If there is no such kind.
    """
    if kind not in _TYPES:
        raise InvalidInputError(f"memx has {', '.join(_TYPES)}, and nothing of another type")
    await memory.aerase(**{_TYPES[kind]: name})
    return {"message": "Entity deleted successfully!"}


async def update_several(memory: Memory, several: Sequence[bodies.OneUpdate]) -> Answer:
    """Word that they are updated, one after the other; none of them if one is not there."""
    await _check_there(memory, [each.memory_id for each in several])
    for each in several:
        await flows.update(Awaiting(memory), each.memory_id, each.text, metadata=each.metadata, expiration_date=...)
    return {"message": f"Successfully updated {len(several)} memories"}


async def delete_several(memory: Memory, several: Sequence[bodies.OneDelete]) -> Answer:
    """Word that they are gone, one after the other; none of them if one is not there."""
    ids = list(dict.fromkeys(each.memory_id for each in several))
    await _check_there(memory, ids)
    for each in ids:
        await flows.delete(Awaiting(memory), each)
    return {"message": f"Successfully deleted {len(ids)} memories"}


async def _check_there(memory: Memory, ids: Iterable[str]) -> None:
    for each in ids:
        if await memory.aget(each) is None:
            raise MemoryNotFoundError(each)
