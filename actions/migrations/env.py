"""What Alembic runs: it changes the store it was handed by `actions.migrate`."""

from alembic import context

given = context.config.attributes

with given["engine"].connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=given["metadata"],
        render_as_batch=True,  # SQLite changes a table by copying it
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
