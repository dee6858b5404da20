"""What of a message's content memx reads: texts as they are, everything else as a short reference.

Content comes as a string, as LangChain's standard blocks, or as any provider's own. A picture's
bytes never get into a prompt of memx: its caption does, or its address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from memx_core.text import reference, without_bytes

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


def content_text(content: object) -> str:
    """The content as one text: of several blocks, one a line; what says nothing (tool calls, reasoning) is left out."""
    if isinstance(content, str):
        return without_bytes(content)
    if not isinstance(content, list):
        return ""
    parts = (_part(part) for part in cast("list[object]", content))
    return "\n".join(part for part in parts if part)


def _part(part: object) -> str:
    if isinstance(part, str):
        return without_bytes(part)
    if not isinstance(part, Mapping):
        return ""
    block = cast("Mapping[str, Any]", part)
    kind = block.get("type")
    if kind == "non_standard":
        return _part(block.get("value"))
    if kind in _TEXTS:
        text = block.get(_TEXTS[kind])
        return without_bytes(text) if isinstance(text, str) else ""
    if kind not in _ATTACHMENTS:
        return ""
    return reference(_ATTACHMENTS[kind], captions=_captions(block), addresses=_addresses(block))


def _captions(block: Mapping[str, Any]) -> Iterator[object]:
    for place in (block, _within(block, "extras"), _within(block, str(block.get("type")))):
        yield from map(place.get, _CAPTIONS)


def _addresses(block: Mapping[str, Any]) -> Iterator[object]:
    kind = str(block.get("type"))
    place: Mapping[str, object] = _within(block, kind) or block
    yield from (block.get(kind), place.get("url"), place.get("file_id"), block.get("file_id"))


def _within(block: Mapping[str, Any], name: str) -> Mapping[str, object]:
    """What a block holds under `name`, if that is a mapping."""
    inner: object = block.get(name)
    return cast("Mapping[str, object]", inner) if isinstance(inner, Mapping) else {}
