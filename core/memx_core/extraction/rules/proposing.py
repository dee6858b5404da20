"""The proposer without a model: from messages and candidates to a proposal, by rules alone.

Deterministic, English, first-person statements of users; no network and nothing learned. It would
rather miss a fact than keep a wrong one. What the application instructs it to notice it cannot
understand, and leaves aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from memx_core.extraction.rules import (
    answers,
    bodies,
    bonds,
    details,
    education,
    events,
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
from memx_core.extraction.rules.matching import Heard, operations, slots_of
from memx_core.extraction.rules.rule import Claim, claims, retraction
from memx_core.extraction.rules.sentences import MOST_SENTENCES, Piece, is_cut_short, pieces
from memx_core.extraction.rules.speakers import UNNAMED, speaker, subject_of
from memx_core.types import Message, Proposal, ProposalRequest

RULES = (
    *requests.RULES,
    *bodies.RULES,
    *selves.RULES,
    *bonds.RULES,
    *people.RULES,
    *places.RULES,
    *education.RULES,
    *things.RULES,
    *work.RULES,
    *plans.RULES,
    *details.RULES,
    *tastes.RULES,
    *events.RULES,
    selves.INTRODUCTION,
)
"""The first that finds something in a clause is heard, so the particular come before the general."""


def propose(request: ProposalRequest) -> Proposal:
    """What the messages of `request` say of their authors, weighed against its candidates."""
    found = [
        (subject_of(message), claim, clause) for message, claim, clause in _claims(request.messages, request.context)
    ]
    introduced = {
        subject: claim.text.rpartition(" is ")[2] for subject, claim, _ in found if claim.slot == "name" and claim.text
    }
    known = {
        subject: speaker(subject, introduced=introduced.get(subject), candidates=request.candidates)
        for subject in dict.fromkeys(subject for subject, _, _ in found)
    }
    heard = [Heard(claim, clause, known[subject]) for subject, claim, clause in found if _is_news(subject, claim)]
    return Proposal(tuple(operations(heard, request.candidates)), tuple(_warnings(request.messages)), proposer="rules")


def slots(messages: Sequence[Message]) -> frozenset[str]:
    """The attributes that `messages` speak to: memories that fill them should be candidates."""
    found = frozenset(chain.from_iterable(slots_of(claim) for _, claim, _ in _claims(messages, ())))
    return found | {"name"} if found else found


def _is_news(subject: str, claim: Claim) -> bool:
    """A speaker whose messages carry their name does not tell it by saying it."""
    return claim.slot != "name" or subject == UNNAMED or claim.value.split()[0] not in subject.casefold().split()


def _warnings(messages: Sequence[Message]) -> Iterator[str]:
    for at, message in enumerate(messages):
        if _is_learned(message) and len(message.content) > 1000 and is_cut_short(own_words(message.content)):
            yield f"too_long: of message {at} only the first {MOST_SENTENCES} sentences in the first person were read"


def _is_learned(message: Message) -> bool:
    return message.role == "user" and message.origin != "recalled"


def _claims(messages: Sequence[Message], context: Sequence[Message]) -> Iterator[tuple[Message, Claim, Clause]]:
    before: Message | None = context[-1] if context else None
    for at, message in enumerate(messages):
        if _is_learned(message):
            for readings in _clauses(message, before, at):
                for claim, clause in _claimed(readings):
                    yield message, claim, clause
        before = message


def _clauses(message: Message, before: Message | None, at: int) -> Iterator[list[Clause]]:
    """Per piece of the message what it may mean; the first reading that says something counts."""
    if answered := answers.statement(before, message):
        quote = message.content.strip()
        yield read(Piece(answered, 0, len(quote), conditional=False, noted=False), at, quote)
        return
    for piece in pieces(own_words(message.content)):
        yield read(piece, at, message.content[piece.start : piece.end].strip())


def _claimed(readings: Sequence[Clause]) -> list[tuple[Claim, Clause]]:
    for clause in readings:
        if found := claims(RULES, clause):
            return [(claim, clause) for claim in _without_statement(found, clause)]
    noted = [clause for clause in readings if clause.noted]
    return [(claim, noted[0]) for claim in requests.note(noted[0])] if noted else []


def _without_statement(found: list[Claim], clause: Clause) -> list[Claim]:
    """With "forget that I like sushi" read as what it takes back, if that can be read, or else by its words."""
    statement = next((claim.value for claim in found if claim.slot == requests.STATEMENT), None)
    if statement is None:
        return found
    for reading in read(Piece(statement, 0, 0, conditional=False, noted=False), clause.message, clause.quote):
        if meant := [retraction(claim) for claim in claims(RULES, reading) if claim.text]:
            return meant
    return [claim for claim in found if claim.slot != requests.STATEMENT]
