"""all of booking: codes, offers, changes by the organiser, draws, visits, attendance"""

import secrets

import sqlalchemy as sa
from alembic import op

import actions.db
from actions.booking.codes import new_code

revision = 'b7d15a90c3e2'
down_revision = '8e2d4b6a1f07'
branch_labels = None
depends_on = None

HOLDING = sa.text("status IN ('requested', 'booked')")
IN_LINE = sa.text("status IN ('waiting', 'offered')")
ENTERED = sa.text("status = 'entered'")
BOOKED, WAITING = sa.text("status = 'booked'"), sa.text("status = 'waiting'")
PLANNED = sa.text('NOT by_hand')


def upgrade() -> None:
    _sessions()
    _bookings()
    _waitlist()
    with op.batch_alter_table('outbox') as batch:
        batch.add_column(sa.Column('stale_at', actions.db.UtcDateTime(), nullable=True))
    with op.batch_alter_table('residents') as batch:
        batch.add_column(
            sa.Column('reminders', sa.String(length=10), nullable=False, server_default='all')
        )
    with op.batch_alter_table('residents') as batch:
        batch.alter_column('reminders', server_default=None)
    _draws()
    _visits()


def _sessions() -> None:
    with op.batch_alter_table('sessions') as batch:
        batch.add_column(sa.Column('planned_at', actions.db.UtcDateTime(), nullable=True))
        batch.add_column(sa.Column('room', sa.String(length=60), nullable=True))
        batch.add_column(sa.Column('status', sa.String(length=10), nullable=True))
        batch.add_column(sa.Column('revision', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('by_hand', sa.Boolean(), nullable=True))
        batch.add_column(sa.Column('staff_id', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('at_risk_since', actions.db.UtcDateTime(), nullable=True))
        batch.drop_constraint('uq_sessions_activity_id', type_='unique')
        batch.create_foreign_key('fk_sessions_staff_id', 'staff', ['staff_id'], ['id'])
    sessions = sa.table(
        'sessions',
        *map(sa.column, ('planned_at', 'starts_at', 'status', 'revision')),
        sa.column('by_hand', sa.Boolean()),
    )
    op.execute(
        sessions.update().values(
            planned_at=sessions.c.starts_at, status='open', revision=0, by_hand=sa.false()
        )
    )
    with op.batch_alter_table('sessions') as batch:
        for column in ('planned_at', 'status', 'revision', 'by_hand'):
            batch.alter_column(column, nullable=False)
    op.create_index(
        'uq_sessions_planned', 'sessions', ['activity_id', 'planned_at'],
        unique=True, sqlite_where=PLANNED, postgresql_where=PLANNED,
    )


def _bookings() -> None:
    with op.batch_alter_table('bookings') as batch:
        batch.add_column(sa.Column('code', sa.String(length=8), nullable=True))
        batch.add_column(sa.Column('token', sa.String(length=32), nullable=True))
        batch.add_column(sa.Column('whom_id', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('staff_id', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('checked_in_at', actions.db.UtcDateTime(), nullable=True))
        batch.add_column(sa.Column('missed', sa.Boolean(), nullable=True))
        batch.create_foreign_key('fk_bookings_whom_id', 'words', ['whom_id'], ['id'])
        batch.create_foreign_key('fk_bookings_staff_id', 'staff', ['staff_id'], ['id'])
    _give_codes()
    with op.batch_alter_table('bookings') as batch:
        for column in ('code', 'token', 'missed'):
            batch.alter_column(column, nullable=False)
        batch.create_unique_constraint('uq_bookings_code', ['code'])
        batch.create_unique_constraint('uq_bookings_token', ['token'])
    _index('bookings', 'uq_bookings_active', HOLDING)


def _give_codes() -> None:
    """Bookings that were made before have a code and a link from now on."""
    bookings = sa.table(
        'bookings', *map(sa.column, ('id', 'code', 'token')), sa.column('missed', sa.Boolean())
    )
    connection = op.get_bind()
    ids = connection.execute(sa.select(bookings.c.id)).scalars().all()
    codes: set[str] = set()
    while len(codes) < len(ids):
        codes.add(new_code())
    for booking_id, code in zip(ids, codes, strict=True):
        connection.execute(
            bookings.update()
            .where(bookings.c.id == booking_id)
            .values(code=code, token=secrets.token_urlsafe(16), missed=False)
        )


def _waitlist() -> None:
    with op.batch_alter_table('waitlist') as batch:
        batch.add_column(sa.Column('whom_id', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('offered_at', actions.db.UtcDateTime(), nullable=True))
        batch.add_column(sa.Column('offer_until', actions.db.UtcDateTime(), nullable=True))
        batch.create_foreign_key('fk_waitlist_whom_id', 'words', ['whom_id'], ['id'])
    op.create_index('ix_waitlist_offers', 'waitlist', ['status', 'offer_until'])
    _index('waitlist', 'uq_waitlist_waiting', IN_LINE)


def _index(table: str, name: str, where: sa.TextClause) -> None:
    """Say anew of which rows there may be only one for each resident and session."""
    op.drop_index(name, table)
    op.create_index(
        name, table, ['session_id', 'resident_id'],
        unique=True, sqlite_where=where, postgresql_where=where,
    )


def _draws() -> None:
    op.create_table('draws',
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('opens_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('closes_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('kept', sa.Integer(), nullable=False),
    sa.Column('seed', sa.String(length=64), nullable=False),
    sa.Column('commitment', sa.String(length=64), nullable=False),
    sa.Column('drawn_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name=op.f('fk_draws_session_id')),
    sa.PrimaryKeyConstraint('session_id', name=op.f('pk_draws'))
    )
    op.create_table('draw_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ticket', sa.String(length=16), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('resident_id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('places', sa.Integer(), nullable=False),
    sa.Column('whom_id', sa.Integer(), nullable=True),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('entered_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('group', sa.Integer(), nullable=True),
    sa.Column('rank', sa.Integer(), nullable=True),
    sa.Column('area_id', sa.String(length=120), nullable=True),
    sa.CheckConstraint('places >= 1', name=op.f('ck_draw_entries_places')),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_draw_entries_area_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_draw_entries_conversation_id')),
    sa.ForeignKeyConstraint(['resident_id'], ['residents.id'], name=op.f('fk_draw_entries_resident_id')),
    sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name=op.f('fk_draw_entries_session_id')),
    sa.ForeignKeyConstraint(['whom_id'], ['words.id'], name=op.f('fk_draw_entries_whom_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draw_entries')),
    sa.UniqueConstraint('ticket', name=op.f('uq_draw_entries_ticket'))
    )
    for column in ('area_id', 'resident_id', 'session_id'):
        op.create_index(f'ix_draw_entries_{column}', 'draw_entries', [column])
    op.create_index(
        'uq_draw_entries_entered', 'draw_entries', ['session_id', 'resident_id'],
        unique=True, sqlite_where=ENTERED, postgresql_where=ENTERED,
    )


def _visits() -> None:
    op.create_table('visits',
    sa.Column('booking_id', sa.Integer(), nullable=False),
    sa.Column('heads', sa.Integer(), nullable=False),
    sa.Column('bus', sa.Boolean(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('guide_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['booking_id'], ['bookings.id'], name=op.f('fk_visits_booking_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['words.id'], name=op.f('fk_visits_contact_id')),
    sa.ForeignKeyConstraint(['guide_id'], ['staff.id'], name=op.f('fk_visits_guide_id')),
    sa.PrimaryKeyConstraint('booking_id', name=op.f('pk_visits'))
    )


def downgrade() -> None:
    for table in ('visits', 'draw_entries', 'draws'):
        op.drop_table(table)
    op.drop_index('ix_waitlist_offers', 'waitlist')
    op.drop_index('uq_sessions_planned', 'sessions')
    _index('waitlist', 'uq_waitlist_waiting', WAITING)
    _index('bookings', 'uq_bookings_active', BOOKED)
    for table, columns in NEW.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
    with op.batch_alter_table('sessions') as batch:
        batch.create_unique_constraint('uq_sessions_activity_id', ['activity_id', 'starts_at'])


NEW = {
    'sessions': (
        *('planned_at', 'room', 'status', 'revision', 'by_hand', 'staff_id', 'at_risk_since'),
    ),
    'bookings': ('code', 'token', 'whom_id', 'staff_id', 'checked_in_at', 'missed'),
    'waitlist': ('whom_id', 'offered_at', 'offer_until'),
    'outbox': ('stale_at',),
    'residents': ('reminders',),
}
