"""What was asked of the server and holds until the application is written to.

The ledger numbers its writes, so what was asked under one number is right under it, whichever
process writes. (Of a write that another process is just then telling the server, it may lack
what that says until the next one. It only helps to rank.)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """The answers used last, by application and what was asked. Thread-safe.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._answers: OrderedDict[tuple[str, Hashable], tuple[int, V]] = OrderedDict()
        self._lock = Lock()

    def get(self, namespace: str, asked: Hashable, revision: int) -> V | None:
        """The answer, if it was given under `revision`."""
        with self._lock:
            under, answer = self._answers.get((namespace, asked), (None, None))
            return answer if under == revision else None

    def put(self, namespace: str, asked: Hashable, revision: int, answer: V) -> V:
        """Keeps `answer`, and returns it."""
        with self._lock:
            self._answers[namespace, asked] = (revision, answer)
            self._answers.move_to_end((namespace, asked))
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer

    def forget(self, namespace: str) -> None:
        """Whatever was asked about `namespace` is asked again."""
        with self._lock:
            for key in [key for key in self._answers if key[0] == namespace]:
                del self._answers[key]
