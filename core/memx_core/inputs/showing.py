"""How an argument appears in an error: enough to recognise it, never a whole text or object.

A plain `repr` could be ten megabytes, could run a stranger's code, and could carry what somebody
said in confidence into a log.
"""

from __future__ import annotations

from datetime import date
from typing import Any

_LONGEST = 60
_SMALL = (bool, int, float, str)
_EMPTY = (dict, list, tuple, set, frozenset)
_ADAPTERS = {"langchain": "langchain_memx", "langgraph": "langchain_memx", "llama_index": "llama_index_memx"}


def show(value: object) -> str:
    """A short picture: scalars as `repr`, cut at 60 characters; anything else by its type."""
    if value is None or type(value) in (date, *_SMALL):
        return _scalar(value)
    if type(value) in _EMPTY and not value:
        return repr(value)
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"<a value of type {name!r}>"


def _scalar(value: Any) -> str:  # noqa: ANN401  # any of the small types
    if type(value) is int and value.bit_length() > 200:
        return f"<an int of {value.bit_length()} bits>"
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]!r}… ({len(value):,} in all)"
    return repr(value)


def adapter(value: object) -> str | None:
    """The package that understands `value`, when it is an object of a framework."""
    roots = (base.__module__.partition(".")[0] for base in type(value).__mro__)
    for root in roots:
        for framework, package in _ADAPTERS.items():
            if root == framework or root.startswith(f"{framework}_"):
                return package
    return None
