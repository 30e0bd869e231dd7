"""what is said aloud"""

import sqlalchemy as sa
from alembic import op

revision = 'f6b20c8d4e17'
down_revision = 'd41e7a90c2b5'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('aloud', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('sendings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('voice', sa.String(length=10), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('sendings', schema=None) as batch_op:
        batch_op.drop_column('voice')

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('aloud')
