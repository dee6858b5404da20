"""The lines of a file as the application's screen lets them be.

A memory is taken in whole or not at all: one version that is refused leaves it out, with all that hangs
on it. A turn that is refused is taken in as one that was cleared, because others may refer to it.
A file is read twice (see `flows.moving`): what a memory's first line has to know of its versions is known
at the second reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from memx_core.moving.jsonl import Numbered
from memx_core.moving.lines import (
    ChangeLine,
    ConflictLine,
    EvidenceLine,
    JobLine,
    Line,
    MemoryLine,
    MessageLine,
    OperationLine,
    ReviewLine,
    VersionLine,
)
from memx_core.moving.reports import Warnings
from memx_core.plans import operation_from, operation_json
from memx_core.screening import Refused, Screening
from memx_core.text import fingerprint

L = TypeVar("L", bound=BaseModel)
_CLEARED: dict[str, Any] = {
    "content": "",
    "name": None,
    "metadata": {},
    "raw": None,
    "cleared": True,
    "job": None,
    "vector": None,
}
_NAMED = ("memory", "message", "review")
"""The types of lines whose absence is worth a warning; what hangs on them goes with them."""


class LineScreen:
    """A screen for the lines of one file.

    Args:
        screening: Asked about every text.
    """

    def __init__(self, screening: Screening) -> None:
        self._asked = screening
        self._refused: set[str] = set()  # memories
        self._texts: dict[tuple[str, int], str] = {}  # versions that say something else now, by what they say

    def through(self, lines: Iterable[Numbered], warnings: Warnings) -> Iterator[Numbered]:
        """The lines that are left, as they may be kept.

        Raises:
            ScreenedError: If the screen fails.
        """
        for number, line in lines:
            kept = self._line(line)
            if kept is None or (kept != line and getattr(kept, "cleared", False)):
                if line.type in _NAMED:
                    warnings.add(f"screened: what line {number} says ({line.type}) was refused and is not kept")
            elif kept != line:
                warnings.add(f"screened: what line {number} says ({line.type}) was changed before it was kept")
            if kept is not None:
                yield number, kept

    def _line(self, line: Line) -> Line | None:
        match line:
            case MemoryLine():
                return self._memory(line)
            case VersionLine():
                return None if line.memory in self._refused else self._version(line)
            case MessageLine():
                return self._message(line)
            case ReviewLine():
                return self._review(line)
            case ChangeLine() | EvidenceLine() | ConflictLine() if line.memory in self._refused:
                return None
            case ChangeLine():
                return _with(line, reason=self._asked.optional(line.reason) or "")
            case EvidenceLine():
                quote = self._asked.optional(line.quote) or ""
                return line if quote == line.quote else _with(line, quote=quote, start=-1)
            case OperationLine():
                warnings = [self._asked.optional(each) for each in line.warnings]
                return _with(line, warnings=[each for each in warnings if each is not None])
            case JobLine():
                return self._job(line)
            case _:
                return line

    def _memory(self, line: MemoryLine) -> MemoryLine | None:
        if line.id in self._refused:
            return None
        says = self._texts.get((line.id, line.head))
        return line if says is None or line.fingerprint is None else _with(line, fingerprint=says)

    def _version(self, line: VersionLine) -> VersionLine | None:
        asked = self._asked
        try:
            text = asked.text(line.text)
        except Refused:
            self._refused.add(line.memory)
            return None
        when = None if line.when is None else _with(line.when, phrase=asked.optional(line.when.phrase) or "")
        beside: dict[str, Any] = {
            "metadata": asked.entries(line.metadata),
            "subject": asked.optional(line.subject),
            "slot": asked.optional(line.slot),
        }
        if text == line.text and when == line.when:
            return _with(line, **beside)
        self._texts[line.memory, line.version] = fingerprint(text)
        return _with(line, text=text, when=when, vector=None, **beside)

    def _message(self, line: MessageLine) -> MessageLine:
        asked = self._asked
        try:
            content = asked.text(line.content)
        except Refused:
            return _with(line, **_CLEARED)
        name = asked.optional(line.name)
        beside: dict[str, Any] = {"metadata": asked.entries(line.metadata), "raw": asked.raw(line.raw)}
        if (content, name) == (line.content, line.name):
            return _with(line, **beside)
        return _with(line, content=content, name=name, vector=None, **beside)

    def _review(self, line: ReviewLine) -> ReviewLine | None:
        operation = operation_from(line.proposal.operation)
        if operation.memory_id in self._refused or operation.conflicts_with in self._refused:
            return None
        try:
            kept = self._asked.operation(operation)
        except Refused:
            return None
        if kept == operation:
            return line
        return _with(line, proposal=_with(line.proposal, operation=operation_json(kept)))

    def _job(self, line: JobLine) -> JobLine:
        asked, request = self._asked, line.request
        kept = _with(
            request, metadata=asked.entries(request.metadata), instructions=asked.optional(request.instructions)
        )
        return _with(line, request=kept, error=asked.optional(line.error))


def _with(line: L, **values: object) -> L:
    return line.model_copy(update=values)
