"""What every reader reads: turns, the facts somebody drew from them, and questions with their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """What the data set's author drew from a conversation.

    Attributes:
        sources: Ids of the turns it comes from.
    """

    text: str
    about: str
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation.

    Attributes:
        role: `user` or `assistant`.
        speaker: The name, if there is one.
        said_at: Aware UTC, if it is known.
        facts: What can be known with this turn and could not before it.
    """

    id: str
    session: str
    role: str
    text: str
    speaker: str | None = None
    said_at: datetime | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and where its answer is.

    Attributes:
        answer: What is right; of an adversarial question of LoCoMo what would be wrong.
        evidence: Ids of the turns that answer it; none only where `read` is asked for every question.
        unanswerable: The conversation does not tell it, and who says so is right.
        asked_at: Aware UTC, if it is known.
        rubric: What an answer must have, point by point; only in BEAM.
    """

    text: str
    answer: str
    category: str
    evidence: frozenset[str]
    unanswerable: bool = False
    asked_at: datetime | None = None
    rubric: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One user's turns, oldest first, and what is asked of them.

    Attributes:
        benchmark: `locomo`, `longmemeval` or `beam`.
    """

    name: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]
    benchmark: str = ""


def of_users(conversation: Conversation) -> Conversation:
    """Only what users said; of questions the evidence in that, and none that has no other."""
    turns = tuple(turn for turn in conversation.turns if turn.role == "user")
    return replace(conversation, turns=turns, questions=answerable(conversation.questions, turns))


def answerable(questions: Sequence[Question], turns: Sequence[Turn]) -> tuple[Question, ...]:
    """Those with evidence among `turns`, and only that evidence."""
    there = {turn.id for turn in turns}
    kept = (replace(question, evidence=question.evidence & there) for question in questions)
    return tuple(question for question in kept if question.evidence)
