"""One conversation of one scope on the ledger's message table, as LlamaIndex asks for it.

Blocking, and without any provider: the awaiting colour runs these in a thread. What reads and then
writes holds the conversation's lock, which is bound to no event loop, and is never held while
anything is awaited. Ledger and lock are shared by all that show this conversation in this process;
LangChain's history shows the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import RLock
from typing import Final
from weakref import WeakValueDictionary

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.storage.chat_store.base_db import MessageStatus

from llama_index_memx.messages import completes, from_message, said, to_messages
from memx_core import Message, Scope, ScopedMemory

STATUS = "llama_index_status"
"""Under which name of `Message.raw` it is kept that a message left the queue."""


class _Lock:
    """A lock that can be referred to weakly."""

    def __init__(self) -> None:
        self.held = RLock()


_LOCKS: Final[WeakValueDictionary[tuple[str, str, Scope, str], _Lock]] = WeakValueDictionary()
_MAKING = RLock()


def _lock(key: tuple[str, str, Scope, str]) -> _Lock:
    with _MAKING:
        found = _LOCKS.get(key)
        if found is None:
            _LOCKS[key] = found = _Lock()
        return found


def status_of(message: Message) -> MessageStatus:
    """Whether it is in the queue or has left it."""
    kept = (message.raw or {}).get(STATUS)
    return MessageStatus.ARCHIVED if kept == MessageStatus.ARCHIVED.value else MessageStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Settings:
    """How what is said is kept.

    Attributes:
        learn: Learn from it in the background.
        tool_results: Also from what tools returned.
    """

    learn: bool = True
    tool_results: bool = False


class Transcript:
    """A conversation: read, appended to, archived and replaced.

    Args:
        handle: Whose it is.
        session: Its id.
        settings: How what is said is kept.
    """

    def __init__(self, handle: ScopedMemory, session: str, settings: Settings) -> None:
        self._handle = handle
        self._session = session
        self._settings = settings

    @cached_property
    def _lock(self) -> _Lock:
        """Kept as long as this is; made where it is first needed: to name the database is to look for its file."""
        return _lock((self._handle.memory.database, self._handle.memory.namespace, self._handle.scope, self._session))

    def all(self, status: MessageStatus | None = None) -> list[Message]:
        """The messages, oldest first, or those with a status."""
        kept = self._handle.messages(self._session)
        return kept if status is None else [message for message in kept if status_of(message) == status]

    def append(self, messages: Sequence[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE) -> None:
        """Keeps what was said."""
        new = to_messages(messages, tool_results=self._settings.tool_results)
        self._put(new, status, complete=completes(messages))

    def replace(self, messages: Sequence[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE) -> None:
        """Makes these the conversation: what stays keeps its row, and what was there before is not learned again."""
        with self._lock.held:
            kept = self.all()
            known = [said(from_message(message)) for message in kept]
            staying = _staying(known, [said(message) for message in messages])
            self._remove([message for at, message in enumerate(kept) if at not in staying])
            self._mark([kept[at] for at in staying], status)
            rest = messages[len(staying) :]
            new = to_messages(rest, tool_results=self._settings.tool_results)
            told = [said(one) in known for one in rest]
            new = [
                replace(one, origin=one.origin or "kept") if old else one for one, old in zip(new, told, strict=True)
            ]
            self._put(new, status, complete=completes(messages))

    def archive_oldest(self, count: int) -> list[Message]:
        """Takes so many of the oldest out of the queue."""
        with self._lock.held:
            oldest = self.all(MessageStatus.ACTIVE)[: max(count, 0)]
            self._mark(oldest, MessageStatus.ARCHIVED)
        return oldest

    def archive(self, ids: Collection[str]) -> None:
        """Takes messages out of the queue."""
        with self._lock.held:
            self._mark([message for message in self.all() if message.id in ids], MessageStatus.ARCHIVED)

    def delete_oldest(self, count: int) -> list[Message]:
        """Removes so many of the oldest in the queue."""
        with self._lock.held:
            oldest = self.all(MessageStatus.ACTIVE)[: max(count, 0)]
            self._remove(oldest)
        return oldest

    def delete_at(self, position: int) -> Message | None:
        """Removes the message at a position of the whole conversation, if there is one."""
        with self._lock.held:
            found = self.all()[position : position + 1] if position >= 0 else []
            self._remove(found)
        return found[0] if found else None

    def clear(self, status: MessageStatus | None = None) -> None:
        """Removes everything, or what has a status."""
        with self._lock.held:
            if status is None:
                self._handle.clear_messages(self._session)
            else:
                self._remove(self.all(status))

    def _put(self, new: Sequence[Message], status: MessageStatus, *, complete: bool) -> None:
        """Never asks a provider: what is not to be learned from is embedded in the background all the same."""
        if not self._settings.learn:
            new = [replace(message, origin=message.origin or "kept") for message in new]
        if new:
            self._handle.put_messages(self._session, [_marked(one, status) for one in new], complete=complete)

    def _mark(self, kept: Sequence[Message], status: MessageStatus) -> None:
        """Their words stay, so that there is nothing to be learned."""
        changed = [_marked(message, status) for message in kept if status_of(message) != status]
        if changed:
            self._handle.put_messages(self._session, changed, complete=False)

    def _remove(self, kept: Sequence[Message]) -> None:
        if kept:
            self._handle.clear_messages(self._session, message_ids=[message.id for message in kept if message.id])


def _marked(message: Message, status: MessageStatus) -> Message:
    raw = {name: value for name, value in (message.raw or {}).items() if name != STATUS}
    return replace(message, raw=raw if status == MessageStatus.ACTIVE else {**raw, STATUS: status.value})


def _staying(known: Sequence[object], wanted: Sequence[object]) -> list[int]:
    """Positions in `known` of the first of `wanted`, as many as are there in that order."""
    found: list[int] = []
    start = 0
    for one in wanted:
        at = next((at for at in range(start, len(known)) if known[at] == one), None)
        if at is None:
            break
        found.append(at)
        start = at + 1
    return found
