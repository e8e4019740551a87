"""Alembic's entry point: runs the migrations on the connection it is handed."""

from alembic import context

from service.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=False, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
