"""What stands in a text for what is no text: `[image: a red bicycle]`, `[image: https://…]`, or `[image]`.

The bytes of a picture never get into a prompt: its caption does, or its address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST_CAPTION, _LONGEST_ADDRESS = 500, 300
_DATA_URL = re.compile(r"data:(image|audio|video)?[\w.+/-]*(?:;[\w.=+-]+)*;base64,[\w+/=%-]*", re.IGNORECASE)
_BYTES = re.compile(r"[\w+/=\s-]{64,}")
"""Too long for an id, and without a dot or colon: no address."""


def reference(kind: str, *, captions: Iterable[object] = (), addresses: Iterable[object] = ()) -> str:
    """A thing by what is said of it, or else by where it is.

    Args:
        kind: `image`, `audio`, `video`, `file` or `attachment`.
        captions: The first that is a text counts.
        addresses: The first that is a text, and not the thing itself.
    """
    said = _caption(captions) or _address(addresses)
    return f"[{kind}: {said}]" if said else f"[{kind}]"


def without_bytes(text: str) -> str:
    """`text`, with `[image]` for one that somebody pasted as a data URL."""
    return _DATA_URL.sub(lambda found: f"[{(found[1] or 'file').lower()}]", text) if ";base64," in text else text


def _caption(captions: Iterable[object]) -> str:
    texts = (" ".join(value.split()) for value in captions if isinstance(value, str))
    return next((text for text in texts if text), "")[:_LONGEST_CAPTION]


def _address(addresses: Iterable[object]) -> str:
    texts = (value.strip() for value in addresses if isinstance(value, str))
    return next((text for text in texts if text and not _is_thing(text)), "")[:_LONGEST_ADDRESS]


def _is_thing(address: str) -> bool:
    """Whether what stands there is the thing itself."""
    return address.lower().startswith("data:") or _BYTES.fullmatch(address) is not None
