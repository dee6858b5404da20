"""The operations of a proposal beside each other: at most one on each memory, and no text twice.

A model that wants to replace a memory often says so in two operations, DELETE and ADD. Read
apart, one would lose the history of the other; here they become the one UPDATE they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from memx_core import text
from memx_core.reconciliation import likeness
from memx_core.reconciliation.evidence import joined
from memx_core.reconciliation.outcome import Draft, shown
from memx_core.types import MemoryItem

_RANKS = {"UPDATE": 0, "CONFLICT": 1, "ADD": 2}
"""Of two operations with one text, which one stays."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What goes together, and a warning for what does not, each `code: detail`."""

    drafts: tuple[Draft, ...]
    warnings: tuple[str, ...] = ()


def settle(drafts: Sequence[Draft]) -> Settled:
    """`drafts` without contradictions, in order."""
    warnings: list[str] = []
    kept = tuple(drafts)
    for step in (_targets, _deletions, _texts):
        settled = step(kept)
        kept = settled.drafts
        warnings += settled.warnings
    return Settled(kept, tuple(warnings))


def _targets(drafts: Sequence[Draft]) -> Settled:
    """One change of each memory: of several the last, with the evidence of all."""
    groups: dict[str, list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(draft.target.id if draft.target else f"\0{len(groups)}", []).append(draft)
    settled = [_one(group) for group in groups.values()]
    return Settled(
        tuple(draft for each in settled for draft in each.drafts),
        tuple(warning for each in settled for warning in each.warnings),
    )


def _one(group: Sequence[Draft]) -> Settled:
    """Of the operations on one memory the last that holds, and before a deletion that nobody asked for any other."""
    changes = [draft for draft in group if draft.event != "NONE"]
    winner = ([draft for draft in changes if not draft.is_unfounded] or changes or list(group))[-1]
    lost = [draft for draft in changes if (draft.event, draft.text) != (winner.event, winner.text)]
    settled = replace(winner, evidence=joined(winner.evidence, *(draft.evidence for draft in group)))
    if not lost or winner.target is None:
        return Settled((settled,))
    left_out = shown(", ".join(f"{draft.event} {draft.text}".strip() for draft in lost), longest=300)
    detail = f"on {shown(winner.target.text)} {winner.event} holds, and not {left_out}"
    return Settled((settled,), (f"conflicting_ops: {detail}",))


def _deletions(drafts: Sequence[Draft]) -> Settled:
    """Deletions beside what is written: part of a replacement or of a merger; left out if nobody asked for them."""
    kept, warnings = list(drafts), list[str]()
    for draft in drafts:
        if draft.event != "DELETE" or draft.target is None:
            continue
        others = [each for each in kept if each is not draft]
        heir = _heir(draft.target, others)
        if heir and heir.event == "ADD":
            evidence = joined(heir.evidence, draft.evidence)
            successor = replace(heir, event="UPDATE", target=draft.target, evidence=evidence)
            kept = [successor if each is heir else each for each in others]
        elif not heir and draft.is_unfounded:
            kept = others
            warnings.append(f"unrelated_delete: nobody asked to forget {shown(draft.target.text)}; nothing replaces it")
    return Settled(tuple(kept), tuple(warnings))


def _heir(known: MemoryItem, others: Iterable[Draft]) -> Draft | None:
    """The text that takes the place of `known`, or has it in it; one that is new before one that is not."""
    writing = sorted((each for each in others if each.event in ("ADD", "UPDATE")), key=lambda each: each.event)
    for each in writing:
        if likeness.fills(known, subject=each.subject, slot=each.slot) or likeness.replaces(known.text, each.text):
            return each
    return next((each for each in writing if likeness.contains(each.text, known.text)), None)


def _texts(drafts: Sequence[Draft]) -> Settled:
    """Each text once, with the evidence of all who say it."""
    kept: dict[str, Draft] = {}
    warnings: list[str] = []
    for at, draft in enumerate(drafts):
        key = text.normal_form(draft.text) or f"\0{at}"
        first, second = sorted((kept.get(key, draft), draft), key=lambda each: _RANKS.get(each.event, 0))
        kept[key] = replace(first, evidence=joined(first.evidence, second.evidence))
        if first is second or second.event != "UPDATE" or second.target is None:
            continue
        if likeness.replaces(second.target.text, first.text):
            kept[f"\0{at}"] = replace(second, event="DELETE", text="")  # Two memories become one.
        else:
            warnings.append(
                f"conflicting_ops: {shown(second.target.text)} is not to become {shown(first.text)} as well"
            )
    return Settled(tuple(kept.values()), tuple(warnings))
