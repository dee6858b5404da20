"""Which messages of a thread are still to be kept, in what form, and on whose behalf.

A turn may end without a word to us: a stream is closed early, a run is cancelled, or waits for an
approval that never comes. So a watermark stays in the thread's own state, and what lies behind it is
kept at the next occasion. It also says whose the messages are. In a thread that several users share,
and in a conversation that the application brings along by itself, only the present turn is known
to be the present user's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from typing_extensions import TypedDict

from langchain_memx._placing import latest_human
from langchain_memx.messages import is_summary, to_message
from memx_core import Message, Scope, ScopedMemory
from memx_core.memory.arguments import AddOptions

_CHECKPOINTER = "__pregel_checkpointer"  # LangGraph has no public word for it


class Saved(TypedDict):
    """How far a thread is kept, as its checkpoint holds it.

    Attributes:
        whose: Digest of the scope that it is kept for.
        until: Id of the last message that is.
        whole: Everything in the thread is that scope's, and not only what follows `until`.
    """

    whose: str
    until: str | None
    whole: bool


class Due(NamedTuple):
    """What is to be kept.

    Attributes:
        messages: In their order.
        again: Some of them may be kept already.
    """

    messages: list[Message]
    again: bool


NOTHING = Due([], again=False)


def address(scope: Scope) -> str:
    """A digest: whoever reads a checkpoint need not learn any id from it."""
    ids = json.dumps([scope.user_id, scope.agent_id, scope.run_id])
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def is_checkpointed(config: RunnableConfig | None) -> bool:
    """Whether the thread's state outlives the run."""
    settings: Mapping[str, Any] = (config or {}).get("configurable") or {}
    return settings.get(_CHECKPOINTER) is not None


def turn_start(messages: Sequence[BaseMessage]) -> int:
    """Where the present turn begins: with the first of the human messages that nobody has answered yet."""
    latest = latest_human(messages)
    start = len(messages) if latest is None else latest
    while start and isinstance(messages[start - 1], HumanMessage) and not is_summary(messages[start - 1]):
        start -= 1
    return start


def begun(saved: Saved | None, messages: Sequence[BaseMessage], whose: str, *, checkpointed: bool) -> Saved:
    """How far a thread is kept when a turn begins in it."""
    if saved is not None and saved["whose"] == whose:
        return saved
    start = turn_start(messages)
    whole = start == 0 or (saved is None and checkpointed)
    return Saved(whose=whose, until=None if whole else messages[start - 1].id, whole=whole)


def upto(saved: Saved, messages: Sequence[BaseMessage]) -> Saved:
    """The same, kept as far as these messages go."""
    return Saved(whose=saved["whose"], until=messages[-1].id, whole=saved["whole"]) if messages else saved


def unsaved(messages: Sequence[BaseMessage], saved: Saved) -> tuple[Sequence[BaseMessage], bool]:
    """The messages behind the watermark, and whether some may be kept already, as it is not there (any more)."""
    for at in range(len(messages) - 1, -1, -1):
        if messages[at].id is not None and messages[at].id == saved["until"]:
            return messages[at + 1 :], False
    if saved["whole"]:
        return messages, saved["until"] is not None or turn_start(messages) > 0
    return messages[turn_start(messages) :], False


def due(messages: Sequence[BaseMessage], saved: Saved, *, tool_results: bool) -> Due:
    """What earlier turns left to be kept.

    Args:
        messages: Before the present turn.
        saved: How far they are kept.
        tool_results: Also what tools returned.
    """
    new, again = unsaved(messages, saved)
    return Due(captured(new, tool_results=tool_results), again)


def due_after(
    messages: Sequence[BaseMessage], saved: Saved, heard: Iterable[BaseMessage], *, tool_results: bool
) -> Due:
    """What is to be kept when a turn is over: all of it, also where it took the place of what was kept already.

    Args:
        messages: As they are now.
        saved: How far they are kept.
        heard: What was there during the turn; a summary may have taken its place meanwhile.
        tool_results: Also what tools returned.
    """
    new, again = unsaved(messages, saved)
    turn = messages[turn_start(messages) :]
    if len(turn) > len(new):
        new, again = turn, True
    ids = {message.id for message in messages}
    lost = [message for message in heard if message.id not in ids] if any(map(is_summary, messages)) else []
    return Due(captured([*lost, *new], tool_results=tool_results), again)


def captured(messages: Iterable[BaseMessage], *, tool_results: bool) -> list[Message]:
    """What is kept of them: what people and the assistant said, and the results of tools if that is asked for."""
    kept = [_captured(message) for message in messages if _is_kept(message, tool_results=tool_results)]
    return [message for message in kept if message.content.strip()]


def keep(handle: ScopedMemory, wanted: Due, options: AddOptions) -> None:
    """Keeps what is due, for a worker to learn from."""
    session = options.get("session_id")
    known = handle.messages(session) if wanted.again and session else []
    if new := _fresh(wanted.messages, known):
        handle.add(new, **options)


async def akeep(handle: ScopedMemory, wanted: Due, options: AddOptions) -> None:
    """Like `keep`, without blocking the loop."""
    session = options.get("session_id")
    known = await handle.amessages(session) if wanted.again and session else []
    if new := _fresh(wanted.messages, known):
        await handle.aadd(new, **options)


def _fresh(messages: Sequence[Message], known: Sequence[Message]) -> list[Message]:
    """Those that are not there in the same words: keeping one again would date it anew."""
    said = {message.id: _said(message) for message in known}
    return [message for message in messages if message.id is None or said.get(message.id) != _said(message)]


def _said(message: Message) -> tuple[str, str | None, str]:
    return message.role, message.name, message.content


def _is_kept(message: BaseMessage, *, tool_results: bool) -> bool:
    if isinstance(message, ToolMessage):
        return tool_results
    return isinstance(message, HumanMessage | AIMessage) and not is_summary(message)


def _captured(message: BaseMessage) -> Message:
    """A tool's result as words of the assistant, under the tool's name: memx learns from nobody else's."""
    kept = to_message(message)
    return replace(kept, role="assistant", name=kept.name or "tool") if kept.role == "tool" else kept
