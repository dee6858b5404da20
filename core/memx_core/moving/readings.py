"""Files of other applications as lines."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from memx_core.errors import InvalidInputError, ScopeError
from memx_core.moving import arrays, files, mem0
from memx_core.moving.conversations import Conversation, times, turn_id
from memx_core.moving.foreign import Foreign
from memx_core.moving.lines import MessageLine
from memx_core.types import Scope


@contextmanager
def readable() -> Generator[None]:
    """Turns what reading a damaged file raises into an `InvalidInputError`, which shows nothing of what it says."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InvalidInputError(f"the file is damaged: {type(error).__name__}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidInputError(f"the file holds what cannot be kept: {where}: {first['msg']}") from None


def items(file: BinaryIO) -> Iterable[object]:
    """The items of mem0's results; a list is read one by one.

    Raises:
        InvalidInputError: If the file holds none.
    """
    begin = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    file.seek(0)
    if begin.startswith(b"["):
        return arrays.elements(file)
    try:
        return mem0.results(json.loads(file.read()))
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError("the file is no JSON that can be read") from None


def known(path: Path, reading: mem0.Reading) -> dict[str, Foreign]:
    """What mem0's results say, by the ids that its history uses."""
    source = files.Source(path)
    try:
        return dict(mem0.of_results(items(source.rewound()), reading))
    finally:
        source.close()


def turns(conversations: Iterable[Conversation], reading: mem0.Reading) -> Iterator[MessageLine]:
    """The turns of conversations, which belong to the scope of the call.

    Raises:
        ScopeError: If it has none.
    """
    if reading.scope == Scope():
        raise ScopeError("the file says not whose its conversations are: pass user_id, agent_id or run_id")
    seen: set[str] = set()
    for conversation in conversations:
        session = conversation.session_id or ""
        if session in seen:
            reading.warnings.add(f"repeated: conversation {session} comes again; left out")
            continue
        seen.add(session)
        yield from _turns(conversation, session, reading)


def _turns(conversation: Conversation, session: str, reading: mem0.Reading) -> Iterator[MessageLine]:
    when = times(conversation.messages)
    for position, (message, time) in enumerate(zip(conversation.messages, when, strict=True)):
        yield MessageLine.model_validate(
            {
                "type": "message",
                "session": session,
                "id": turn_id(session, position, message),
                "user_id": reading.scope.user_id,
                "agent_id": reading.scope.agent_id,
                "run_id": reading.scope.run_id,
                "role": message.role,
                "name": message.name,
                "content": message.content,
                "metadata": {"title": conversation.title} if conversation.title else {},
                "said_at": time or conversation.started or reading.now,
                "recorded_at": reading.now,
                "operation": reading.operation,
            }
        )
