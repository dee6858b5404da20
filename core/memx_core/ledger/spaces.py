"""Spaces: which embedder's vectors serve an application, and how another's take their place.

One space serves: its vectors are what an index reads and what a write adds to. Beside it another
may be filled, row by row, while writes go on; it serves once nothing is missing in it, and the
former is then removed. A row lacks a vector too when the embedder failed as it was kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from memx_core import searchable
from memx_core.errors import EmbeddingMismatchError
from memx_core.ledger import rows
from memx_core.ledger.tables import message_vectors, messages, spaces, version_vectors, versions
from memx_core.ports import EntryKind, Vector


class Unembedded(NamedTuple):
    """A row without a vector, and the text that it is to be made from."""

    kind: EntryKind
    row: int
    text: str


class Space(NamedTuple):
    """One embedder's vectors of an application."""

    seq: int
    fingerprint: str
    dimensions: int


# Built once: building a statement costs more than running it.
_SPACE = select(*(spaces.c[name] for name in Space._fields))
_SERVES = and_(spaces.c.namespace == bindparam("of"), spaces.c.serving)
_SERVING = _SPACE.where(_SERVES)
BESIDE: tuple[ColumnElement[Any], ...] = tuple(
    _SERVING.with_only_columns(spaces.c[name]).scalar_subquery().label(f"space_{name}") for name in Space._fields
)
"""The space that serves, beside what a statement that writes returns; see `beside`."""
BEFORE = select(*(spaces.c[name].label(f"space_{name}") for name in Space._fields)).select_from(
    select(literal(1).label("once")).subquery().outerjoin(spaces, _SERVES)
)
"""The space that serves, as one row in any case: what else is asked beside it is answered; see `beside`."""
_MADE = version_vectors.alias()
_COPY = insert(version_vectors).from_select(
    ["row", "space", "vector"],
    select(bindparam("new", type_=BigInteger), version_vectors.c.space, version_vectors.c.vector).where(
        version_vectors.c.row == bindparam("old"),
        ~select(_MADE.c.row).where(_MADE.c.row == bindparam("new", type_=BigInteger)).exists(),
    ),
)
VECTORS: Mapping[EntryKind, Table] = {"memory": version_vectors, "message": message_vectors}
_ROWS: Mapping[EntryKind, Table] = {"memory": versions, "message": messages}
_KINDS: tuple[EntryKind, ...] = ("memory", "message")
_NONE = 0  # no space has this number
_SLICE = 500  # bound values a statement may carry


def serving(connection: Connection, namespace: str) -> Space | None:
    """The space whose vectors are searched; `None` before the first vector."""
    found = connection.execute(_SERVING, {"of": namespace}).one_or_none()
    return None if found is None else Space(*found)


def beside(row: Row[Any]) -> Space | None:
    """The space that serves, of a row with `BESIDE` or `BEFORE` in it."""
    if row.space_seq is None:
        return None
    return Space(row.space_seq, row.space_fingerprint, row.space_dimensions)


def space(
    connection: Connection, namespace: str, fingerprint: str, *, dimensions: int, known: Space | None = None
) -> int:
    """The space that serves `namespace`, made on the first vector; `known`: as was asked already.

    Raises:
        EmbeddingMismatchError: If it is another model's, or of another size.
    """
    found = known or serving(connection, namespace)
    if found is None:
        return _open(connection, namespace, fingerprint, dimensions=dimensions, serves=True)
    if found.fingerprint != fingerprint:
        raise EmbeddingMismatchError.between(found.fingerprint, fingerprint)
    return _sized(found, dimensions)


def _open(connection: Connection, namespace: str, fingerprint: str, *, dimensions: int, serves: bool) -> int:
    """The space of `fingerprint`, which may be there, filled half."""
    found = _of(connection, namespace, fingerprint)
    seq: int
    if found is None:
        values = {"namespace": namespace, "fingerprint": fingerprint, "dimensions": dimensions, "serving": serves}
        seq = connection.execute(insert(spaces).values(values).returning(spaces.c.seq)).scalar_one()
        return seq
    seq = _sized(found, dimensions)
    if serves:
        connection.execute(update(spaces).where(spaces.c.seq == seq).values(serving=True))
    return seq


def _of(connection: Connection, namespace: str, fingerprint: str) -> Space | None:
    wanted = _SPACE.where(spaces.c.namespace == namespace, spaces.c.fingerprint == fingerprint)
    found = connection.execute(wanted).one_or_none()
    return None if found is None else Space(*found)


def _sized(found: Space, dimensions: int) -> int:
    if found.dimensions != dimensions:
        raise EmbeddingMismatchError(
            f"{found.fingerprint!r} gave {dimensions} dimensions now and {found.dimensions} before; "
            "its fingerprint must tell"
        )
    return found.seq


def abandon(connection: Connection, namespace: str, fingerprint: str) -> None:
    """Removes what was begun for any other embedder than `fingerprint` and never came to serve."""
    begun = spaces.c.namespace == namespace, ~spaces.c.serving, spaces.c.fingerprint != fingerprint
    _remove(connection, connection.execute(select(spaces.c.seq).where(*begun)).scalars().all())


