"""elder mode as a policy"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = 'a3d7e52c9b14'
down_revision = '2e9c7f41b0d5'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('residents', schema=None) as batch_op:
        batch_op.add_column(sa.Column('elder_offered_at', actions.db.UtcDateTime(), nullable=True))

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('not_understood', sa.Integer(), nullable=False, server_default='0')
        )

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('rest_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_messages_rest_id'), 'words', ['rest_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_messages_rest_id'), ['rest_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_messages_rest_id'))
        batch_op.drop_constraint(batch_op.f('fk_messages_rest_id'), type_='foreignkey')
        batch_op.drop_column('rest_id')
        batch_op.drop_column('held')

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('not_understood')

    with op.batch_alter_table('residents', schema=None) as batch_op:
        batch_op.drop_column('elder_offered_at')
