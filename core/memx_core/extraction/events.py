"""The five events, and what models call them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from memx_core.types import Event

EVENT_KEYS = ("event", "action", "op", "operation", "operationtype", "eventtype", "type")
"""Names of the field that holds an event, without their punctuation."""

_CALLED: dict[Event, str] = {
    "ADD": "add added adding addition create created insert inserted new save saved store stored remember append",
    "UPDATE": "update updated updating modify modified edit edited change changed replace replaced supersede superseded"
    " merge merged overwrite correct corrected",
    "DELETE": "delete deleted deleting del remove removed forget forgotten retract retracted erase erased drop dropped",
    "NONE": "none noop nop nochange nochanges unchanged keep kept skip skipped ignore ignored same existing confirm"
    " confirmed known duplicate nothing retain",
    "CONFLICT": "conflict conflicting conflicts contradict contradiction contradicts contradicted",
}
_EVENTS: dict[str, Event] = {word: event for event, words in _CALLED.items() for word in words.split()}
_FIRST_WORD = re.compile(r"[^\W_]+")


def event_of(name: object) -> Event | None:
    """The event that goes by `name`, in any case and punctuation; `None` if no event does."""
    if not isinstance(name, str) or len(name) > 40:
        return None
    return _EVENTS.get(plain(name).removesuffix("memory").removesuffix("operation"))


def event_in(name: object) -> Event | None:
    """The event that a function's name begins with, as in `update_memory`."""
    word = _FIRST_WORD.match(name) if isinstance(name, str) else None
    return event_of(word[0]) if word else None


def said_event(value: Mapping[str, object]) -> str | None:
    """What an object says should happen, known or not; `None` if it says nothing.

    A `type` counts only if it is an event: it may as well be the type of the fact.
    """
    for key, said in value.items():
        name = plain(key)
        if name in EVENT_KEYS and isinstance(said, str) and said.strip() and (name != "type" or event_of(said)):
            return said
    return None


def plain(name: object) -> str:
    """A name without case and punctuation: `Tool_Calls` and `toolCalls` are one."""
    return re.sub(r"[\W_]+", "", str(name)[:60]).lower()
