"""Messages: whatever a chat looks like at the caller's, as `Message` values.

A blank turn is dropped, not refused, because agents send them (a model that only calls a tool
says nothing). The text is kept to the letter, but for what `clean` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import Any, TypeGuard

from memx_core.errors import InvalidInputError
from memx_core.inputs.ids import MAX_ID, optional_id, session
from memx_core.inputs.shapes import is_list, is_mapping
from memx_core.inputs.showing import adapter, show
from memx_core.inputs.texts import clean, within
from memx_core.inputs.times import moment
from memx_core.inputs.values import metadata as clean_metadata
from memx_core.inputs.values import raw as clean_raw
from memx_core.types import Message

MAX_MESSAGES = 10_000
"""Most messages of one call."""

_ACCEPTED = 'pass a str, a dict {"role": ..., "content": ...}, a memx_core Message, or a list of these'
_ROLES = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
}
_SPOKEN = frozenset({"text", "input_text", "output_text", "refusal"})
_SILENT = frozenset({"tool_use", "tool_call", "tool_result", "thinking", "redacted_thinking", "reasoning"})
_ATTACHMENTS = {
    "image_url": "[image]",
    "image": "[image]",
    "input_image": "[image]",
    "audio": "[audio]",
    "input_audio": "[audio]",
    "audio_url": "[audio]",
    "video": "[video]",
    "video_url": "[video]",
    "file": "[file]",
    "input_file": "[file]",
    "document": "[file]",
}


@dataclass(frozen=True, slots=True)
class _Call:
    """What the call itself says about its messages."""

    said_at: datetime
    session_id: str | None
    metadata: dict[str, Any]


def messages(
    value: object,
    *,
    now: datetime,
    timestamp: datetime | str | float | None = None,
    session_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    keep_blank: bool = False,
) -> tuple[Message, ...]:
    """The messages of a call, in order, each with a role of `Message`, a text and a time.

    Args:
        value: A str (one user message), a mapping as in chat APIs, a `Message`, or an iterable of
            these. `content` may be a list of parts; what is not text becomes `[image]` and alike.
            Of several with one id in one conversation the last counts.
        now: When the call is made.
        timestamp: When all of it was said, unless a message says otherwise.
        session_id: The conversation; without one, what each message says.
        metadata: For each message, under its own.
        keep_blank: Keep messages without a text, as a transcript does, instead of dropping them.

    Raises:
        InvalidInputError: If it is anything else, too large, or (unless `keep_blank`) all blank.
    """
    call = _Call(moment(timestamp) or now, session(session_id), clean_metadata(metadata))
    items = _items(value)
    single = _is_single(value)
    read = [_message(item, "messages" if single else f"messages[{at}]", call) for at, item in enumerate(items)]
    within(sum(len(message.content) for message in read), "messages")
    kept = tuple(message for message in _latest(read) if keep_blank or message.content.strip())
    if not kept:
        raise InvalidInputError(f"messages is empty or blank, so there is nothing to keep; {_ACCEPTED}")
    return kept


def _latest(messages: Iterable[Message]) -> Iterable[Message]:
    """Of several with one id in one conversation the last, in the place of the first."""
    by_id: dict[object, Message] = {}
    for at, message in enumerate(messages):
        by_id[at if message.id is None else (message.session_id, message.id)] = message
    return by_id.values()


def _items(value: object) -> tuple[object, ...]:
    if _is_single(value):
        return (value,)
    if not _is_iterable(value):
        raise _refused(value, "messages")
    items = tuple(islice(value, MAX_MESSAGES + 1))
    if len(items) > MAX_MESSAGES:
        raise InvalidInputError(f"messages has more than {MAX_MESSAGES:,} messages; pass them in several calls")
    return items


def _is_single(value: object) -> bool:
    return isinstance(value, str | Mapping | Message)


def _is_iterable(value: object) -> TypeGuard[Iterable[object]]:
    """Not so bytes; nor a framework's or pydantic's object, which would give its fields."""
    if isinstance(value, bytes | bytearray | memoryview) or adapter(value) or hasattr(type(value), "model_fields"):
        return False
    return isinstance(value, Iterable)


def _refused(value: object, where: str) -> InvalidInputError:
    package = adapter(value)
    hint = f"; {package} takes such objects as they are" if package else ""
    return InvalidInputError(f"{where} is {show(value)}, which is no message: {_ACCEPTED}{hint}")


def _message(item: object, where: str, call: _Call) -> Message:
    given = _fields(item, where)
    role = _role(given.get("role"), where)
    own = clean_metadata(given.get("metadata"), f"{where} metadata")
    return Message(
        role=role,
        content=_content(given, role, where),
        name=_label(given.get("name"), f"{where} name"),
        timestamp=moment(given.get("timestamp"), f"{where} timestamp") or call.said_at,
        id=optional_id(given.get("id"), f"{where} id"),
        session_id=call.session_id or optional_id(given.get("session_id"), f"{where} session_id"),
        metadata=_together(call.metadata, own, f"{where} metadata"),
        origin=_label(given.get("origin"), f"{where} origin"),
        raw=clean_raw(given.get("raw"), f"{where} raw"),
    )


def _together(of_call: dict[str, Any], own: dict[str, Any], where: str) -> dict[str, Any]:
    """Both, which are no larger together than either may be."""
    return clean_metadata(of_call | own, where) if of_call and own else of_call | own


def _fields(item: object, where: str) -> Mapping[object, object]:
    if isinstance(item, str):
        return {"role": "user", "content": item}
    if isinstance(item, Message):
        return {field.name: getattr(item, field.name) for field in fields(item)}
    if is_mapping(item):
        return item
    raise _refused(item, where)


def _role(value: object, where: str) -> str:
    role = _ROLES.get(value.strip().lower()) if isinstance(value, str) else None
    if role is None:
        raise InvalidInputError(f"{where} has the role {show(value)}; known are {', '.join(_ROLES)}")
    return role


def _label(value: object, where: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_ID:
        raise InvalidInputError(f"{where} must be a str of at most {MAX_ID:,} characters, not {show(value)}")
    return clean(value) if value.strip() else None


def _content(given: Mapping[object, object], role: str, where: str) -> str:
    content = given.get("content")
    if isinstance(content, str):
        return clean(content)
    if is_list(content):
        texts = [_part(part, f"{where} content[{at}]") for at, part in enumerate(content)]
        return "\n".join(text for text in texts if text)
    if content is None and role == "assistant":
        return ""  # It called a tool and said nothing.
    raise InvalidInputError(f"{where} content must be a str or a list of parts, not {show(content)}; {_ACCEPTED}")


def _part(part: object, where: str) -> str:
    if isinstance(part, str):
        return clean(part)
    if not is_mapping(part):
        raise InvalidInputError(
            f'{where} must be a str or a dict such as {{"type": "text", "text": ...}}, not {show(part)}'
        )
    kind = part.get("type")
    if not isinstance(kind, str):
        raise InvalidInputError(f"{where} has the type {show(kind)}, not a str such as 'text' or 'image_url'")
    if kind in _SPOKEN:
        return _spoken(part.get("refusal" if kind == "refusal" else "text"), where)
    return "" if kind in _SILENT else _ATTACHMENTS.get(kind, "[attachment]")


def _spoken(value: object, where: str) -> str:
    if value is not None and not isinstance(value, str):
        raise InvalidInputError(f"{where} has a text that is no str: {show(value)}")
    return clean(value or "")
