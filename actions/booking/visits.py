"""Visits of groups: asked for, which holds the slot, and then approved or declined by staff.

A group takes one place of a session, however many come. There is one bay for coaches, and a
guide has one group at a time.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from actions import outbox
from actions.booking import bookings, places, reminders, service, waitlist
from actions.booking.bookings import Order
from actions.booking.model import HOLDING, Booking, BookingStatus, Session, Visit
from actions.booking.programme import VISIT, Programme, described, label, values_of
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people.locks import alone
from actions.people.model import Staff, Words
from actions.people.roles import ORGANISES
from actions.wording import to_json
from knowledge.calendar import is_worked
from knowledge.pack import Pack


def request(  # noqa: PLR0913 - a deed names its parts
    db: Db,
    programme: Programme,
    *,
    order: Order,
    heads: int,
    contact: str,
    bus: bool,
    conversation: Conversation,
    now: datetime,
) -> Booking:
    """Ask for a visit: it holds one place of its session until staff have decided.

    `contact` is who comes and how to reach them, in the resident's own words.

    Raises:
        Refusal: a rule of `service.check`, it is no visit, too many come or too soon, or the
            session is full.
    """
    order = Order(order.session_id, 1, order.whom, order.staff_id)
    resident_id = conversation.resident_id
    session = service.check(db, programme, order=order, resident_id=resident_id, now=now)
    _check(programme, session, heads, now, by_staff=order.staff_id is not None)
    if not places.take(db, session.id, 1):
        db.refresh(session)
        raise Refusal("utter_visit_full", **described(programme, session))
    booking = bookings.write(
        db,
        programme,
        session,
        order,
        conversation,
        resident_id=resident_id,
        now=now,
        status=BookingStatus.REQUESTED,
    )
    said = Words(resident_id=resident_id, text=contact, created_at=now)
    db.add(Visit(booking_id=booking.id, heads=heads, bus=bus, contact=said))
    db.flush()
    return booking


def approve(
    db: Db, programme: Programme, *, booking_id: int, guide_id: int, now: datetime
) -> Booking:
    """Say yes to a visit and name its guide; the resident is told, and will be reminded.

    Raises:
        Refusal: it waits no more, there is no such guide, or the guide or the bay is taken.
    """
    visit = _requested(db, programme, booking_id, now)
    alone(db, Visit)  # after the session: nobody holds another session while at this table
    _check_guide(db, guide_id)
    for other in _beside(db, visit):
        if other.guide_id == guide_id:
            raise Refusal("utter_guide_taken", **described(programme, other.booking.session))
        if visit.bus and other.bus:
            raise Refusal("utter_bus_bay_taken", **described(programme, other.booking.session))
    if not _decide(db, visit, BookingStatus.BOOKED, now):
        raise Refusal("utter_visit_decided")
    visit.guide_id = guide_id
    reminders.owe(db, programme, visit.booking, now=now)
    _tell(db, programme, visit, "utter_visit_approved", now)
    return visit.booking


def decline(
    db: Db, programme: Programme, *, booking_id: int, reason: str, now: datetime
) -> Booking:
    """Say no to a visit and why; its slot goes to the line, the resident is told.

    Raises:
        Refusal: it waits no more, or there is no reason.
    """
    if not reason:
        raise Refusal("utter_visit_no_reason")
    visit = _requested(db, programme, booking_id, now)
    visit.decided_at = now
    bookings.end(db, visit.booking, now=now)
    places.give_back(db, visit.booking.session_id, visit.booking.places)
    language = db.get_one(Conversation, visit.booking.conversation_id).resident.language
    others = choices(db, programme, visit.booking.session, language, now=now)
    _tell(db, programme, visit, "utter_visit_declined", now, reason=reason, others=others)
    waitlist.offer(db, programme, session_id=visit.booking.session_id, now=now)
    return visit.booking


def check_open(programme: Programme, session: Session, now: datetime) -> None:
    """Guard asking for a visit of a session.

    Raises:
        Refusal: it is full, or a resident asks too late.
    """
    if session.left < 1:
        raise Refusal("utter_visit_full", **described(programme, session))
    _check_soon(programme, session, now)


def may_be_asked(programme: Programme, session: Session, now: datetime) -> bool:
    """Whether a resident may ask for a visit of a session."""
    try:
        check_open(programme, session, now)
    except Refusal:
        return False
    return True


def nearest(db: Db, programme: Programme, session: Session, *, now: datetime) -> list[Session]:
    """Return a few others that may be asked for, those nearest to a session first."""
    others = service.sessions_between(db, start=now, activity_ids=[session.activity_id])
    free = [one for one in others if one.id != session.id and may_be_asked(programme, one, now)]
    return by_distance(free, session.starts_at)[: service.INSTEAD]


def by_distance(sessions: Iterable[Session], moment: datetime) -> list[Session]:
    """Return sessions, those that begin nearest to a moment first."""
    return sorted(sessions, key=lambda one: (abs(one.starts_at - moment), one.starts_at))


def choices(
    db: Db, programme: Programme, session: Session, language: str, *, now: datetime
) -> list[Choice]:
    """Return the nearest other slots, to be asked for with one tap."""
    return [
        Choice(label(programme, one, language), "book_activity", str(one.id))
        for one in nearest(db, programme, session, now=now)
    ]


def coming(db: Db, *, now: datetime) -> Sequence[Visit]:
    """Return the visits that are not over, those that wait for an answer first."""
    found = db.scalars(
        select(Visit)
        .join(Visit.booking)
        .join(Booking.session)
        .where(Booking.status.in_(HOLDING), Session.ends_at > now)
        .order_by(Session.starts_at, Visit.booking_id)
    ).all()
    return sorted(found, key=lambda visit: visit.booking.status != BookingStatus.REQUESTED)


def working_days_ahead(pack: Pack, today: date, on: date) -> int:
    """Return how many working days there are after today, up to and with a day."""
    days = (today + timedelta(days=n) for n in range(1, (on - today).days + 1))
    return sum(is_worked(pack, day) for day in days)


def _check(
    programme: Programme, session: Session, heads: int, now: datetime, *, by_staff: bool
) -> None:
    pack, rules = programme.pack, programme.pack.activity_rules
    if pack.activities[session.activity_id].kind != VISIT:
        raise Refusal("utter_not_a_visit", **described(programme, session))
    if not 1 <= heads <= rules.visit_heads:
        raise Refusal("utter_visit_heads", most=rules.visit_heads)
    if not by_staff:
        _check_soon(programme, session, now)


def _check_soon(programme: Programme, session: Session, now: datetime) -> None:
    pack, days = programme.pack, programme.pack.activity_rules.visit_days_ahead
    today, on = (at.astimezone(pack.zone).date() for at in (now, session.starts_at))
    if working_days_ahead(pack, today, on) < days:
        raise Refusal("utter_visit_too_soon", days=days)


def _check_guide(db: Db, guide_id: int) -> None:
    guide = db.get(Staff, guide_id)
    if guide is None or guide.disabled_at is not None or guide.role not in ORGANISES:
        raise Refusal("utter_visit_no_guide")


def _requested(db: Db, programme: Programme, booking_id: int, now: datetime) -> Visit:
    """Return a visit that waits for an answer, its session held."""
    visit = db.get(Visit, booking_id)
    if visit is None:
        raise Refusal("utter_no_such_booking")
    session = places.hold(db, visit.booking.session_id)
    db.refresh(visit.booking)
    if visit.booking.status != BookingStatus.REQUESTED:
        raise Refusal("utter_visit_decided")
    if session.starts_at <= now:
        raise Refusal("utter_session_past", **described(programme, session))
    return visit


def _beside(db: Db, visit: Visit) -> Sequence[Visit]:
    """Return the approved visits that overlap with one."""
    session = visit.booking.session
    overlaps: ColumnElement[bool] = Session.starts_at < session.ends_at
    return db.scalars(
        select(Visit)
        .join(Visit.booking)
        .join(Booking.session)
        .where(
            Booking.status == BookingStatus.BOOKED,
            overlaps,
            Session.ends_at > session.starts_at,
            Visit.booking_id != visit.booking_id,
        )
        .order_by(Session.starts_at)
    ).all()


def _decide(db: Db, visit: Visit, to: BookingStatus, now: datetime) -> bool:
    moved = db.execute(
        update(Booking)
        .where(Booking.id == visit.booking_id, Booking.status == BookingStatus.REQUESTED)
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    visit.decided_at = now
    db.flush()
    db.refresh(visit.booking)
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        return False
    bookings.announce(db, visit.booking, now=now)
    return True


def _tell(  # noqa: PLR0913 - a notice has this many facts
    db: Db,
    programme: Programme,
    visit: Visit,
    response: str,
    now: datetime,
    *,
    reason: str = "",
    others: Sequence[Choice] = (),
) -> None:
    told = values_of(programme, visit.booking) | to_json(
        {"heads": visit.heads, "reason": reason}
    )
    outbox.put(
        db,
        conversation_id=visit.booking.conversation_id,
        response=response,
        due_at=now,
        values=told,
        choices=others,
        key=f"{reminders.about(visit.booking)}:{response}",
    )
