"""What calls that count something come to, and the budget that is counted against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias, get_args

from memx_core.errors import InvalidInputError
from memx_core.types import Scope, Usage

OwnerKind: TypeAlias = Literal["user", "agent", "run"]
OnExceed: TypeAlias = Literal["messages_only", "rules", "error"]


@dataclass(frozen=True, slots=True)
class UsageReport(Usage):
    """What a scope's calls cost in all, and where that went.

    Attributes:
        by_model: Per model; rules are called `rules`.
        by_day: Per day of UTC.
        by_scope: Per address.
    """

    by_model: Mapping[str, Usage] = field(default_factory=dict[str, Usage])
    by_day: Mapping[date, Usage] = field(default_factory=dict[date, Usage])
    by_scope: Mapping[Scope, Usage] = field(default_factory=dict[Scope, Usage])


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """One address that something is remembered of.

    Attributes:
        scope: The address: all its ids, of which those that are `None` are absent.
        memories: Memories that hold now.
        messages: Turns of conversations.
        created_at: Since when it is known.
        updated_at: When its memories changed last; of one without any, when something was said last.
    """

    scope: Scope
    memories: int
    messages: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OwnerReport:
    """A user, an agent or a run that something is kept of.

    Attributes:
        kind: Which of the three.
        id: The id.
        memories: Memories that hold now, with whatever other ids.
        messages: Turns of conversations.
        created_at: When the first of it was recorded.
        updated_at: When the last of it was recorded.
    """

    kind: OwnerKind
    id: str
    memories: int
    messages: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """How many tokens of the language model a day of UTC may cost, input and output together.

    They are looked up before each call of the model and booked after it, in the database: several
    processes share one budget. It can be passed by what calls cost that were let through already:
    one for each thread, task or process that is asking at that moment. A long conversation takes
    several calls; it is begun when the day has tokens left for all of them, by estimate.

    Attributes:
        tokens_per_day: Of the whole application; `None` for no limit.
        tokens_per_day_per_scope: Of each address; `None` for no limit.
        on_exceed: What `add` does once they are spent: `messages_only` keeps the messages and learns
            from them on a later day, `rules` lets rules propose instead of the model, `error` keeps
            the messages, queued, and raises `BudgetExceededError`.

    Raises:
        InvalidInputError: If a limit is no positive whole number, or `on_exceed` none of the three.
    """

    tokens_per_day: int | None = None
    tokens_per_day_per_scope: int | None = None
    on_exceed: OnExceed = "messages_only"

    def __post_init__(self) -> None:
        _check_limit(self.tokens_per_day, "tokens_per_day")
        _check_limit(self.tokens_per_day_per_scope, "tokens_per_day_per_scope")
        if self.on_exceed not in get_args(OnExceed):
            raise InvalidInputError(
                f"on_exceed={self.on_exceed!r} is none of {', '.join(map(repr, get_args(OnExceed)))}"
            )


def _check_limit(value: object, name: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInputError(f"{name}={value!r} is no number of tokens: give a whole number from 1, or None")


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What an erasure removed for good, and how sure that is.

    Attributes:
        memories: How many there were; likewise the other counts, in rows.
        verified: Afterwards nothing of it was found: no row in any table, and no byte of a text, an id
            or a vector in the files of an SQLite database. What is shorter than eight bytes is overwritten
            like everything else, but cannot be told from chance: it is looked for only as part of a longer
            value. The files of a PostgreSQL server cannot be looked at: there it is the tables that were
            read again, and their dead rows let go of (`VACUUM`).
        remains: What memx cannot reach, or could not reach now, each `code: detail`.
    """

    memories: int = 0
    versions: int = 0
    changes: int = 0
    messages: int = 0
    evidence: int = 0
    embeddings: int = 0
    jobs: int = 0
    reviews: int = 0
    operations: int = 0
    verified: bool = False
    remains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was copied from one database to another, and read back there.

    Attributes:
        memories: How many there are; likewise the others.
        rows: Of all tables together.
    """

    memories: int = 0
    versions: int = 0
    changes: int = 0
    messages: int = 0
    evidence: int = 0
    embeddings: int = 0
    jobs: int = 0
    reviews: int = 0
    operations: int = 0
    rows: int = 0
