"""A resident leaves for good: what they hold in sessions to come is given back."""

from datetime import datetime

from actions.booking import draw, service, stages, waitlist
from actions.booking.programme import Programme
from actions.db import Db


def give_back_all(db: Db, programme: Programme, resident_id: str, *, now: datetime) -> None:
    """Cancel what is to come, leave every line and draw; who waits is offered the places."""
    for booking in service.bookings_of(db, resident_id=resident_id, now=now):
        if booking.session.starts_at > now:
            service.cancel(
                db, programme, booking_id=booking.id, resident_id=resident_id, now=now
            )
    for entry in service.waiting_of(db, resident_id=resident_id, now=now):
        waitlist.leave(db, programme, entry_id=entry.id, resident_id=resident_id, now=now)
    for lot in stages.entries_of(db, resident_id=resident_id, now=now):
        draw.leave(db, programme, entry_id=lot.id, resident_id=resident_id, now=now)
