"""Things that are made before a transaction and used in it: in memory, or in a nameless file when they are many."""

from __future__ import annotations

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from memx_core.ports import Vectors

_IN_MEMORY = 32 * 1024 * 1024


class VectorSpool:
    """Vectors by the numbers of lines, which come in order."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed by `close`
        self._numbers = array("q")
        self._size = 0

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """One vector for each number, greater than all before."""
        rows = np.ascontiguousarray(vectors, "<f4")
        self._size = rows.shape[1] * 4
        self._numbers.extend(numbers)
        self._file.write(rows.tobytes())

    def get(self, number: int) -> bytes | None:
        """The bytes of a vector."""
        at = bisect_left(self._numbers, number)
        if at == len(self._numbers) or self._numbers[at] != number:
            return None
        self._file.seek(at * self._size)
        return self._file.read(self._size)

    def close(self) -> None:
        """Forgets them."""
        self._file.close()


class LineSpool:
    """Lines, fetched again by the place that keeping them gave."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed by `close`

    def add(self, line: bytes) -> int:
        """Keeps a line, which has no line break in it; where."""
        place = self._file.seek(0, 2)
        self._file.write(line + b"\n")
        return place

    def get(self, place: int) -> bytes:
        """The line that was kept there."""
        self._file.seek(place)
        return self._file.readline()

    def close(self) -> None:
        """Forgets them."""
        self._file.close()
