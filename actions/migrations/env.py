"""What Alembic runs: it changes the store it was handed by `actions.migrate`.

All of it is one transaction, on SQLite as well: whenever a process is killed the store is as
it was, or as it is to be. `given["changing"]` says how (`Database.changing`).
"""

from alembic import context

given = context.config.attributes

with given["changing"]() as connection:
    context.configure(
        connection=connection,
        target_metadata=given["metadata"],
        render_as_batch=True,  # SQLite changes a table by copying it
        compare_type=True,
    )
    with context.begin_transaction():  # it finds ours, and leaves the commit to us
        context.run_migrations()
