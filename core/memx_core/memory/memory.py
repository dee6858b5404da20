"""`Memory`: what people hold. Every method is one line: check the arguments, run the flow.

Each blocking method has an awaiting twin with an `a` in front, which takes the same arguments.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from os import PathLike
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from memx_core import inputs
from memx_core._io import Providers
from memx_core.embedders import LocalEmbedder
from memx_core.errors import EmbeddingMismatchError
from memx_core.flows.room import Room
from memx_core.index import ExactIndex
from memx_core.ledger import Ledger
from memx_core.memory import providers
from memx_core.memory.comparing import Comparing
from memx_core.memory.conversing import Conversing
from memx_core.memory.counting import Counting
from memx_core.memory.erasing import Erasing
from memx_core.memory.explaining import Explaining
from memx_core.memory.moving import Moving
from memx_core.memory.planning import Planning
from memx_core.memory.reading import Reading
from memx_core.memory.rebuilding import Rebuilding
from memx_core.memory.scoped import ScopedMemory
from memx_core.memory.undoing import Undoing
from memx_core.memory.writing import Writing
from memx_core.plans import Policy
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Embedder, Index, Reranker
from memx_core.reports import Budget


class Memory(
    Writing,
    Reading,
    Conversing,
    Planning,
    Undoing,
    Comparing,
    Explaining,
    Erasing,
    Counting,
    Moving,
    Rebuilding,
):
    """A long-term memory.

    Without arguments it works offline: the bundled embedder (extra `local`), rules instead of a
    model (English), and `./memx.db`. Safe to share between threads, tasks and event loops.

    Args:
        llm: Proposes what to remember; `None` lets rules propose.
        embedder: Texts to vectors; `None` is the bundled all-MiniLM-L6-v2.
        database: A path, `":memory:"`, a SQLAlchemy URL or engine.
        namespace: Separates applications that share a database.
        reranker: Has the last word in `search`.
        index: Derived from the database; `None` keeps one in memory.
        policy: Which operations may happen by themselves: `auto` all, `review` only new memories, or
            a function of an operation; the others wait for `approve`.
        budget: What a day's model calls may cost.
        clock: Now, aware UTC; for tests.

    Raises:
        EmbeddingMismatchError: If the database holds another embedder's vectors.
        LedgerError: If the database cannot be opened.
        ImportError: If the bundled embedder is wanted and its extra is missing.
    """

    def __init__(
        self,
        llm: LLM | AsyncLLM | None = None,
        embedder: Embedder | AsyncEmbedder | None = None,
        database: str | PathLike[str] | URL | Engine = "memx.db",
        *,
        namespace: str = "default",
        reranker: Reranker | None = None,
        index: Index | None = None,
        policy: Policy = "auto",
        budget: Budget | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        given = Providers(
            llm=providers.check_llm(llm),
            embedder=LocalEmbedder() if embedder is None else providers.check_embedder(embedder),
            reranker=providers.check_reranker(reranker),
        )
        namespace = inputs.namespace(namespace)
        ledger = Ledger(database)
        room = Room(
            ledger=ledger,
            index=ExactIndex() if index is None else index,
            namespace=namespace,
            fingerprint=given.embedder.fingerprint,
            offline=given.llm is None,
            reranked=given.reranker is not None,
            clock=clock or _now,
            new_id=_new_id,
            policy=policy,
            budget=budget,
        )
        room.index.attach(ledger)
        super().__init__(room, given)
        self._check_space()

    def _check_space(self) -> None:
        kept = self._room.ledger.fingerprint(self._room.namespace)
        if kept is not None and kept != self._room.fingerprint:
            self._room.ledger.close()
            raise EmbeddingMismatchError.between(kept, self._room.fingerprint)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(namespace={self._room.namespace!r})"

    def scoped(
        self, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
    ) -> ScopedMemory:
        """The same methods with the scope fixed: what an application should hold."""
        return ScopedMemory(self, inputs.scope(user_id, agent_id, run_id))

    def close(self) -> None:
        """Gives back the database and the index; any later call raises `LedgerError`."""
        self._room.index.close()
        self._room.ledger.close()

    async def aclose(self) -> None:
        """Like `close`, without blocking the loop."""
        await self._async.call(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
