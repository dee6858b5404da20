"""A memory of another application that is here already: it stays, and what it lacks of metadata is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select

from memx_core.errors import InvalidInputError
from memx_core.ledger import applying, rows, spaces
from memx_core.ledger.tables import versions
from memx_core.ledger.values import Attributes, Write
from memx_core.moving.lines import VersionLine
from memx_core.types import Operation


def merge(
    connection: Connection, request: Write, opened: Callable[[], int], line: VersionLine, owner: Row[Any]
) -> bool:
    """Whether `line`, about the memory `owner`, brought metadata; what it says must be known of it.

    Args:
        connection: Of the writing transaction.
        request: The load.
        opened: Gives the load's number, once it is needed.
        line: What another application says.
        owner: The memory, a row of `memories`.

    Raises:
        InvalidInputError: If no version of the memory says it.
    """
    if line.status == "deleted":
        return False
    said = select(versions).where(versions.c.memory == owner.seq, versions.c.text == line.text)
    found = {row.version: row for row in connection.execute(said)}
    if not found:
        raise InvalidInputError(f"memory {line.memory!r} is here already, with other content; nothing was loaded")
    head = found.get(owner.head)
    if head is None or not owner.alive or line.metadata.items() <= head.metadata.items():
        return False
    operation = Operation(
        event="UPDATE",
        memory_id=line.memory,
        text=head.text,
        old_text=head.text,
        expected_version=head.version,
        said_at=head.said_at,
        when=rows.span(head),
        since=head.valid_from,
        reason="metadata of another file about the same memory",
    )
    write = replace(
        request,
        scope=rows.scope_of(owner),
        operations=(operation,),
        attributes=Attributes(metadata=line.metadata, merge=True, keep_expiry=True),
        twins=True,
    )
    applied = applying.apply(connection, write, opened())
    spaces.copy_versions(connection, applied.same)
    return True
