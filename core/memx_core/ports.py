"""What memx asks of the world: a model, an embedder, a reranker, an index.

All are Protocols: nothing has to be subclassed, and `memx_core.testing` has a contract test
class for each. A provider may have one colour only: a sync one is lent a thread for async
calls; an async-only one is refused for sync calls with an error that says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

# Before Python 3.12 the standard ones call a `fingerprint`, which may not be known yet, to see whether it is there.
from typing_extensions import Protocol, runtime_checkable

from memx_core.types import Message, Scope, Usage

T = TypeVar("T")
Vector: TypeAlias = NDArray[np.float32]
"""float32 of shape (dimensions,), normalised."""
Vectors: TypeAlias = NDArray[np.float32]
"""float32 of shape (texts, dimensions), each row normalised."""
EntryKind: TypeAlias = Literal["memory", "message"]
KINDS: tuple[EntryKind, ...] = ("memory", "message")


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered: `data` when the provider parsed it itself, else `text`.

    Attributes:
        text: The raw answer; `None` when the provider withheld it (a content filter).
        data: The answer as parsed JSON (an object, or a pydantic instance of the schema).
        usage: Tokens, if the provider says; `calls` is set by memx.
        model: The model's own name, kept in the history.
    """

    text: str | None = None
    data: Any = None
    usage: Usage = field(default_factory=Usage)
    model: str = ""

    @property
    def shown(self) -> str:
        """The answer as text, for the model or a person to look at."""
        if self.text is not None:
            return self.text
        return self.data.model_dump_json() if isinstance(self.data, BaseModel) else repr(self.data)


@runtime_checkable
class LLM(Protocol):
    """A chat model. `schema` is what the answer should look like; honouring it is optional."""

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """The model's answer to `messages`."""
        ...


