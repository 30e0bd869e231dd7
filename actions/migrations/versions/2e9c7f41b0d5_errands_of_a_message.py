"""several things in one message, and forms that were left"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '2e9c7f41b0d5'
down_revision = '2191add66aeb'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('errands',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('inbox_id', sa.Integer(), nullable=True),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('starts', sa.Integer(), nullable=False),
    sa.Column('ends', sa.Integer(), nullable=False),
    sa.Column('intent', sa.String(length=40), nullable=False),
    sa.Column('draft', sa.JSON(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('said_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('offered_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('ended_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_errands_conversation_id')),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_errands_inbox_id')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_errands_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_errands')),
    sa.UniqueConstraint('message_id', 'starts', name=op.f('uq_errands_message_id'))
    )
    op.create_index('ix_errands_conversation', 'errands', ['conversation_id', 'state'])
    op.create_index(op.f('ix_errands_inbox_id'), 'errands', ['inbox_id'])
    with op.batch_alter_table('turns') as batch:
        batch.add_column(sa.Column('errand_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f('fk_turns_errand_id'), 'errands', ['errand_id'], ['id'])
        batch.create_index(op.f('ix_turns_errand_id'), ['errand_id'])


def downgrade() -> None:
    with op.batch_alter_table('turns') as batch:
        batch.drop_index(op.f('ix_turns_errand_id'))
        batch.drop_constraint(op.f('fk_turns_errand_id'), type_='foreignkey')
        batch.drop_column('errand_id')
    op.drop_index(op.f('ix_errands_inbox_id'), table_name='errands')
    op.drop_index('ix_errands_conversation', table_name='errands')
    op.drop_table('errands')
