"""Alembic's entry: runs the migrations on the connection it is given, inside its transaction."""

from __future__ import annotations

from alembic import context

from memx_core.ledger.tables import metadata, version_of_schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=version_of_schema.name,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
