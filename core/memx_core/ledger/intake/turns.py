"""Turns of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from memx_core import addresses
from memx_core.errors import InvalidInputError
from memx_core.ledger import picturing, rows
from memx_core.ledger.intake.base import Batch, Intake, checked_turn, unseen
from memx_core.ledger.tables import jobs, marks, message_vectors, messages, operations
from memx_core.moving.lines import MarkLine, MessageLine

_SAID = ("role", "name", "content", "metadata", "origin", "raw", "said_at", "recorded_at", "cleared")


@dataclass(slots=True)
class Turns(Intake):
    """Takes in turns and their marks."""

    def _messages(self, batch: Batch[MessageLine]) -> None:
        known = self._turns((line.scope, line.session, line.id) for _, line in batch)
        calls = self._by_id(operations, (line.operation for _, line in batch))
        waiting = self._by_id(jobs, (line.job for _, line in batch))
        fresh: dict[tuple[Any, ...], dict[str, Any]] = {}
        numbers: list[tuple[int, MessageLine]] = []
        for number, line in batch:
            self._allow(number, line.scope)
            place = (addresses.digest(self.load.write.namespace, line.scope), line.session, line.id)
            if place in known:
                self._same_turn(number, line, known[place])
                continue
            unseen(number, place, fresh, line.id)
            fresh[place] = self._message_values(number, line, calls, waiting)
            numbers.append((number, line))
        made = self._made(messages, messages.c.row, fresh)
        self._vectors(message_vectors, zip(made, numbers, strict=True))
        self._count("messages", len(fresh))

    def _message_values(
        self, number: int, line: MessageLine, calls: Mapping[str, Row[Any]], waiting: Mapping[str, Row[Any]]
    ) -> dict[str, Any]:
        job = waiting.get(line.job or "")
        if job is not None and rows.scope_of(job) != line.scope:
            raise InvalidInputError(f"line {number} refers to job {line.job!r}, which belongs to another scope")
        return {
            **self._address(line.scope),
            "id": line.id,
            "session": line.session,
            "role": line.role,
            "name": line.name,
            "content": line.content,
            "metadata": line.metadata,
            "origin": line.origin,
            "raw": line.raw,
            "said_at": line.said_at,
            "recorded_at": line.recorded_at,
            "cleared": line.cleared,
            "withheld": line.withheld,
            "overtaken": line.overtaken,
            "job": None if job is None else job.seq,
            "operation": self._call(number, calls, line.operation, line.scope),
        }

    def _same_turn(self, number: int, line: MessageLine, row: Row[Any]) -> None:
        if self._is_new(messages, row.row):
            raise InvalidInputError(f"line {number} repeats message {line.id!r} of session {line.session!r}")
        here = picturing.message_line(row)
        fields = ("role", "content") if self.load.foreign else _SAID
        if all(getattr(here, name) == getattr(line, name) for name in fields):
            self._count("skipped", 1)
        elif self.load.foreign:
            self._count("skipped", 1)
            self.load.warnings.add(
                f"changed: message {line.id} of session {line.session} says something else here; kept"
            )
        else:
            raise InvalidInputError(
                f"line {number}: message {line.id!r} of session {line.session!r} is here already, with other content"
            )

    def _marks(self, batch: Batch[MarkLine]) -> None:
        turns = self._turns((line.scope, line.session, line.message) for _, line in batch)
        calls = self._by_id(operations, (id for _, line in batch for id in (line.opened, line.closed)))
        values: list[dict[str, Any]] = []
        for number, line in batch:
            self._allow(number, line.scope)
            address = addresses.digest(self.load.write.namespace, line.scope)
            turn = checked_turn(number, line.message, turns.get((address, line.session, line.message)))
            if self._is_new(messages, turn.row):
                period = self._period(number, line, calls, line.scope)
                values.append({"message": turn.row, "mark": line.mark, **period})
        self._insert(marks, values)
