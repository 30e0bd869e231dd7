"""the desk for sessions: residents known by name and phone, what staff did to a session"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = 'e2c84f6d19a5'
down_revision = '9d41f7a2c6b8'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('callers',
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('name_id', sa.Integer(), nullable=False),
    sa.Column('phone_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_callers_resident_id')),
    sa.ForeignKeyConstraint(['name_id'], ['words.id'], name=op.f('fk_callers_name_id')),
    sa.ForeignKeyConstraint(['phone_id'], ['words.id'], name=op.f('fk_callers_phone_id')),
    sa.PrimaryKeyConstraint('resident_id', name=op.f('pk_callers'))
    )
    op.create_table('session_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('happened_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('starts_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('ends_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('room', sa.String(length=60), nullable=True),
    sa.Column('places', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name=op.f('fk_session_changes_session_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_session_changes_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_changes'))
    )
    op.create_index('ix_session_changes_session_id', 'session_changes', ['session_id'])


def downgrade() -> None:
    op.drop_table('session_changes')
    op.drop_table('callers')
