"""What each part of the ranking is worth: it is taken away, and the same questions are asked again.

Parts are constants and functions of modules, so what is measured is the code that is shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeAlias

from benchmarks.retrieval import scoring
from benchmarks.retrieval.cases import Conversation
from benchmarks.retrieval.systems import System
from memx_core.flows import searching
from memx_core.index import arms
from memx_core.ranking import fusion, mask_names, refining

_Change: TypeAlias = tuple[ModuleType, str, Any]


def _unmasked(query: str, known: frozenset[str]) -> tuple[str, frozenset[str]]:
    return query, mask_names(query, known)[1]


WITHOUT: Mapping[str, Sequence[_Change]] = {
    "as it is": (),
    "turns beside a turn do not lift it": ((fusion, "NEAR", 0.0),),
    "turns beside the best are no candidates": ((arms, "leading", lambda limit: 0),),
    "turns that only ask rank like others": ((fusion, "ASKS", 0.0),),
    "long turns are lifted too": ((arms, "SHORT_TURN", 1_000_000),),
    "names boost nobody": ((fusion, "NAMED", 0.0),),
    "names stay in what is embedded": ((searching, "mask_names", _unmasked),),
    "no time": ((refining, "MOST", 0.0),),
    "words alone": ((fusion, "DENSE", 0.0),),
    "vectors alone": ((fusion, "DENSE", 1.0),),
}


def ablate(make: Callable[[], System], conversations: Sequence[Conversation]) -> dict[str, list[scoring.Asked]]:
    """By what is taken away, how the questions go without it."""
    found: dict[str, list[scoring.Asked]] = {name: [] for name in WITHOUT}
    for conversation in conversations:
        with scoring.told(make, conversation) as system:
            for name, changes in WITHOUT.items():
                with changed(changes):
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
