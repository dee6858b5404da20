"""Rows to what an index reads, many at a time: a scope is read whole when it is first searched.

One index may be told of everybody's rows: what is damaged in one is left out here, where it would cost all of
them, and raises where its owner reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast

import numpy as np
from sqlalchemy import BigInteger, ScalarSelect, and_, func, select, type_coerce

from memx_core import searchable
from memx_core.errors import LedgerError
from memx_core.ledger.columns import moment
from memx_core.ledger.rows import CURRENT
from memx_core.ledger.spaces import Space
from memx_core.ledger.tables import evidence, messages, versions
from memx_core.ports import IndexEntry, Vector
from memx_core.types import Scope, TimeSpan

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_NO_SPACE = Space(0, "", 0)  # no row has vectors in it


def _quote() -> ScalarSelect[Any]:
    """The first words that the version rests on, or another one of the memory that says the same.

    Not of turns that were blanked or withheld: nothing is found by what was taken back. Who does that to a
    turn, or finds more evidence, has indexes read the memory again (`touching`).
    """
    said, same = messages.alias("said"), versions.alias("same")
    return (
        select(func.substr(evidence.c.quote, 1, searchable.LONGEST_QUOTE))
        .join(said, said.c.row == evidence.c.message)
        .join(same, and_(same.c.memory == evidence.c.memory, same.c.version == evidence.c.version))
        .where(
            evidence.c.memory == versions.c.memory,
            same.c.text == versions.c.text,
            evidence.c.quote != "",
            ~said.c.cleared,
            ~said.c.withheld,
        )
        .order_by(evidence.c.seq)
        .limit(1)
        .correlate(versions)
        .scalar_subquery()
    )


_OWN = ("row", "id", "user_id", "agent_id", "run_id", "revision")
OF_MEMORIES = (
    *(versions.c[name] for name in (*_OWN, "text", "subject", "status")),
    *(type_coerce(versions.c[name], BigInteger).label(name) for name in ("when_start", "when_end")),
    *(versions.c[name] for name in ("when_precision", "when_phrase")),
    _quote().label("quote"),
)
"""Columns that `Reader.memories` reads, and a vector behind them; times in microseconds."""
OF_MESSAGES = tuple(messages.c[name] for name in (*_OWN, "name", "content", "session", "cleared", "withheld"))
"""Columns that `Reader.messages` reads, and a vector behind them."""


class Reader:
    """Makes entries of rows that have their vector of `space` beside them."""

    def __init__(self, space: Space | None) -> None:
        self._space = space or _NO_SPACE
        # What many rows have in common is made once.
        self._scopes: _Made[tuple[str | None, str | None, str | None], Scope] = _Made(lambda ids: Scope(*ids))
        self._names: _Made[str | None, tuple[str, ...]] = _Made(searchable.names)

    @property
    def space(self) -> int:
        """Number of the space."""
        return self._space.seq

    def memories(self, part: Sequence[Sequence[Any]]) -> Iterator[IndexEntry]:
        """Versions as an index wants them."""
        space, dimensions = self._space.fingerprint, self._space.dimensions
        for (
            row,
            id,
            user,
            agent,
            run,
            revision,
            said,
            subject,
            status,
            start,
            end,
            precision,
            phrase,
            quote,
            vector,
        ) in part:
            plain = start is None and isinstance(said, str)
            text = said if plain else _memory_text(said, start, end, precision, phrase)
            yield IndexEntry(
                row,
                id,
                "memory",
                self._scopes[user, agent, run],
                searchable.found_by(text, quote) if quote and isinstance(quote, str) else text,
                _vector(vector, dimensions),
                self._names[subject],
                "",
                status in CURRENT,
                space,
                revision,
            )

    def messages(self, part: Sequence[Sequence[Any]]) -> Iterator[IndexEntry]:
        """Turns as an index wants them."""
        space, dimensions = self._space.fingerprint, self._space.dimensions
        for row, id, user, agent, run, revision, name, content, session, cleared, withheld, vector in part:
            yield IndexEntry(
                row,
                id,
                "message",
                self._scopes[user, agent, run],
                searchable.turn_text(name, _text(content)),
                _vector(vector, dimensions),
                self._names[name],
                session,
                not (cleared or withheld),
                space,
                revision,
            )


class _Made(dict[K, V], Generic[K, V]):
    """What was made of a key."""

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> V:
        value = self[key] = self._make(key)
        return value


def _memory_text(text: object, start: Any, end: Any, precision: Any, phrase: Any) -> str:  # noqa: ANN401  # as stored
    kept = _text(text)
    if start is None:
        return kept
    try:
        return searchable.memory_text(kept, TimeSpan(moment(start), moment(end), precision, phrase))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, LedgerError):
        return kept


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _vector(blob: bytes | None, dimensions: int) -> Vector | None:
    """A stored vector of that size."""
    return cast(Vector, np.frombuffer(blob, "<f4")) if blob is not None and len(blob) == 4 * dimensions else None
