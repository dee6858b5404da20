"""One system on some conversations: every question's scores, and their means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean

from benchmarks.retrieval import metrics
from benchmarks.retrieval.cases import Conversation, Question
from benchmarks.retrieval.systems.port import System

K = 10
BUDGETS = (300, 1_000, 3_000)
ALL = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and how it went.

    Attributes:
        values: By measure, in [0, 1]; a measure that makes no sense for the question is missing.
    """

    conversation: str
    category: str
    question: str
    values: Mapping[str, float]


def score(make: Callable[[], System], conversations: Sequence[Conversation]) -> list[Asked]:
    """What a system finds, each conversation in one of its own.

    Args:
        make: Makes it, empty.
        conversations: What it is told, and what it is asked.
    """
    found: list[Asked] = []
    for conversation in conversations:
        with told(make, conversation) as system:
            found += ask(system, conversation)
    return found


@contextmanager
def told(make: Callable[[], System], conversation: Conversation) -> Iterator[System]:
    """A system that was told the turns of a conversation."""
    system = make()
    try:
        system.add(conversation.turns)
        yield system
    finally:
        system.close()


def ask(system: System, conversation: Conversation) -> Iterator[Asked]:
    """How each question of the conversation goes."""
    for question in conversation.questions:
        values = {**dict(_ranking(system, question)), **dict(_contexts(system, question))}
        yield Asked(conversation.name, question.category, question.text, values)


def rank(system: System, conversation: Conversation) -> Iterator[Asked]:
    """Like `ask`, without the contexts: only what is found, and how early."""
    for question in conversation.questions:
        yield Asked(conversation.name, question.category, question.text, dict(_ranking(system, question)))


def _ranking(system: System, question: Question) -> Iterator[tuple[str, float]]:
    found = [hit.turns for hit in system.search(question.text, K)]
    yield "recall@5", metrics.recall(found, question.evidence, 5)
    yield f"recall@{K}", metrics.recall(found, question.evidence, K)
    yield "MRR", metrics.reciprocal_rank(found, question.evidence, K)
    yield f"nDCG@{K}", metrics.ndcg(found, question.evidence, K)


def _contexts(system: System, question: Question) -> Iterator[tuple[str, float]]:
    for budget in BUDGETS:
        context = system.recall(question.text, budget)
        yield f"evidence@{budget}", metrics.recall([context.turns], question.evidence, 1)
        words = metrics.answer_words(context.text, question.answer)
        if words is not None:
            yield f"answer@{budget}", words


def means(asked: Sequence[Asked]) -> dict[str, dict[str, float]]:
    """By category, and of all together, the mean of each measure over its questions."""
    kinds = [ALL, *sorted({one.category for one in asked})]
    groups = {kind: [one.values for one in asked if kind in (ALL, one.category)] for kind in kinds}
    return {kind: _means(values) for kind, values in groups.items()}


def _means(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in values for name in each)
    return {name: fmean(each[name] for each in values if name in each) for name in names}
