"""From a proposal to the operations that hold: each weighed by itself, then all beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from memx_core.reconciliation.outcome import Draft, Limits, Reconciled
from memx_core.reconciliation.settling import settle
from memx_core.reconciliation.sources import Sources
from memx_core.reconciliation.weighing import Scale
from memx_core.types import MemoryItem, Operation, Proposal, ProposalRequest


def reconcile(
    proposal: Proposal, request: ProposalRequest, *, new_id: Callable[[], str], limits: Limits | None = None
) -> Reconciled:
    """What of `proposal` holds, given what was said and what is known.

    Args:
        proposal: Unchecked; its own warnings are not repeated.
        request: What the proposer was shown.
        new_id: Makes the id of a new memory.
        limits: How much a proposal may do; by default `Limits()`.
    """
    limits = limits or Limits()
    proposed, warnings = proposal.operations[: limits.operations], list[str]()
    if surplus := len(proposal.operations) - len(proposed):
        warnings.append(f"too_many: {surplus} operations beyond the {limits.operations} that one proposal may have")
    scale = Scale(Sources(request), proposed, limits)
    drafts: list[Draft] = []
    for operation in proposed:
        weighed = scale.weigh(operation)
        drafts += weighed.drafts
        warnings += weighed.warnings
    settled = settle(drafts)
    operations = tuple(_operation(draft, new_id) for draft in settled.drafts)
    return Reconciled(operations, (*warnings, *settled.warnings))


def _operation(draft: Draft, new_id: Callable[[], str]) -> Operation:
    known = draft.target
    if known is None or draft.event == "CONFLICT":
        written = Operation(draft.event, new_id(), draft.text)
        if known is not None:
            written = replace(written, old_text=known.text, expected_version=known.version, conflicts_with=known.id)
    else:
        written = Operation(
            draft.event,
            known.id,
            draft.text or known.text,
            old_text=known.text,
            expected_version=known.version,
            subject=known.subject,
            slot=known.slot,
            ended=draft.event == "UPDATE" and _is_older(draft, known),
        )
    return replace(
        written,
        evidence=draft.evidence,
        said_at=draft.said_at,
        when=draft.when,
        since=draft.since,
        subject=draft.subject or written.subject,
        slot=draft.slot or written.slot,
        reason=draft.reason,
        retracts=draft.event == "DELETE" and draft.asked,
    )


def _is_older(draft: Draft, known: MemoryItem) -> bool:
    """Whether what was said has been overtaken by what is known."""
    return bool(draft.said_at and known.said_at and draft.said_at < known.said_at)
