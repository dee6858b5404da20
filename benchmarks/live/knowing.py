"""What a row knows of one conversation: taken in when the first question needs it, then asked in turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.live.journal import Journal
from benchmarks.live.models import Counting
from benchmarks.live.rows import Memx, Row
from benchmarks.retrieval.cases import Turn
from memx_core.ports import Embedder


@dataclass(frozen=True, slots=True)
class Recalled:
    """A context, and what it cost.

    Attributes:
        embedded_tokens: By estimate.
    """

    text: str
    seconds: float
    embedded_tokens: int


class Known:
    """One conversation in one row. Thread-safe.

    Args:
        make: Makes the row, with an embedder that is counted.
        embedder: Whose vectors are used.
        turns: What is taken in.
        journal: Where it is noted what that cost.
        key: Before the journal's keys.
        budget: Tokens of a context.
    """

    def __init__(
        self,
        make: Callable[[Counting], Row],
        embedder: Embedder,
        turns: Sequence[Turn],
        journal: Journal,
        key: str,
        *,
        budget: int,
    ) -> None:
        self._make, self._counting, self._turns = make, Counting(embedder), turns
        self._journal, self._key, self._budget = journal, f"{key}/learned", budget
        self._lock = threading.Lock()
        self._row: Row | None = None
        self._failure: Exception | None = None

    def recall(self, query: str) -> Recalled:
        """What the answerer is given.

        Raises:
            Exception: What failed when the conversation was taken in, each time.
        """
        with self._lock:
            row = self._row or self._taken_in()
            begun, embedded = time.monotonic(), self._counting.tokens
            text = row.recall(query, self._budget).text
            return Recalled(text, time.monotonic() - begun, self._counting.tokens - embedded)

    def _taken_in(self) -> Row:
        if self._failure is not None:
            raise self._failure
        row = self._make(self._counting)
        begun = time.monotonic()
        try:
            row.add(self._turns)
            if self._journal.find(self._key) is None:
                spent = {"seconds": time.monotonic() - begun, "embedded_tokens": self._counting.tokens}
                self._journal.write(self._key, **(row.spent() if isinstance(row, Memx) else spent))
        except BaseException as error:
            row.close()
            self._failure = error if isinstance(error, Exception) else None
            raise
        self._row = row
        return row

    def close(self) -> None:
        """Gives back what the row holds."""
        if self._row is not None:
            self._row.close()
