"""What a person calls a memory or a call: the start of its id, as it was shown. It counts within the scope given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from memx_cli import plain
from memx_cli.desk import Desk
from memx_core.errors import InvalidInputError

if TYPE_CHECKING:
    from memx_core import Change, Memory

_LEAST, _WHOLE = 4, 36  # characters: of a name, and of a UUID
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def memory(desk: Desk, memory: Memory, name: str) -> str:
    """The id of the memory that is, or begins with, `name`; deleted ones count."""
    return _whole(desk, memory, name, lambda change: change.memory_id)


def operation(desk: Desk, memory: Memory, name: str) -> str:
    """The id of the call that is, or begins with, `name`."""
    return _whole(desk, memory, name, lambda change: change.operation_id)


def last_operation(desk: Desk, memory: Memory) -> str:
    """The newest call that changed a memory of the scope.

    Raises:
        InvalidInputError: If there is none.
    """
    changes = memory.diff(_EVER, **desk.somebody)
    if not changes:
        raise InvalidInputError("nothing has changed yet, so there is nothing to undo")
    return changes[-1].operation_id


def waiting(desk: Desk, memory: Memory, names: Iterable[str]) -> list[str]:
    """The ids of what waits under these names, or of the calls that it came with."""
    jobs = [job for job in memory.pending(**desk.anybody) if job.status == "review"]
    ids = list(dict.fromkeys(id for job in jobs for id in (job.id, job.operation_id)))
    return [_only(name, [id for id in ids if id.startswith(name)] if len(name) >= _LEAST else []) for name in names]


def _whole(desk: Desk, memory: Memory, name: str, told: Callable[[Change], str]) -> str:
    if len(name) >= _WHOLE or not desk.ids:
        return name
    ids = dict.fromkeys(told(change) for change in memory.diff(_EVER, **desk.somebody))
    if name in ids or len(name) < _LEAST:
        return name
    return _only(name, [id for id in ids if id.startswith(name)])


def _only(name: str, ids: list[str]) -> str:
    """The one that is meant; a name that nothing begins with is an id, which the memory may know or not."""
    if len(ids) > 1 and name not in ids:
        raise InvalidInputError(f"{name!r} could be any of {', '.join(map(plain.line, ids[:5]))}; say more of it")
    return name if not ids or name in ids else ids[0]
