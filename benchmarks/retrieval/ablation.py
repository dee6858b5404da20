"""What each part of the ranking is worth: it is taken away, and the same questions are asked again.

Parts are constants and functions of modules, so what is measured is the code that is shipped. What was tried and is no
part of it, MMR, is put in likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

from benchmarks.retrieval import scoring
from benchmarks.retrieval.cases import Conversation
from benchmarks.retrieval.systems import System
from memx_core import SearchHit, searchable
from memx_core.flows import searching
from memx_core.index import arms
from memx_core.ranking import fusion, mask_names, refining
from memx_core.text import tokens, words

_Change: TypeAlias = tuple[ModuleType, str, Any]


def _unmasked(query: str, known: frozenset[str]) -> tuple[str, frozenset[str]]:
    return query, mask_names(query, known)[1]


def _unstemmed(word: str, algorithm: str | None) -> str:
    return words.unaccented(word)


def _unnamed(name: str | None, content: str) -> str:
    return content


def _many(fused: Sequence[fusion.Fused], cut: Any) -> Sequence[fusion.Fused]:  # noqa: ANN401  # private there
    return fused[: 3 * cut.wanted]


def diverse(hits: Sequence[SearchHit], limit: int, share: float) -> list[SearchHit]:
    """Maximal marginal relevance: the best, and then each that is best beside how much of its words is there already.

    Args:
        hits: Best first.
        limit: How many are wanted.
        share: Of the score in it, in [0, 1]; the rest is the greatest part of words, by Jaccard, that it has in common.
    """
    left = [(hit, frozenset(tokens(hit.memory.text))) for hit in hits]
    chosen: list[tuple[SearchHit, frozenset[str]]] = []
    while left and len(chosen) < limit:
        marginal = [share * hit.score - (1 - share) * _common(said, chosen) for hit, said in left]
        chosen.append(left.pop(marginal.index(max(marginal))))
    return [hit for hit, _ in chosen]


def _common(said: frozenset[str], chosen: Sequence[tuple[SearchHit, frozenset[str]]]) -> float:
    return max((len(said & other) / max(1, len(said | other)) for _, other in chosen), default=0.0)


def _refined(candidates: Any, *, limit: int, share: float, **asked: Any) -> list[SearchHit]:  # noqa: ANN401  # as refine
    return diverse(refining.refine(candidates, limit=3 * limit, **asked), limit, share)


WITHOUT: Mapping[str, Sequence[_Change]] = {
    "as it is": (),
    "turns beside a turn do not lift it": ((fusion, "NEAR", 0.0),),
    "turns beside the best are no candidates": ((arms, "leading", lambda limit: 0),),
    "turns that only ask rank like others": ((fusion, "ASKS", 0.0),),
    "long turns are lifted too": ((arms, "SHORT_TURN", 1_000_000),),
    "names boost nobody": ((fusion, "NAMED", 0.0),),
    "names stay in what is embedded": ((searching, "mask_names", _unmasked),),
    "no time": ((refining, "MOST", 0.0),),
    "what is new is lifted no more": ((refining, "_RECENT", 0.0),),
    "words alone": ((fusion, "DENSE", 0.0),),
    "vectors alone": ((fusion, "DENSE", 1.0),),
}
"""What is taken away as questions are asked."""

TOLD_WITHOUT: Mapping[str, Sequence[_Change]] = {
    "words are not stemmed": ((words, "_stem", _unstemmed), (words, "_KNOWN", type(words._KNOWN)())),
    "turns without their speaker's name": ((searchable, "turn_text", _unnamed),),
}
"""What is taken away before anything is told. Without stems an answer's words are looked for without them too."""

TRIED: Mapping[str, Sequence[_Change]] = {
    f"with MMR, {share:.0%} of it the score": (
        (searching, "_contenders", _many),
        (searching, "refine", partial(_refined, share=share)),
    )
    for share in (0.9, 0.7)
}
"""What is no part of the ranking, and is put in as questions are asked."""


def ablate(make: Callable[[], System], conversations: Sequence[Conversation]) -> dict[str, list[scoring.Asked]]:
    """By what is taken away, or put in, how the questions go then."""
    asked = {**WITHOUT, **TRIED}
    found: dict[str, list[scoring.Asked]] = {name: [] for name in (*WITHOUT, *TOLD_WITHOUT, *TRIED)}
    for conversation in conversations:
        with scoring.told(make, conversation) as system:
            for name, changes in asked.items():
                with changed(changes):
                    found[name] += scoring.ask(system, conversation)
        for name, changes in TOLD_WITHOUT.items():
            with changed(changes), scoring.told(make, conversation) as system:
                found[name] += scoring.ask(system, conversation)
    return found


@contextmanager
def changed(changes: Sequence[_Change]) -> Iterator[None]:
    """With other constants; afterwards all is as before."""
    before = [(module, name, getattr(module, name)) for module, name, _ in changes]
    try:
        for module, name, value in changes:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
