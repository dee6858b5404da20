"""Claims against what is known: what is new, what replaces, what only confirms, what ends.

Claims of one batch first settle among themselves, the later one winning; then each looks for its
memory among those of the same speaker and slot. No memory is touched twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from memx_core.extraction.rules.comparing import (
    denies,
    is_about,
    is_another,
    is_dated_otherwise,
    mentions,
    reads_alike,
    slot_name,
    terms,
)
from memx_core.extraction.rules.persons import filled
from memx_core.extraction.rules.requests import ALL, ANY, CORRECTION
from memx_core.extraction.rules.rule import Claim
from memx_core.extraction.rules.settling import Heard, settled
from memx_core.extraction.rules.speakers import UNNAMED, Speaker
from memx_core.types import Event, MemoryItem, ProposedOperation


def slots_of(claim: Claim) -> frozenset[str]:
    """The slots whose memories `claim` may touch, where these can be told beforehand."""
    if claim.slot in (ANY, ALL, CORRECTION):
        return frozenset()
    return frozenset(map(slot_name, (claim.slot, *claim.replaces)))


def operations(heard: Sequence[Heard], candidates: Sequence[MemoryItem]) -> Iterator[ProposedOperation]:
    """What `heard` comes to, given `candidates`; handles are their positions."""
    taken: set[int] = set()
    kept = settled(heard)
    for each in kept:
        if not each.claim.retracts:
            filled_too = {other.claim.slot for other in kept if other is not each and other.speaker == each.speaker}
            yield from _asserted(each, candidates, taken, filled_too)
    for each in kept:
        if each.claim.retracts:
            for target in _retracted(each, candidates, taken):
                reason = "asked to forget" if each.claim.slot in (ANY, ALL) else "no longer so"
                yield _operation(each, "DELETE", target=target, reason=reason)


def _asserted(
    each: Heard, candidates: Sequence[MemoryItem], taken: set[int], filled_too: set[str]
) -> Iterator[ProposedOperation]:
    """What to do for a claim; slots that other claims fill (`filled_too`) are left to those."""
    claim = replace(each.claim, replaces=tuple(slot for slot in each.claim.replaces if slot not in filled_too))
    if claim.slot == CORRECTION:
        yield from _corrections(each, candidates, taken)
        return
    own = [at for at, item in enumerate(candidates) if each.speaker.owns(item)]
    free = [at for at in own if at not in taken]
    known = next((at for at in reversed(own) if _is_said_by(claim, each.speaker, candidates[at])), None)
    targets = [at for at in free if _is_replaced(each, candidates[at])]
    if len(targets) > 1 and claim.slot.startswith(("pet.", "past.pet.", "family.")):
        targets = []
    ended = _ended(claim, candidates, [at for at in free if at not in targets])
    if known is not None:
        if known not in taken:
            taken.add(known)
            yield _operation(each, "NONE", target=known, reason="known already")
    elif targets or ended:
        target = targets[-1] if targets else ended.pop(0)
        taken.add(target)
        yield _operation(each, "UPDATE", target=target, reason="replaces what was known")
    else:
        yield _operation(each, "ADD", reason="said so")
    for at in ended:
        taken.add(at)
        yield _operation(each, "DELETE", target=at, reason="no longer so")


def _is_said_by(claim: Claim, speaker: Speaker, item: MemoryItem) -> bool:
    """Whether `item` says all that `claim` does."""
    ours, theirs = terms(filled(claim.text, speaker.name), speaker), terms(item.text, speaker)
    if ours == theirs:
        return True
    if not _is_slot(claim.slot, item.slot or "") or denies(claim.text) != denies(item.text):
        return False
    if is_dated_otherwise(item.text, claim.when):
        return False
    return not is_another(item.text, claim) and mentions(item.text, claim.value) and not theirs < ours


def _is_slot(wanted: str, slot: str) -> bool:
    """Whether `slot` is the one, or holds it: who lives in Oslo, Norway, lives in Norway."""
    return slot_name(slot) == slot_name(wanted) or (wanted == "home.country" and slot == "home")


def _is_replaced(each: Heard, item: MemoryItem) -> bool:
    """Whether a claim takes the place of `item` in their slot."""
    claim = each.claim
    same = (
        reads_alike(item.text, claim, each.speaker)
        if item.slot is None
        else slot_name(item.slot) == slot_name(claim.slot)
    )
    if not same or is_another(item.text, claim):
        return False
    return not claim.beside or terms(item.text, each.speaker) < terms(
        filled(claim.text, each.speaker.name), each.speaker
    )


def _ended(claim: Claim, candidates: Sequence[MemoryItem], free: Iterable[int]) -> list[int]:
    """The memories of other slots that `claim` makes untrue."""
    found: list[int] = []
    for slot in claim.replaces:
        there = [
            at
            for at in free
            if slot_name(candidates[at].slot or "") == slot_name(slot) and not is_another(candidates[at].text, claim)
        ]
        if claim.slot.startswith("past."):  # Somebody who quits has left one employer, not every job they have.
            there = [at for at in there if slot != "employer" or mentions(candidates[at].text, claim.value)]
            if there:
                return there[-1:] if len(there) == 1 or not slot.startswith("pet.") else []
        found += there
    return found


def _retracted(each: Heard, candidates: Sequence[MemoryItem], taken: set[int]) -> Iterator[int]:
    claim = each.claim
    wanted = slots_of(claim)
    for at, item in enumerate(candidates):
        if at in taken or not each.speaker.owns(item):
            continue
        slot = slot_name(item.slot or "")
        if claim.slot == ANY:
            meant = is_about(item.text, claim.value)
        else:
            in_slot = claim.slot == ALL or slot in wanted
            meant = in_slot and mentions(item.text, claim.value) and (claim.slot == ALL or not denies(item.text))
        if meant:
            taken.add(at)
            yield at


def _corrections(each: Heard, candidates: Sequence[MemoryItem], taken: set[int]) -> Iterator[ProposedOperation]:
    """Each memory with the wrong word, once it is clear which are meant."""
    wrong = re.compile(rf"(?<!\w){re.escape(each.claim.value)}(?!\w)", re.IGNORECASE)
    meant = [
        at
        for at, item in enumerate(candidates)
        if at not in taken and each.speaker.owns(item) and wrong.search(item.text)
    ]
    if len(meant) > 1 and not each.claim.beside:
        return
    for at in meant:
        taken.add(at)
        item = candidates[at]
        yield ProposedOperation(
            "UPDATE",
            wrong.sub(lambda _: each.claim.text, item.text),
            target=at,
            messages=(each.clause.message,),
            quote=each.clause.quote,
            subject=each.speaker.subject,
            slot=item.slot or "",
            reason="corrected",
        )


def _operation(each: Heard, event: Event, *, reason: str, target: int | None = None) -> ProposedOperation:
    claim = each.claim
    writes = event in ("ADD", "UPDATE")
    name = UNNAMED if claim.slot == "name" and each.speaker.subject == UNNAMED else each.speaker.name
    return ProposedOperation(
        event,
        " ".join(filled(claim.text, name).split()) if writes else "",
        target=target,
        messages=(each.clause.message,),
        quote=each.clause.quote,
        when=claim.when if writes else "",
        subject=each.speaker.subject,
        slot=slot_name(claim.slot) if claim.slot not in (ANY, ALL) else "",
        reason=reason,
    )
