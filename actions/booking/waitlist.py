"""The line for a full session: a place that comes free is offered, for a time, to the next.

Whoever is offered places says yes, says no, or lets the time run out; then the next in the
line is asked. Nobody is asked at night, and nobody twice for the same turn in a line.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from actions import behalf, outbox, quiet
from actions.booking import bookings, on_behalf, places
from actions.booking.bookings import Order
from actions.booking.model import (
    IN_LINE,
    Booking,
    EntryStatus,
    Session,
    WaitlistEntry,
)
from actions.booking.programme import Programme, described
from actions.content import offline
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.wording import to_json

OFFER = "utter_offer"


def offer(db: Db, programme: Programme, *, session_id: int, now: datetime) -> None:
    """Offer free places to those who wait, in their order, passing over what does not fit.

    While its activity is offline they wait on.
    """
    session = places.hold(db, session_id)
    hidden = offline.hidden(db).activity(session.activity_id)
    if session.starts_at <= now or not session.is_open or hidden:
        return
    waiting = db.scalars(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.session_id == session_id, WaitlistEntry.status == EntryStatus.WAITING
        )
        .order_by(WaitlistEntry.position)
    )
    for entry in waiting.all():
        if places.take(db, session_id, entry.places):
            _offer_to(db, programme, session, entry, now)
    db.refresh(session)


def accept(
    db: Db, programme: Programme, *, entry_id: int, resident_id: str, now: datetime
) -> Booking:
    """Make a booking of the places somebody was offered.

    Raises:
        Refusal: it was never theirs, they have it already, or its time has run out.
    """
    entry = _own(db, entry_id, resident_id)
    session = places.hold(db, entry.session_id)
    in_time = entry.offer_until is not None and entry.offer_until > now and session.is_open
    if not in_time or not _move(db, entry, EntryStatus.OFFERED, EntryStatus.BOOKED):
        raise _not_offered(programme, entry)
    outbox.cancel(db, about(entry))
    conversation = db.get_one(Conversation, entry.conversation_id)
    order = Order(session.id, entry.places)
    return bookings.write(
        db,
        programme,
        session,
        order,
        conversation,
        resident_id=entry.resident_id,
        now=now,
        whom_id=entry.whom_id,
    )


def decline(
    db: Db, programme: Programme, *, entry_id: int, resident_id: str, now: datetime
) -> WaitlistEntry:
    """Let an offer go; it is made to the next.

    Raises:
        Refusal: it was never theirs, or is theirs no more.
    """
    entry = _own(db, entry_id, resident_id)
    places.hold(db, entry.session_id)
    if not _move(db, entry, EntryStatus.OFFERED, EntryStatus.DECLINED):
        raise _not_offered(programme, entry)
    _pass_on(db, programme, entry, now)
    on_behalf.tell_gone(db, programme, entry, but=resident_id, now=now)
    return entry


def leave(
    db: Db, programme: Programme, *, entry_id: int, resident_id: str, now: datetime
) -> WaitlistEntry:
    """Take the resident out of a line, offered or not.

    Raises:
        Refusal: they do not stand in it (any more).
    """
    entry = _own(db, entry_id, resident_id)
    places.hold(db, entry.session_id)
    if _move(db, entry, EntryStatus.OFFERED, EntryStatus.DECLINED):
        _pass_on(db, programme, entry, now)
    elif not _move(db, entry, EntryStatus.WAITING, EntryStatus.LEFT):
        raise Refusal("utter_no_such_booking")
    on_behalf.tell_gone(db, programme, entry, but=resident_id, now=now)
    return entry


def expire_due(db: Db, programme: Programme, *, now: datetime) -> int:
    """End the offers whose time has run out, and ask the next; returns how many ended.

    Whoever could not be asked in that time is asked now, and their time begins anew.
    """
    due = select(WaitlistEntry).where(
        WaitlistEntry.status == EntryStatus.OFFERED, WaitlistEntry.offer_until <= now
    )
    ended = 0
    for entry in db.scalars(due.order_by(WaitlistEntry.session_id, WaitlistEntry.id)).all():
        session = places.hold(db, entry.session_id)
        db.refresh(entry)
        if _is_unheard(db, entry, now):
            _offer_to(db, programme, session, entry, now)
        elif _move(db, entry, EntryStatus.OFFERED, EntryStatus.EXPIRED):
            ended += 1
            _pass_on(db, programme, entry, now)
            told_at = _asked_at(programme, session, now)
            _tell(db, programme, entry, "utter_offer_expired", due_at=told_at)
    return ended


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `expire_due` may find something."""
    due = select(WaitlistEntry.id).where(
        WaitlistEntry.status == EntryStatus.OFFERED, WaitlistEntry.offer_until <= now
    )
    return db.scalar(due.limit(1)) is not None


def end_for(db: Db, session_id: int, resident_id: str) -> int:
    """Whoever has booked waits no more for the same session; the session is held already.

    Returns how many places that gives back: those of an offer, as they are booked anew.
    """
    freed = 0
    standing = db.scalars(
        select(WaitlistEntry).where(
            WaitlistEntry.session_id == session_id,
            WaitlistEntry.resident_id == resident_id,
            WaitlistEntry.status.in_(IN_LINE),
        )
    )
    for entry in standing.all():
        if _move(db, entry, EntryStatus.OFFERED, EntryStatus.BOOKED):
            places.give_back(db, session_id, entry.places)
            outbox.cancel(db, about(entry))
            freed += entry.places
        _move(db, entry, EntryStatus.WAITING, EntryStatus.BOOKED)
    return freed


