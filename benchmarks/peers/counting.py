"""One count of tokens for all prompts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ENCODING = "o200k_base"


def tokens(prompt: str) -> int:
    """Of `prompt`, as OpenAI's models count; the table is the copy that LlamaIndex brings, so nothing is fetched."""
    return len(_encoding().encode(prompt, disallowed_special=()))


def always(prompts: Sequence[str]) -> str:
    """What all `prompts` begin with and end with."""
    if len(prompts) < 2:
        return ""
    first, *others = prompts
    begin = min(_shared(first, other) for other in others)
    rest = [prompt[begin:][::-1] for prompt in prompts]
    end = min(_shared(rest[0], other) for other in rest[1:])
    return first[:begin] + rest[0][:end][::-1]


def _shared(one: str, other: str) -> int:
    """Characters that two texts begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@cache
def _encoding() -> Any:  # noqa: ANN401  # tiktoken's
    import tiktoken

    core = find_spec("llama_index.core")
    if core is not None and core.origin is not None:
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(Path(core.origin).parent / "_static" / "tiktoken_cache"))
    return tiktoken.get_encoding(ENCODING)
