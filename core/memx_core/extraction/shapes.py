"""Where in a JSON answer the operations are: every envelope and every name models put around them.

Asked for `{"operations": [...]}`, models also answer with `facts`, with the list alone, with one
object, with a function call or a whole chat completion around it, with the JSON in a string.
`find` unwraps all that and judges nothing: an item may still be rubbish.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import cast

from pydantic import BaseModel

from memx_core.extraction.events import event_in, event_of, said_event
from memx_core.extraction.fields import (
    ARGUMENTS,
    ENVELOPES,
    LIST_NAMES,
    LISTS,
    MOST,
    Kind,
    Object,
    fields,
    is_json,
    is_turn,
    is_withheld,
    text_in,
)
from memx_core.extraction.reading import Reading, read
from memx_core.extraction.refusals import is_refusal
from memx_core.extraction.tolerant import Cut
from memx_core.types import Event

DEEPEST = 6
"""Envelopes within envelopes that are opened."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the answer, as it was found.

    Attributes:
        value: A string or an object, if the model did as it was told.
        kind: What its list holds; a string is a fact, but no operation.
        event: What was said around it should happen; empty if nothing was.
    """

    value: object
    kind: Kind
    event: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The entries of an answer; none of them may be usable.

    Attributes:
        items: In order.
        single: The answer was one entry, without a list around it.
        withheld: There is no answer: a filter took it, or the model refused in a field for that.
        cut: The text ended within it; an entry that is not whole is a `Cut` or holds one.
        damaged: Some of the text could not be read.
    """

    items: tuple[Item, ...] = ()
    single: bool = False
    withheld: bool = False
    cut: bool = False
    damaged: bool = False


_BULLET = re.compile(r"^\s*(?:[-*\u2022]|\d{1,3}[.)])\s+")


def choose(reading: Reading) -> Found | None:
    """What the values of a text say: single entries add up; of whole answers apart, the last holds."""
    found = [each for value in reading.values[: MOST + 1] if (each := find(value)) is not None]
    if reading.damaged:
        found = [each for each in found if each.single]
    if reading.apart and not all(each.single for each in found):
        found = found[-1:]
    joined, cut = _joined(found), any(isinstance(value, Cut) for value in reading.values)
    return joined and replace(joined, cut=joined.cut or cut, damaged=reading.damaged)


def find(value: object, *, depth: int = 0) -> Found | None:
    """The entries in `value`; `None` if nothing in it looks like any."""
    if isinstance(value, BaseModel):
        value = value.model_dump()
    found: Found | None = None
    if depth > DEEPEST:
        return None
    if isinstance(value, str):
        found = _in_text(value, depth)
    elif isinstance(value, Mapping):
        found = _in_object(cast("Object", value), depth)
    elif isinstance(value, (list, tuple)):
        found = _in_list(cast("Sequence[object]", value), "fact", depth)
    return replace(found, cut=True) if found and isinstance(value, Cut) else found


def _in_text(text: str, depth: int) -> Found | None:
    """JSON within a string; prose is no answer, unless it declines to give one."""
    if "{" not in text and "[" not in text:
        return Found(withheld=True) if is_refusal(text) else None
    values = read(text).values[: MOST + 1]
    return _joined([each for value in values if (each := find(value, depth=depth + 1)) is not None])


def _in_object(value: Object, depth: int) -> Found | None:
    named = fields(value)
    if is_withheld(named):
        return Found(withheld=True)
    if (found := _in_lists(named, depth)) is not None:
        return found
    if not is_turn(named) and isinstance(text := text_in(value), str) and not is_json(text):
        return _one(value)
    if (found := _in_envelope(named, depth)) is not None:
        return found
    return _one(value) if event_of(said_event(value)) else _in_groups(value, depth)


def _one(value: object) -> Found:
    return Found((Item(value, "operation"),), single=True)


