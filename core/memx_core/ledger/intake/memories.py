"""Memories of a file and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from memx_core.errors import InvalidInputError
from memx_core.ledger import merging, picturing, rows
from memx_core.ledger.intake.base import Batch, Intake, standing_before, unseen
from memx_core.ledger.tables import memories, version_vectors, versions
from memx_core.moving.lines import MemoryLine, VersionLine
from memx_core.text import fingerprint

_TIMES = ("said_at", "valid_from", "expires_at", "recorded_at")
_FIXED = ("kind", "text", "metadata", "subject", "slot", "when", "restores", *_TIMES)


@dataclass(slots=True)
class Memories(Intake):
    """Takes in memories and their versions."""

    def _memories(self, batch: Batch[MemoryLine]) -> None:
        known = self._by_id(memories, (line.id for _, line in batch))
        same = self._saying(batch)
        fresh: dict[str, dict[str, Any]] = {}
        for number, line in batch:
            self._allow(number, line.scope)
            if line.id in known:
                self._same_memory(number, line, known[line.id])
                continue
            values = self._memory_values(line)
            unseen(number, line.id, fresh)
            twin = same.get((values["address"], line.fingerprint))
            if line.fingerprint is not None and twin is not None:
                self._instead[line.id] = twin
                self._count("skipped", 1)
                self.load.warnings.add(f"known: memory {line.id} says what {twin} says already; left out")
                continue
            same[values["address"], line.fingerprint] = line.id
            fresh[line.id] = values
        if fresh:
            self._opened()
            self._insert(memories, list(fresh.values()))
            self._count("memories", len(fresh))

    def _memory_values(self, line: MemoryLine) -> dict[str, Any]:
        return {
            "id": line.id,
            **self._address(line.scope),
            "head": line.head,
            "latest": line.latest,
            "alive": line.alive,
            "fingerprint": line.fingerprint if line.alive else None,
            "created_at": line.created_at,
        }

    def _same_memory(self, number: int, line: MemoryLine, row: Row[Any]) -> None:
        self._mine(number, "memory", row, line.scope)
        if self._is_new(memories, row.seq):
            raise InvalidInputError(f"line {number} repeats memory {line.id!r}")
        if not self.load.foreign and (row.created_at != line.created_at or row.latest < line.latest):
            raise InvalidInputError(
                f"line {number}: memory {line.id!r} is here already, with other content; nothing was loaded"
            )
        self._count("skipped", 1)

    def _saying(self, batch: Batch[MemoryLine]) -> dict[tuple[str | None, str | None], str]:
        """Ids of the living memories with the fingerprints of `batch`, by address and fingerprint."""
        wanted = {line.fingerprint for _, line in batch if line.fingerprint is not None}
        if not wanted:
            return {}
        at = self.load.write.at
        head = (versions.c.memory == memories.c.seq) & (versions.c.version == memories.c.head)
        statement = (
            select(memories, versions.c.expires_at)
            .outerjoin(versions, head)
            .where(memories.c.namespace == self.load.write.namespace, memories.c.fingerprint.in_(wanted))
        )
        found = self.connection.execute(statement).all()
        expired = [row.seq for row in found if row.expires_at is not None and row.expires_at <= at]
        if expired:  # nobody sees them any more, so the text may be said anew
            self.connection.execute(update(memories).where(memories.c.seq.in_(expired)).values(fingerprint=None))
        return {(row.address, row.fingerprint): row.id for row in found if row.seq not in expired}

    def _versions(self, batch: Batch[VersionLine]) -> None:
        owners = self._by_id(memories, (line.memory for _, line in batch))
        here = self._here(owners, batch)
        fresh: dict[tuple[str, int], dict[str, Any]] = {}
        numbers: list[tuple[int, VersionLine]] = []
        for number, line in batch:
            if line.memory in self._instead:
                continue
            owner = standing_before(number, "memory", line.memory, owners)
            if not self._is_new(memories, owner.seq):
                self._same_version(number, line, owner, here)
                continue
            place = (line.memory, line.version)
            unseen(number, place, {**fresh, **here}, line.memory)
            if line.version == owner.head and owner.fingerprint not in (None, fingerprint(line.text)):
                raise InvalidInputError(f"line {number} is not the text that memory {line.memory!r} is known by")
            fresh[place] = self._version_values(line, owner)
            numbers.append((number, line))
        made = self._made(versions, versions.c.row, fresh)
        self._vectors(version_vectors, zip(made, numbers, strict=True))
        self._count("versions", len(fresh))

    def _here(self, owners: Mapping[str, Row[Any]], batch: Batch[VersionLine]) -> dict[tuple[str, int], Row[Any]]:
        """The versions that the batch is about and that are there, by memory and number."""
        statement = select(versions).where(
            versions.c.memory.in_([row.seq for row in owners.values()]),
            versions.c.version.in_({line.version for _, line in batch}),
        )
        return {(row.id, row.version): row for row in self.connection.execute(statement)}

    def _version_values(self, line: VersionLine, owner: Row[Any]) -> dict[str, Any]:
        rival = line.conflicts_with
        when = line.when
        return {
            "memory": owner.seq,
            "id": line.memory,
            **self._address(rows.scope_of(owner)),
            "version": line.version,
            "restores": line.restores,
            "status": line.status,
            "kind": line.kind,
            "text": line.text,
            "metadata": line.metadata,
            "subject": line.subject,
            "slot": line.slot,
            "when_start": when.start if when else None,
            "when_end": when.end if when else None,
            "when_precision": when.precision if when else None,
            "when_phrase": when.phrase if when else None,
            "conflicts_with": rival if rival is None else self._instead.get(rival, rival),
            "said_at": line.said_at,
            "valid_from": line.valid_from,
            "valid_to": line.valid_to,
            "expires_at": line.expires_at,
            "created_at": owner.created_at,
            "recorded_at": line.recorded_at,
            "known_until": line.known_until,
        }

    def _same_version(
        self, number: int, line: VersionLine, owner: Row[Any], here: Mapping[tuple[str, int], Row[Any]]
    ) -> None:
        """What is here must say the same; what became of it since is not the file's to say."""
        row = here.get((line.memory, line.version))
        if self.load.foreign:
            if merging.merge(self.connection, self.load.write, self._opened, line, owner):
                self._count("changes", 1)
            return
        pictured = None if row is None else picturing.version_line(row)
        if pictured is None or any(getattr(pictured, name) != getattr(line, name) for name in _FIXED):
            raise InvalidInputError(
                f"line {number}: version {line.version} of memory {line.memory!r} has other content here"
            )