def ask_anew(db: Db, programme: Programme, entry: WaitlistEntry, *, now: datetime) -> None:
    """Let an offer follow its session, which was moved: it ends with its beginning at latest.

    Whoever was asked already is not asked again.
    """
    if entry.status == EntryStatus.OFFERED and entry.offer_until is not None:
        entry.offer_until = min(entry.offer_until, entry.session.starts_at)
        _ask(db, programme, entry, _asked_at(programme, entry.session, now))


def close(db: Db, entries: Iterable[WaitlistEntry]) -> None:
    """End a line because its session is cancelled; the session is held already."""
    for entry in entries:
        if _move(db, entry, EntryStatus.OFFERED, EntryStatus.CLOSED):
            places.give_back(db, entry.session_id, entry.places)
        _move(db, entry, EntryStatus.WAITING, EntryStatus.CLOSED)
        outbox.cancel(db, about(entry))


def in_line(db: Db, session_id: int) -> Sequence[WaitlistEntry]:
    """Return who waits for a session or is being asked, in their order."""
    return db.scalars(
        select(WaitlistEntry)
        .where(WaitlistEntry.session_id == session_id, WaitlistEntry.status.in_(IN_LINE))
        .order_by(WaitlistEntry.position)
    ).all()


def stands(db: Db, session_id: int, resident_id: str) -> bool:
    """Whether somebody waits for a session or is being asked."""
    theirs = select(WaitlistEntry.id).where(
        WaitlistEntry.session_id == session_id,
        WaitlistEntry.resident_id == resident_id,
        WaitlistEntry.status.in_(IN_LINE),
    )
    return db.scalar(theirs) is not None


def ahead_of(db: Db, entry: WaitlistEntry) -> int:
    """Return how many stand in the line before somebody."""
    return db.scalars(
        select(func.count())
        .select_from(WaitlistEntry)
        .where(
            WaitlistEntry.session_id == entry.session_id,
            WaitlistEntry.status.in_(IN_LINE),
            WaitlistEntry.position < entry.position,
        )
    ).one()


def about(entry: WaitlistEntry) -> str:
    """Return what notices about a turn in a line are filed under."""
    return f"waitlist:{entry.id}"


def _offer_to(
    db: Db, programme: Programme, session: Session, entry: WaitlistEntry, now: datetime
) -> None:
    """Ask somebody; their time begins when the question may be sent."""
    asked_at = _asked_at(programme, session, now)
    minutes = programme.pack.activity_rules.waitlist_offer_minutes
    entry.offered_at = now
    entry.offer_until = min(asked_at + timedelta(minutes=minutes), session.starts_at)
    entry.status = EntryStatus.OFFERED
    _ask(db, programme, entry, asked_at)


def _is_unheard(db: Db, entry: WaitlistEntry, now: datetime) -> bool:
    """Whether somebody's time ran out before the question was ever sent."""
    still = entry.status == EntryStatus.OFFERED and entry.session.starts_at > now
    return still and outbox.is_untried(db, _key(entry, OFFER))


def _asked_at(programme: Programme, session: Session, now: datetime) -> datetime:
    asked_at = quiet.quiet_ends(now, programme.wording.zone)
    return asked_at if asked_at < session.starts_at else now  # better woken than too late


def _ask(db: Db, programme: Programme, entry: WaitlistEntry, asked_at: datetime) -> None:
    db.flush()
    _tell(db, programme, entry, OFFER, due_at=asked_at, stale_at=entry.offer_until)


def _pass_on(db: Db, programme: Programme, entry: WaitlistEntry, now: datetime) -> None:
    """Give an offer's places to the next in the line."""
    outbox.cancel(db, about(entry))
    places.give_back(db, entry.session_id, entry.places)
    offer(db, programme, session_id=entry.session_id, now=now)


def _tell(
    db: Db,
    programme: Programme,
    entry: WaitlistEntry,
    response: str,
    *,
    due_at: datetime,
    stale_at: datetime | None = None,
) -> None:
    told = described(programme, entry.session)
    told |= {"entry": entry.id, "places": entry.places, "by": entry.offer_until}
    outbox.put_once(
        db,
        conversation_id=entry.conversation_id,
        response=response,
        due_at=due_at,
        stale_at=stale_at,
        values=to_json(told),
        about=about(entry) if stale_at else "",
        key=_key(entry, response),
    )


def _key(entry: WaitlistEntry, response: str) -> str:
    return f"{about(entry)}:{response}"


def _own(db: Db, entry_id: int, resident_id: str) -> WaitlistEntry:
    entry = db.get(WaitlistEntry, entry_id)
    if entry is None or not behalf.may(db, resident_id, entry.resident_id):
        raise Refusal("utter_no_such_booking")
    return entry


def _not_offered(programme: Programme, entry: WaitlistEntry) -> Refusal:
    if entry.status == EntryStatus.BOOKED:
        return Refusal("utter_already_booked", **described(programme, entry.session))
    return Refusal("utter_offer_over", **described(programme, entry.session))


def _move(db: Db, entry: WaitlistEntry, frm: EntryStatus, to: EntryStatus) -> bool:
    moved = db.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.status == frm)
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    db.refresh(entry)
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]
