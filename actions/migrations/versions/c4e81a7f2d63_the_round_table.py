"""the round table: topics and who raised them, meetings, who comes and asks, commitments"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = 'c4e81a7f2d63'
down_revision = '6b90d2f4a1c7'
branch_labels = None
depends_on = None

T = actions.db.UtcDateTime


def upgrade() -> None:
    op.create_table('meetings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('starts_at', T(), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('stage', sa.String(length=10), nullable=False),
    sa.Column('minutes', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('made_at', T(), nullable=False),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_meetings_area_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_meetings_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meetings'))
    )
    op.create_index(op.f('ix_meetings_area_id'), 'meetings', ['area_id'])
    op.create_index(op.f('ix_meetings_starts_at'), 'meetings', ['starts_at'])

    op.create_table('topics',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('made_at', T(), nullable=False),
    sa.Column('dropped_at', T(), nullable=True),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_topics_area_id')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meetings.id'], name=op.f('fk_topics_meeting_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_topics_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topics'))
    )
    op.create_index(op.f('ix_topics_area_id'), 'topics', ['area_id'])
    op.create_index(op.f('ix_topics_meeting_id'), 'topics', ['meeting_id'])

    op.create_table('topics_raised',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=True),
    sa.Column('miss_id', sa.Integer(), nullable=True),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_topics_raised_conversation_id')),
    sa.ForeignKeyConstraint(['miss_id'], ['misses.id'], name=op.f('fk_topics_raised_miss_id')),
    sa.ForeignKeyConstraint(['request_id'], ['service_requests.id'], name=op.f('fk_topics_raised_request_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topics.id'], name=op.f('fk_topics_raised_topic_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topics_raised')),
    sa.UniqueConstraint('miss_id', name=op.f('uq_topics_raised_miss_id')),
    sa.UniqueConstraint('request_id', name=op.f('uq_topics_raised_request_id'))
    )
    op.create_index(op.f('ix_topics_raised_topic_id'), 'topics_raised', ['topic_id'])

    op.create_table('meeting_seats',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('taken_at', T(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_meeting_seats_conversation_id')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meetings.id'], name=op.f('fk_meeting_seats_meeting_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_seats')),
    sa.UniqueConstraint('meeting_id', 'conversation_id', name=op.f('uq_meeting_seats_meeting_id'))
    )
    op.create_index(op.f('ix_meeting_seats_conversation_id'), 'meeting_seats', ['conversation_id'])

    op.create_table('meeting_questions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('words_id', sa.Integer(), nullable=True),
    sa.Column('asked_at', T(), nullable=False),
    sa.Column('answered_at', T(), nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_meeting_questions_conversation_id')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meetings.id'], name=op.f('fk_meeting_questions_meeting_id')),
    sa.ForeignKeyConstraint(['words_id'], ['words.id'], name=op.f('fk_meeting_questions_words_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_questions'))
    )
    op.create_index(op.f('ix_meeting_questions_conversation_id'), 'meeting_questions', ['conversation_id'])
    op.create_index(op.f('ix_meeting_questions_meeting_id'), 'meeting_questions', ['meeting_id'])

    op.create_table('commitments',
    sa.Column('request_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['service_requests.id'], name=op.f('fk_commitments_request_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topics.id'], name=op.f('fk_commitments_topic_id')),
    sa.PrimaryKeyConstraint('request_id', name=op.f('pk_commitments'))
    )
    op.create_index(op.f('ix_commitments_topic_id'), 'commitments', ['topic_id'])


def downgrade() -> None:
    for table in ('commitments', 'meeting_questions', 'meeting_seats', 'topics_raised'):
        op.drop_table(table)
    for table in ('topics', 'meetings'):
        op.drop_table(table)
