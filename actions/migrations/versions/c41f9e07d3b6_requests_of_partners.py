"""requests of partners: their keys, and which request came through whom"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = 'c41f9e07d3b6'
down_revision = '3fa7c10e5b28'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('api_keys',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('area_id', sa.String(length=120), nullable=False),
    sa.Column('created_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('disabled_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_api_keys_area_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('name', name=op.f('uq_api_keys_name')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_api_keys_key_hash'))
    )
    op.create_table('partner_requests',
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('key_id', sa.Integer(), nullable=False),
    sa.Column('repeat_hash', sa.String(length=64), nullable=True),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['service_requests.id'], name=op.f('fk_partner_requests_request_id')),
    sa.ForeignKeyConstraint(['key_id'], ['api_keys.id'], name=op.f('fk_partner_requests_key_id')),
    sa.PrimaryKeyConstraint('request_id', name=op.f('pk_partner_requests')),
    sa.UniqueConstraint('key_id', 'repeat_hash', name=op.f('uq_partner_requests_key_id'))
    )


def downgrade() -> None:
    op.drop_table('partner_requests')
    op.drop_table('api_keys')
