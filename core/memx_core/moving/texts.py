"""What of a line is embedded: the same as of the memory or the turn that it describes."""

from __future__ import annotations

from memx_core import searchable
from memx_core.moving.lines import Line, MessageLine, VersionLine
from memx_core.types import Message


def embedded_text(line: Line) -> str | None:
    """The text that its vector is to be made from; `None` if it has none, or a job will make it."""
    if isinstance(line, VersionLine):
        return _of_version(line)
    if isinstance(line, MessageLine):
        return _of_message(line)
    return None


def _of_version(line: VersionLine) -> str | None:
    if line.status == "deleted" or not line.text.strip():
        return None
    return searchable.memory_text(line.text, line.when.span if line.when else None)


def _of_message(line: MessageLine) -> str | None:
    if line.cleared or line.job is not None or line.role not in ("user", "assistant") or not line.content.strip():
        return None
    return searchable.message_text(Message(line.role, line.content, name=line.name))
