"""What callers hand over: checked, and made readable for every tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

from memx_core.errors import InvalidInputError


def checked(texts: Sequence[str]) -> list[str]:
    """`texts` as a list.

    Raises:
        InvalidInputError: If it is one string, which is a sequence of strings too, or holds anything but strings.
    """
    if isinstance(texts, str):
        raise InvalidInputError(f"texts is a list of strings, not one: write [{_short(texts)}]")
    return [checked_text(text) for text in texts]


def checked_text(text: str) -> str:
    """`text` itself, if it is one."""
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- callers without a type checker
        raise InvalidInputError(f"only strings can be embedded, not {_short(text)}")
    return text


def well_formed(text: str, *, limit: int) -> str:
    """The first `limit` characters, surrogate pairs joined and lone ones replaced: encodable as UTF-8."""
    start = text.lstrip()[:limit] if len(text) > limit else text
    return start.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check_least(least: int, **numbers: object) -> None:
    """Makes sure that each of `numbers` is an integer from `least`."""
    for name, value in numbers.items():
        if not isinstance(value, int) or value < least:
            raise InvalidInputError(f"{name} is {_short(value)}; it has to be a whole number from {least}")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
