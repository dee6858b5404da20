"""What the fields of a JSON object say, by whatever name a model gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Literal, TypeAlias, cast

from memx_core.extraction.events import plain

Kind: TypeAlias = Literal["fact", "operation"]
Object: TypeAlias = Mapping[str, object]
MOST = 512
"""Entries of an answer, and fields of an object, that are looked at."""
TEXT_KEYS = (
    "text", "fact", "content", "memory", "newmemory", "newtext", "statement", "sentence", "data", "description",
    "information", "value",
)  # fmt: skip
"""Names of the field that holds a fact, the best first, without their punctuation."""


_OPERATION_LISTS = ("operations", "ops", "actions", "events", "edits", "decisions")
_FACT_LISTS = ("facts", "memories", "memory", "items", "results", "entries", "statements", "observations", "list")
LISTS: dict[str, Kind] = {
    **dict.fromkeys(_OPERATION_LISTS, "operation"),
    **dict.fromkeys(_FACT_LISTS, "fact"),
}
ENVELOPES = (
    "result", "response", "output", "answer", "final", "finalanswer", "json", "payload", "arguments", "args", "kwargs",
    "parameters", "input", "actioninput", "function", "functioncall", "toolcalls", "toolcall", "tooluse", "message",
    "choices", "parsed", "properties", "content", "text", "data", "value",
)  # fmt: skip
ARGUMENTS = ("arguments", "args", "kwargs", "parameters", "input")
LIST_NAMES = re.compile(r"(?!old|existing|previous|known|current|deleted|removed)\w*(?:facts|memories|operations)")
_STOPPED = re.compile("content.?filter|refusal|safety|blocked|prohibited|recitation", re.IGNORECASE)
_ANSWERS = ("content", "message", "toolcalls", "functioncall", "choices")
_TURN_KEYS = frozenset({"role", "choices", "toolcalls", "functioncall", "finishreason", "stopreason"})
_TURN_TYPES = frozenset({"text", "outputtext", "message", "tooluse", "toolcall", "function", "functioncall"})


def text_in(value: Object) -> object:
    """What an object holds in the field for its fact; `None` if it has no such field."""
    named = fields(value)
    return next((named[key] for key in TEXT_KEYS if named.get(key) is not None), None)


def fields(value: Object) -> dict[str, object]:
    """The fields of an object by their plain names."""
    return {plain(key): field for key, field in islice(value.items(), MOST)}


def is_withheld(named: Object) -> bool:
    """Whether an object says that there is no answer."""
    if not all(_is_empty(named.get(key)) for key in _ANSWERS):
        return False
    stopped = str(named.get("finishreason") or named.get("stopreason") or "")
    return bool(_STOPPED.search(stopped) or (isinstance(named.get("refusal"), str) and named["refusal"]))


def _is_empty(field: object) -> bool:
    """Whether there is nothing in a field, or a message without content."""
    if not isinstance(field, Mapping):
        return not field
    named = fields(cast("Object", field))
    return not any(named.get(key) for key in _ANSWERS)


def is_turn(named: Object) -> bool:
    """Whether an object is a message or a call, whose text would be the answer and not a fact."""
    return bool(_TURN_KEYS & named.keys()) or plain(named.get("type")) in _TURN_TYPES


def is_json(text: str) -> bool:
    """Whether a text begins like JSON, and so is more likely an answer within one than a fact."""
    return text.lstrip().startswith(("{", "[", "```"))
