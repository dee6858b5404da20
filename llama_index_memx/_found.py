"""A model that an application names itself, or one that is looked up in LlamaIndex's `Settings` at first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from memx_core import ProviderError

T = TypeVar("T")


class Found(Generic[T]):
    """What is looked up once, when it is first asked for, and kept; a failure is not kept. Thread-safe."""

    def __init__(self, find: Callable[[], T]) -> None:
        self._find = find
        self._kept: list[T] = []
        self._looking = threading.Lock()

    @property
    def known(self) -> bool:
        """Whether it was looked up."""
        return bool(self._kept)

    def get(self) -> T:
        """What was found."""
        with self._looking:
            if not self._kept:
                self._kept.append(self._find())
            return self._kept[0]


def looked_up(argument: str, setting: str, find: Callable[[], T]) -> T:
    """What is in `Settings`.

    Where nothing was set, LlamaIndex itself tries OpenAI's, and complains of a missing package or key.

    Raises:
        ProviderError: If there is none: what was said is kept all the same, and learned from later.
    """
    try:
        return find()
    except (ImportError, ValueError, AssertionError) as error:
        raise ProviderError(
            f"no {argument}: pass {argument}=… to create_memory, or set llama_index.core.Settings.{setting} before its "
            f"first use ({type(error).__name__} from LlamaIndex's default)"
        ) from error
