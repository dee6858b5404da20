"""What becomes of the turns that a memory came from, once it no longer holds.

The transcript keeps them all. But a turn whose news was taken back is no longer found or
recalled, and one whose news is no longer so is marked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, and_, or_, select

from memx_core.ledger import periods
from memx_core.ledger.tables import evidence, messages
from memx_core.types import Message, Operation


def withhold(connection: Connection, retracted: Collection[int], replies: Sequence[int], operation: int) -> None:
    """The turns behind the memories `retracted`, the asking ones too, and the rows `replies` to those."""
    if retracted:
        sources = select(evidence.c.message).where(evidence.c.memory.in_(retracted))
        concerned = or_(messages.c.row.in_(sources), messages.c.row.in_(replies))
        periods.mark(connection, "withheld", concerned, operation)


def overtake(connection: Connection, closed: Collection[tuple[int, int]], operation: int) -> None:
    """The turns behind the versions `closed`: memory and version."""
    if closed:
        replaced = or_(
            *(and_(evidence.c.memory == memory, evidence.c.version == version) for memory, version in closed)
        )
        sources = select(evidence.c.message).where(replaced)
        periods.mark(connection, "overtaken", messages.c.row.in_(sources), operation)


def replies(operations: Iterable[Operation], turns: Sequence[Message], kept: Sequence[int]) -> list[int]:
    """Rows of what the assistant said right after something was taken back, usually by repeating it."""
    asked = {item.message for op in operations if op.retracts for item in op.evidence}
    after = [at + 1 for at in asked if at + 1 < len(turns)]
    return [kept[at] for at in after if turns[at].role == "assistant"]
