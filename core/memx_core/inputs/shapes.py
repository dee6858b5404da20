"""What a value looks like from outside, for the two type checkers as much as for us."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    """Whether it has keys; of what type is still to be seen."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether it is what JSON calls a list: a str, a set and a generator are none."""
    return isinstance(value, list | tuple)


def is_collection(value: object) -> TypeGuard[Collection[object]]:
    """Whether it holds things that can be counted: a str, one thing itself, is none."""
    return isinstance(value, Collection) and not isinstance(value, str | bytes)
