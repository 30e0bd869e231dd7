"""how far platforms were read"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '5d1f0b6e2c93'
down_revision = 'a3d7e52c9b14'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cursors',
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('mark', sa.String(length=200), nullable=False),
    sa.Column('moved_at', actions.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('channel', 'account', name=op.f('pk_cursors'))
    )


def downgrade() -> None:
    op.drop_table('cursors')
