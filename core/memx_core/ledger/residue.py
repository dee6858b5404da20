"""Whether bytes of what was erased are still in a file.

What was erased is remembered as blocks of eight bytes, cut side by side from every text, id and
vector, so that any fifteen bytes of it in a row hold a whole block: half a sentence in the slack
of a page is found too. What lives on elsewhere holds blocks of its own that are the same (others
say "likes coffee", too); those are no residue. Texts of less than eight bytes cannot be told
from chance and are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Blocks: TypeAlias = NDArray[np.uint64]
"""Sorted, each once."""

NOTHING: Blocks = np.empty(0, np.uint64)
WIDTH = 8
_STRIDE_OF_VECTORS = 64  # a vector is large, and either whole or a fragment of many blocks
_FEWEST_BYTES = 4  # other than zero, that a block is told from chance by
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = 4  # bits of the sieve beyond those that number the blocks
_CHUNK = 1 << 20


class Collector:
    """Gathers the blocks of texts and vectors, without keeping those."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = encoding
        self._pending = bytearray()
        self._parts: list[Blocks] = []

    def add(self, values: Iterable[object]) -> None:
        """Takes in texts and vectors; anything else is passed over."""
        for value in values:
            if isinstance(value, str):
                raw = value.encode(self._encoding, "surrogatepass")
                if len(raw) >= WIDTH:
                    self._pending += raw[: len(raw) // WIDTH * WIDTH]
                    self._pending += raw[-WIDTH:]
            elif isinstance(value, bytes):
                for start in range(0, len(value) - WIDTH + 1, _STRIDE_OF_VECTORS):
                    self._pending += value[start : start + WIDTH]
        if len(self._pending) > _CHUNK:
            self._settle()

    def blocks(self) -> Blocks:
        """All that was gathered."""
        self._settle()
        return np.unique(np.concatenate(self._parts))

    def _settle(self) -> None:
        fresh = np.frombuffer(bytes(self._pending), np.uint8).reshape(-1, WIDTH)
        told = np.count_nonzero(fresh, axis=1) >= _FEWEST_BYTES
        self._parts.append(np.unique(np.ascontiguousarray(fresh[told]).view("<u8").reshape(-1)))
        self._pending.clear()


def found(blocks: Blocks, chunks: Iterable[bytes]) -> Blocks:
    """Those of `blocks` that are somewhere in the bytes that `chunks` make up together."""
    seen = np.zeros(len(blocks), np.bool_)
    sieve, shift = _sieve(blocks)
    for piece in _overlapping(chunks):
        for start in range(min(WIDTH, len(piece) - WIDTH + 1)):
            windows = np.frombuffer(piece, "<u8", (len(piece) - start) // WIDTH, start)
            likely = windows[sieve[_hashed(windows, shift)]]
            places = np.searchsorted(blocks, likely)
            places[places == len(blocks)] = 0
            seen[places[blocks[places] == likely]] = True
        if seen.all():
            break
    return blocks[seen]


def without(blocks: Blocks, others: Blocks) -> Blocks:
    """`blocks` but `others`."""
    return np.setdiff1d(blocks, others, assume_unique=True)


def _sieve(blocks: Blocks) -> tuple[NDArray[np.bool_], np.uint64]:
    """What lets through every block and little else: quicker to ask than a search."""
    bits = min(26, max(12, len(blocks).bit_length() + _SPREAD))
    shift = np.uint64(64 - bits)
    sieve = np.zeros(1 << bits, np.bool_)
    sieve[_hashed(blocks, shift)] = True
    return sieve, shift


def _hashed(blocks: NDArray[np.uint64], shift: np.uint64) -> NDArray[np.uint64]:
    return (blocks * _MULTIPLIER) >> shift


def _overlapping(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces, each beginning with the end of the one before."""
    rest = b""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        if len(pending) >= _CHUNK:
            piece = rest + bytes(pending)
            rest = piece[-(WIDTH - 1) :]
            pending.clear()
            yield piece
    yield rest + bytes(pending)