@runtime_checkable
class AsyncLLM(Protocol):
    """The async colour of `LLM`; a provider may have both."""

    async def acomplete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """Like `LLM.complete`, awaiting the model."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Texts to vectors. Documents and queries are told apart, as many models need it."""

    @property
    def fingerprint(self) -> str:
        """Provider, model and dimensions; two that differ never share a vector space."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]] | Vectors:
        """One vector per text, in order; any length, memx normalises."""
        ...

    def embed_query(self, text: str) -> Sequence[float] | Vector:
        """The vector to search with."""
        ...


@runtime_checkable
class Warmable(Protocol):
    """An embedder that has something to load before it embeds; see `Memory.warm_up`."""

    def warm_up(self) -> None:
        """Loads it; the second time there is nothing to do."""
        ...


@runtime_checkable
class AsyncEmbedder(Protocol):
    """The async colour of `Embedder`; a provider may have both."""

    @property
    def fingerprint(self) -> str:
        """Like `Embedder.fingerprint`."""
        ...

    async def aembed_documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]] | Vectors:
        """Like `Embedder.embed_documents`, awaiting the model."""
        ...

    async def aembed_query(self, text: str) -> Sequence[float] | Vector:
        """Like `Embedder.embed_query`, awaiting the model."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """A slower, better judge of the first hits."""

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """A relevance in [0, 1] for each text, in order."""
        ...


class Screen(Protocol):
    """Looks at every text before anything of it is stored or shown to a model. A plain function is one.

    It is shown one text at a time: what was said, a memory, a name, a reason, a value of metadata, not ids.
    It is called from several threads, must not block for long, and should let pass what it has changed itself.
    """

    def __call__(self, text: str, /) -> str | None:
        """The text as it may be kept, changed or not; `None` to refuse it."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """An index elsewhere, which may turn out not to fit; see `Memory.warm_up`."""

    def check(self, namespace: str, space: str) -> None:
        """Looks whether it can be searched with vectors of `space`, or will be made for them.

        Raises:
            EmbeddingMismatchError: If it holds another embedder's vectors.
            IndexUnavailableError: If it does not answer; `IndexMismatchError` if it can never be used as it is.
        """
        ...


class Told(Protocol):
    """Is told what a call came to, and gives it back."""

    def __call__(self, result: T, /) -> T:
        """`result`."""
        ...


@runtime_checkable
class Telemetry(Protocol):
    """Hears of calls while they are under way, on the thread or task that makes them.

    Each method is entered when a call begins and left when it ends, also by an error, which goes on. What
    it gives is told the result. It must not raise; see `memx_core.telemetry` for one.
    """

    def method(
        self, name: str, arguments: Sequence[object], named: Mapping[str, object], /
    ) -> AbstractContextManager[Told]:
        """A public method of a memory, by its name; or `learn`, a turn of the worker's."""
        ...

    def completion(self, llm: object, messages: Sequence[Message], /) -> AbstractContextManager[Told]:
        """A call of the model, which comes to a `Completion`."""
        ...

    def embedding(self, embedder: object, texts: Sequence[str], /) -> AbstractContextManager[Told]:
        """A call of the embedder, which comes to an array."""
        ...


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the ledger tells an index about one version of a memory, or one message.

    Attributes:
        row: Row of the entry in the ledger: grows with time, unique within `kind`.
        id: The memory's or message's id. A memory has one row per version, at most one current.
        kind: `memory` or `message`.
        scope: The full address it was added with.
        text: What is searched: the text, with resolved dates; of a memory also words that it rests on.
        vector: Its normalised float32 vector, or `None` while it has none.
        names: Lower-cased names of speaker and subject.
        session: The conversation of a message, for its neighbours; empty for a memory.
        current: Found by every search. Others (superseded, deleted) are found only by a search
            that names their `row`.
        space: Fingerprint of the embedder whose vectors are used now; empty before the first.
        revision: Number of the write that made it as it is: of two that differ the one with the higher
            number is the newer, in whichever order they arrive.
    """

    row: int
    id: str
    kind: EntryKind
    scope: Scope
    text: str
    vector: Vector | None
    names: tuple[str, ...] = ()
    session: str = ""
    current: bool = True
    space: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """One or several searches over the same entries. `vectors` or `words` is given, or both.

    Attributes:
        namespace: The application.
        scope: Exact ids; `None` is unconstrained.
        vectors: Query vectors, shape (queries, dimensions), or `None` for words only.
        words: Per query its tokens (see `text.tokens`), or `None` for vectors only.
        limit: Hits wanted per query, arm and kind.
        kinds: What to look among.
        names: Lower-cased names in the query: what their bearer said, or is about, is marked.
        rows: Per kind the only rows to look among, current or not (what a filter or a time
            left); a missing kind: all that are current.
        space: Fingerprint of the embedder that made `vectors`; empty if that does not matter.
    """

    namespace: str
    scope: Scope
    vectors: Vectors | None
    words: Sequence[Sequence[str]] | None
    limit: int
    kinds: tuple[EntryKind, ...] = ("memory",)
    names: frozenset[str] = frozenset()
    rows: Mapping[EntryKind, NDArray[np.int64]] | None = None
    space: str = ""


class IndexHit(NamedTuple):
    """One entry that an arm found, with the raw score of both arms.

    Attributes:
        row: Row of the entry.
        id: Its id.
        kind: `memory` or `message`.
        dense: Cosine with the query, or `None` if either has no vector.
        words: BM25 of the query's words; 0 if none is in it.
        near_dense: The better cosine of the turns before and after, for a short chat turn.
        near_words: The better BM25 of the turns before and after, for a short chat turn.
        named: The query names its speaker or its subject.
        share: `words` on a scale of its own, whatever the size of the scope: 1 if all of the
            query's words are in a short text, 0 if none is. `None` if the index cannot tell, or
            the query has no words.
        near_share: The better share of the turns before and after, for a short chat turn.
        asks: How much of a short chat turn only asks (see `text.asking`).
    """

    row: int
    id: str
    kind: EntryKind
    dense: float | None
    words: float
    near_dense: float | None = None
    near_words: float | None = None
    named: bool = False
    share: float | None = None
    near_share: float | None = None
    asks: float = 0.0


class News(NamedTuple):
    """What was written since some revision, all of one moment.

    Attributes:
        entries: What is new or changed; one comes again, with the same `row`, whenever it changed.
        reached: Number of the newest write of the application.
        removed: Something of it was removed for good, perhaps of the scope. That never comes again: what an
            index holds of the scope it has to forget, and read anew.
    """

    entries: Sequence[IndexEntry]
    reached: int
    removed: bool = False


class IndexSource(Protocol):
    """Where an index reads from: the ledger."""

    def revision(self, namespace: str) -> int:
        """Number of the newest write of the application; it only ever grows."""
        ...

    def entries(self, namespace: str, scope: Scope, *, since: int, kinds: Collection[EntryKind] = KINDS) -> News:
        """Entries of `scope`, of `kinds`, written after revision `since` (0: all)."""
        ...

    def beside(self, namespace: str, scope: Scope, turns: Collection[int]) -> Mapping[int, Sequence[int]]:
        """By row of a turn, the rows of the current turns before and after it in its conversation."""
        ...


class Index(Protocol):
    """Vectors and words derived from the ledger: disposable, and never the truth.

    Every hit is read back from the ledger before a caller sees it. Thread-safe.
    """

    @property
    def pulls(self) -> bool:
        """True: it reads what is new from its source when it is searched; `apply` is called without entries."""
        ...

    def attach(self, source: IndexSource) -> None:
        """Called once, before anything else, with where to read from."""
        ...

    def apply(self, namespace: str, entries: Sequence[IndexEntry]) -> None:
        """Entries just committed; one that comes again replaces the former."""
        ...

    def search(self, query: IndexQuery) -> Sequence[Sequence[IndexHit]]:
        """Per query the union of both arms' best `limit` entries of each kind, in any order.

        The short turns beside the best third of an arm's are among them: what is around it may lift a turn
        above all that were found by themselves.

        Raises:
            EmbeddingMismatchError: If the query's vectors are of another space than the entries'.
        """
        ...

    def names(self, namespace: str, scope: Scope, kinds: tuple[EntryKind, ...] = ("memory",)) -> frozenset[str]:
        """Lower-cased names of speakers and subjects of `kinds` in `scope`."""
        ...

    def drop(self, namespace: str, scope: Scope | None = None) -> None:
        """Forget all of `scope` (of the whole application: `None`)."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...