def _in_lists(named: Object, depth: int) -> Found | None:
    """The entries under a name for lists; of several such names the first that has any."""
    empty: Found | None = None
    others = (key for key in named if key not in LISTS and LIST_NAMES.fullmatch(key))
    for key in (*LISTS, *others):
        field, kind = named.get(key), LISTS.get(key, "fact")
        if isinstance(field, str) and (key != "memory" or is_json(field)):
            found = _in_text(field, depth) or _lines(field)
        elif isinstance(field, (list, tuple)):
            found = _in_list(cast("Sequence[object]", field), kind, depth)
        elif isinstance(field, Mapping):
            found = find(cast("Object", field), depth=depth + 1)
        else:
            continue
        if found and (found.items or found.withheld):
            return replace(found, single=False)
        empty = empty or found
    return empty


def _lines(text: str) -> Found | None:
    """One fact a line, where a list was asked for and a string came."""
    lines = [_BULLET.sub("", line).strip() for line in text.splitlines()[: MOST + 1]]
    items = tuple(Item(line, "fact") for line in lines if line)
    return Found(items) if items and not isinstance(text, Cut) else None


def _in_list(values: Sequence[object], kind: Kind, depth: int) -> Found | None:
    if values and all(isinstance(each, (list, tuple)) for each in values):
        lists = cast("Sequence[Sequence[object]]", values)
        values = list(islice(chain.from_iterable(lists), MOST + 1))
    values = values[: MOST + 1]
    inner = [_unwrapped(each, depth) for each in values]
    kind = _kind(values, kind)
    plainly = (Found((Item(value, kind),)) for value in values)
    return _joined([each or own for each, own in zip(inner, plainly, strict=True)]) or Found()


def _unwrapped(value: object, depth: int) -> Found | None:
    """What an entry of a list holds, if it is an envelope itself."""
    if isinstance(value, str):
        return _in_text(value, depth) if value.lstrip().startswith("{") else None
    found = find(cast("object", value), depth=depth + 1) if isinstance(value, (Mapping, BaseModel)) else None
    own = found and found.single and found.items[0].value is value
    return None if own or isinstance(value, Cut) else found


def _kind(values: Iterable[object], kind: Kind) -> Kind:
    """What a list holds, by its entries: a list of strings alone is one of facts."""
    objects = [cast("Object", each) for each in values if isinstance(each, Mapping)]
    if any(said_event(each) for each in objects):
        return "operation"
    return "fact" if not objects and any(isinstance(each, str) for each in values) else kind


def _in_envelope(named: Object, depth: int) -> Found | None:
    """What an envelope holds; the name of a function says what is to happen to a single entry."""
    event = event_in(named.get("name"))
    for key in ENVELOPES:
        if key in named and (found := find(named[key], depth=depth + 1)) is not None:
            return _under(event, found) if found.single else found
    return _in_call(event, named) if event else None


def _in_call(event: Event, named: Object) -> Found | None:
    """The arguments of a function that is named for an event, as in `delete_memory(memory_id=2)`."""
    for key in ARGUMENTS:
        said = named.get(key)
        values = read(said).values if isinstance(said, str) else (said,)
        if len(values) == 1 and isinstance(values[0], Mapping):
            return _under(event, _one(cast("Object", values[0])))
    return None


def _in_groups(value: Object, depth: int) -> Found | None:
    """Entries under numbers, or under the events that are to happen to them."""
    if value and all(str(key).strip().isdecimal() for key in islice(value, MOST)):
        return _in_list(list(islice(value.values(), MOST)), "fact", depth)
    found: list[Found] = []
    for key, entries in islice(value.items(), MOST):
        event = event_of(key)
        if event is None:
            return None
        inner = find(entries if _holds(entries) else [entries], depth=depth + 1) if entries else None
        found += [_under(event, inner)] if inner else []
    return _joined(found)


def _holds(value: object) -> bool:
    return isinstance(value, (list, tuple, Mapping))


def _under(event: Event | None, found: Found) -> Found:
    """`found` with what was said around it about those entries that do not say it themselves."""
    return replace(found, items=tuple(replace(item, event=item.event or event or "") for item in found.items))


def _joined(found: list[Found]) -> Found | None:
    if not found:
        return None
    items = tuple(islice(chain.from_iterable(each.items for each in found), MOST + 1))
    return Found(
        items,
        single=all(each.single for each in found),
        withheld=not items and any(each.withheld for each in found),
        cut=any(each.cut for each in found),
    )
