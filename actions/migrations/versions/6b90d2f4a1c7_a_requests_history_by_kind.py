"""a request's history found by its kind and status, for the figures of the cockpit"""

from alembic import op

revision = '6b90d2f4a1c7'
down_revision = '4c1e8b7d2f90'
branch_labels = None
depends_on = None

NAME = 'ix_request_updates_request_id'


def upgrade() -> None:
    with op.batch_alter_table('request_updates') as batch:
        batch.drop_index(NAME)
        batch.create_index(NAME, ['request_id', 'kind', 'status'])


def downgrade() -> None:
    with op.batch_alter_table('request_updates') as batch:
        batch.drop_index(NAME)
        batch.create_index(NAME, ['request_id'])
