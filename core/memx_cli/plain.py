"""What was remembered, as it may reach a terminal: no control characters, no escapes, nothing that turns a line.

Text that somebody else said must not move the cursor, set a title, or hide what stands beside it.
"""

from __future__ import annotations

import unicodedata
from uuid import UUID

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # of emoji, and of Persian and Indic words
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_SHORT = 8


def line(text: object) -> str:
    """`text` in one line."""
    return _seen(" ".join(str(text).split()))


def block(text: object) -> str:
    """`text` in its lines."""
    return "\n".join(_seen(each.replace("\t", "    ")) for each in str(text).split("\n"))


def short(id: str) -> str:
    """The start of a UUID, which commands take for all of it; an id that comes from elsewhere is shown whole."""
    try:
        UUID(id)
    except ValueError:
        return line(id)
    return id[:_SHORT]


def _seen(text: str) -> str:
    return text if text.isascii() and text.isprintable() else "".join(map(_character, text))


def _character(character: str) -> str:
    unseen = unicodedata.category(character) in _UNSEEN and character not in _JOINERS
    return "\N{REPLACEMENT CHARACTER}" if unseen else character
