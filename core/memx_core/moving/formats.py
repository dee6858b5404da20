"""Which application wrote a file."""

from __future__ import annotations

import json
from typing import BinaryIO, Literal, TypeAlias

from memx_core.errors import InvalidInputError
from memx_core.inputs import show
from memx_core.inputs.shapes import is_mapping
from memx_core.moving import arrays

Format: TypeAlias = Literal["memx", "mem0", "chatgpt"]
Kind: TypeAlias = Literal["memx", "results", "history", "chatgpt"]
"""The kinds of files; mem0 has two."""

_SQLITE = b"SQLite format 3\x00"
_MARK = b"\xef\xbb\xbf"
_KINDS: dict[Format, tuple[Kind, ...]] = {"memx": ("memx",), "mem0": ("results", "history"), "chatgpt": ("chatgpt",)}


def check(value: object) -> Format | None:
    """A format that is known, or `None` to find out.

    Raises:
        InvalidInputError: If it is neither.
    """
    for known in _KINDS:
        if value == known:
            return known
    if value is None:
        return None
    raise InvalidInputError(f"format must be 'memx', 'mem0', 'chatgpt' or None, not {show(value)}")


def kind(file: BinaryIO, asked: Format | None) -> Kind:
    """What the file is, from its beginning.

    Raises:
        InvalidInputError: If it is nothing that is known, or not what was asked for.
    """
    found = _guess(file)
    if found is None or (asked is not None and found not in _KINDS[asked]):
        wanted = "a file that can be loaded" if asked is None else f"a file of format {asked!r}"
        raise InvalidInputError(f"this is not {wanted}: known are exports of memx, mem0 and ChatGPT")
    return found


def _guess(file: BinaryIO) -> Kind | None:
    """By the first line, or by the first element of a list."""
    begin = file.read(64)
    if begin == b"":
        return None
    file.seek(0)
    if begin.startswith(_SQLITE):
        return "history"
    first = begin.removeprefix(_MARK).lstrip()[:1]
    if first == b"[":
        return _of_element(next(iter(arrays.elements(file)), None))
    return _of_object(file) if first == b"{" else None


def _of_element(element: object) -> Kind:
    return "chatgpt" if is_mapping(element) and "mapping" in element else "results"


def _of_object(file: BinaryIO) -> Kind:
    """A line that is JSON is the header of an export; anything else of mem0 is one object over many lines, or one."""
    try:
        line = json.loads(file.readline(1 << 20).removeprefix(_MARK))
    except ValueError:
        return "results"
    return "memx" if is_mapping(line) and line.get("type") == "memx" else "results"
