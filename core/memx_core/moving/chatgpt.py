"""ChatGPT's `conversations.json`: a list of conversations, each a tree of which one branch was shown last.

A reply that was asked for again, or a request that was edited, leaves its former branch in the file. What was shown
is the way from `current_node` up to the root. Nothing else of a conversation is read: no hidden context, no tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from os import PathLike
from typing import Any, BinaryIO

from memx_core import inputs
from memx_core.errors import InvalidInputError
from memx_core.inputs.shapes import is_list, is_mapping
from memx_core.moving import arrays, files
from memx_core.moving.conversations import Conversation
from memx_core.types import Message

_SPOKEN = ("user", "assistant")
_CONTENTS = ("text", "multimodal_text", "code")
_PLACEHOLDERS = {
    "image_asset_pointer": "[image]",
    "audio_asset_pointer": "[audio]",
    "real_time_user_audio_video_asset_pointer": "[video]",
    "video_container_asset_pointer": "[video]",
}


def read_chatgpt(path: str | PathLike[str]) -> Iterator[Conversation]:
    """The conversations of a `conversations.json` (or `.json.gz`), in the file's order, one at a time.

    Parts that are no text become `[image]` and alike; conversations in which nothing was said are left out.

    Raises:
        InvalidInputError: If the file cannot be read, or is something else.
    """
    source = files.Source(files.path(path))
    try:
        yield from conversations(source.rewound())
    finally:
        source.close()


def conversations(file: BinaryIO) -> Iterator[Conversation]:
    """Like `read_chatgpt`, of an open file."""
    for number, raw in enumerate(arrays.elements(file), 1):
        if not is_mapping(raw) or not is_mapping(raw.get("mapping")):
            raise InvalidInputError(f"element {number} of the file is no ChatGPT conversation")
        found = _conversation(raw, number)
        if found.messages:
            yield found


def _conversation(raw: Mapping[Any, Any], number: int) -> Conversation:
    session = _id(raw.get("conversation_id")) or _id(raw.get("id")) or f"chatgpt-{number}"
    title = raw.get("title")
    turns = (_message(node, session) for node in _shown(raw))
    return Conversation(
        session_id=session,
        messages=tuple(turn for turn in turns if turn is not None),
        title=inputs.clean(title) if isinstance(title, str) else None,
        started=_moment(raw.get("create_time")),
    )


def _shown(raw: Mapping[Any, Any]) -> list[Mapping[Any, Any]]:
    """The nodes from the root down to the current one."""
    mapping = raw["mapping"]
    at = raw.get("current_node")
    if not isinstance(at, str) or at not in mapping:
        at = _newest_leaf(mapping)
    path: dict[Any, Mapping[Any, Any]] = {}
    while isinstance(at, str) and at not in path and is_mapping(node := mapping.get(at)):
        path[at] = node
        at = node.get("parent")
    return list(path.values())[::-1]


def _newest_leaf(mapping: Mapping[Any, Any]) -> Any:  # noqa: ANN401  # a node's id, if there is one
    """Where a file says no current node: of the nodes without children the last said."""
    leaves = [(_time_of(node), id) for id, node in mapping.items() if is_mapping(node) and not node.get("children")]
    return max(leaves, key=lambda leaf: leaf[0])[1] if leaves else None


def _time_of(node: Mapping[Any, Any]) -> float:
    message = node.get("message")
    time = message.get("create_time") if is_mapping(message) else None
    return float(time) if isinstance(time, int | float) else 0.0


def _message(node: Mapping[Any, Any], session: str) -> Message | None:
    raw = node.get("message")
    if not is_mapping(raw) or _is_hidden(raw):
        return None
    author = raw.get("author")
    role = author.get("role") if is_mapping(author) else None
    text = _text(raw.get("content"))
    if role not in _SPOKEN or not text.strip():
        return None
    name = author.get("name") if is_mapping(author) else None
    return Message(
        role=str(role),
        content=text,
        name=inputs.clean(name) if isinstance(name, str) and name.strip() else None,
        timestamp=_moment(raw.get("create_time")),
        id=_id(raw.get("id")) or _id(node.get("id")),
        session_id=session,
    )


def _id(value: object) -> str | None:
    """An id that can be kept; what is none is as good as absent."""
    try:
        return inputs.session(value)
    except InvalidInputError:
        return None


def _is_hidden(raw: Mapping[Any, Any]) -> bool:
    """Whether nobody saw it: context that was put in, a call of a tool, thoughts."""
    metadata = raw.get("metadata")
    if is_mapping(metadata) and any(
        metadata.get(flag) for flag in ("is_visually_hidden_from_conversation", "is_user_system_message")
    ):
        return True
    recipient, channel = raw.get("recipient") or "all", raw.get("channel") or "final"
    return recipient != "all" or channel not in ("final", "commentary") or raw.get("weight") == 0


def _text(content: object) -> str:
    if not is_mapping(content) or content.get("content_type", "text") not in _CONTENTS:
        return ""
    parts = content.get("parts")
    if not is_list(parts):
        parts = [content.get("text")]
    texts = [_part(part) for part in parts]
    return inputs.clean("\n".join(text for text in texts if text))


def _part(part: object) -> str:
    if isinstance(part, str) or part is None:
        return part or ""
    if not is_mapping(part):
        return "[attachment]"
    text = part.get("text")
    if isinstance(text, str):  # what was said aloud, written down
        return text
    return _PLACEHOLDERS.get(str(part.get("content_type")), "[attachment]")


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return inputs.moment(value)
    except InvalidInputError:
        return None
