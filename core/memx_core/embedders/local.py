"""A small sentence model on the CPU, in this process: no server, no network, no key.

The default is all-MiniLM-L6-v2 with int8 weights, from the extra `local`. It reads English best,
and only the first 256 tokens of a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from memx_core.embedders._files import WEIGHTS, bundled, found, require
from memx_core.embedders._input import check_least, checked, checked_text, well_formed
from memx_core.embedders._onnx import OnnxModel, load
from memx_core.errors import InvalidInputError
from memx_core.ports import Vector, Vectors

TOKENS_A_BATCH = 512
"""Padded tokens run at once: more is not faster, and attention's memory grows with their square."""
CHARACTERS_A_TOKEN = 32
"""More than any language needs: what lies beyond is not even tokenized."""


class LocalEmbedder:
    """Texts to normalised vectors through a local ONNX sentence model.

    Loaded on first use, or by `warm_up`. Thread-safe: threads share one model and run side by side. There is no
    async twin, memx lends it a thread.

    Args:
        path: A folder or ONNX file of another sentence model with its `tokenizer.json`, of which
            inputs and outputs have the usual names; `None` for the bundled one.
        tokenizer: Where its `tokenizer.json` lies, if not beside it.
        threads: Threads that work on one batch.
        batch_size: Texts in one batch, at most.
        max_tokens: Tokens of a text that are read, its special ones included.

    Raises:
        ImportError: If the extra `local` is missing.
        InvalidInputError: If there is no model at `path`, or a number makes no sense.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        tokenizer: str | Path | None = None,
        threads: int = 1,
        batch_size: int = 8,
        max_tokens: int = 256,
    ) -> None:
        check_least(1, threads=threads, batch_size=batch_size)
        check_least(3, max_tokens=max_tokens)
        require("onnxruntime", "tokenizers", *([] if path else [WEIGHTS]))
        own = _existing(tokenizer) if tokenizer else None
        self._files = found(_existing(path), tokenizer=own) if path else bundled(tokenizer=own)
        self._threads = threads
        self._batch_size = batch_size
        self._max_tokens = max_tokens
        self._model: OnnxModel | None = None
        self._lock = Lock()

    @property
    def dimensions(self) -> int:
        """Length of the vectors; asking it of another model than the bundled one loads that."""
        return self._files.dimensions or self._loaded().dimensions

    @property
    def fingerprint(self) -> str:
        """`onnx`, the start of the weights' hash, and the dimensions."""
        sha256 = self._files.sha256 or self._loaded().sha256
        return f"onnx:{sha256[:12]}:{self.dimensions}"

    def warm_up(self) -> None:
        """Loads the model now."""
        self._loaded()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """One normalised vector per text, in order; for no texts, shape (0, dimensions)."""
        given = checked(texts)
        vectors = np.empty((len(given), self.dimensions), dtype=np.float32)
        if not given:
            return vectors
        model = self._loaded()
        limit = self._max_tokens * CHARACTERS_A_TOKEN
        tokens = [model.tokens(well_formed(text, limit=limit)) for text in given]
        for batch in _batches([len(ids) for ids in tokens], size=self._batch_size):
            vectors[batch] = model.vectors([tokens[position] for position in batch])
        return vectors

    def embed_query(self, text: str) -> Vector:
        """The normalised vector of one text."""
        vector: Vector = self.embed_documents([checked_text(text)])[0]
        return vector

    def _loaded(self) -> OnnxModel:
        """The model; the first caller loads it, and those who come meanwhile wait."""
        if self._model is None:
            with self._lock:
                if self._model is None:
                    self._model = load(self._files, threads=self._threads, max_tokens=self._max_tokens)
        return self._model


def _existing(path: str | Path) -> Path:
    place = Path(path).expanduser()
    if not place.exists():
        raise InvalidInputError(f"there is nothing at {str(place)!r}; give a folder or file that exists")
    return place


def _batches(lengths: Sequence[int], *, size: int) -> Iterator[list[int]]:
    """Positions of texts in batches of like length, shortest first, so that little is padding."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == size or (len(batch) + 1) * lengths[position] > TOKENS_A_BATCH):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch
