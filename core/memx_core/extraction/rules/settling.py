"""The claims of one batch of messages among themselves: the later one wins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.comparing import is_another, mentions
from memx_core.extraction.rules.requests import ALL, ANY, CORRECTION
from memx_core.extraction.rules.rule import Claim
from memx_core.extraction.rules.speakers import Speaker


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim, and where it was made."""

    claim: Claim
    clause: Clause
    speaker: Speaker


def settled(heard: Iterable[Heard]) -> list[Heard]:
    """Without what was taken back or said again later in the same messages."""
    kept: list[Heard] = []
    for each in heard:
        if each.claim.slot == CORRECTION:
            kept = [_corrected(earlier, each) for earlier in kept]
        kept = [earlier for earlier in kept if not _overrides(each, earlier)]
        kept.append(each)
    return kept


def _corrected(earlier: Heard, correction: Heard) -> Heard:
    claim = earlier.claim
    pattern = rf"\b{re.escape(correction.claim.value)}\b"
    if claim.retracts or earlier.speaker != correction.speaker or not re.search(pattern, claim.text):
        return earlier
    text = re.sub(pattern, lambda _: correction.claim.text, claim.text)
    value = re.sub(pattern, lambda _: correction.claim.text.lower(), claim.value, flags=re.IGNORECASE)
    return replace(earlier, claim=replace(claim, text=text, value=value))


def _overrides(later: Heard, earlier: Heard) -> bool:
    one, other = later.claim, earlier.claim
    if later.speaker != earlier.speaker or CORRECTION in (one.slot, other.slot):
        return False
    if one.retracts:
        touches = one.slot == ALL or (one.slot == ANY and mentions(other.text, one.value)) or one.slot == other.slot
        return touches and not other.retracts and mentions(other.text, one.value)
    if other.retracts:
        return one.slot == other.slot and not one.beside
    if other.slot in one.replaces:
        return not one.slot.startswith("past.") or mentions(other.text, one.value)
    return one.slot == other.slot and (not one.beside or one.text == other.text) and not is_another(other.text, one)
