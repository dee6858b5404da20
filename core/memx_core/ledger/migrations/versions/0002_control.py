"""Control: what holds operations back, takes them back, counts their cost, and remembers flags with their past."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _string(length: int | None = None) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Creates the tables and adds the columns."""
    op.create_table(
        "memx_costs",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("user_id", _string(), nullable=True),
        sa.Column("agent_id", _string(), nullable=True),
        sa.Column("run_id", _string(), nullable=True),
        sa.Column("address", _string(64), nullable=False),
        sa.Column("day", _string(10), nullable=False),
        sa.Column("model", _string(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("embedding_calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_costs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_costs_agent_id_day", "memx_costs", ["namespace", "agent_id", "day"], unique=False)
    op.create_index("ix_memx_costs_namespace_day", "memx_costs", ["namespace", "day"], unique=False)
    op.create_index("ix_memx_costs_run_id_day", "memx_costs", ["namespace", "run_id", "day"], unique=False)
    op.create_index("ix_memx_costs_user_id_day", "memx_costs", ["namespace", "user_id", "day"], unique=False)
    op.create_index("uq_memx_costs_address_day_model", "memx_costs", ["address", "day", "model"], unique=True)
    op.create_table(
        "memx_reviews",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", _string(36), nullable=False),
        sa.Column("operation", _SERIAL, nullable=False),
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("user_id", _string(), nullable=True),
        sa.Column("agent_id", _string(), nullable=True),
        sa.Column("run_id", _string(), nullable=True),
        sa.Column("address", _string(64), nullable=False),
        sa.Column("session", _string(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed", _SERIAL, nullable=True),
        sa.ForeignKeyConstraint(["closed"], ["memx_operations.seq"], name=op.f("fk_memx_reviews_closed")),
        sa.ForeignKeyConstraint(["operation"], ["memx_operations.seq"], name=op.f("fk_memx_reviews_operation")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_reviews")),
        sa.UniqueConstraint("id", name=op.f("uq_memx_reviews_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_reviews_agent_id_seq", "memx_reviews", ["namespace", "agent_id", "seq"], unique=False)
    op.create_index("ix_memx_reviews_closed", "memx_reviews", ["closed"], unique=False)
    op.create_index("ix_memx_reviews_operation", "memx_reviews", ["operation"], unique=False)
    op.create_index("ix_memx_reviews_run_id_seq", "memx_reviews", ["namespace", "run_id", "seq"], unique=False)
    op.create_index("ix_memx_reviews_user_id_seq", "memx_reviews", ["namespace", "user_id", "seq"], unique=False)
    op.create_table(
        "memx_conflicts",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("version", _SERIAL, nullable=False),
        sa.Column("rival", _string(36), nullable=False),
        sa.Column("opened", _SERIAL, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("closed", _SERIAL, nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["closed"], ["memx_operations.seq"], name=op.f("fk_memx_conflicts_closed")),
        sa.ForeignKeyConstraint(["opened"], ["memx_operations.seq"], name=op.f("fk_memx_conflicts_opened")),
        sa.ForeignKeyConstraint(["version"], ["memx_versions.row"], name=op.f("fk_memx_conflicts_version")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_conflicts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_conflicts_closed", "memx_conflicts", ["closed"], unique=False)
    op.create_index("ix_memx_conflicts_opened", "memx_conflicts", ["opened"], unique=False)
    op.create_index("ix_memx_conflicts_version", "memx_conflicts", ["version"], unique=False)
    op.create_table(
        "memx_marks",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("message", _SERIAL, nullable=False),
        sa.Column("mark", _string(16), nullable=False),
        sa.Column("opened", _SERIAL, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("closed", _SERIAL, nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["closed"], ["memx_operations.seq"], name=op.f("fk_memx_marks_closed")),
        sa.ForeignKeyConstraint(["message"], ["memx_messages.row"], name=op.f("fk_memx_marks_message")),
        sa.ForeignKeyConstraint(["opened"], ["memx_operations.seq"], name=op.f("fk_memx_marks_opened")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_memx_marks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memx_marks_closed", "memx_marks", ["closed"], unique=False)
    op.create_index("ix_memx_marks_message", "memx_marks", ["message"], unique=False)
    op.create_index("ix_memx_marks_opened", "memx_marks", ["opened"], unique=False)
    op.create_table(
        "memx_hearings",
        sa.Column("namespace", _string(), nullable=False),
        sa.Column("revision", _SERIAL, nullable=False),
        sa.PrimaryKeyConstraint("namespace", name=op.f("pk_memx_hearings")),
    )
    op.create_index("ix_memx_evidence_operation", "memx_evidence", ["operation"], unique=False)
    op.create_index("ix_memx_jobs_operation", "memx_jobs", ["operation"], unique=False)
    op.create_index("ix_memx_messages_operation", "memx_messages", ["operation"], unique=False)
    op.add_column("memx_jobs", sa.Column("tokens", sa.Integer(), server_default="0", nullable=False))
    op.add_column("memx_messages", sa.Column("raw", sa.Text(), nullable=True))
    op.add_column("memx_operations", sa.Column("learned_by", _SERIAL, nullable=True))
    op.add_column("memx_operations", sa.Column("plan", _string(64), nullable=True))
    op.add_column("memx_operations", sa.Column("undone_by", _SERIAL, nullable=True))
    op.add_column("memx_versions", sa.Column("restores", sa.Integer(), nullable=True))
    op.create_index(
        "ix_memx_memories_twins",
        "memx_memories",
        ["address", "alive", "fingerprint"],
        unique=False,
        sqlite_where=sa.text("alive = 1 AND fingerprint IS NULL"),
        postgresql_where=sa.text("alive AND fingerprint IS NULL"),
    )
    _seed_periods()


def _seed_periods() -> None:
    """Gives the flags that were set before a past, as far as the rows tell it.

    A flag that still stands came with the write that touched the row last; one on a version that was
    closed stood from when that was written, for all that is known, until it was closed.
    """
    op.execute("""
        INSERT INTO memx_conflicts (version, rival, opened, since)
        SELECT v."row", v.conflicts_with, o.seq, o.at
        FROM memx_versions v JOIN memx_operations o ON o.seq = v.revision
        WHERE v.conflicts_with IS NOT NULL AND v.status = 'conflict'
        ORDER BY v."row"
    """)
    op.execute("""
        INSERT INTO memx_conflicts (version, rival, opened, since, closed, until)
        SELECT v."row", v.conflicts_with, c.operation, v.recorded_at, o.seq, v.known_until
        FROM memx_versions v
        JOIN memx_changes c ON c.memory = v.memory AND c.version = v.version
        JOIN memx_operations o ON o.seq = v.revision
        WHERE v.conflicts_with IS NOT NULL AND v.status <> 'conflict' AND v.known_until IS NOT NULL
        ORDER BY v."row"
    """)
    for mark in ("withheld", "overtaken"):
        op.execute(f"""
            INSERT INTO memx_marks (message, mark, opened, since)
            SELECT m."row", '{mark}', o.seq, m.recorded_at
            FROM memx_messages m JOIN memx_operations o ON o.seq = m.revision
            WHERE m.{mark}
            ORDER BY m."row"
        """)
