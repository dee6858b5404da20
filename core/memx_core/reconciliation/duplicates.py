"""Near duplicates by vector: what a new text says is known already, or another new one says it too.

A vector blurs what matters most, so nearness alone never decides: the numbers, the names and the
negation of both texts must be the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from memx_core.reconciliation import likeness
from memx_core.reconciliation.evidence import joined
from memx_core.reconciliation.outcome import Reconciled
from memx_core.types import MemoryItem, Operation

NEAR = 0.97
"""Cosine from which on two texts may be the same fact."""

_WRITING = ("ADD", "UPDATE", "CONFLICT")


def fold_duplicates(
    reconciled: Reconciled,
    nearest: Mapping[int, Sequence[tuple[MemoryItem, float]]],
    alike: Mapping[tuple[int, int], float],
) -> Reconciled:
    """`reconciled` with near duplicates turned into evidence for what they repeat.

    Args:
        reconciled: What holds of a proposal.
        nearest: Per position of an operation, current memories near its text, with their cosine.
        alike: Cosine of the texts of two operations, by their positions, the smaller one first.
    """
    operations = reconciled.operations
    changed = {operation.memory_id for operation in operations if operation.event in ("UPDATE", "DELETE")}
    folded: dict[int, tuple[Operation, ...]] = {at: (operation,) for at, operation in enumerate(operations)}
    for at, items in nearest.items():
        if item := _same(operations[at], items, changed):
            folded[at] = _confirming(operations[at], item)
    for (first, second), cosine in sorted(alike.items()):
        if cosine >= NEAR and len(folded[first]) == len(folded[second]) == 1:
            folded[first], folded[second] = _as_one(folded[first][0], folded[second][0])
    return replace(reconciled, operations=_each_once(chain.from_iterable(folded.values())))


def _same(
    operation: Operation, items: Sequence[tuple[MemoryItem, float]], changed: Collection[str]
) -> MemoryItem | None:
    """The memory that says what `operation` would write, unless it is changed by this very proposal."""
    if operation.event not in _WRITING:
        return None
    for item, cosine in items:
        touched = item.id in changed or item.id == operation.conflicts_with
        if not touched and cosine >= NEAR and likeness.same_claim(operation.text, item.text):
            return item
    return None


def _confirming(operation: Operation, item: MemoryItem) -> tuple[Operation, ...]:
    """Evidence for `item` instead of its text again; what that was to replace may go."""
    confirmation = Operation(
        "NONE",
        item.id,
        item.text,
        old_text=item.text,
        expected_version=item.version,
        evidence=operation.evidence,
        said_at=operation.said_at,
        reason=operation.reason,
    )
    if operation.event == "UPDATE" and likeness.replaces(operation.old_text or "", item.text):
        return confirmation, _deletion(operation)
    return (confirmation,)


def _as_one(first: Operation, second: Operation) -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
    """Two operations whose texts say the same: one writes it, with the evidence of both."""
    writing = first.event in _WRITING and second.event in _WRITING
    if not writing or not likeness.same_claim(first.text, second.text):
        return (first,), (second,)
    evidence = joined(first.evidence, second.evidence)
    if second.event == "ADD":
        return (replace(first, evidence=evidence),), ()
    if first.event == "ADD":
        return (), (replace(second, evidence=evidence),)
    if second.event == "UPDATE" and likeness.replaces(second.old_text or "", first.text):
        return (replace(first, evidence=evidence),), (_deletion(second),)
    return (first,), (second,)


def _deletion(update: Operation) -> Operation:
    """An UPDATE to what another memory says: two memories become one."""
    return replace(update, event="DELETE", text=update.old_text or update.text, when=None, ended=False)


def _each_once(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """`operations` with one confirmation of each memory."""
    kept: dict[tuple[str, bool], Operation] = {}
    for operation in operations:
        key = (operation.memory_id, operation.event == "NONE")
        before = kept.get(key)
        evidence = joined(before.evidence if before else (), operation.evidence)
        kept[key] = replace(before or operation, evidence=evidence)
    return tuple(kept.values())