def _remove(connection: Connection, gone: Sequence[int]) -> None:
    if gone:
        for table in VECTORS.values():
            connection.execute(delete(table).where(table.c.space.in_(gone)))
        connection.execute(delete(spaces).where(spaces.c.seq.in_(gone)))


def missing(
    connection: Connection, namespace: str, fingerprint: str, *, after: Unembedded | None
) -> Iterator[Unembedded]:
    """Rows that have no vector of `fingerprint`, memories first, behind `after`, in the order of their rows."""
    found = _of(connection, namespace, fingerprint)
    seq = _NONE if found is None else found.seq
    for kind in _KINDS[0 if after is None else _KINDS.index(after.kind) :]:
        begin = after.row if after is not None and kind == after.kind else 0
        for row in connection.execute(_missing(kind, namespace, seq).where(_ROWS[kind].c.row > begin)):
            text = _text(kind, row)
            if text.strip():
                yield Unembedded(kind, row.row, text)


def count_missing(connection: Connection, namespace: str, fingerprint: str) -> int:
    """How many rows `missing` gives at most."""
    found = _of(connection, namespace, fingerprint)
    seq = _NONE if found is None else found.seq
    counts = (select(func.count()).select_from(_missing(kind, namespace, seq).subquery()) for kind in _KINDS)
    return sum(connection.execute(statement).scalar_one() for statement in counts)


def _missing(kind: EntryKind, namespace: str, space: int) -> Select[Any]:
    table, vectors = _ROWS[kind], VECTORS[kind]
    there = select(vectors.c.row).where(vectors.c.row == table.c.row, vectors.c.space == space).exists()
    # An expression that no index answers: read in the order of rows, a batch need not sort all the others.
    ours = table.c.namespace.concat("") == namespace
    return select(table).where(ours, *_embeddable(kind), ~there).order_by(table.c.row)


def _embeddable(kind: EntryKind) -> tuple[ColumnElement[bool], ...]:
    if kind == "memory":
        return (versions.c.status != "deleted",)
    return (messages.c.role.in_(rows.SPOKEN), ~messages.c.cleared)


def _text(kind: EntryKind, row: Row[Any]) -> str:
    if kind == "memory":
        return searchable.memory_text(row.text, rows.span(row))
    return searchable.message_text(rows.message(row)) if row.content.strip() else ""


def fill(
    connection: Connection, namespace: str, fingerprint: str, vectors: Mapping[Unembedded, Vector], *, serves: bool
) -> dict[EntryKind, list[int]]:
    """Keeps vectors made from what `missing` gave; the rows that have one now and had none.

    Whose text was changed or removed meanwhile is left out.

    Args:
        serves: Only into the space that serves, which may be the first one.

    Raises:
        EmbeddingMismatchError: If another space serves, or they are of another size than those before.
    """
    size = len(next(iter(vectors.values())))
    if serves:
        seq = space(connection, namespace, fingerprint, dimensions=size)
    else:
        seq = _open(connection, namespace, fingerprint, dimensions=size, serves=False)
    filled: dict[EntryKind, list[int]] = {}
    for kind in _KINDS:
        wanted = [one for one in vectors if one.kind == kind]
        still = _still(connection, kind, namespace, seq, [one.row for one in wanted])
        kept = [one for one in wanted if still.get(one.row) == one.text]
        if kept:
            made = [{"row": one.row, "space": seq, "vector": rows.blob(vectors[one])} for one in kept]
            connection.execute(insert(VECTORS[kind]), made)
        filled[kind] = [one.row for one in kept]
    return filled


def _still(connection: Connection, kind: EntryKind, namespace: str, space: int, given: Sequence[int]) -> dict[int, str]:
    """The texts of those rows that lack a vector now."""
    texts: dict[int, str] = {}
    for start in range(0, len(given), _SLICE):
        part = _ROWS[kind].c.row.in_(given[start : start + _SLICE])
        found = connection.execute(_missing(kind, namespace, space).where(part))
        texts |= {row.row: _text(kind, row) for row in found}
    return texts


def copy_versions(connection: Connection, same: Mapping[int, int]) -> None:
    """Gives new versions the vectors of those that say the same, where none were made for them: rows of both."""
    if same:
        connection.execute(_COPY, [{"new": new, "old": old} for new, old in same.items()])


def touch(connection: Connection, filled: Mapping[EntryKind, Iterable[int]], operation: int) -> None:
    """Has indexes read the rows again."""
    for kind, touched in filled.items():
        changed = [{"r": row, "of": operation} for row in touched]
        if changed:
            table = _ROWS[kind]
            statement = update(table).where(table.c.row == bindparam("r")).values(revision=bindparam("of"))
            connection.execute(statement, changed)


def serve(connection: Connection, namespace: str, fingerprint: str, operation: int) -> None:
    """Puts the space of `fingerprint` in the place of whichever served, which is removed.

    Every row is marked as written by `operation`, so that each index reads all of them again.
    """
    others = select(spaces.c.seq).where(spaces.c.namespace == namespace, spaces.c.fingerprint != fingerprint)
    _remove(connection, connection.execute(others).scalars().all())
    connection.execute(update(spaces).where(spaces.c.namespace == namespace).values(serving=True))
    for table in _ROWS.values():
        connection.execute(update(table).where(table.c.namespace == namespace).values(revision=operation))
