"""order and copies of sendings"""

import sqlalchemy as sa
from alembic import op

revision = 'd41e7a90c2b5'
down_revision = '5d1f0b6e2c93'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('sendings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_copy', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.drop_index('ix_sendings_due')
        batch_op.create_index('ix_sendings_order', ['channel', 'state', 'priority', 'id'], unique=False)

    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_order', ['state', 'priority', 'due_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_order')

    with op.batch_alter_table('sendings', schema=None) as batch_op:
        batch_op.drop_index('ix_sendings_order')
        batch_op.create_index('ix_sendings_due', ['state', 'priority', 'due_at'], unique=False)
        batch_op.drop_column('is_copy')
