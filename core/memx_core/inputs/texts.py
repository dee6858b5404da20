"""Texts: kept to the letter, but for the two things that no database keeps."""

from __future__ import annotations

import re

from memx_core.errors import InvalidInputError
from memx_core.inputs.showing import show

MAX_CHARACTERS = 20_000_000
"""Longest text, and most text of one call, in characters."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(value: str) -> str:
    """`value` as plain `str`, with NUL and every lone surrogate as U+FFFD.

    Two surrogates that make a pair become the character they stand for. Nothing else is touched.
    """
    plain = str.__str__(value)
    if not storable(plain):
        whole = plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole.replace("\x00", REPLACEMENT)
    return plain


def storable(value: str) -> bool:
    """Whether `value` has neither NUL nor surrogates."""
    return "\x00" not in value if value.isascii() else _UNSTORABLE.search(value) is None


def text(value: object, name: str = "text") -> str:
    """A text that says something, cleaned.

    Raises:
        InvalidInputError: If it is no str, blank, or longer than `MAX_CHARACTERS`.
    """
    if not isinstance(value, str):
        raise InvalidInputError(f"{name} must be a str, not {show(value)}")
    if not value.strip():
        raise InvalidInputError(f"{name} must say something, not be blank: {show(value)}")
    within(len(value), name)
    return clean(value)


def within(characters: int, name: str) -> None:
    """Refuse more than `MAX_CHARACTERS`.

    Raises:
        InvalidInputError: If there are more.
    """
    if characters > MAX_CHARACTERS:
        raise InvalidInputError(
            f"{name} has {characters:,} characters; at most {MAX_CHARACTERS:,} are taken in one call, so split it"
        )
