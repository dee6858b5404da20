"""Which known memory a handle means. A handle that was not shown means none, ever.

Some models repeat the old text beside the handle. When the two disagree, the text is the better
witness (numbers are miscounted, texts are copied), but only where it is exactly one memory's.
"""

from __future__ import annotations

from dataclasses import dataclass

from memx_core import text
from memx_core.types import MemoryItem, ProposedOperation

CURRENT = ("active", "conflict")
"""What can still be changed: by now somebody else may have removed what was shown."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a handle means.

    Attributes:
        item: The known memory, if it means one.
        warning: What is wrong with the handle, as `code: detail`; empty if nothing is.
    """

    item: MemoryItem | None = None
    warning: str = ""


def find(operation: ProposedOperation, candidates: tuple[MemoryItem, ...]) -> Target:
    """The known memory that `operation` is about."""
    handle = operation.target
    if operation.event == "ADD":
        return Target()
    if handle is None:
        return Target(warning=f"missing_id: {operation.event} does not say which memory it is about")
    if not 0 <= handle < len(candidates):
        return Target(warning=f"unknown_id: {operation.event} is about a memory that was not shown")
    item = candidates[handle]
    if item.status not in CURRENT:
        return Target(warning=f"outdated: {operation.event} is about a memory that is no longer there")
    return _checked(operation, item, candidates)


def _checked(operation: ProposedOperation, item: MemoryItem, candidates: tuple[MemoryItem, ...]) -> Target:
    """`item`, unless the old text that came along with its handle is another one's."""
    said = text.normal_form(operation.old_text)
    if not said or said == text.normal_form(item.text):
        return Target(item)
    meant = [other for other in candidates if text.normal_form(other.text) == said and other.status in CURRENT]
    if operation.event != "DELETE" and len(meant) == 1:
        return Target(meant[0], "unknown_id: the handle is one memory's and the old text another's; the text counts")
    if meant or not set(text.tokens(item.text)) & set(text.tokens(operation.old_text)):
        return Target(warning=f"unknown_id: {operation.event} repeats an old text that is not its memory's")
    return Target(item)
