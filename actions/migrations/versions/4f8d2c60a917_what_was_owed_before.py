"""what was owed before: notices that wait get the values that today's words speak of"""

import sqlalchemy as sa
from alembic import op

revision = '4f8d2c60a917'
down_revision = '3b71d05ce8fa'
branch_labels = None
depends_on = None

OUTBOX = sa.table(
    'outbox',
    *map(sa.column, ('id', 'about', 'response', 'state', 'conversation_id')),
    sa.column('values', sa.JSON()),
)
BOOKINGS = sa.table('bookings', *map(sa.column, ('id', 'code', 'token')))
REQUESTS = sa.table('service_requests', *map(sa.column, ('id', 'reference')))
NEEDS = sa.table('help_requests', *map(sa.column, ('id', 'conversation_id')))
ABOUT = ('help', 'request')  # what a notice is filed under: "help:12"
OF_A_NEED = ('utter_help_posted', 'utter_help_in_review')  # filed under nothing


def upgrade() -> None:
    connection = op.get_bind()
    for notice in connection.execute(sa.select(OUTBOX).where(OUTBOX.c.state == 'waiting')).all():
        more = _missing(connection, notice)
        if any(name not in notice.values for name in more):
            told = OUTBOX.update().where(OUTBOX.c.id == notice.id)
            connection.execute(told.values(values=more | notice.values))


def _missing(connection: sa.Connection, notice: sa.Row) -> dict[str, object]:
    """Return what its words may speak of, and its values may not have yet."""
    kind, _, number = notice.about.partition(':')
    if kind in ABOUT and number.isdecimal():
        return {'id': int(number)}
    values = notice.values
    if 'booking' in values:
        row = connection.execute(sa.select(BOOKINGS).where(BOOKINGS.c.id == values['booking']))
        return {
            name: value
            for found in row
            for name, value in (
                ('code', f'{found.code[:3]} {found.code[3:]}'),
                ('page', f'/b/{found.token}'),
            )
        }
    if 'reference' in values:
        whose = REQUESTS.c.reference == values['reference']
        found = connection.scalar(sa.select(REQUESTS.c.id).where(whose))
        return {'id': found} if found else {}
    if notice.response in OF_A_NEED:
        theirs = NEEDS.c.conversation_id == notice.conversation_id
        found = connection.scalar(sa.select(sa.func.max(NEEDS.c.id)).where(theirs))
        return {'id': found} if found else {}
    return {}


def downgrade() -> None:
    """Values that no words speak of do no harm."""
