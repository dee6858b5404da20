"""What the index costs by itself, without a ledger: `python -m benchmarks.index`.

Loading a scope, searching it by both arms, catching up with one write, fusing the hits, and the
memory held, for scopes of several sizes with vectors of 384 dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from benchmarks import samples, timing
from memx_core.index import ExactIndex
from memx_core.ports import IndexEntry, IndexHit, IndexQuery
from memx_core.ranking import fuse
from memx_core.testing import ListSource
from memx_core.text import tokens
from memx_core.types import Scope

SIZES = (100, 1_000, 10_000)
_APP, _SCOPE = "app", Scope(user_id="user")


class _Scene:
    """A scope of `size` memories, and an index that follows it."""

    def __init__(self, size: int) -> None:
        texts, self._vectors = samples.facts(size + 1_000), samples.vectors(size + 1_000)
        self._entries = [
            IndexEntry(row, f"{row:032x}-id", "memory", _SCOPE, text, vector, ("user",))
            for row, (text, vector) in enumerate(zip(texts, self._vectors, strict=True))
        ]
        self._new = iter(self._entries[size:])
        self._questions = [tokens(text)[:8] for text in samples.facts(200, seed=1)]
        self._asked = count()
        self._source = ListSource()
        self._source.write(_APP, *self._entries[:size])
        self.index = self.loaded()

    def loaded(self) -> ExactIndex:
        """A new index that has read everything."""
        index = ExactIndex()
        index.attach(self._source)
        index.names(_APP, _SCOPE)
        return index

    def search(self) -> list[IndexHit]:
        """The next question's hits."""
        number = next(self._asked)
        words = self._questions[number % len(self._questions)]
        vectors = self._vectors[number % 500 : number % 500 + 1]
        (found,) = self.index.search(IndexQuery(_APP, _SCOPE, vectors, [words], limit=50))
        return found

    def write(self) -> None:
        """One more memory, and a search that finds it there."""
        self._source.write(_APP, next(self._new))
        self.search()


def measured(size: int) -> Iterator[str]:
    """Lines about a scope of `size` memories."""
    scene = _Scene(size)
    yield f"load            {timing.shown(timing.cpu(scene.loaded, runs=5, warm=1))}"
    yield f"memory held     {scene.index.nbytes / size:.0f} bytes a memory"
    yield f"search          {timing.shown(timing.cpu(scene.search, runs=300))}"
    hits = scene.search()
    yield f"fuse {len(hits):3} hits   {timing.shown(timing.cpu(lambda: fuse(hits), runs=300))}"
    yield f"write + search  {timing.shown(timing.cpu(scene.write, runs=300))}"


def main() -> None:
    """Measures and prints."""
    print("CPU time of this process; medians, with the middle half of the runs")
    for size in SIZES:
        print(f"\n{size:,} memories in one scope")
        for line in measured(size):
            print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
