"""Claims against what is known: what is new, what replaces, what only confirms, what ends.

Claims of one batch first settle among themselves, the later one winning; then each looks for its
memory among those of the same speaker and slot. No memory is touched twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import filled
from memx_core.extraction.rules.phrases import singular
from memx_core.extraction.rules.requests import ALL, ANY, CORRECTION
from memx_core.extraction.rules.rule import Claim
from memx_core.extraction.rules.speakers import UNNAMED, Speaker
from memx_core.text import tokens
from memx_core.types import Event, MemoryItem, ProposedOperation

_LONGEST_SLOT = 60
_DENIES = re.compile(
    r"\b(?:not|no|never|cannot|used to|quit|gave up|stopped|left|lost|broke up|died|dislikes|hates)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim, and where it was made."""

    claim: Claim
    clause: Clause
    speaker: Speaker


def slot_name(slot: str) -> str:
    """A slot as it is kept: lower-case words joined by underscores."""
    return re.sub(r"\W+", "_", slot.casefold()).strip("_")[:_LONGEST_SLOT]


def slots_of(claim: Claim) -> frozenset[str]:
    """The slots whose memories `claim` may touch."""
    return (
        frozenset(map(slot_name, (claim.slot, *claim.replaces)))
        if claim.slot not in (ANY, ALL, CORRECTION)
        else frozenset()
    )


def operations(heard: Sequence[Heard], candidates: Sequence[MemoryItem]) -> Iterator[ProposedOperation]:
    """What `heard` comes to, given `candidates`; handles are their positions."""
    taken: set[int] = set()
    settled = _settled(heard)
    for each in settled:
        if not each.claim.retracts:
            filled_too = {other.claim.slot for other in settled if other is not each and other.speaker == each.speaker}
            yield from _asserted(each, candidates, taken, filled_too)
    for each in settled:
        if each.claim.retracts:
            for target in _retracted(each, candidates, taken):
                yield _operation(
                    each,
                    "DELETE",
                    target=target,
                    reason="no longer so" if each.claim.slot != ANY else "asked to forget",
                )


def _settled(heard: Iterable[Heard]) -> list[Heard]:
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
    return Heard(
        Claim(claim.slot, text, value, claim.when, claim.beside, claim.replaces, claim.retracts, claim.about),
        earlier.clause,
        earlier.speaker,
    )


def _overrides(later: Heard, earlier: Heard) -> bool:
    one, other = later.claim, earlier.claim
    if later.speaker != earlier.speaker or CORRECTION in (one.slot, other.slot):
        return False
    if one.retracts:
        touches = one.slot == ALL or (one.slot == ANY and _mentions(other.text, one.value)) or one.slot == other.slot
        return touches and not other.retracts and _mentions(other.text, one.value)
    if other.retracts:
        return one.slot == other.slot and not one.beside
    if other.slot in one.replaces:
        return not one.slot.startswith("past.") or _mentions(other.text, one.value)
    return one.slot == other.slot and (not one.beside or one.text == other.text) and not _is_another(other.text, one)


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
    ours, theirs = _terms(filled(claim.text, speaker.name), speaker), _terms(item.text, speaker)
    if ours == theirs:
        return True
    if not _is_slot(claim.slot, item.slot or "") or _denies(claim.text) != _denies(item.text):
        return False
    return not _is_another(item.text, claim) and _mentions(item.text, claim.value) and not theirs < ours


def _is_slot(wanted: str, slot: str) -> bool:
    """Whether `slot` is the one, or holds it: who lives in Oslo, Norway, lives in Norway."""
    return slot_name(slot) == slot_name(wanted) or (wanted == "home.country" and slot == "home")


def _is_replaced(each: Heard, item: MemoryItem) -> bool:
    """Whether a claim takes the place of `item` in their slot."""
    claim = each.claim
    if slot_name(item.slot or "") != slot_name(claim.slot) or _is_another(item.text, claim):
        return False
    return not claim.beside or _terms(item.text, each.speaker) < _terms(
        filled(claim.text, each.speaker.name), each.speaker
    )


def _ended(claim: Claim, candidates: Sequence[MemoryItem], free: Iterable[int]) -> list[int]:
    """The memories of other slots that `claim` makes untrue."""
    found: list[int] = []
    for slot in claim.replaces:
        there = [
            at
            for at in free
            if slot_name(candidates[at].slot or "") == slot_name(slot) and not _is_another(candidates[at].text, claim)
        ]
        if claim.slot.startswith("past."):  # Somebody who quits has left one employer, not every job they have.
            there = [at for at in there if slot != "employer" or _mentions(candidates[at].text, claim.value)]
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
            meant = _is_about(item.text, claim.value)
        else:
            in_slot = claim.slot == ALL or slot in wanted
            meant = in_slot and _mentions(item.text, claim.value) and (claim.slot == ALL or not _denies(item.text))
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


_BLANK = frozenset({"i", "my", "a", "an", "the"})


def _words(text: str) -> frozenset[str]:
    return frozenset(singular(word) for word in re.findall(r"[^\W_]+(?:[.'@+-][^\W_]+)*", text.lower()))


def _terms(text: str, speaker: Speaker) -> frozenset[str]:
    """The words of a fact without its subject."""
    subject = {part for alias in (*speaker.aliases, speaker.name.lower()) for part in _words(alias)}
    plain = re.sub(r"'s?(?=\s)", "", text)
    return _words(plain) - subject - _BLANK


def _mentions(text: str, value: str) -> bool:
    return _words(value.replace("-", " ")) - _BLANK <= _words(text.replace("-", " "))


def _is_about(text: str, value: str) -> bool:
    """Whether `text` has the words of `value`, in whatever form: "divorced" has "divorce"."""
    return _mentions(text, value) or set(tokens(value)) <= set(tokens(text))


def _denies(text: str) -> bool:
    return _DENIES.search(text) is not None


def _is_another(text: str, claim: Claim) -> bool:
    """Whether `text` names another relative or animal than `claim` does: "sister Eva", not "sister Anna"."""
    who, _, name = claim.about.partition(" ")
    if not name:
        return False
    named = re.search(rf"\b{re.escape(who)} (?:is called |called |named )?(?P<name>[A-Z][\w'-]*)", text)
    return named is not None and named["name"].casefold() != name.casefold().split()[0]
