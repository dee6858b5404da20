"""What of a message's blocks memx reads: texts as they are, pictures and files as short references.

What says nothing to anybody (tool calls, thinking, marks for a cache) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from llama_index.core.base.llms.types import (
    AudioBlock,
    BaseContentBlock,
    CitableBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    VideoBlock,
)

from memx_core.text import reference, without_bytes


def content_text(blocks: Iterable[BaseContentBlock]) -> str:
    """The blocks as one text, one a line."""
    return "\n".join(part for part in map(_part, blocks) if part)


def _part(block: BaseContentBlock) -> str:
    match block:
        case TextBlock():
            return without_bytes(block.text)
        case ImageBlock():
            return _reference("image", block)
        case AudioBlock():
            return _reference("audio", block)
        case VideoBlock():
            return _reference("video", block)
        case DocumentBlock():
            return _reference("file", block, block.title)
        case CitableBlock():
            return reference("file", captions=(block.title,), addresses=(block.source,))
        case _:
            return ""


def _reference(kind: str, block: ImageBlock | AudioBlock | VideoBlock | DocumentBlock, title: str | None = None) -> str:
    name = None if block.path is None else PurePath(block.path).name
    return reference(kind, captions=(title, name), addresses=(None if block.url is None else str(block.url),))
