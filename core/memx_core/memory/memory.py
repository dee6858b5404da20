"""`Memory`: what people hold. Every method is one line: check the arguments, run the flow.

Each blocking method has an awaiting twin with an `a` in front, which takes the same arguments.
"""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from os import PathLike

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from memx_core import inputs
from memx_core._io import Providers
from memx_core.background import Background
from memx_core.embedders import LocalEmbedder
from memx_core.errors import EmbeddingMismatchError, InvalidInputError
from memx_core.flows.room import Room
from memx_core.index import ExactIndex
from memx_core.index.told import ToldIndex
from memx_core.ledger import Ledger
from memx_core.memory import providers
from memx_core.memory.base import Local
from memx_core.memory.like import MemoryLike
from memx_core.plans import Policy
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Embedder, Index, Reranker, Screen, Telemetry
from memx_core.reports import Budget
from memx_core.worker import employ


class Memory(Local, MemoryLike):
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
        screen: A function of a text, which gives it back as it may be kept, or `None` to refuse it: every text is
            shown to it before anything of it is stored or a model sees it. See `memx_core.screens`.
        telemetry: Hears of every call of these methods, the model and the embedder; see `memx_core.telemetry`.
        reembed: If the database holds another embedder's vectors, embed everything again before
            anything else: for when that embedder is gone. See `rebuild_index` for when it is not.
        background: Learn from what is queued in a thread, which begins with the first job; `False`
            leaves it all to `flush`.
        clock: Now, aware UTC; for tests.

    Raises:
        EmbeddingMismatchError: If the database holds another embedder's vectors, without `reembed`.
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
        screen: Screen | None = None,
        telemetry: Telemetry | None = None,
        reembed: bool = False,
        background: bool | Background = True,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        given = Providers(
            llm=providers.check_llm(llm),
            embedder=LocalEmbedder() if embedder is None else providers.check_embedder(embedder),
            reranker=providers.check_reranker(reranker),
            telemetry=providers.check_telemetry(telemetry),
        )
        settings = providers.check_background(background)
        namespace = inputs.namespace(namespace)
        ledger = Ledger(database)
        room = Room(
            ledger=ledger,
            index=_looking(index, ledger),
            namespace=namespace,
            offline=given.llm is None,
            reranked=given.reranker is not None,
            clock=clock or _now,
            new_id=_new_id,
            policy=providers.check_policy(policy),
            budget=providers.check_budget(budget),
            screen=providers.check_screen(screen),
            told=index is not None and not index.pulls,
        )
        room.index.attach(ledger)
        super().__init__(room, given)
        try:
            self._check_space(given.embedder, reembed=reembed)
        except BaseException:
            ledger.close()
            raise
        self._room, self._worker = employ(self._room, self._current, settings)
        if self._worker is not None:
            weakref.finalize(self, self._worker.dismiss)

    def _check_space(self, embedder: Embedder | AsyncEmbedder, *, reembed: bool) -> None:
        kept = self._room.ledger.fingerprint(self._room.namespace)
        if kept is None or not (reembed or providers.is_settled(embedder)) or kept == embedder.fingerprint:
            return
        if not reembed:
            raise EmbeddingMismatchError.between(kept, embedder.fingerprint)
        if not isinstance(embedder, Embedder):
            raise InvalidInputError(
                f"reembed=True needs an embedder that blocks, and {type(embedder).__qualname__} can only be awaited"
            )
        self.rebuild_index(embedder=embedder, progress=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(namespace={self._room.namespace!r})"

    @property
    def namespace(self) -> str:
        """The application that this is the memory of."""
        return self._room.namespace

    @property
    def database(self) -> str:
        """Where it is kept, as a SQLAlchemy URL without a password."""
        return self._room.ledger.address

    def close(self, timeout: float | None = 5.0) -> None:
        """Gives back the database and the index; any later call raises `LedgerError`.

        What is queued stays in the database, for whoever opens it next.

        Args:
            timeout: Seconds that what is being learned may still take; then it is queued again.
                `None`: as long as it takes.
        """
        seconds = inputs.seconds(timeout)
        if self._worker is not None:
            self._worker.stop(seconds)
        self._room.index.close()
        self._room.ledger.close()

    async def aclose(self, timeout: float | None = 5.0) -> None:
        """Like `close`, without blocking the loop."""
        await self._async.call(self.close, timeout)


def _looking(index: Index | None, ledger: Ledger) -> Index:
    """The index, as one that looks by itself for what is new."""
    if index is None:
        return ExactIndex()
    return index if index.pulls else ToldIndex(index, ledger)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
