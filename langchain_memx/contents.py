"""What of a message's content memx reads: texts as they are, everything else as a short reference.

Content comes as a string, as LangChain's standard blocks, or as any provider's own. A picture's
bytes never get into a prompt of memx: its caption does, or its address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "text-plain": "text", "refusal": "refusal"}
_ATTACHMENTS = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "audio": "audio",
    "input_audio": "audio",
    "audio_url": "audio",
    "video": "video",
    "video_url": "video",
    "file": "file",
    "input_file": "file",
    "document": "file",
    "media": "attachment",
}
_CAPTIONS = ("caption", "alt", "alt_text", "description", "transcript", "title", "filename", "name")
_LONGEST_CAPTION, _LONGEST_ADDRESS = 500, 300
_DATA_URL = re.compile(r"data:(image|audio|video)?[\w.+/-]*(?:;[\w.=+-]+)*;base64,[\w+/=%-]*", re.IGNORECASE)
_BYTES = re.compile(r"[\w+/=\s-]{64,}")
"""Too long for an id, and without a dot or colon: no address."""


def content_text(content: object) -> str:
    """The content as one text: of several blocks, one a line; what says nothing (tool calls, reasoning) is left out."""
    if isinstance(content, str):
        return _without_bytes(content)
    if not isinstance(content, list):
        return ""
    parts = (_part(part) for part in cast("list[object]", content))
    return "\n".join(part for part in parts if part)


def _part(part: object) -> str:
    if isinstance(part, str):
        return _without_bytes(part)
    if not isinstance(part, Mapping):
        return ""
    block = cast("Mapping[str, Any]", part)
    kind = block.get("type")
    if kind == "non_standard":
        return _part(block.get("value"))
    if kind in _TEXTS:
        text = block.get(_TEXTS[kind])
        return _without_bytes(text) if isinstance(text, str) else ""
    return _reference(_ATTACHMENTS[kind], block) if kind in _ATTACHMENTS else ""


def _reference(kind: str, block: Mapping[str, Any]) -> str:
    """`[image: a red bicycle]`, `[image: https://…]`, or `[image]`."""
    said = _caption(block) or _address(block)
    return f"[{kind}: {said}]" if said else f"[{kind}]"


def _without_bytes(text: str) -> str:
    """`text`, with `[image]` for one that somebody pasted as a data URL."""
    return _DATA_URL.sub(lambda found: f"[{(found[1] or 'file').lower()}]", text) if ";base64," in text else text


def _caption(block: Mapping[str, Any]) -> str:
    for place in (block, _within(block, "extras"), _within(block, str(block.get("type")))):
        for name in _CAPTIONS:
            value = place.get(name)
            if isinstance(value, str) and value.strip():
                return " ".join(value.split())[:_LONGEST_CAPTION]
    return ""


def _address(block: Mapping[str, Any]) -> str:
    """Where it is, unless what stands there is the thing itself."""
    kind = str(block.get("type"))
    place: Mapping[str, object] = _within(block, kind) or block
    for value in (block.get(kind), place.get("url"), place.get("file_id"), block.get("file_id")):
        if isinstance(value, str) and value.strip() and not _is_thing(value):
            return value.strip()[:_LONGEST_ADDRESS]
    return ""


def _is_thing(address: str) -> bool:
    return address.lstrip().lower().startswith("data:") or _BYTES.fullmatch(address) is not None


def _within(block: Mapping[str, Any], name: str) -> Mapping[str, object]:
    """What a block holds under `name`, if that is a mapping."""
    inner: object = block.get(name)
    return cast("Mapping[str, object]", inner) if isinstance(inner, Mapping) else {}
