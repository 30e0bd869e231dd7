"""代办 in bookings: whose they are is told, and who acted hears no more once that has ended.

What a child books for a parent is the parent's; the answers go to the child. The parent hears
of it once, and may say no by a tap.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from actions import behalf, outbox, quiet
from actions.behalf import Listener
from actions.booking import reminders
from actions.booking.model import (
    HOLDING,
    IN_LINE,
    Booking,
    DrawEntry,
    DrawStatus,
    Held,
    Session,
    WaitlistEntry,
)
from actions.booking.programme import Programme, described, tap_value
from actions.conversations import Conversation
from actions.db import Db
from actions.wording import to_json

MADE: dict[type[Held], str] = {
    Booking: "utter_theirs_booked",
    WaitlistEntry: "utter_theirs_waiting",
    DrawEntry: "utter_theirs_drawn",
}
# What holds a place, or may come to, by the word notices about it are filed under.
STANDING: tuple[tuple[str, type[Held], Sequence[str]], ...] = (
    ("booking", Booking, HOLDING),
    ("waitlist", WaitlistEntry, IN_LINE),
    ("draw", DrawEntry, (DrawStatus.ENTERED,)),
)


def acting_of(db: Db, one: Held) -> int | None:
    """Return by what it was asked for; None when by the resident, or when that has ended."""
    reader = behalf.reader_of(db, one.conversation_id)
    return _acting(db, reader, one)


def acting_in(db: Db, one: Held, conversation: Conversation) -> int | None:
    """Return by what it is disposed of in a conversation; None where it is one's own."""
    return _acting(db, conversation.resident_id, one)


def words_in(one: Booking, conversation: Conversation) -> str:
    """Return for whom it is, as that conversation says: not the words of who acts for them."""
    others = conversation.id != one.conversation_id
    mine = one.resident_id == conversation.resident_id
    return one.whom.text if one.whom and not (others and mine) else ""


def tell_made(db: Db, programme: Programme, one: Held, *, now: datetime) -> None:
    """Tell a resident, by day and once, what somebody has asked for on their behalf."""
    if behalf.reader_of(db, one.conversation_id) == one.resident_id:
        return
    home = behalf.home_of(db, one.resident_id)
    if home is not None:
        _tell(db, programme, one, home, MADE[type(one)], now, about=_about(one))


def tell_gone(db: Db, programme: Programme, one: Held, *, but: str, now: datetime) -> None:
    """Tell the other of the two that it was taken back; `but` did it, and knows.

    Whoever has not heard yet that it was made need not hear that it is gone.
    """
    for listener in behalf.listeners(db, one.resident_id, one.conversation_id):
        if listener.reader_id == but:
            continue
        principal = listener.reader_id == one.resident_id
        if principal and outbox.cancel(db, _about(one)):
            continue
        response = "utter_theirs_taken_back" if principal else "utter_theirs_refused"
        _tell(db, programme, one, listener, response, now)


def is_any_to_return(db: Db, *, now: datetime) -> bool:
    """Whether `return_ended` finds something."""
    return next(_ended(db, now), None) is not None


def return_ended(db: Db, programme: Programme, *, now: datetime) -> int:
    """Let residents themselves hear of what is theirs, once who acted may no more.

    A booking's page gets a new address: who acted had the old one. Returns of how much it is.
    """
    ended = list(_ended(db, now))
    for name, one in ended:
        home = behalf.home_of(db, one.resident_id)
        if home is None:
            continue
        one.conversation_id = home.conversation_id
        if isinstance(one, Booking):
            one.token = secrets.token_urlsafe(16)
            outbox.cancel(db, reminders.about(one))
            reminders.owe(db, programme, one, now=now)
        else:
            outbox.readdress(db, f"{name}:{one.id}", home.conversation_id)
        db.flush()
    return len(ended)


def _ended(db: Db, now: datetime) -> Iterator[tuple[str, Held]]:
    for name, table, standing in STANDING:
        for one in db.scalars(_of_ended(table, standing, now)):
            yield name, one


def _of_ended(table: type[Held], standing: Sequence[str], now: datetime) -> Select[Any]:
    session = Session.id == table.session_id
    to_come = behalf.of_ended(table).join(Session, session).where(Session.ends_at > now)
    return to_come.where(table.status.in_(standing))


def _acting(db: Db, actor_id: str, one: Held) -> int | None:
    if actor_id == one.resident_id:
        return None
    found = behalf.lasting(db, actor_id, one.resident_id)
    return found.id if found else None


def _tell(  # noqa: PLR0913, PLR0917
    db: Db,
    programme: Programme,
    one: Held,
    listener: Listener,
    response: str,
    now: datetime,
    about: str = "",
) -> None:
    told = described(programme, one.session) | {"held": tap_value(one), "places": one.places}
    by_day = quiet.quiet_ends(now, programme.wording.zone)
    starts = one.session.starts_at
    outbox.put_once(
        db,
        key=f"{_about(one)}:{response}:{listener.reader_id}",
        conversation_id=listener.conversation_id,
        response=response,
        due_at=by_day if by_day < starts else now,
        stale_at=starts,
        values=to_json(told),
        about=about,
    )


def _about(one: Held) -> str:
    return f"theirs:{tap_value(one)}"
