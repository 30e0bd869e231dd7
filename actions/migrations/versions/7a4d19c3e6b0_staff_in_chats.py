"""staff in chats: their addresses, and the codes that link them"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '7a4d19c3e6b0'
down_revision = '6b0d94e1f7a3'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('staff_addresses',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('address', sa.String(length=128), nullable=False),
    sa.Column('linked_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_addresses_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_addresses')),
    sa.UniqueConstraint('channel', 'address', name=op.f('uq_staff_addresses_channel'))
    )
    op.create_index('ix_staff_addresses_staff_id', 'staff_addresses', ['staff_id'])
    op.create_table('link_codes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=3), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.Column('team_id', sa.String(length=40), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('expires_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('used_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_link_codes_staff_id')),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_link_codes_area_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_link_codes')),
    sa.UniqueConstraint('name', name=op.f('uq_link_codes_name'))
    )


def downgrade() -> None:
    op.drop_table('link_codes')
    op.drop_table('staff_addresses')
