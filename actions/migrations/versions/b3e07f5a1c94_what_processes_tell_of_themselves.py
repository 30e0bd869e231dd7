"""what processes tell of themselves, and an index of who waits for a person"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = 'b3e07f5a1c94'
down_revision = 'f6b20c8d4e17'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('beats',
    sa.Column('part', sa.String(length=40), nullable=False),
    sa.Column('beat_at', actions.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('part', name=op.f('pk_beats'))
    )
    op.create_table('tallies',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('labels', sa.String(length=120), nullable=False),
    sa.Column('value', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('name', 'labels', name=op.f('pk_tallies'))
    )
    op.create_index('ix_conversations_unanswered', 'conversations', ['status', 'unanswered_since'])


def downgrade() -> None:
    op.drop_index('ix_conversations_unanswered', table_name='conversations')
    op.drop_table('tallies')
    op.drop_table('beats')
