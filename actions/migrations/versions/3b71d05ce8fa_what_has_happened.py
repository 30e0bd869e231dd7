"""what has happened"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '3b71d05ce8fa'
down_revision = '0c9a4be27d13'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'happenings',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=32), nullable=False),
        sa.Column('what', sa.String(length=30), nullable=False),
        sa.Column('subject', sa.String(length=40), nullable=False),
        sa.Column('area_id', sa.String(length=60), nullable=True),
        sa.Column('facts', sa.JSON(), nullable=False),
        sa.Column('happened_at', actions.db.UtcDateTime(), nullable=False),
        sa.Column('announced_at', actions.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_happenings')),
        sa.UniqueConstraint('key', name=op.f('uq_happenings_key')),
    )
    op.create_index('ix_happenings_announced_at', 'happenings', ['announced_at', 'id'])


def downgrade() -> None:
    op.drop_index('ix_happenings_announced_at', table_name='happenings')
    op.drop_table('happenings')
