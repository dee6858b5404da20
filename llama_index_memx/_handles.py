"""Finding a memory again from what a context kept of it: in this process by a handle, elsewhere by its database.

What is kept of a memory is text, and names no key and no password. Nothing here keeps anything alive.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from sqlalchemy.engine import make_url

from memx_core import EmbeddingMismatchError, InvalidInputError, Memory, MemoryLike, ScopedMemory, inputs
from memx_core.embedders import HashingEmbedder

if TYPE_CHECKING:
    from llama_index_memx.memory import MemxMemory

LIVE: Final[WeakValueDictionary[str, MemxMemory]] = WeakValueDictionary()
"""The chat memories of this process, by handle."""
_ENGINES: Final[WeakValueDictionary[tuple[str, str], MemoryLike]] = WeakValueDictionary()
_HOW = (
    "make the memory first, as MemxMemory.from_defaults(memory=…, user_id=…) with a Memory on the same database, "
    "and keep it while the context is loaded"
)


def attach(engine: MemoryLike) -> None:
    """Makes a memory one that is found again by its database and namespace."""
    _ENGINES[engine.database, engine.namespace] = engine


def reopened(database: str, namespace: str) -> MemoryLike:
    """The memory on that database: one that is open in this process, or else a new one on the bundled embedder.

    A new one learns nothing by itself: whoever has the model does.

    Raises:
        InvalidInputError: If there is none here, and it cannot be opened without its embedder, or lived in memory.
    """
    found = _ENGINES.get((database, namespace))
    if found is not None:
        return found
    _check_there(database)
    try:
        engine = Memory(database=database, namespace=namespace, background=False)
    except (EmbeddingMismatchError, ImportError) as error:
        raise InvalidInputError(f"{database!r} cannot be opened without its own embedder: {_HOW}") from error
    attach(engine)
    return engine


def _check_there(database: str) -> None:
    url = make_url(database)
    if url.get_backend_name() in ("http", "https"):
        raise InvalidInputError(f"the memory of this context is on a server, which needs a key: {_HOW}")
    if url.get_backend_name() != "sqlite":
        return
    if not url.database or url.database == ":memory:":
        raise InvalidInputError(f"the memory of this context was in the working memory of a process: {_HOW}")
    if not Path(url.database).exists():
        raise InvalidInputError(f"there is no {url.database!r} here, where the memory of this context is kept: {_HOW}")


def found(database: object, namespace: object, given: dict[str, Any]) -> MemoryLike | ScopedMemory:
    """Where it is kept if nobody says so."""
    if isinstance(database, str) and database:
        return reopened(database, str(namespace))
    if any(value is not None for value in given.values()):
        raise InvalidInputError("no memory=: pass the memx_core.Memory where it is to be kept")
    engine = Memory(embedder=HashingEmbedder(), database=":memory:", background=False)
    return engine.scoped(run_id=uuid.uuid4().hex)


def session(given: object) -> str:
    """The conversation's id; a number or a UUID is one too, and without one it is a new conversation."""
    if given is None:
        return str(uuid.uuid4())
    if isinstance(given, int | uuid.UUID) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, str):
        raise InvalidInputError(f"session_id must be a str, not a {type(given).__qualname__}")
    return inputs.session(given)
