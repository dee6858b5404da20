"""mem0's files: the JSON that its `get_all` and `search` answer, and the rows of its history database.

Its history knows no scopes, and whoever reads it has to say whose memories they are; its results know scopes and
metadata, but no past. Both use the same ids. What makes no sense is left out with a warning, never refused: histories
that concurrent writers left have gaps, repetitions and memories that came back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from memx_core import inputs
from memx_core.errors import InvalidInputError, ScopeError
from memx_core.inputs.shapes import is_list, is_mapping
from memx_core.moving.foreign import Foreign, Past
from memx_core.moving.reports import Warnings
from memx_core.types import Event, Metadata, Scope

_TEXTS = ("memory", "text", "data")
_KEPT = ("actor_id", "role", "categories", "app_id")
"""Fields beside the metadata that are kept in it."""
_FAMILY = uuid.UUID("5b6f3c1e-6d2e-5f0a-9d3c-1f6f2f1f7a55")
ACTOR = "mem0"
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read.

    Attributes:
        scope: Whose its memories are where it does not say; and beyond whom none may be.
        now: For what has no time; nothing was recorded later.
        operation: Id of the load.
        warnings: Where to say what was left out.
    """

    scope: Scope
    now: datetime
    operation: str
    warnings: Warnings


def results(raw: object) -> Sequence[object]:
    """The items of an answer of `get_all` or `search`, or of a list of them.

    Raises:
        InvalidInputError: If it is neither.
    """
    for key in ("results", "memories"):
        if is_mapping(raw) and key in raw:
            return results(raw[key])
    if is_list(raw):
        return raw
    raise InvalidInputError("the file is no answer of mem0: it holds neither a list nor an object with `results`")


def of_results(items: Iterable[object], reading: Reading) -> Iterator[tuple[str, Foreign]]:
    """The memories of an answer, each with the one version that it has, by the ids that they have there.

    Raises:
        ScopeError: If one belongs to somebody else, or to nobody.
    """
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        found = _item(number, item, reading) if is_mapping(item) else None
        if found is None or not is_mapping(item):
            reading.warnings.add(f"unreadable: item {number} has no id or says nothing; left out")
        elif found.id in seen:
            reading.warnings.add(f"repeated: item {number} comes again; left out")
        else:
            seen.add(found.id)
            yield str(item["id"]), found


def _item(number: int, item: Mapping[Any, Any], reading: Reading) -> Foreign | None:
    text = next((text for key in _TEXTS if isinstance(text := item.get(key), str) and text.strip()), None)
    if text is None or item.get("id") is None:
        return None
    scope = _scope_of(item, reading.scope, f"item {number}")
    made = _time(item.get("created_at"), reading) or _time(item.get("updated_at"), reading) or reading.now
    return Foreign(
        id=_id(item["id"], scope),
        scope=scope,
        past=(Past(inputs.clean(text), made, "ADD"),),
        metadata=_metadata(number, item, reading),
        expires_at=_time(item.get("expiration_date"), reading, latest=_END),
    )


def _metadata(number: int, item: Mapping[Any, Any], reading: Reading) -> Metadata:
    own = item.get("metadata")
    beside: dict[object, object] = {key: item[key] for key in _KEPT if item.get(key)}
    try:
        return inputs.metadata(beside | (dict(own) if is_mapping(own) else {}))
    except InvalidInputError as error:
        reading.warnings.add(f"metadata: of item {number} left out: {error}")
        return {}


def _scope_of(item: Mapping[Any, Any], given: Scope, where: str) -> Scope:
    """The item's own ids, and where it has none those of the call."""
    own = item.get("metadata")
    ids: dict[str, object] = {}
    for name, asked in (("user_id", given.user_id), ("agent_id", given.agent_id), ("run_id", given.run_id)):
        said = item.get(name) or (own.get(name) if is_mapping(own) else None)
        if said is not None and asked is not None and said != asked:
            raise ScopeError(f"{where} of the file belongs to another {name} than the one given; nothing was loaded")
        ids[name] = asked if said is None else said
    if not any(ids.values()):
        raise ScopeError(f"{where} of the file says not whose it is: pass user_id, agent_id or run_id")
    return inputs.scope(**ids)


def _id(value: object, scope: Scope) -> str:
    """The id, if it is a UUID; else one that is always the same for it."""
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        named = [scope.user_id, scope.agent_id, scope.run_id, str(value)]
        return str(uuid.uuid5(_FAMILY, inputs.clean(repr(named))))


