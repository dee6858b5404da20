"""What a framework's own rerankers say of texts, as scores from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from memx_core.errors import InvalidInputError

Verdict: TypeAlias = tuple[int, float | None]
"""The place of a text among those that were shown, and its score on whatever scale, if there is one."""


def judged(texts: Sequence[str], judge: Callable[[list[str]], Sequence[Verdict]]) -> list[float]:
    """A score for each of `texts`, equal ones alike.

    Scores beyond 0 to 1, as the raw ones of a cross-encoder, go through the logistic function. If any is
    missing, all are by rank: the first of four gets 1, the second 0.75. What is left out gets 0.

    Args:
        texts: What is judged.
        judge: Is shown each text once, and says which it keeps, best first.

    Raises:
        InvalidInputError: If it keeps what it was not shown, or gives a score that is not a number.
    """
    shown = list(dict.fromkeys(texts))
    if not shown:
        return []
    verdicts = judge(shown)
    if any(not 0 <= place < len(shown) for place, _ in verdicts):
        raise InvalidInputError("the reranker returned something that it was not given")
    scores = dict.fromkeys(range(len(shown)), 0.0)
    for (place, _), score in zip(verdicts, _scores([score for _, score in verdicts], len(shown)), strict=True):
        scores[place] = max(scores[place], score)
    by_text = {text: scores[place] for place, text in enumerate(shown)}
    return [by_text[text] for text in texts]


def _scores(given: Sequence[float | None], count: int) -> list[float]:
    told = [float(score) for score in given if score is not None]
    if any(math.isnan(score) for score in told):
        raise InvalidInputError("the reranker gave a score that is not a number")
    if len(told) < len(given):
        return [max(0.0, 1 - rank / count) for rank in range(len(given))]
    if all(0 <= score <= 1 for score in told):
        return told
    return [0.5 + 0.5 * math.tanh(score / 2) for score in told]
