"""The first schema.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _string(length: int | None = None) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "memx_memories",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", _string(36), nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("user_id", _string(), nullable=True),
        sa.Column("agent_id", _string(), nullable=True),
        sa.Column("run_id", _string(), nullable=True),
        sa.Column("address", _string(64), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("alive", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", _string(64), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_memories")),
        sa.UniqueConstraint("id", name=op.f("uq_memx_memories_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_memx_memories_address_fingerprint", "memx_memories", ["address", "fingerprint"], unique=True)
    op.create_table(
        "memx_operations",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", _string(36), nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("user_id", _string(), nullable=True),
        sa.Column("agent_id", _string(), nullable=True),
        sa.Column("run_id", _string(), nullable=True),
        sa.Column("address", _string(64), nullable=False),
        sa.Column("kind", _string(16), nullable=False),
        sa.Column("status", _string(16), nullable=False),
        sa.Column("key", _string(), nullable=True),
        sa.Column("request", _string(64), nullable=True),
        sa.Column("actor", _string(), nullable=False),
        sa.Column("prompt", _string(64), nullable=True),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_operations")),
        sa.UniqueConstraint("id", name=op.f("uq_memx_operations_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_operations_namespace_seq", "memx_operations", ["namespace", "seq"], unique=False)
    op.create_index("uq_memx_operations_address_key", "memx_operations", ["address", "key"], unique=True)
    op.create_table(
        "memx_spaces",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("fingerprint", _string(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("serving", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_spaces")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_memx_spaces_namespace_fingerprint", "memx_spaces", ["namespace", "fingerprint"], unique=True)
    op.create_table(
        "memx_changes",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("operation", _SERIAL, nullable=False),
        sa.Column("memory", _SERIAL, nullable=False),
        sa.Column("event", _string(8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", _string(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["memory"], ["memx_memories.seq"], name=op.f("fk_memx_changes_memory")),
        sa.ForeignKeyConstraint(["operation"], ["memx_operations.seq"], name=op.f("fk_memx_changes_operation")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_changes_memory", "memx_changes", ["memory", "seq"], unique=False)
    op.create_index("ix_memx_changes_operation", "memx_changes", ["operation", "seq"], unique=False)
    op.create_table(
        "memx_jobs",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", _string(36), nullable=False),
        sa.Column("operation", _SERIAL, nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("user_id", _string(), nullable=True),
        sa.Column("agent_id", _string(), nullable=True),
        sa.Column("run_id", _string(), nullable=True),
        sa.Column("address", _string(64), nullable=False),
        sa.Column("session", _string(), nullable=False),
        sa.Column("status", _string(16), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("lease", _string(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operation"], ["memx_operations.seq"], name=op.f("fk_memx_jobs_operation")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_jobs")),
        sa.UniqueConstraint("id", name=op.f("uq_memx_jobs_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_jobs_address", "memx_jobs", ["address", "session"], unique=False)
    op.create_index("ix_memx_jobs_namespace_status", "memx_jobs", ["namespace", "status", "seq"], unique=False)
    op.create_table(
        "memx_versions",
        sa.Column("row", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("memory", _SERIAL, nullable=False),
        sa.Column("id", _string(36), nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("user_id", _string(), nullable=True),
        sa.Column("agent_id", _string(), nullable=True),
        sa.Column("run_id", _string(), nullable=True),
        sa.Column("address", _string(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", _string(16), nullable=False),
        sa.Column("kind", _string(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("subject", _string(), nullable=True),
        sa.Column("slot", _string(), nullable=True),
        sa.Column("when_start", sa.BigInteger(), nullable=True),
        sa.Column("when_end", sa.BigInteger(), nullable=True),
        sa.Column("when_precision", _string(8), nullable=True),
        sa.Column("when_phrase", _string(), nullable=True),
        sa.Column("conflicts_with", _string(36), nullable=True),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("known_until", sa.BigInteger(), nullable=True),
        sa.Column("revision", _SERIAL, nullable=False),
        sa.ForeignKeyConstraint(["memory"], ["memx_memories.seq"], name=op.f("fk_memx_versions_memory")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_memx_versions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_versions_address_slot", "memx_versions", ["address", "slot"], unique=False)
    op.create_index(
        "ix_memx_versions_agent_id_revision", "memx_versions", ["namespace", "agent_id", "revision"], unique=False
    )
    op.create_index(
        "ix_memx_versions_agent_id_version",
        "memx_versions",
        ["namespace", "agent_id", "memory", "version"],
        unique=False,
    )
    op.create_index(
        "ix_memx_versions_conflicts_with",
        "memx_versions",
        ["conflicts_with"],
        unique=False,
        sqlite_where=sa.text("conflicts_with IS NOT NULL"),
        postgresql_where=sa.text("conflicts_with IS NOT NULL"),
    )
    op.create_index(
        "ix_memx_versions_run_id_revision", "memx_versions", ["namespace", "run_id", "revision"], unique=False
    )
    op.create_index(
        "ix_memx_versions_run_id_version", "memx_versions", ["namespace", "run_id", "memory", "version"], unique=False
    )
    op.create_index(
        "ix_memx_versions_user_id_revision", "memx_versions", ["namespace", "user_id", "revision"], unique=False
    )
    op.create_index(
        "ix_memx_versions_user_id_version", "memx_versions", ["namespace", "user_id", "memory", "version"], unique=False
    )
    op.create_index("uq_memx_versions_memory_version", "memx_versions", ["memory", "version"], unique=True)
    op.create_table(
        "memx_messages",
        sa.Column("row", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", _string(), nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("user_id", _string(), nullable=True),
        sa.Column("agent_id", _string(), nullable=True),
        sa.Column("run_id", _string(), nullable=True),
        sa.Column("address", _string(64), nullable=False),
        sa.Column("session", _string(), nullable=False),
        sa.Column("role", _string(16), nullable=False),
        sa.Column("name", _string(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("origin", _string(), nullable=True),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("overtaken", sa.Boolean(), nullable=False),
        sa.Column("job", _SERIAL, nullable=True),
        sa.Column("operation", _SERIAL, nullable=False),
        sa.Column("revision", _SERIAL, nullable=False),
        sa.ForeignKeyConstraint(["job"], ["memx_jobs.seq"], name=op.f("fk_memx_messages_job")),
        sa.ForeignKeyConstraint(["operation"], ["memx_operations.seq"], name=op.f("fk_memx_messages_operation")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_memx_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_memx_messages_address_session_row", "memx_messages", ["address", "session", "row"], unique=False
    )
    op.create_index(
        "ix_memx_messages_agent_id_revision", "memx_messages", ["namespace", "agent_id", "revision"], unique=False
    )
    op.create_index(
        "ix_memx_messages_agent_id_row", "memx_messages", ["namespace", "agent_id", "session", "row"], unique=False
    )
    op.create_index(
        "ix_memx_messages_job",
        "memx_messages",
        ["job"],
        unique=False,
        sqlite_where=sa.text("job IS NOT NULL"),
        postgresql_where=sa.text("job IS NOT NULL"),
    )
    op.create_index(
        "ix_memx_messages_run_id_revision", "memx_messages", ["namespace", "run_id", "revision"], unique=False
    )
    op.create_index(
        "ix_memx_messages_run_id_row", "memx_messages", ["namespace", "run_id", "session", "row"], unique=False
    )
    op.create_index(
        "ix_memx_messages_user_id_revision", "memx_messages", ["namespace", "user_id", "revision"], unique=False
    )
    op.create_index(
        "ix_memx_messages_user_id_row", "memx_messages", ["namespace", "user_id", "session", "row"], unique=False
    )
    op.create_index("uq_memx_messages_address_session_id", "memx_messages", ["address", "session", "id"], unique=True)
    op.create_table(
        "memx_version_vectors",
        sa.Column("row", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("space", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["row"], ["memx_versions.row"], name=op.f("fk_memx_version_vectors_row")),
        sa.ForeignKeyConstraint(["space"], ["memx_spaces.seq"], name=op.f("fk_memx_version_vectors_space")),
        sa.PrimaryKeyConstraint("row", "space", name=op.f("pk_memx_version_vectors")),
    )
    op.create_table(
        "memx_evidence",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("memory", _SERIAL, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("message", _SERIAL, nullable=False),
        sa.Column("operation", _SERIAL, nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["memory"], ["memx_memories.seq"], name=op.f("fk_memx_evidence_memory")),
        sa.ForeignKeyConstraint(["message"], ["memx_messages.row"], name=op.f("fk_memx_evidence_message")),
        sa.ForeignKeyConstraint(["operation"], ["memx_operations.seq"], name=op.f("fk_memx_evidence_operation")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_evidence")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_evidence_memory", "memx_evidence", ["memory", "version"], unique=False)
    op.create_index("ix_memx_evidence_message", "memx_evidence", ["message"], unique=False)
    op.create_table(
        "memx_message_vectors",
        sa.Column("row", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("space", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["row"], ["memx_messages.row"], name=op.f("fk_memx_message_vectors_row")),
        sa.ForeignKeyConstraint(["space"], ["memx_spaces.seq"], name=op.f("fk_memx_message_vectors_space")),
        sa.PrimaryKeyConstraint("row", "space", name=op.f("pk_memx_message_vectors")),
    )
