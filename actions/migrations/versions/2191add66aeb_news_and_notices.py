"""news and notices: items in versions, who wants to hear of them, who was told, broadcasts"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '2191add66aeb'
down_revision = '7c66ca312f9a'
branch_labels = None
depends_on = None

T = actions.db.UtcDateTime


def upgrade() -> None:
    op.create_table('news',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('pack_id', sa.String(length=60), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('made_at', T(), nullable=False),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_news_area_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_news_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_news')),
    sa.UniqueConstraint('pack_id', name=op.f('uq_news_pack_id'))
    )
    op.create_index(op.f('ix_news_area_id'), 'news', ['area_id'])
    op.create_index('ix_news_status', 'news', ['status'])

    op.create_table('news_broadcasts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('news_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('after', sa.String(length=32), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('began_at', T(), nullable=False),
    sa.ForeignKeyConstraint(['news_id'], ['news.id'], name=op.f('fk_news_broadcasts_news_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_news_broadcasts_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_news_broadcasts')),
    sa.UniqueConstraint('news_id', 'version', name=op.f('uq_news_broadcasts_news_id'))
    )
    op.create_index(op.f('ix_news_broadcasts_state'), 'news_broadcasts', ['state'])

    op.create_table('news_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('news_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deed', sa.String(length=10), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('happened_at', T(), nullable=False),
    sa.ForeignKeyConstraint(['news_id'], ['news.id'], name=op.f('fk_news_changes_news_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_news_changes_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_news_changes'))
    )
    op.create_index(op.f('ix_news_changes_news_id'), 'news_changes', ['news_id'])

    op.create_table('news_subscriptions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('topic', sa.String(length=40), nullable=False),
    sa.Column('area', sa.String(length=120), nullable=False),
    sa.Column('made_at', T(), nullable=False),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_news_subscriptions_resident_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_news_subscriptions')),
    sa.UniqueConstraint('resident_id', 'topic', 'area', name=op.f('uq_news_subscriptions_resident_id'))
    )
    op.create_table('news_told',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('news_id', sa.Integer(), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('told_at', T(), nullable=False),
    sa.ForeignKeyConstraint(['news_id'], ['news.id'], name=op.f('fk_news_told_news_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_news_told_resident_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_news_told')),
    sa.UniqueConstraint('news_id', 'resident_id', name=op.f('uq_news_told_news_id'))
    )
    op.create_index(op.f('ix_news_told_resident_id'), 'news_told', ['resident_id'])

    op.create_table('news_versions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('news_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('topic', sa.String(length=40), nullable=False),
    sa.Column('title_zh', sa.String(length=40), nullable=False),
    sa.Column('title_en', sa.String(length=80), nullable=False),
    sa.Column('body_zh', sa.Text(), nullable=False),
    sa.Column('body_en', sa.Text(), nullable=False),
    sa.Column('urgent', sa.Boolean(), nullable=False),
    sa.Column('danger', sa.Boolean(), nullable=False),
    sa.Column('level', sa.String(length=10), nullable=False),
    sa.Column('source', sa.String(length=120), nullable=False),
    sa.Column('publish_at', T(), nullable=False),
    sa.Column('expires_at', T(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('written_at', T(), nullable=False),
    sa.Column('approved_by', sa.Integer(), nullable=True),
    sa.Column('approved_at', T(), nullable=True),
    sa.CheckConstraint('NOT urgent OR approved_at IS NULL OR (staff_id IS NOT NULL AND approved_by IS NOT NULL AND approved_by <> staff_id)', name=op.f('ck_news_versions_second_person')),
    sa.CheckConstraint('urgent OR NOT danger', name=op.f('ck_news_versions_danger_is_urgent')),
    sa.ForeignKeyConstraint(['approved_by'], ['staff.id'], name=op.f('fk_news_versions_approved_by')),
    sa.ForeignKeyConstraint(['news_id'], ['news.id'], name=op.f('fk_news_versions_news_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_news_versions_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_news_versions')),
    sa.UniqueConstraint('news_id', 'number', name=op.f('uq_news_versions_news_id'))
    )
    op.create_table('news_readers',
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('rhythm', sa.String(length=6), nullable=False),
    sa.Column('looked_on', sa.Date(), nullable=True),
    sa.Column('begun_at', T(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_news_readers_conversation_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_news_readers_resident_id')),
    sa.PrimaryKeyConstraint('resident_id', name=op.f('pk_news_readers'))
    )
    op.create_index(op.f('ix_news_readers_looked_on'), 'news_readers', ['looked_on'])



def downgrade() -> None:
    for table in ('news_readers', 'news_told', 'news_subscriptions', 'news_broadcasts'):
        op.drop_table(table)
    for table in ('news_changes', 'news_versions', 'news'):
        op.drop_table(table)
