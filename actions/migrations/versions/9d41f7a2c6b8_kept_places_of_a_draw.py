"""kept places of a draw: how many are left of them, and how many were drawn"""

import sqlalchemy as sa
from alembic import op

revision = '9d41f7a2c6b8'
down_revision = 'b7d15a90c3e2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('sessions') as batch:
        batch.add_column(sa.Column('kept', sa.Integer(), nullable=False, server_default='0'))
        batch.create_check_constraint('kept', 'kept >= 0')
    with op.batch_alter_table('draws') as batch:
        batch.add_column(sa.Column('places', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('draws') as batch:
        batch.drop_column('places')
    with op.batch_alter_table('sessions') as batch:
        batch.drop_constraint('kept', type_='check')
        batch.drop_column('kept')