def _time(value: object, reading: Reading, *, latest: datetime | None = None) -> datetime | None:
    """A time in UTC; one without an offset is taken to be UTC. Nothing was recorded in the future."""
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        if found is not None and found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        moment = inputs.moment(found if isinstance(value, str) else value)
    except (InvalidInputError, ValueError):
        reading.warnings.add("time: what is no time was passed over")
        return None
    return None if moment is None else min(moment, latest or reading.now)


def of_history(
    rows: Iterable[Mapping[str, Any]], reading: Reading, known: Mapping[str, Foreign] | None
) -> Iterator[Foreign]:
    """The memories of a history, of its rows sorted by memory.

    Args:
        rows: By the columns of any release: `memory_id`, `prev_value` or `old_memory`, `new_value` or
            `new_memory`, `event`, `timestamp` or `created_at` and `updated_at`.
        reading: How to read them.
        known: What the results say, by the ids of memories: whose they are, their metadata and what is current.
            Those that the history does not have come last. `None`: there are no results.

    Raises:
        ScopeError: If nobody says whose the memories are.
    """
    rest = dict(known or {})
    for memory_id, group in groupby(rows, key=lambda row: row.get("memory_id")):
        past = _past(str(memory_id), group, reading)
        if not past or memory_id is None:
            reading.warnings.add(f"history: memory {_shown(memory_id)} has no text at all; left out")
            continue
        said = rest.pop(str(memory_id), None)
        if said is not None:
            yield replace(said, past=_up_to(past, said.past[0]))
        elif reading.scope != Scope():
            yield Foreign(_id(memory_id, reading.scope), reading.scope, past)
        elif known is not None:  # results have no deleted memories
            reading.warnings.add(
                f"history: memory {_shown(memory_id)} is not among the results, so nobody says whose it is; left out"
            )
        else:
            raise ScopeError(
                "the history says not whose its memories are: pass user_id, agent_id or run_id, "
                "or `results`, the file with all results, which has their ids"
            )
    yield from rest.values()


def _up_to(past: tuple[Past, ...], current: Past) -> tuple[Past, ...]:
    """With what the results say last, where the history misses it."""
    last = past[-1]
    if last.text == current.text:
        return past
    return (*past, replace(current, at=max(last.at, current.at), event="ADD" if last.text is None else "UPDATE"))


def _shown(value: object) -> str:
    return inputs.show(value)


def _past(memory_id: str, rows: Iterable[Mapping[str, Any]], reading: Reading) -> tuple[Past, ...]:
    past: list[Past] = []
    for row in rows:
        event = str(row.get("event") or "").strip().upper()
        old = _said(row, "old_memory", "prev_value")
        new = _said(row, "new_memory", "new_value")
        times = (_time(row.get(name), reading) for name in ("updated_at", "created_at", "timestamp"))
        at = next((time for time in times if time is not None), past[-1].at if past else reading.now)
        at = max(at, past[-1].at) if past else at
        if event == "DELETE":
            new = None
        elif event not in ("ADD", "UPDATE") or new is None:
            if event != "NONE":
                reading.warnings.add(f"history: a row of memory {_shown(memory_id)} says nothing; left out")
            continue
        _follow(past, memory_id, old, Past(new, at, "ADD"), reading)
    return tuple(past)


def _said(row: Mapping[str, Any], *names: str) -> str | None:
    found = (row.get(name) for name in names)
    return next((inputs.clean(text) for text in found if isinstance(text, str) and text.strip()), None)


def _follow(past: list[Past], memory_id: str, old: str | None, next_one: Past, reading: Reading) -> None:
    """Adds a row to what came before it, and what must have been before the first."""
    before = past[-1].text if past else None
    if not past and old is not None:
        past.append(Past(old, next_one.at, "ADD"))
        reading.warnings.add(
            f"history: the first row of memory {_shown(memory_id)} replaces a text; taken as its first"
        )
    elif past and old is not None and old != before:
        reading.warnings.add(f"history: a row of memory {_shown(memory_id)} does not follow the one before it")
    before = past[-1].text if past else None
    if next_one.text == before:
        return  # deleted twice, or written as it was
    event: Event = "DELETE" if next_one.text is None else "ADD" if before is None else "UPDATE"
    past.append(replace(next_one, event=event))
