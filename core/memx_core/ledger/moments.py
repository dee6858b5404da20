"""The two clocks as conditions: what was known at one moment, and what was true at another.

Nothing but its end is ever written on a version: so what was known at a moment is what had been
recorded by then, without the ends that came later. Which version of a memory was believed is
told by their numbers, not by their times alone: a clock may be set back between two writes.

The moments themselves are bound when a statement runs (see `Then.bound`), so that each condition
is built once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, case, exists, null, or_

from memx_core.ledger import rows
from memx_core.ledger.columns import Moment
from memx_core.ledger.tables import conflicts, evidence, marks, messages, versions

_KNOWN = bindparam("then_known", type_=Moment())
_UNEXPIRED = bindparam("then_unexpired", type_=Moment())
_AS_OF = bindparam("then_as_of", type_=Moment())
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Then:
    """What a call looks at instead of the present.

    Attributes:
        known: What was recorded by then, and as it stood then; `FOREVER`: as it stands now.
        unexpired: What had not expired then.
        as_of: What was true then; `None`: what was believed at `known`.
    """

    known: datetime
    unexpired: datetime
    as_of: datetime | None = None

    @property
    def bound(self) -> dict[str, datetime | None]:
        """The values for the conditions below."""
        return {"then_known": self.known, "then_unexpired": self.unexpired, "then_as_of": self.as_of}

    @property
    def timed(self) -> bool:
        """Whether it asks what was true, and not what was believed."""
        return self.as_of is not None

    @property
    def moment(self) -> datetime:
        """What "now" means to somebody who asks then."""
        return self.unexpired if self.as_of is None else self.as_of


def looked_at(known_at: datetime | None, as_of: datetime | None, *, now: datetime) -> Then | None:
    """What the two clocks of a call mean together; `None`: the present."""
    if known_at is not None and known_at < now:
        return Then(known_at, known_at, as_of)
    return None if as_of is None else Then(FOREVER, now, as_of)


@cache
def select_items() -> Select[*tuple[Any, ...]]:
    """Like `rows.select_items`: the versions as they stood then."""
    ended = or_(is_ended(versions), _is_replaced(versions))
    conflicting = exists().where(conflicts.c.version == versions.c.row, _is_open(conflicts))
    return rows.select_items(
        status=case((ended, "superseded"), (conflicting, "conflict"), else_="active"),
        valid_to=case((ended, versions.c.valid_to), else_=null()),
    )


@cache
def shown(*, timed: bool, superseded: bool = False) -> ColumnElement[bool]:
    """The versions to look at: one of each memory that was there, or with `superseded` all of it."""
    if timed:
        return _is_true()
    if not superseded:
        return _is_believed(versions)
    return and_(versions.c.recorded_at <= _KNOWN, versions.c.status != "deleted", _is_alive())


def _is_believed(table: FromClause) -> ColumnElement[bool]:
    """The version that a memory consisted in: the last that was recorded, if that was no deletion."""
    return and_(
        table.c.recorded_at <= _KNOWN,
        table.c.status != "deleted",
        or_(table.c.status.in_(rows.CURRENT), table.c.known_until > _KNOWN),
        _has_not_expired(table),
        ~_is_replaced(table),
    )


def _is_replaced(table: FromClause) -> ColumnElement[bool]:
    """The versions whose place another had taken."""
    later = versions.alias()
    return exists().where(
        later.c.memory == table.c.memory,
        later.c.version > table.c.version,
        later.c.recorded_at <= _KNOWN,
        ~is_ended(later),
    )


def _is_alive() -> ColumnElement[bool]:
    """The versions whose memory was there."""
    head = versions.alias()
    return exists().where(head.c.memory == versions.c.memory, _is_believed(head))


def _is_true() -> ColumnElement[bool]:
    """The version of each memory that was true: of several the one that began last."""
    other = versions.alias()
    began_later = or_(
        other.c.valid_from > versions.c.valid_from,
        and_(other.c.valid_from == versions.c.valid_from, other.c.version > versions.c.version),
    )
    better = exists().where(other.c.memory == versions.c.memory, began_later, _covers(other))
    return and_(_covers(versions), _has_not_expired(versions), _is_alive(), ~better)


def _covers(table: FromClause) -> ColumnElement[bool]:
    """The versions that are said to hold at that moment, and are not known to be mistakes."""
    restored = versions.alias()
    mistaken = exists().where(
        restored.c.memory == table.c.memory,
        restored.c.version > table.c.version,
        restored.c.restores < table.c.version,
        restored.c.recorded_at <= _KNOWN,
    )
    return and_(
        table.c.recorded_at <= _KNOWN,
        table.c.status != "deleted",
        table.c.valid_from <= _AS_OF,
        or_(table.c.valid_to.is_(None), table.c.valid_to > _AS_OF, table.c.known_until > _KNOWN),
        ~mistaken,
    )


def is_ended(table: FromClause) -> ColumnElement[bool]:
    """The versions that were stored as already ended: nothing ever took their place."""
    return and_(table.c.status == "superseded", table.c.known_until.is_(None))


def _has_not_expired(table: FromClause) -> ColumnElement[bool]:
    return or_(table.c.expires_at.is_(None), table.c.expires_at > _UNEXPIRED)


@cache
def select_messages(*, timed: bool) -> Select[Any]:
    """The turns with what was marked on them then."""
    return rows.select_turns(overtaken=_is_overtaken(timed=timed))


@cache
def heard(*, timed: bool) -> ColumnElement[bool]:
    """The turns to look at; what was cleared since is gone from the past too."""
    known = and_(messages.c.recorded_at <= _KNOWN, ~messages.c.cleared, ~_is_marked("withheld"))
    return and_(known, messages.c.said_at <= _AS_OF) if timed else known


def _is_overtaken(*, timed: bool) -> ColumnElement[bool]:
    """Whether something that was learned from it was no longer so: is known not to be, or was not then."""
    marked = _is_marked("overtaken")
    if not timed:
        return marked
    same = versions.alias()
    still = exists().where(same.c.memory == versions.c.memory, same.c.text == versions.c.text, _covers(same))
    past = exists().where(
        evidence.c.message == messages.c.row,
        evidence.c.memory == versions.c.memory,
        evidence.c.version == versions.c.version,
        ~still,
    )
    return and_(marked, past)


def _is_marked(mark: str) -> ColumnElement[bool]:
    return exists().where(marks.c.message == messages.c.row, marks.c.mark == mark, _is_open(marks))


def _is_open(table: FromClause) -> ColumnElement[bool]:
    """The periods that had begun and not ended."""
    return and_(table.c.since <= _KNOWN, or_(table.c.until.is_(None), table.c.until > _KNOWN))
