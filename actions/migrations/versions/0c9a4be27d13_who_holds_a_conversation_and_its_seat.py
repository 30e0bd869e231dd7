"""who holds a conversation, and its seat"""

import sqlalchemy as sa
from alembic import op

revision = '0c9a4be27d13'
down_revision = 'b3e07f5a1c94'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seat', sa.String(length=16), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('held_by', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('held_by')
        batch_op.drop_column('seat')
