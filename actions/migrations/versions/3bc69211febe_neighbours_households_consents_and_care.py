"""neighbours, households, consents and care"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '3bc69211febe'
down_revision = 'c4e81a7f2d63'
branch_labels = None
depends_on = None

# Who is forgotten is looked for in all of these, and what is kept for a time only.
LOOKED_FOR = (
    *(("alerts", "note_id"), ("alerts", "words_id"), ("bookings", "whom_id")),
    ("callers", "name_id"),
    *(("callers", "phone_id"), ("draw_entries", "whom_id"), ("help_offers", "skills_words_id")),
    *(("help_requests", "what_words_id"), ("help_requests", "where_words_id")),
    *(("inbox", "message_id"), ("meeting_questions", "words_id"), ("messages", "words_id")),
    *(("misses", "words_id"), ("neighbour_reports", "words_id"), ("nicknames", "words_id")),
    *(("outbox", "words_id"), ("relay_messages", "words_id"), ("relay_releases", "words_id")),
    *(("request_updates", "words_id"), ("service_requests", "what_words_id")),
    *(("service_requests", "where_words_id"), ("turns", "message_id")),
    *(("visits", "contact_id"), ("waitlist", "whom_id")),
)


def upgrade() -> None:
    op.create_table('erasures',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('happened_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('cause', sa.String(length=12), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasures'))
    )
    op.create_table('acting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('actor_id', sa.String(length=32), nullable=False),
    sa.Column('principal_id', sa.String(length=32), nullable=False),
    sa.Column('kin', sa.String(length=20), nullable=False),
    sa.Column('asked_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('confirmed_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('ended_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['residents.id'], name=op.f('fk_acting_actor_id')),
    sa.ForeignKeyConstraint(['principal_id'], ['residents.id'], name=op.f('fk_acting_principal_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_acting_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acting'))
    )
    with op.batch_alter_table('acting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_acting_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_acting_principal_id'), ['principal_id'], unique=False)
        batch_op.create_index('uq_acting_lasting', ['actor_id', 'principal_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('blocks',
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('other_id', sa.String(length=32), nullable=False),
    sa.Column('made_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['other_id'], ['residents.id'], name=op.f('fk_blocks_other_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_blocks_resident_id')),
    sa.PrimaryKeyConstraint('resident_id', 'other_id', name=op.f('pk_blocks'))
    )
    with op.batch_alter_table('blocks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_blocks_other_id'), ['other_id'], unique=False)

    op.create_table('check_in_days',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('asked_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('reminded_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('answered_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('well', sa.Boolean(), nullable=True),
    sa.Column('family_told_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('staff_told_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_check_in_days_resident_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_check_in_days')),
    sa.UniqueConstraint('resident_id', 'day', name=op.f('uq_check_in_days_resident_id'))
    )
    op.create_table('data_exports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('made_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('expires_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('fetched_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_data_exports_resident_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_data_exports')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_data_exports_secret_hash'))
    )
    with op.batch_alter_table('data_exports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_data_exports_resident_id'), ['resident_id'], unique=False)

    op.create_table('introductions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('one_id', sa.String(length=32), nullable=False),
    sa.Column('other_id', sa.String(length=32), nullable=False),
    sa.Column('interest', sa.String(length=40), nullable=False),
    sa.Column('asked_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('one_agreed', sa.Boolean(), nullable=True),
    sa.Column('other_agreed', sa.Boolean(), nullable=True),
    sa.Column('introduced_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('expires_at', actions.db.UtcDateTime(), nullable=False),
    sa.CheckConstraint('one_id < other_id', name=op.f('ck_introductions_in_order')),
    sa.ForeignKeyConstraint(['one_id'], ['residents.id'], name=op.f('fk_introductions_one_id')),
    sa.ForeignKeyConstraint(['other_id'], ['residents.id'], name=op.f('fk_introductions_other_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_introductions')),
    sa.UniqueConstraint('one_id', 'other_id', name=op.f('uq_introductions_one_id'))
    )
    with op.batch_alter_table('introductions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_introductions_other_id'), ['other_id'], unique=False)

    op.create_table('suspensions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('cause', sa.String(length=40), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('since', actions.db.UtcDateTime(), nullable=False),
    sa.Column('until', actions.db.UtcDateTime(), nullable=False),
    sa.Column('lifted_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_suspensions_resident_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_suspensions_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suspensions'))
    )
    with op.batch_alter_table('suspensions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_suspensions_resident_id'), ['resident_id'], unique=False)

    op.create_table('alerts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=60), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('about', sa.String(length=40), nullable=False),
    sa.Column('words_id', sa.Integer(), nullable=True),
    sa.Column('raised_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('risen_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('taken_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('closed_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('note_id', sa.Integer(), nullable=True),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_alerts_area_id')),
    sa.ForeignKeyConstraint(['note_id'], ['words.id'], name=op.f('fk_alerts_note_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_alerts_resident_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_alerts_staff_id')),
    sa.ForeignKeyConstraint(['words_id'], ['words.id'], name=op.f('fk_alerts_words_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts')),
    sa.UniqueConstraint('key', name=op.f('uq_alerts_key'))
    )
    with op.batch_alter_table('alerts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alerts_area_id'), ['area_id'], unique=False)
        batch_op.create_index('ix_alerts_open', ['closed_at', 'raised_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_alerts_resident_id'), ['resident_id'], unique=False)

    op.create_table('nicknames',
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('words_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_nicknames_resident_id')),
    sa.ForeignKeyConstraint(['words_id'], ['words.id'], name=op.f('fk_nicknames_words_id')),
    sa.PrimaryKeyConstraint('resident_id', name=op.f('pk_nicknames'))
    )
    op.create_table('check_ins',
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('family_id', sa.String(length=32), nullable=True),
    sa.Column('asks_at', sa.String(length=5), nullable=False),
    sa.Column('answer_by', sa.String(length=5), nullable=False),
    sa.Column('paused_from', sa.Date(), nullable=True),
    sa.Column('paused_until', sa.Date(), nullable=True),
    sa.Column('next_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('begun_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('ended_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_check_ins_area_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_check_ins_conversation_id')),
    sa.ForeignKeyConstraint(['family_id'], ['residents.id'], name=op.f('fk_check_ins_family_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_check_ins_resident_id')),
    sa.PrimaryKeyConstraint('resident_id', name=op.f('pk_check_ins'))
    )
    with op.batch_alter_table('check_ins', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_check_ins_area_id'), ['area_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_check_ins_family_id'), ['family_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_check_ins_next_at'), ['next_at'], unique=False)

    op.create_table('open_to_meet',
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('interests', sa.JSON(), nullable=False),
    sa.Column('begun_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('ended_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_open_to_meet_area_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_open_to_meet_conversation_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_open_to_meet_resident_id')),
    sa.PrimaryKeyConstraint('resident_id', name=op.f('pk_open_to_meet'))
    )
    with op.batch_alter_table('open_to_meet', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_open_to_meet_area_id'), ['area_id'], unique=False)

    op.create_table('relays',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('about', sa.String(length=40), nullable=False),
    sa.Column('one_id', sa.String(length=32), nullable=False),
    sa.Column('other_id', sa.String(length=32), nullable=False),
    sa.Column('opened_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('closes_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('closed_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['one_id'], ['conversations.id'], name=op.f('fk_relays_one_id')),
    sa.ForeignKeyConstraint(['other_id'], ['conversations.id'], name=op.f('fk_relays_other_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_relays')),
    sa.UniqueConstraint('about', name=op.f('uq_relays_about'))
    )
    with op.batch_alter_table('relays', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_relays_one_id'), ['one_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_relays_other_id'), ['other_id'], unique=False)

    op.create_table('help_offer_kinds',
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('kind_id', sa.String(length=40), nullable=False),
    sa.Column('never', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['offer_id'], ['help_offers.id'], name=op.f('fk_help_offer_kinds_offer_id')),
    sa.PrimaryKeyConstraint('offer_id', 'kind_id', name=op.f('pk_help_offer_kinds'))
    )
    with op.batch_alter_table('help_offer_kinds', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_help_offer_kinds_kind_id'), ['kind_id'], unique=False)

    op.create_table('neighbour_reports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reporter_id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('reported_id', sa.String(length=32), nullable=False),
    sa.Column('relay_id', sa.Integer(), nullable=True),
    sa.Column('words_id', sa.Integer(), nullable=True),
    sa.Column('made_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('outcome', sa.String(length=12), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('closed_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_neighbour_reports_area_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_neighbour_reports_conversation_id')),
    sa.ForeignKeyConstraint(['relay_id'], ['relays.id'], name=op.f('fk_neighbour_reports_relay_id')),
    sa.ForeignKeyConstraint(['reported_id'], ['residents.id'], name=op.f('fk_neighbour_reports_reported_id')),
    sa.ForeignKeyConstraint(['reporter_id'], ['residents.id'], name=op.f('fk_neighbour_reports_reporter_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_neighbour_reports_staff_id')),
    sa.ForeignKeyConstraint(['words_id'], ['words.id'], name=op.f('fk_neighbour_reports_words_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_neighbour_reports'))
    )
    with op.batch_alter_table('neighbour_reports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_neighbour_reports_area_id'), ['area_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_neighbour_reports_reported_id'), ['reported_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_neighbour_reports_reporter_id'), ['reporter_id'], unique=False)
        batch_op.create_index('uq_neighbour_reports_open', ['reporter_id', 'reported_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('relay_messages',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('relay_id', sa.Integer(), nullable=False),
    sa.Column('sender_id', sa.String(length=32), nullable=False),
    sa.Column('words_id', sa.Integer(), nullable=False),
    sa.Column('masked', sa.Boolean(), nullable=False),
    sa.Column('sent_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['relay_id'], ['relays.id'], name=op.f('fk_relay_messages_relay_id')),
    sa.ForeignKeyConstraint(['sender_id'], ['conversations.id'], name=op.f('fk_relay_messages_sender_id')),
    sa.ForeignKeyConstraint(['words_id'], ['words.id'], name=op.f('fk_relay_messages_words_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_relay_messages'))
    )
    with op.batch_alter_table('relay_messages', schema=None) as batch_op:
        batch_op.create_index('ix_relay_messages_relay', ['relay_id', 'id'], unique=False)

    op.create_table('relay_pending',
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('relay_id', sa.Integer(), nullable=False),
    sa.Column('what', sa.String(length=8), nullable=False),
    sa.Column('until', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_relay_pending_conversation_id')),
    sa.ForeignKeyConstraint(['relay_id'], ['relays.id'], name=op.f('fk_relay_pending_relay_id')),
    sa.PrimaryKeyConstraint('conversation_id', name=op.f('pk_relay_pending'))
    )
    op.create_table('relay_releases',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('relay_id', sa.Integer(), nullable=False),
    sa.Column('giver_id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('words_id', sa.Integer(), nullable=False),
    sa.Column('offered_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('agreed_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('expires_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('withdrawn_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('erased_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['giver_id'], ['conversations.id'], name=op.f('fk_relay_releases_giver_id')),
    sa.ForeignKeyConstraint(['relay_id'], ['relays.id'], name=op.f('fk_relay_releases_relay_id')),
    sa.ForeignKeyConstraint(['words_id'], ['words.id'], name=op.f('fk_relay_releases_words_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_relay_releases'))
    )
    with op.batch_alter_table('relay_releases', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_relay_releases_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_relay_releases_relay_id'), ['relay_id'], unique=False)

    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.String(length=16), nullable=False, server_default=""))
        batch_op.add_column(sa.Column('channel', sa.String(length=20), nullable=False, server_default=""))
        batch_op.add_column(sa.Column('staff_id', sa.Integer(), nullable=True))
        batch_op.create_index('uq_consents_in_force', ['resident_id', 'purpose'], unique=True, sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))
        batch_op.create_foreign_key(batch_op.f('fk_consents_staff_id'), 'staff', ['staff_id'], ['id'])

    with op.batch_alter_table('help_matches', schema=None) as batch_op:
        batch_op.alter_column('created_at', new_column_name='asked_at')
    with op.batch_alter_table('help_matches', schema=None) as batch_op:
        batch_op.add_column(sa.Column('step', sa.String(length=10), nullable=False, server_default='town'))
        batch_op.add_column(sa.Column('score', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('metres', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('answered_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('arrived_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('left_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('helper_done_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('asker_done_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('thanked_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('minutes', sa.Integer(), nullable=True))
        batch_op.drop_index(batch_op.f('ix_help_matches_helper_id'))
        batch_op.drop_index(batch_op.f('uq_help_matches_living'), sqlite_where=sa.text("status IN ('proposed', 'accepted')"))
        batch_op.create_index('ix_help_matches_helper', ['helper_id', 'asked_at'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_help_matches_request_id'), ['request_id', 'helper_id'])
        batch_op.create_index('uq_help_matches_taken', ['request_id'], unique=True, sqlite_where=sa.text("status IN ('accepted', 'done')"), postgresql_where=sa.text("status IN ('accepted', 'done')"))

    with op.batch_alter_table('help_offers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hours', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('reach', sa.String(length=10), nullable=False, server_default='town'))
        batch_op.add_column(sa.Column('languages', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('skills_words_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('meaning', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('per_week', sa.Integer(), nullable=False, server_default='2'))
        batch_op.add_column(sa.Column('paused_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('verified_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('verified_by', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_help_offers_verified_by'), 'staff', ['verified_by'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_help_offers_skills_words_id'), 'words', ['skills_words_id'], ['id'])

    with op.batch_alter_table('help_requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('where_words_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('place_id', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('minutes', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('special', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('review', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('staff_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('meaning', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('look_at', actions.db.UtcDateTime(), nullable=True))
        batch_op.create_index(batch_op.f('ix_help_requests_look_at'), ['look_at'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_help_requests_where_words_id'), 'words', ['where_words_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_help_requests_staff_id'), 'staff', ['staff_id'], ['id'])

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('for_neighbour', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('households', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lat', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('lon', sa.Double(), nullable=True))

    with op.batch_alter_table('link_codes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('resident_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('household_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('said_by', sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_link_codes_said_by'), 'residents', ['said_by'], ['id'])
        batch_op.create_check_constraint(batch_op.f('ck_link_codes_one_meaning'), ' + '.join(f'(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)' for column in ('staff_id', 'area_id', 'resident_id', 'household_id')) + ' = 1')
        batch_op.create_foreign_key(batch_op.f('fk_link_codes_resident_id'), 'residents', ['resident_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_link_codes_household_id'), 'households', ['household_id'], ['id'])

    for table, column in LOOKED_FOR:
        op.create_index(op.f(f'ix_{table}_{column}'), table, [column])



def downgrade() -> None:
    for table, column in reversed(LOOKED_FOR):
        op.drop_index(op.f(f'ix_{table}_{column}'), table)

    with op.batch_alter_table('link_codes', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_link_codes_household_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_link_codes_resident_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('ck_link_codes_one_meaning'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_link_codes_said_by'), type_='foreignkey')
        batch_op.drop_column('said_by')
        batch_op.drop_column('household_id')
        batch_op.drop_column('resident_id')

    with op.batch_alter_table('households', schema=None) as batch_op:
        batch_op.drop_column('lon')
        batch_op.drop_column('lat')

    with op.batch_alter_table('help_requests', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_help_requests_staff_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_help_requests_where_words_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_help_requests_look_at'))
        batch_op.drop_column('look_at')
        batch_op.drop_column('meaning')
        batch_op.drop_column('staff_id')
        batch_op.drop_column('review')
        batch_op.drop_column('special')
        batch_op.drop_column('minutes')
        batch_op.drop_column('place_id')
        batch_op.drop_column('where_words_id')

    with op.batch_alter_table('help_offers', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_help_offers_skills_words_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_help_offers_verified_by'), type_='foreignkey')
        batch_op.drop_column('verified_by')
        batch_op.drop_column('verified_at')
        batch_op.drop_column('paused_until')
        batch_op.drop_column('per_week')
        batch_op.drop_column('meaning')
        batch_op.drop_column('skills_words_id')
        batch_op.drop_column('languages')
        batch_op.drop_column('reach')
        batch_op.drop_column('hours')

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_column('for_neighbour')

    with op.batch_alter_table('help_matches', schema=None) as batch_op:
        batch_op.drop_index('uq_help_matches_taken', sqlite_where=sa.text("status IN ('accepted', 'done')"), postgresql_where=sa.text("status IN ('accepted', 'done')"))
        batch_op.drop_constraint(batch_op.f('uq_help_matches_request_id'), type_='unique')
        batch_op.drop_index('ix_help_matches_helper')
        batch_op.create_index(batch_op.f('uq_help_matches_living'), ['request_id'], unique=True, sqlite_where=sa.text("status IN ('proposed', 'accepted')"), postgresql_where=sa.text("status IN ('proposed', 'accepted')"))
        batch_op.create_index(batch_op.f('ix_help_matches_helper_id'), ['helper_id'], unique=False)
        batch_op.drop_column('minutes')
        batch_op.drop_column('thanked_at')
        batch_op.drop_column('asker_done_at')
        batch_op.drop_column('helper_done_at')
        batch_op.drop_column('left_at')
        batch_op.drop_column('arrived_at')
        batch_op.drop_column('answered_at')
        batch_op.drop_column('metres')
        batch_op.drop_column('score')
        batch_op.drop_column('step')

    with op.batch_alter_table('help_matches', schema=None) as batch_op:
        batch_op.alter_column('asked_at', new_column_name='created_at')

    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_consents_staff_id'), type_='foreignkey')
        batch_op.drop_index('uq_consents_in_force', sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))
        batch_op.drop_column('staff_id')
        batch_op.drop_column('channel')
        batch_op.drop_column('version')

    with op.batch_alter_table('relay_releases', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_relay_releases_relay_id'))
        batch_op.drop_index(batch_op.f('ix_relay_releases_expires_at'))

    op.drop_table('relay_releases')
    op.drop_table('relay_pending')
    with op.batch_alter_table('relay_messages', schema=None) as batch_op:
        batch_op.drop_index('ix_relay_messages_relay')

    op.drop_table('relay_messages')
    with op.batch_alter_table('neighbour_reports', schema=None) as batch_op:
        batch_op.drop_index('uq_neighbour_reports_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_neighbour_reports_reporter_id'))
        batch_op.drop_index(batch_op.f('ix_neighbour_reports_reported_id'))
        batch_op.drop_index(batch_op.f('ix_neighbour_reports_area_id'))

    op.drop_table('neighbour_reports')
    with op.batch_alter_table('help_offer_kinds', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_help_offer_kinds_kind_id'))

    op.drop_table('help_offer_kinds')
    with op.batch_alter_table('relays', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_relays_other_id'))
        batch_op.drop_index(batch_op.f('ix_relays_one_id'))

    op.drop_table('relays')
    with op.batch_alter_table('open_to_meet', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_open_to_meet_area_id'))

    op.drop_table('open_to_meet')
    with op.batch_alter_table('check_ins', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_check_ins_next_at'))
        batch_op.drop_index(batch_op.f('ix_check_ins_family_id'))
        batch_op.drop_index(batch_op.f('ix_check_ins_area_id'))

    op.drop_table('check_ins')
    op.drop_table('nicknames')
    with op.batch_alter_table('alerts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alerts_resident_id'))
        batch_op.drop_index('ix_alerts_open')
        batch_op.drop_index(batch_op.f('ix_alerts_area_id'))

    op.drop_table('alerts')
    with op.batch_alter_table('suspensions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_suspensions_resident_id'))

    op.drop_table('suspensions')
    with op.batch_alter_table('introductions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_introductions_other_id'))

    op.drop_table('introductions')
    with op.batch_alter_table('data_exports', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_data_exports_resident_id'))

    op.drop_table('data_exports')
    op.drop_table('check_in_days')
    with op.batch_alter_table('blocks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_blocks_other_id'))

    op.drop_table('blocks')
    with op.batch_alter_table('acting', schema=None) as batch_op:
        batch_op.drop_index('uq_acting_lasting', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_acting_principal_id'))
        batch_op.drop_index(batch_op.f('ix_acting_actor_id'))

    op.drop_table('acting')
    op.drop_table('erasures')