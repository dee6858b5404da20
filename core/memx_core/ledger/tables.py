"""The tables of the ledger.

Append-only where it matters: a version's text is never rewritten, only closed. Every row that
belongs to somebody carries the whole address (`namespace` and the three ids) so that a scope is
a plain condition on the row itself, and `address`, a digest of the four, so that "exactly this
address" is one equality with no special case for absent ids.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
    text,
)

from memx_core.ledger.columns import JsonText, Moment
from memx_core.ledger.identifiers import Identifier, index_by_digest

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


_WHERE = "postgresql_where"
"""In an index's `info`: its rows on PostgreSQL. Said as an argument it would import that dialect everywhere."""
_Serial = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself in SQLite


def _string(length: int | None = None) -> String:
    """Text that is looked up and sorted: by its code points everywhere, whatever a server's locale is.

    It also spares an index on PostgreSQL from being wrong once the locales of its system change.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _serial(name: str) -> Column[int]:
    return Column(name, _Serial, primary_key=True, autoincrement=True)


def _address() -> tuple[Column[str], ...]:
    return (
        Column("namespace", _string(), nullable=False),
        Column("user_id", Identifier),
        Column("agent_id", Identifier),
        Column("run_id", Identifier),
        Column("address", _string(64), nullable=False),
    )


def _choose_rows(target: MetaData, connection: Connection, **_: object) -> None:
    """Has the indexes of some rows only be those on PostgreSQL too."""
    if connection.dialect.name != "postgresql":
        return
    for table in target.tables.values():
        for index in table.indexes:
            if _WHERE in index.info:
                index.dialect_options["postgresql"]["where"] = text(index.info[_WHERE])


event.listen(metadata, "before_create", _choose_rows)


def _by_owner(table: str, *columns: str) -> tuple[Index, ...]:
    return tuple(
        Index(f"ix_{table}_{owner}_{columns[-1]}", "namespace", owner, *columns)
        for owner in ("user_id", "agent_id", "run_id")
    )


operations = Table(
    "memx_operations",
    metadata,
    _serial("seq"),  # the revision: grows with every write
    Column("id", _string(36), nullable=False, unique=True),
    *_address(),
    Column("kind", _string(16), nullable=False),
    Column("status", _string(16), nullable=False),
    Column("key", Identifier),
    Column("request", _string(64)),  # digest of what came with the key; of an undo the id of what it undid
    Column("plan", _string(64)),  # digest of the plan that was carried out
    Column("actor", _string(), nullable=False),
    Column("prompt", _string(64)),  # fingerprint of the prompt's static part
    Column("usage", JsonText, nullable=False),
    Column("warnings", JsonText, nullable=False),
    Column("at", Moment, nullable=False),
    Column("learned_by", _Serial),  # what was queued: the operation that learned from it
    Column("undone_by", _Serial),  # the operation that took it back, as long as that holds
    Index("uq_memx_operations_address_key", "address", "key", unique=True),
    Index("ix_memx_operations_namespace_seq", "namespace", "seq"),
    sqlite_autoincrement=True,
)

memories = Table(
    "memx_memories",
    metadata,
    _serial("seq"),
    Column("id", _string(36), nullable=False, unique=True),
    *_address(),
    Column("head", Integer, nullable=False),  # the current version, or the tombstone
    Column("latest", Integer, nullable=False),  # the highest version: `head`, or one stored as already ended
    Column("alive", Boolean, nullable=False),
    Column("fingerprint", _string(64)),  # of the text's normal form, while alive; absent when a twin was asked for
    Column("created_at", Moment, nullable=False),
    Index("uq_memx_memories_address_fingerprint", "address", "fingerprint", unique=True),
    Index(  # twins, and what has expired: few, so that looking for one costs nothing
        "ix_memx_memories_twins",
        *("address", "alive", "fingerprint"),  # all that is asked for: else SQLite takes the index above
        sqlite_where=text("alive = 1 AND fingerprint IS NULL"),
        info={_WHERE: "alive AND fingerprint IS NULL"},
    ),
    sqlite_autoincrement=True,
)

versions = Table(
    "memx_versions",
    metadata,
    _serial("row"),
    Column("memory", _Serial, ForeignKey("memx_memories.seq"), nullable=False),
    Column("id", _string(36), nullable=False),  # the memory's
    *_address(),
    Column("version", Integer, nullable=False),
    Column("restores", Integer),  # the version that it brings back (0: none); those between the two were mistakes
    Column("status", _string(16), nullable=False),
    Column("kind", _string(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("metadata", JsonText, nullable=False),
    Column("subject", _string()),
    Column("slot", _string()),
    Column("when_start", Moment),
    Column("when_end", Moment),
    Column("when_precision", _string(8)),
    Column("when_phrase", _string()),
    Column("conflicts_with", _string(36)),
    Column("said_at", Moment, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment),
    Column("expires_at", Moment),
    Column("created_at", Moment, nullable=False),  # the memory's
    Column("recorded_at", Moment, nullable=False),
    Column("known_until", Moment),  # when a later version took its place
    Column("revision", _Serial, nullable=False),  # of the write that touched the row last
    Index("uq_memx_versions_memory_version", "memory", "version", unique=True),
    Index("ix_memx_versions_address_slot", "address", "slot"),
    *_by_owner("memx_versions", "revision"),
    *_by_owner("memx_versions", "memory", "version"),
    Index(
        "ix_memx_versions_conflicts_with",
        "conflicts_with",
        sqlite_where=text("conflicts_with IS NOT NULL"),
        info={_WHERE: "conflicts_with IS NOT NULL"},
    ),
    sqlite_autoincrement=True,
)

changes = Table(
    "memx_changes",
    metadata,
    _serial("seq"),
    Column("operation", _Serial, ForeignKey("memx_operations.seq"), nullable=False),
    Column("memory", _Serial, ForeignKey("memx_memories.seq"), nullable=False),
    Column("event", _string(8), nullable=False),
    Column("version", Integer, nullable=False),  # the version it made
    Column("before", Integer),  # the version it replaced; texts are read from the versions, so they cannot disagree
    Column("reason", Text, nullable=False),
    Column("actor", _string(), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_memx_changes_memory", "memory", "seq"),
    Index("ix_memx_changes_operation", "operation", "seq"),
    sqlite_autoincrement=True,
)

messages = Table(
    "memx_messages",
    metadata,
    _serial("row"),
    Column("id", Identifier, nullable=False),
    *_address(),
    Column("session", Identifier, nullable=False),  # "" for none
    Column("role", _string(16), nullable=False),
    Column("name", _string()),
    Column("content", Text, nullable=False),
    Column("metadata", JsonText, nullable=False),
    Column("origin", _string()),
    Column("raw", JsonText),  # the application's own form of the turn
    Column("said_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("cleared", Boolean, nullable=False),  # blanked; the row stays so that indexes notice
    Column("withheld", Boolean, nullable=False),  # what was learned from it was taken back: in the transcript only
    Column("overtaken", Boolean, nullable=False),  # something that was learned from it is no longer so
    Column("job", _Serial, ForeignKey("memx_jobs.seq")),  # still to be learned from
    Column("operation", _Serial, ForeignKey("memx_operations.seq"), nullable=False),
    Column("revision", _Serial, nullable=False),
    Index("uq_memx_messages_address_session_id", "address", "session", "id", unique=True),
    Index("ix_memx_messages_job", "job", sqlite_where=text("job IS NOT NULL"), info={_WHERE: "job IS NOT NULL"}),
    *_by_owner("memx_messages", "session", "row"),
    Index("ix_memx_messages_address_session_row", "address", "session", "row"),
    Index("ix_memx_messages_operation", "operation"),
    *_by_owner("memx_messages", "revision"),
    sqlite_autoincrement=True,
)

evidence = Table(
    "memx_evidence",
    metadata,
    _serial("seq"),
    Column("memory", _Serial, ForeignKey("memx_memories.seq"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("message", _Serial, ForeignKey("memx_messages.row"), nullable=False),
    Column("operation", _Serial, ForeignKey("memx_operations.seq"), nullable=False),
    Column("quote", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Index("ix_memx_evidence_memory", "memory", "version"),
    Index("ix_memx_evidence_message", "message"),
    Index("ix_memx_evidence_operation", "operation"),
    sqlite_autoincrement=True,
)

spaces = Table(
    "memx_spaces",
    metadata,
    _serial("seq"),
    Column("namespace", _string(), nullable=False),
    Column("fingerprint", _string(), nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("serving", Boolean, nullable=False),
    Index("uq_memx_spaces_namespace_fingerprint", "namespace", "fingerprint", unique=True),
    sqlite_autoincrement=True,
)


hearings = Table(  # up to which write an index has heard that is told of writes
    "memx_hearings",
    metadata,
    Column("namespace", _string(), primary_key=True),
    Column("revision", _Serial, nullable=False),
)


def _vectors(name: str, row: str) -> Table:
    return Table(
        name,
        metadata,
        Column("row", _Serial, ForeignKey(row), primary_key=True, autoincrement=False),
        Column("space", _Serial, ForeignKey("memx_spaces.seq"), primary_key=True, autoincrement=False),
        Column("vector", LargeBinary, nullable=False),  # little-endian float32
    )


version_vectors = _vectors("memx_version_vectors", "memx_versions.row")
message_vectors = _vectors("memx_message_vectors", "memx_messages.row")

jobs = Table(
    "memx_jobs",
    metadata,
    _serial("seq"),
    Column("id", _string(36), nullable=False, unique=True),
    Column("operation", _Serial, ForeignKey("memx_operations.seq"), nullable=False),
    *_address(),
    Column("session", Identifier, nullable=False),
    Column("status", _string(16), nullable=False),
    Column("request", JsonText, nullable=False),  # metadata, expires_at and instructions of the call
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("tokens", Integer, nullable=False, server_default="0"),  # of its messages, estimated
    Column("created_at", Moment, nullable=False),
    Column("not_before", Moment),
    Column("lease", _string()),
    Column("lease_until", Moment),
    Index("ix_memx_jobs_namespace_status", "namespace", "status", "seq"),
    Index("ix_memx_jobs_address", "address", "session"),
    Index("ix_memx_jobs_operation", "operation"),
    sqlite_autoincrement=True,
)


def _period() -> tuple[Column[Any], ...]:
    """What held from one operation to another: `closed` and `until` are absent while it does."""
    return (
        Column("opened", _Serial, ForeignKey("memx_operations.seq"), nullable=False),
        Column("since", Moment, nullable=False),
        Column("closed", _Serial, ForeignKey("memx_operations.seq")),
        Column("until", Moment),
    )


conflicts = Table(  # what `versions.conflicts_with` says now, with its past
    "memx_conflicts",
    metadata,
    _serial("seq"),
    Column("version", _Serial, ForeignKey("memx_versions.row"), nullable=False),
    Column("rival", _string(36), nullable=False),  # a memory's id
    *_period(),
    Index("ix_memx_conflicts_version", "version"),
    Index("ix_memx_conflicts_opened", "opened"),
    Index("ix_memx_conflicts_closed", "closed"),
    sqlite_autoincrement=True,
)

marks = Table(  # what `messages.withheld` and `messages.overtaken` say now, with their past
    "memx_marks",
    metadata,
    _serial("seq"),
    Column("message", _Serial, ForeignKey("memx_messages.row"), nullable=False),
    Column("mark", _string(16), nullable=False),  # `withheld` or `overtaken`
    *_period(),
    Index("ix_memx_marks_message", "message"),
    Index("ix_memx_marks_opened", "opened"),
    Index("ix_memx_marks_closed", "closed"),
    sqlite_autoincrement=True,
)

reviews = Table(  # operations that a policy holds back until somebody approves them
    "memx_reviews",
    metadata,
    _serial("seq"),
    Column("id", _string(36), nullable=False, unique=True),
    Column("operation", _Serial, ForeignKey("memx_operations.seq"), nullable=False),  # the call's
    *_address(),
    Column("session", Identifier, nullable=False),
    Column("proposal", JsonText, nullable=False),  # the operation, its attributes, and rows of messages
    Column("created_at", Moment, nullable=False),
    # The call that approved it or took it away: it waits again when that is undone.
    Column("closed", _Serial, ForeignKey("memx_operations.seq")),
    Index("ix_memx_reviews_operation", "operation"),
    Index("ix_memx_reviews_closed", "closed"),
    *_by_owner("memx_reviews", "seq"),
    sqlite_autoincrement=True,
)

costs = Table(  # what a day's calls cost, summed up
    "memx_costs",
    metadata,
    _serial("seq"),
    *_address(),
    Column("day", _string(10), nullable=False),  # of UTC, as 2026-01-31
    Column("model", _string(), nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("embedding_calls", BigInteger, nullable=False),
    Index("uq_memx_costs_address_day_model", "address", "day", "model", unique=True),
    Index("ix_memx_costs_namespace_day", "namespace", "day"),
    *_by_owner("memx_costs", "day"),
    sqlite_autoincrement=True,
)

version_of_schema = Table("memx_alembic_version", metadata, Column("version_num", _string(32), primary_key=True))

index_by_digest(metadata.sorted_tables)
