"""Alembic's way in: the connection is given by ``cases.store.engine``."""

from alembic import context

from cases.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
