"""The proposer without a model: from messages and candidates to a proposal, by rules alone.

Deterministic, English, first-person statements of users; no network and nothing learned. It would
rather miss a fact than keep a wrong one. What the application instructs it to notice it cannot
understand, and leaves aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from memx_core.extraction.rules import (
    answers,
    bodies,
    bonds,
    careers,
    details,
    education,
    events,
    facets,
    people,
    places,
    plans,
    requests,
    selves,
    tastes,
    things,
    work,
)
from memx_core.extraction.rules.clauses import Clause, read
from memx_core.extraction.rules.hiding import own_words
from memx_core.extraction.rules.matching import operations, slots_of
from memx_core.extraction.rules.rule import Claim, claims, retraction
from memx_core.extraction.rules.sentences import MOST_SENTENCES, Piece, is_cut_short, pieces
from memx_core.extraction.rules.settling import Heard
from memx_core.extraction.rules.speakers import UNNAMED, speaker, subject_of
from memx_core.types import UNLEARNED, Message, Proposal, ProposalRequest

RULES = (
    *requests.RULES,
    *bodies.RULES,
    *selves.RULES,
    *bonds.RULES,
    *people.RULES,
    *facets.RULES,
    *places.RULES,
    *education.RULES,
    *things.RULES,
    *careers.RULES,
    *work.RULES,
    *plans.RULES,
    *details.RULES,
    *tastes.RULES,
    *events.RULES,
    selves.INTRODUCTION,
)
"""The first that finds something in a clause is heard, so the particular come before the general."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A claim, in which clause, and under whose name it is kept."""

    claim: Claim
    clause: Clause
    subject: str


def propose(request: ProposalRequest) -> Proposal:
    """What the messages of `request` say of their authors, weighed against its candidates."""
    found, warnings = _heard(request.messages, request.context)
    names = {each.subject: _name(each.claim) for each in found if each.claim.slot == "name" and each.claim.text}
    known = {
        subject: speaker(subject, introduced=names.get(subject), candidates=request.candidates)
        for subject in {each.subject for each in found}
    }
    heard = [Heard(each.claim, each.clause, known[each.subject]) for each in found if _is_news(each)]
    return Proposal(tuple(operations(heard, request.candidates)), warnings, proposer="rules")


def slots(messages: Sequence[Message]) -> frozenset[str]:
    """The attributes that `messages` speak to: memories that fill them should be candidates."""
    found, _ = _heard(messages, ())
    speak_to = frozenset(chain.from_iterable(slots_of(each.claim) for each in found))
    return speak_to | {"name"} if speak_to else speak_to


def _name(claim: Claim) -> str:
    return claim.text.rpartition(" is ")[2]


def _is_news(found: _Found) -> bool:
    """Whether it says something new: who is called Ann in their messages does not by saying "I'm Ann"."""
    claim, subject = found.claim, found.subject
    return claim.slot != "name" or subject == UNNAMED or claim.value.split()[0] not in subject.casefold().split()


def _heard(messages: Sequence[Message], context: Sequence[Message]) -> tuple[list[_Found], tuple[str, ...]]:
    """All claims of `messages`, and a warning for each that was too long to be read whole."""
    found: list[_Found] = []
    warnings: list[str] = []
    before: Message | None = context[-1] if context else None
    for at, message in enumerate(messages):
        if message.role == "user" and message.origin not in UNLEARNED:
            told = own_words(message.content)
            for readings in _clauses(message, told, before, at):
                found += (_Found(claim, clause, subject_of(message)) for claim, clause in _claimed(readings))
            if is_cut_short(told):
                warnings.append(
                    f"too_long: of message {at} only {MOST_SENTENCES} sentences in the first person were read"
                )
        before = message
    return found, tuple(warnings)


def _clauses(message: Message, told: str, before: Message | None, at: int) -> Iterator[list[Clause]]:
    """Per piece of the message what it may mean; the first reading that says something counts."""
    if answered := answers.statement(before, message):
        quote = message.content.strip()
        yield read(Piece(answered, 0, len(quote), conditional=False, noted=False), at, quote)
        return
    for piece in pieces(told):
        yield read(piece, at, message.content[piece.start : piece.end].strip())


def _claimed(readings: Sequence[Clause]) -> Iterator[tuple[Claim, Clause]]:
    """What the first reading that says something claims; what is to be remembered always says something."""
    for clause in readings:
        if found := _without_statement(claims(RULES, clause), clause):
            yield from ((claim, clause) for claim in found)
            if any(claim.text or claim.slot == requests.ANY for claim in found):
                return
            break
    if readings and readings[0].noted:
        yield from ((claim, readings[0]) for claim in requests.note(readings[0]))


def _without_statement(found: list[Claim], clause: Clause) -> list[Claim]:
    """With "forget that I like sushi" read as what it takes back, if that can be read, or else by its words."""
    statement = next((claim.value for claim in found if claim.slot == requests.STATEMENT), None)
    if statement is None:
        return found
    for reading in read(Piece(statement, 0, 0, conditional=False, noted=False), clause.message, clause.quote):
        if meant := [retraction(claim) for claim in claims(RULES, reading) if claim.text]:
            return meant
    return [claim for claim in found if claim.slot != requests.STATEMENT]
