"""Long ids: indexes of PostgreSQL hold digests of ids, whatever length these have. SQLite stays as it is."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_OWNERS = ("user_id", "agent_id", "run_id")
_BY_OWNER = (  # table, what the index is named after, what follows the owner
    ("memx_costs", "day", "day"),
    ("memx_reviews", "seq", "seq"),
    ("memx_versions", "revision", "revision"),
    ("memx_versions", "version", "memory, version"),
    ("memx_messages", "revision", "revision"),
    ("memx_messages", "row", "hashtextextended(session, 0), row"),
)
_OTHERS = (
    ("ix_memx_jobs_address", "memx_jobs", "address, hashtextextended(session, 0)"),
    ("ix_memx_messages_address_session_row", "memx_messages", "address, hashtextextended(session, 0), row"),
)
_UNIQUE = (
    ("uq_memx_operations_address_key", "memx_operations", ("key",)),
    ("uq_memx_messages_address_session_id", "memx_messages", ("session", "id")),
)


def upgrade() -> None:
    """Makes the indexes anew."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, name, columns in _BY_OWNER:
        for owner in _OWNERS:
            _replace(f"ix_{table}_{owner}_{name}", table, f"namespace, hashtextextended({owner}, 0), {columns}")
    for index, table, columns in _OTHERS:
        _replace(index, table, columns)
    for index, table, ids in _UNIQUE:
        digests = ", ".join(f"hashtextextended({id}, {seed})" for id in ids for seed in (0, 1))
        _replace(index, table, f"address, {digests}", unique=True)


def _replace(index: str, table: str, columns: str, *, unique: bool = False) -> None:
    op.execute(f"DROP INDEX {index}")
    op.execute(f"CREATE {'UNIQUE ' if unique else ''}INDEX {index} ON {table} ({columns})")
