"""What hangs on the memories of a file: history, evidence, conflicts, and what waits to be approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from memx_core import addresses
from memx_core.ledger import rows
from memx_core.ledger.intake.base import Batch, Intake, checked_turn, checked_version, standing_before, unseen
from memx_core.ledger.tables import changes, conflicts, evidence, memories, operations, reviews, versions
from memx_core.moving.lines import ChangeLine, ConflictLine, EvidenceLine, ReviewLine, TurnLine


@dataclass(slots=True)
class Ties(Intake):
    """Takes in what refers to memories."""

    def _owner(self, number: int, line: Any, owners: Mapping[str, Row[Any]]) -> Row[Any] | None:  # noqa: ANN401  # a line
        """The memory that a line is about; `None` if it was here, or was left out."""
        if line.memory in self._instead:
            return None
        owner = standing_before(number, "memory", line.memory, owners)
        return owner if self._is_new(memories, owner.seq) else None

    def _version_rows(self, owners: Mapping[str, Row[Any]]) -> dict[tuple[str, int], int]:
        """Rows of all versions of the new ones among `owners`, by memory and number."""
        new = [row.seq for row in owners.values() if self._is_new(memories, row.seq)]
        statement = select(versions.c.id, versions.c.version, versions.c.row).where(versions.c.memory.in_(new))
        return {(row.id, row.version): row.row for row in self.connection.execute(statement)}

    def _changes(self, batch: Batch[ChangeLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        there = self._version_rows(owners)
        calls = self._by_id(operations, (line.operation for _, line in batch))
        values: list[dict[str, Any]] = []
        for number, line in batch:
            owner = self._owner(number, line, owners)
            if owner is None:
                continue
            for version in (line.version, *([] if line.before is None else [line.before])):
                checked_version(number, line.memory, version, there)
            values.append(
                {
                    "operation": self._call(number, calls, line.operation, rows.scope_of(owner)),
                    "memory": owner.seq,
                    "event": line.event,
                    "version": line.version,
                    "before": line.before,
                    "reason": line.reason,
                    "actor": line.actor,
                    "at": line.at,
                }
            )
        self._insert(changes, values)
        self._count("changes", len(values))

    def _evidence(self, batch: Batch[EvidenceLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        there = self._version_rows(owners)
        calls = self._by_id(operations, (line.operation for _, line in batch))
        told = [(number, line, owner) for number, line in batch if (owner := self._owner(number, line, owners))]
        turns = self._turns((rows.scope_of(owner), line.session, line.message) for _, line, owner in told)
        values: list[dict[str, Any]] = []
        for number, line, owner in told:
            checked_version(number, line.memory, line.version, there)
            turn = turns.get((owner.address, line.session, line.message))
            values.append(
                {
                    "memory": owner.seq,
                    "version": line.version,
                    "message": checked_turn(number, line.message, turn).row,
                    "operation": self._call(number, calls, line.operation, rows.scope_of(owner)),
                    "quote": line.quote,
                    "start": line.start,
                }
            )
        self._insert(evidence, values)

    def _conflicts(self, batch: Batch[ConflictLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        there = self._version_rows(owners)
        calls = self._by_id(operations, (id for _, line in batch for id in (line.opened, line.closed)))
        values: list[dict[str, Any]] = []
        for number, line in batch:
            owner = self._owner(number, line, owners)
            if owner is not None:
                values.append(
                    {
                        "version": checked_version(number, line.memory, line.version, there),
                        "rival": self._instead.get(line.rival, line.rival),
                        **self._period(number, line, calls, rows.scope_of(owner)),
                    }
                )
        self._insert(conflicts, values)

    def _reviews(self, batch: Batch[ReviewLine]) -> None:
        known = self._by_id(reviews, (line.id for _, line in batch))
        calls = self._by_id(operations, (id for _, line in batch for id in (line.operation, line.closed)))
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.id in known:
                self._mine(number, "review", known[line.id], line.scope)
                continue
            operation = self._call(number, calls, line.operation, line.scope)
            if not self._is_new(operations, operation):
                continue  # it was here, and is decided
            unseen(number, line.id, fresh)
            fresh[line.id] = {
                "id": line.id,
                "operation": operation,
                **self._address(line.scope),
                "session": line.session,
                "proposal": self._proposal(number, line),
                "created_at": line.created_at,
                "closed": None if line.closed is None else self._call(number, calls, line.closed, line.scope),
            }
        self._insert(reviews, list(fresh.values()))

    def _proposal(self, number: int, line: ReviewLine) -> dict[str, Any]:
        """With its turns by row, as the ledger keeps it."""
        named = [turn for _, turn in line.proposal.rows] + line.proposal.replies
        turns = self._turns((line.scope, turn.session, turn.id) for turn in named)
        address = addresses.digest(self.load.write.namespace, line.scope)

        def row(turn: TurnLine) -> int:
            seq: int = checked_turn(number, turn.id, turns.get((address, turn.session, turn.id))).row
            return seq

        kept = line.proposal.model_dump(mode="json")
        return {
            **kept,
            "rows": [[position, row(turn)] for position, turn in line.proposal.rows],
            "replies": [row(turn) for turn in line.proposal.replies],
        }
