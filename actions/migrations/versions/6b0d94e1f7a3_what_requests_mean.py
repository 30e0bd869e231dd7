"""what requests mean: a vector of their words"""

import sqlalchemy as sa
from alembic import op

revision = '6b0d94e1f7a3'
down_revision = 'c41f9e07d3b6'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('request_meanings',
    sa.Column('words_id', sa.Integer(), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['words_id'], ['words.id'], name=op.f('fk_request_meanings_words_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('words_id', name=op.f('pk_request_meanings'))
    )


def downgrade() -> None:
    op.drop_table('request_meanings')
