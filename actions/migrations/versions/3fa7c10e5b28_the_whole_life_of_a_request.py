"""the whole life of a request: who follows and rates it, where it went, what the clock does"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '3fa7c10e5b28'
down_revision = 'e2c84f6d19a5'
branch_labels = None
depends_on = None

UNFINISHED = ('received', 'acknowledged', 'in_progress', 'reopened')


def upgrade() -> None:
    op.create_table('staff_chats',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('area_id', sa.String(length=120), nullable=False),
    sa.Column('team_id', sa.String(length=40), nullable=True),
    sa.Column('created_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('ended_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_staff_chats_area_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_chats')),
    sa.UniqueConstraint('conversation_id', name=op.f('uq_staff_chats_conversation_id'))
    )
    op.create_index('ix_staff_chats_team_id', 'staff_chats', ['team_id'])

    op.create_table('request_followers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('followed_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_request_followers_conversation_id')),
    sa.ForeignKeyConstraint(['request_id'], ['service_requests.id'], name=op.f('fk_request_followers_request_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_request_followers_resident_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_followers')),
    sa.UniqueConstraint('request_id', 'resident_id', name=op.f('uq_request_followers_request_id'))
    )
    op.create_index('ix_request_followers_request_id', 'request_followers', ['request_id'])
    op.create_index('ix_request_followers_resident_id', 'request_followers', ['resident_id'])

    op.create_table('request_ratings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('rating', sa.Integer(), nullable=False),
    sa.Column('given_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['service_requests.id'], name=op.f('fk_request_ratings_request_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_request_ratings_resident_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_ratings')),
    sa.UniqueConstraint('request_id', 'resident_id', name=op.f('uq_request_ratings_request_id'))
    )
    op.create_index('ix_request_ratings_request_id', 'request_ratings', ['request_id'])
    op.create_index('ix_request_ratings_resident_id', 'request_ratings', ['resident_id'])
    _requests()
    _updates()
    with op.batch_alter_table('uploads') as batch:
        batch.alter_column('resident_id', existing_type=sa.String(length=32), nullable=True)
        batch.add_column(sa.Column('staff_id', sa.Integer(), nullable=True))
        batch.create_foreign_key('fk_uploads_staff_id', 'staff', ['staff_id'], ['id'])
    with op.batch_alter_table('outbox') as batch:
        batch.add_column(sa.Column('photos', sa.JSON(), nullable=False, server_default='[]'))
    with op.batch_alter_table('outbox') as batch:
        batch.alter_column('photos', server_default=None)


def _requests() -> None:
    with op.batch_alter_table('service_requests') as batch:
        batch.add_column(sa.Column('staff_id', sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column('tier', sa.String(length=20), nullable=False, server_default='village')
        )
        batch.add_column(
            sa.Column('flagged', sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column('look_at', actions.db.UtcDateTime(), nullable=True))
        batch.add_column(sa.Column('nudged_at', actions.db.UtcDateTime(), nullable=True))
        batch.add_column(sa.Column('paused_at', actions.db.UtcDateTime(), nullable=True))
        batch.add_column(sa.Column('merged_into_id', sa.Integer(), nullable=True))
        batch.create_foreign_key('fk_service_requests_staff_id', 'staff', ['staff_id'], ['id'])
        batch.create_foreign_key(
            'fk_service_requests_merged_into_id', 'service_requests', ['merged_into_id'], ['id']
        )
    requests = sa.table('service_requests', *map(sa.column, ('status', 'due_at', 'look_at')))
    unfinished = requests.c.status.in_(UNFINISHED)
    op.execute(requests.update().where(unfinished).values(look_at=requests.c.due_at))
    with op.batch_alter_table('service_requests') as batch:
        batch.alter_column('tier', server_default=None)
        batch.alter_column('flagged', server_default=None)
        batch.create_index(
            'ix_service_requests_category_created_at', ['category_id', 'created_at']
        )
        batch.create_index('ix_service_requests_look_at', ['look_at'])
        batch.create_index('ix_service_requests_staff_id', ['staff_id'])


def _updates() -> None:
    with op.batch_alter_table('request_updates') as batch:
        batch.add_column(
            sa.Column('kind', sa.String(length=12), nullable=False, server_default='moved')
        )
        batch.add_column(sa.Column('team_id', sa.String(length=40), nullable=True))
        batch.add_column(
            sa.Column('tier', sa.String(length=20), nullable=False, server_default='village')
        )
        batch.add_column(sa.Column('other_id', sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column('attachments', sa.JSON(), nullable=False, server_default='[]')
        )
        batch.create_foreign_key(
            'fk_request_updates_other_id', 'service_requests', ['other_id'], ['id']
        )
    updates = sa.table('request_updates', *map(sa.column, ('request_id', 'team_id')))
    requests = sa.table('service_requests', *map(sa.column, ('id', 'team_id')))
    team = sa.select(requests.c.team_id).where(requests.c.id == updates.c.request_id)
    op.execute(updates.update().values(team_id=team.scalar_subquery()))
    with op.batch_alter_table('request_updates') as batch:
        for column in ('kind', 'tier', 'attachments'):
            batch.alter_column(column, server_default=None)
        batch.alter_column('team_id', existing_type=sa.String(length=40), nullable=False)
        batch.create_index('ix_request_updates_kind_happened_at', ['kind', 'happened_at'])


def downgrade() -> None:
    with op.batch_alter_table('outbox') as batch:
        batch.drop_column('photos')
    op.execute('DELETE FROM uploads WHERE resident_id IS NULL')
    with op.batch_alter_table('uploads') as batch:
        batch.drop_constraint('fk_uploads_staff_id', type_='foreignkey')
        batch.drop_column('staff_id')
        batch.alter_column('resident_id', existing_type=sa.String(length=32), nullable=False)
    with op.batch_alter_table('request_updates') as batch:
        batch.drop_index('ix_request_updates_kind_happened_at')
        batch.drop_constraint('fk_request_updates_other_id', type_='foreignkey')
        for column in ('attachments', 'other_id', 'tier', 'team_id', 'kind'):
            batch.drop_column(column)
    with op.batch_alter_table('service_requests') as batch:
        for index in ('staff_id', 'look_at', 'category_created_at'):
            batch.drop_index(f'ix_service_requests_{index}')
        batch.drop_constraint('fk_service_requests_merged_into_id', type_='foreignkey')
        batch.drop_constraint('fk_service_requests_staff_id', type_='foreignkey')
        for column in ('merged_into_id', 'paused_at', 'nudged_at', 'look_at', 'flagged'):
            batch.drop_column(column)
        for column in ('tier', 'staff_id'):
            batch.drop_column(column)
    for table in ('request_ratings', 'request_followers', 'staff_chats'):
        op.drop_table(table)
