"""What Alembic runs: the migrations over the connection that `homewire.bridge.history.database` opened."""

from alembic import context

from homewire.bridge.history.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # a migration that is killed leaves the revision before, whole
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
