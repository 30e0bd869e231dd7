"""Bookings that somebody began and left: whether there is still time for them."""

from datetime import datetime

from actions.booking.model import Session
from actions.db import Db
from actions.errands import Errand


def is_past(db: Db, errand: Errand, *, now: datetime) -> bool:
    """Whether what was to be booked has begun meanwhile."""
    slots = errand.draft["slots"] if errand.draft else {}
    if errand.intent != "book_activity" or not slots.get("booking_session"):
        return False
    session = db.get(Session, slots["booking_session"])
    return session is None or session.starts_at <= now
