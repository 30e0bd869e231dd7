"""what is brought to platforms"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '7c66ca312f9a'
down_revision = '3bc69211febe'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('paces',
    sa.Column('scope', sa.String(length=60), nullable=False),
    sa.Column('free_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('paused_until', actions.db.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('scope', name=op.f('pk_paces'))
    )
    op.create_table('sendings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=False),
    sa.Column('address_id', sa.Integer(), nullable=False),
    sa.Column('inbox_id', sa.Integer(), nullable=True),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('due_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('stale_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('lease_until', actions.db.UtcDateTime(), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('parts_sent', sa.Integer(), nullable=False),
    sa.Column('platform_id', sa.String(length=80), nullable=False),
    sa.Column('trouble', sa.String(length=60), nullable=False),
    sa.Column('sent_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_sendings_address_id')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_sendings_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sendings')),
    sa.UniqueConstraint('message_id', name=op.f('uq_sendings_message_id'))
    )
    with op.batch_alter_table('sendings', schema=None) as batch_op:
        batch_op.create_index('ix_sendings_address', ['address_id', 'state'], unique=False)
        batch_op.create_index('ix_sendings_due', ['state', 'priority', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_sendings_inbox_id'), ['inbox_id'], unique=False)

    with op.batch_alter_table('addresses', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_group', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('heard_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('write_until', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('writes_left', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('blocked_at', actions.db.UtcDateTime(), nullable=True))

    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('priority', sa.Integer(), nullable=False, server_default='1'))


def downgrade() -> None:
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_column('priority')

    with op.batch_alter_table('addresses', schema=None) as batch_op:
        batch_op.drop_column('blocked_at')
        batch_op.drop_column('writes_left')
        batch_op.drop_column('write_until')
        batch_op.drop_column('heard_at')
        batch_op.drop_column('is_group')

    with op.batch_alter_table('sendings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sendings_inbox_id'))
        batch_op.drop_index('ix_sendings_due')
        batch_op.drop_index('ix_sendings_address')

    op.drop_table('sendings')
    op.drop_table('paces')
