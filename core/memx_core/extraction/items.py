"""One entry of a model's answer to a `ProposedOperation`, or a word on why it is none.

Handles are positions: whole numbers, or strings of one. Anything else that stands for a memory
(a UUID, `-1`, `0.5`) becomes `UNKNOWN`, which is never a position, so that it cannot hit another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias, cast

from pydantic import BaseModel

from memx_core.extraction.events import event_of, said_event
from memx_core.extraction.fields import fields, text_in
from memx_core.extraction.shapes import Item
from memx_core.extraction.tolerant import Cut
from memx_core.types import Event, ProposedOperation

UNKNOWN = -1
"""The handle of something that was not shown."""
LONGEST_TEXT = 20_000
"""Characters kept of a text: more than any validator lets pass, so that it can say so."""
LONGEST_FIELD = 2_000
"""Characters kept of anything else."""
_MOST_MESSAGES = 64

Warned: TypeAlias = str

_TARGETS = ("target", "targetid", "targethandle", "id", "memoryid", "handle", "index", "candidate", "known", "idx")
_MESSAGES = ("messages", "message", "messageids", "sources", "source", "evidence", "turns")
_OLD = ("oldmemory", "oldtext", "old", "previous", "previousmemory", "oldvalue", "before")
_WHEN = ("when", "time", "date", "timeexpression")
_NOBODY = frozenset(("", "none", "null", "nil", "new", "n/a", "na", "-", "undefined"))
_HANDLE = re.compile(r"[#\[(]?\s*(0|[1-9][0-9]{0,8})(?:\.0+)?\s*[\])]?")
_EVENT_FIRST = re.compile(r"(?:ADD|UPDATE|DELETE|NONE|NOOP|CONFLICT|REMOVE|CREATE)\b")
_BULLET = re.compile(r"^(?:[-*\u2022]|\d{1,3}[.)])\s+")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def operation(item: Item) -> ProposedOperation | Warned:
    """What `item` proposes, or `code: detail` of what is wrong with it."""
    value = item.value.model_dump() if isinstance(item.value, BaseModel) else item.value
    if isinstance(value, Cut):
        return "truncated: the last entry is cut off and was left out"
    if isinstance(value, Mapping):
        return _from_object(cast("Mapping[str, object]", value), item)
    if isinstance(value, str) and item.kind == "fact" and not _EVENT_FIRST.match(value):
        text = _clean(_BULLET.sub("", value.strip()), LONGEST_TEXT)
        event: Event = event_of(item.event) or "ADD"
        return ProposedOperation(event, text) if text else "not_text: an entry is blank"
    code = "not_text" if item.kind == "fact" else "not_an_operation"
    return f"{code}: an entry is {_described(value)}"


def _from_object(value: Mapping[str, object], item: Item) -> ProposedOperation | Warned:
    named, text = fields(value), _text(value)
    said = said_event(value) or item.event or None
    old = _field(named, _OLD)
    event = event_of(said) if said else _unsaid(text, named, old)
    if event is None:
        code = "unknown_event" if said else ("not_an_operation" if item.kind == "operation" else "not_text")
        return f"{code}: an entry is an object " + ("with an event that does not exist" if said else "without a fact")
    return ProposedOperation(
        event=event,
        text=text or "",
        target=_target(named, event),
        messages=_handles(next((named[key] for key in _MESSAGES if key in named), ())),
        quote=_field(named, ("quote", "quotes", "evidencequote")),
        when=_field(named, _WHEN),
        subject=_field(named, ("subject", "about", "entity", "person")),
        slot=_field(named, ("slot", "attribute", "category")),
        reason=_field(named, ("reason", "why", "rationale", "explanation")),
        old_text=old,
    )


def _unsaid(text: str | None, named: Mapping[str, object], old: str) -> Event | None:
    """What an object without an event means: a new fact, or a new wording of what it quotes."""
    if not text:
        return None
    return "UPDATE" if old and _target(named, "UPDATE") is not None else "ADD"


def _text(value: Mapping[str, object]) -> str | None:
    """The fact in an object, also from one level below; `None` if it is no text."""
    text = _only(text_in(value))
    if isinstance(text, Mapping):
        text = _only(text_in(cast("Mapping[str, object]", text)))
    return _clean(text, LONGEST_TEXT) if isinstance(text, str) and not isinstance(text, Cut) else None


def _target(named: Mapping[str, object], event: Event) -> int | None:
    """The handle of the memory meant; an ADD has none, whatever number it was given."""
    said = next((named[key] for key in _TARGETS if named.get(key) is not None), None)
    if said is None or event == "ADD" or (isinstance(said, str) and said.strip().lower() in _NOBODY):
        return None
    return _handle(_only(said))


def _handle(said: object) -> int:
    """A position, or `UNKNOWN`."""
    if isinstance(said, (int, float)) and not isinstance(said, bool):
        said = str(said) if abs(said) < 10**9 else ""
    match = _HANDLE.fullmatch(said.strip()[:40]) if isinstance(said, str) else None
    return int(match[1]) if match else UNKNOWN


def _handles(said: object) -> tuple[int, ...]:
    """Handles of messages, in order and each once; what is none is left out."""
    if isinstance(said, str):
        several: list[object] = [*re.split(r"[,;\s]+", said[:LONGEST_FIELD])]
    else:
        several = cast("list[object]", said) if isinstance(said, list) else [said]
    handles = map(_handle, several[:_MOST_MESSAGES])
    return tuple(dict.fromkeys(handle for handle in handles if handle != UNKNOWN))


def _only(value: object) -> object:
    """What a list holds, if that is one thing."""
    if not isinstance(value, list):
        return value
    several = cast("list[object]", value)
    return several[0] if len(several) == 1 else several


def _field(named: Mapping[str, object], keys: tuple[str, ...]) -> str:
    fields = (named.get(key) for key in keys)
    return _clean(next((field for field in fields if isinstance(field, str)), ""), LONGEST_FIELD)


def _clean(text: str, longest: int) -> str:
    """One line without what no database keeps: lone surrogates and control characters."""
    return " ".join(_SURROGATES.sub("\ufffd", _CONTROLS.sub("", text[: longest + 1])).split())


def _described(value: object) -> str:
    if value is None or isinstance(value, (bool, str)):
        return "null" if value is None else "a string" if isinstance(value, str) else "a truth value"
    return "a number" if isinstance(value, (int, float)) else "a list"
