"""Operations and jobs of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from memx_core.errors import InvalidInputError
from memx_core.ledger import rows
from memx_core.ledger.intake.base import BATCH, Batch, Intake, around, unseen
from memx_core.ledger.tables import jobs, operations
from memx_core.moving.lines import JobLine, OperationLine

_NO_USAGE = {"calls": 0, "input_tokens": 0, "output_tokens": 0, "embedding_calls": 0}


@dataclass(slots=True)
class Calls(Intake):
    """Takes in operations and jobs."""

    def _operations(self, batch: Batch[OperationLine]) -> None:
        known = self._by_id(operations, (line.id for _, line in batch))
        keys = self._used_keys(batch)
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.kind in ("erase", "reset"):
                raise InvalidInputError(f"line {number} is the mark of an erasure, which cannot be loaded")
            if line.id in known:
                self._same_call(number, line, known[line.id])
                continue
            unseen(number, line.id, fresh)
            values = self._operation_values(line)
            key = (values["address"], line.key)
            if line.key is not None and key in keys:
                self.load.warnings.add(f"key: operation {line.id} lost its key, which another call has used here")
                values |= {"key": None, "request": None}
            keys.add(key)
            fresh[line.id] = values
        if not fresh:
            return
        self._opened()
        self._insert(operations, list(fresh.values()))
        made = self._by_id(operations, fresh)
        for _, line in batch:
            if line.id in fresh:
                self._refer_later(made[line.id].seq, line)

    def _operation_values(self, line: OperationLine) -> dict[str, Any]:
        return {
            "id": line.id,
            **self._address(line.scope),
            "kind": line.kind,
            "status": line.status,
            "key": line.key,
            "request": line.request,
            "plan": line.plan,
            "actor": line.actor,
            "prompt": line.prompt,
            "usage": {**_NO_USAGE, **line.usage},
            "warnings": line.warnings,
            "at": line.at,
        }

    def _used_keys(self, batch: Batch[OperationLine]) -> set[tuple[str, str | None]]:
        keys = {line.key for _, line in batch if line.key is not None}
        if not keys:
            return set()
        statement = select(operations.c.address, operations.c.key).where(
            operations.c.namespace == self.load.write.namespace, operations.c.key.in_(keys)
        )
        return {(row.address, row.key) for row in self.connection.execute(statement)}

    def _same_call(self, number: int, line: OperationLine, row: Row[Any]) -> None:
        """What is here under the id must be the same call, though either may be known only as part of a scope."""
        here = rows.scope_of(row)
        same = (row.namespace, row.kind, row.actor, row.at) == (
            self.load.write.namespace,
            line.kind,
            line.actor,
            line.at,
        )
        if not same or not (line.partial or around(line.scope, here)):
            raise InvalidInputError(f"line {number}: operation {line.id!r} is here already, and is another one")
        if line.partial:
            self._reach[line.id] = here
        elif line.scope != here:
            self._widen(line.id, line.scope)

    def _refer_later(self, seq: int, line: OperationLine) -> None:
        for column, id in (("learned_by", line.learned_by), ("undone_by", line.undone_by)):
            if id is not None:
                self._later.append((seq, column, id))

    def _refer(self) -> None:
        """Sets what operations say of later ones, now that all are there."""
        for start in range(0, len(self._later), BATCH):
            part = self._later[start : start + BATCH]
            known = self._by_id(operations, (id for _, _, id in part))
            for seq, column, id in part:
                if id in known and known[id].namespace == self.load.write.namespace:
                    self.connection.execute(
                        update(operations).where(operations.c.seq == seq).values({column: known[id].seq})
                    )

    def _jobs(self, batch: Batch[JobLine]) -> None:
        known = self._by_id(jobs, (line.id for _, line in batch))
        calls = self._by_id(operations, (line.operation for _, line in batch))
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.id in known:
                self._mine(number, "job", known[line.id], line.scope)
                continue
            operation = self._call(number, calls, line.operation, line.scope)
            if not self._is_new(operations, operation):
                continue  # it was here, and is done
            unseen(number, line.id, fresh)
            fresh[line.id] = {
                "id": line.id,
                "operation": operation,
                **self._address(line.scope),
                "session": line.session,
                "status": line.status,
                "request": line.request.model_dump(mode="json"),
                "attempts": line.attempts,
                "error": line.error,
                "tokens": line.tokens,
                "created_at": line.created_at,
                "not_before": line.not_before,
            }
        self._insert(jobs, list(fresh.values()))
