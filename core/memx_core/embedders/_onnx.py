"""A sentence model in memory: texts to tokens, tokens to vectors.

The only file that imports onnxruntime and tokenizers, and only when a model is loaded. One
`OnnxModel` may be used by many threads: neither its session nor its tokenizer changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memx_core.embedders._files import ModelFiles, Pooling
from memx_core.errors import EmbeddingMismatchError, InvalidInputError
from memx_core.ports import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What a sentence model may ask for; only the first is a must."""
OUTPUTS = ("sentence_embedding", "last_hidden_state", "token_embeddings")
"""What it may answer with, best first."""


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A loaded model.

    Attributes:
        sha256: Hash of its weights.
        dimensions: Length of its vectors.
    """

    session: InferenceSession
    tokenizer: Tokenizer
    pooling: Pooling
    output: str
    pad: int
    sha256: str
    dimensions: int

    def tokens(self, text: str) -> list[int]:
        """The token ids of `text`, special ones included and cut to the model's length.

        One text at a time: a batch would start the tokenizer's own threads.
        """
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids

    def vectors(self, batch: Sequence[Sequence[int]]) -> Vectors:
        """One normalised vector for each list of token ids."""
        ids, mask = _padded(batch, pad=self.pad)
        answer = _run(self.session, self.output, ids, mask)
        return _normalised(_pooled(answer, mask, pooling=self.pooling))


def load(files: ModelFiles, *, threads: int, max_tokens: int) -> OnnxModel:
    """The model of `files`, ready to run.

    Raises:
        EmbeddingMismatchError: If the weights are not those that `files` promises.
        InvalidInputError: If the files are not a sentence model.
    """
    sha256 = _verified(files)
    try:
        session = _session(files.model, threads=threads)
        tokenizer, pad = _tokenizer(files.tokenizer, max_tokens=max_tokens)
    except Exception as error:
        shown = f"{str(files.model)!r} with {str(files.tokenizer)!r}"
        raise InvalidInputError(f"{shown} does not load as an ONNX sentence model: {error}") from error
    output = _output(session, files.model)
    probe = _run(session, output, *_padded([tokenizer.encode("memory").ids], pad=pad))
    return OnnxModel(session, tokenizer, files.pooling, output, pad, sha256, probe.shape[-1])


def _verified(files: ModelFiles) -> str:
    """The hash of the weights, which is the right one if there is a right one."""
    sha256 = _sha256(files.model)
    if files.sha256 not in (None, sha256):
        raise EmbeddingMismatchError(
            f"{str(files.model)!r} has SHA-256 {sha256}, not {files.sha256}: damaged, or of another model; "
            'reinstall "memx-core[local]", or give its path to use it as it is'
        )
    return sha256


def _sha256(model: Path) -> str:
    """Hash of the model and of weights that have a file of their own, read piece by piece."""
    digest = hashlib.sha256()
    parts = (model.with_name(f"{model.name}{ending}") for ending in ("", ".data", "_data"))
    for part in filter(Path.is_file, parts):
        with part.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _session(model: Path, *, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads that spin double the CPU time of a text.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena never gives back what the longest batch took, and is not faster.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3  # errors only
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _tokenizer(path: Path, *, max_tokens: int) -> tuple[Tokenizer, int]:
    """The tokenizer, and the id that fills up a batch: models that count positions by it need their own."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    settings: Any = tokenizer  # half typed by its authors
    settings.enable_truncation(max_tokens)
    padding: dict[str, int] = settings.padding or {}
    settings.no_padding()
    known = (padding.get("pad_id"), tokenizer.token_to_id("[PAD]"), tokenizer.token_to_id("<pad>"), 0)
    return tokenizer, next(pad for pad in known if pad is not None)


def _output(session: InferenceSession, model: Path) -> str:
    """The output to read, of a model that asks for nothing but tokens."""
    inputs = {node.name for node in session.get_inputs()}
    if "input_ids" not in inputs or inputs - set(INPUTS):
        raise InvalidInputError(f"{str(model)!r} wants {sorted(inputs)}; a sentence model wants some of {INPUTS}")
    outputs = [node.name for node in session.get_outputs()]
    output = next((name for name in OUTPUTS if name in outputs), None)
    if output is None:
        raise InvalidInputError(
            f"{str(model)!r} answers with {outputs}; a sentence model answers with one of {OUTPUTS}"
        )
    return output


def _padded(batch: Sequence[Sequence[int]], *, pad: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids and attention mask, shape (texts, longest text)."""
    longest = max(len(ids) for ids in batch)
    padded = np.full((len(batch), longest), pad, dtype=np.int64)
    mask = np.zeros_like(padded)
    for row, ids in enumerate(batch):
        padded[row, : len(ids)] = ids
        mask[row, : len(ids)] = 1
    return padded, mask


def _run(session: InferenceSession, output: str, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
    given: dict[str, NDArray[np.int64]] = dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))
    feed: dict[str, NDArray[Any]] = {
        node.name: given[node.name].astype(np.int32 if node.type == "tensor(int32)" else np.int64, copy=False)
        for node in session.get_inputs()
    }
    (answer,) = session.run([output], feed)
    return answer.astype(np.float32, copy=False)


def _pooled(answer: Vectors, mask: NDArray[np.int64], *, pooling: Pooling) -> Vectors:
    """One vector per text; `answer` is (texts, dimensions) already, or has one per token."""
    if answer.ndim == 2:
        return answer
    if pooling == "cls":
        return answer[:, 0]
    weights = mask.astype(np.float32)
    total: Vectors = np.einsum("btd,bt->bd", answer, weights)
    means: Vectors = total / weights.sum(axis=1, keepdims=True)
    return means


def _normalised(vectors: Vectors) -> Vectors:
    norms: Vectors = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors / norms
