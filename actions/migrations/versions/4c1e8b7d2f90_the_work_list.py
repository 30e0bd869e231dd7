"""the work list: filters that staff keep, and the language they read the desk in"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '4c1e8b7d2f90'
down_revision = '7a4d19c3e6b0'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('saved_filters',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('query', sa.String(length=400), nullable=False),
    sa.Column('saved_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_saved_filters_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_filters')),
    sa.UniqueConstraint('staff_id', 'name', name=op.f('uq_saved_filters_staff_id'))
    )
    with op.batch_alter_table('staff') as batch:
        batch.add_column(sa.Column('language', sa.String(length=2), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('staff') as batch:
        batch.drop_column('language')
    op.drop_table('saved_filters')
