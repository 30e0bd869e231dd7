"""The fair draw of scarce places: opened, entered, left, held once, and told to everybody.

Always in the caller's transaction, and with the session held: whoever enters or leaves does so
before the draw is held or not at all. How it comes out is `actions.booking.lots` alone.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from actions import behalf, outbox, quiet
from actions.booking import bookings, codes, lots, on_behalf, places, service, stages, waitlist
from actions.booking.bookings import Order
from actions.booking.lots import Lot
from actions.booking.model import (
    Booking,
    BookingStatus,
    Draw,
    DrawEntry,
    DrawStatus,
    Session,
    SessionStatus,
)
from actions.booking.programme import Programme, described, values_of
from actions.booking.stages import Stage
from actions.content import offline
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.wording import to_json

TICKET = "Q"  # no booking code begins with it
DIGITS_IN_TICKET = 7
MISSED_LATELY = timedelta(days=60)

FIRST_TIME, BEFORE, AFTER_ALL = 0, 1, 2  # the groups, in the order they are drawn


def open_due(db: Db, programme: Programme, *, now: datetime) -> int:
    """Open the draws whose window has begun; returns how many."""
    unopened = list(_unopened(db, programme, now))
    return sum(_open(db, programme, stages.hold(db, session.id)) for session in unopened)


def enter(
    db: Db, programme: Programme, *, order: Order, conversation: Conversation, now: datetime
) -> DrawEntry:
    """Put the resident into the draw of a session, with a ticket only they know.

    Raises:
        Refusal: a rule of `service.check` or of `behalf.owner`, its draw is not open, or has
            not so many places.
    """
    resident_id = behalf.owner(db, conversation, order.acting_id)
    session = service.check(db, programme, order=order, resident_id=resident_id, now=now)
    stages.hold(db, session.id)
    stages.check(db, programme, session, resident_id, now)
    if stages.stage_of(programme, session, now) != Stage.OPEN:
        raise Refusal("utter_draw_over", **stages.told(programme, session))
    _open(db, programme, session)
    if order.places > stages.places_drawn(programme, session):
        told = stages.told(programme, session) | {"places": order.places}
        raise Refusal("utter_draw_too_many", **told)
    entry = _write(db, programme, session, order, conversation, resident_id, now)
    on_behalf.tell_made(db, programme, entry, now=now)
    return entry


def leave(
    db: Db, programme: Programme, *, entry_id: int, resident_id: str, now: datetime
) -> DrawEntry:
    """Take the resident out of a draw that is still to come.

    Raises:
        Refusal: they are not in it (any more), or it has been held.
    """
    entry = db.get(DrawEntry, entry_id)
    if entry is None or not behalf.may(db, resident_id, entry.resident_id):
        raise Refusal("utter_no_such_booking")
    places.hold(db, entry.session_id)
    if not stages.take_out(db, entry):
        raise Refusal("utter_no_such_booking")
    on_behalf.tell_gone(db, programme, entry, but=resident_id, now=now)
    return entry


def hold_due(db: Db, programme: Programme, *, now: datetime) -> int:
    """Hold every draw that has closed, each once; returns how many were held now.

    What is offline, cancelled or has begun is not drawn.
    """
    hidden = offline.hidden(db)
    held = 0
    for session_id, activity_id in db.execute(_due(now)).all():
        if not hidden.activity(activity_id):
            held += _hold(db, programme, session_id, now)
    return held


def release_due(db: Db, programme: Programme, *, now: datetime) -> int:
    """Free what is left of kept places for everybody when it is time; returns of how many."""
    sessions = db.scalars(_releasable(programme, now)).all()
    for session_id in sessions:
        places.hold(db, session_id)
        places.keep(db, session_id, 0)
        waitlist.offer(db, programme, session_id=session_id, now=now)
    return len(sessions)


def is_any_due(db: Db, programme: Programme, *, now: datetime) -> bool:
    """Whether one of `open_due`, `hold_due` and `release_due` may find something."""
    due = (_due(now), _releasable(programme, now))
    found = any(db.execute(query.limit(1)).first() is not None for query in due)
    return found or next(_unopened(db, programme, now), None) is not None


def moved(db: Db, programme: Programme, session: Session, *, now: datetime) -> None:
    """Bring the end of a draw forward with its session, which is held; it is never put off."""
    draw = db.get(Draw, session.id)
    if draw is not None and draw.drawn_at is None:
        closes_at = max(stages.planned(programme, session.starts_at).closes_at, now)
        draw.closes_at = min(draw.closes_at, closes_at)
        db.flush()


def _unopened(db: Db, programme: Programme, now: datetime) -> Iterator[Session]:
    """Yield the sessions whose draw should be open and is not."""
    drawn = [activity.id for activity in programme.pack.activities.values() if activity.draw]
    reach = timedelta(days=programme.pack.activity_rules.draw_opens_days + 1)
    sessions = select(Session).where(
        Session.activity_id.in_(drawn),
        Session.status == SessionStatus.OPEN,
        Session.places > 0,
        Session.starts_at > now,
        Session.starts_at < now + reach,
        ~select(Draw.session_id).where(Draw.session_id == Session.id).exists(),
    )
    for session in db.scalars(sessions.order_by(Session.id)).all():
        if stages.stage_of(programme, session, now) == Stage.OPEN:
            yield session


def _due(now: datetime) -> Any:
    return (
        select(Session.id, Session.activity_id)
        .join(Draw, Draw.session_id == Session.id)
        .where(
            Draw.drawn_at.is_(None),
            Draw.closes_at <= now,
            Session.status == SessionStatus.OPEN,
            Session.starts_at > now,
        )
        .order_by(Session.id)
    )


def _releasable(programme: Programme, now: datetime) -> Any:
    until = timedelta(hours=programme.pack.activity_rules.draw_kept_until_hours)
    drawn: ColumnElement[bool] = (
        select(Draw.session_id)
        .where(Draw.session_id == Session.id, Draw.drawn_at.is_not(None))
        .exists()
    )
    return (
        select(Session.id)
        .where(Session.kept > 0, Session.starts_at <= now + until, drawn)
        .order_by(Session.id)
    )


def _open(db: Db, programme: Programme, session: Session) -> bool:
    """Open the draw of a session that is held: the seed is made, its commitment is said.

    False when it is open already.
    """
    if session.draw is not None:
        return False
    window, seed = stages.planned(programme, session.starts_at), secrets.token_hex(32)
    kept = stages.kept_of(programme, session)
    session.draw = Draw(
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        kept=kept,
        seed=seed,
        commitment=lots.commitment_of(seed),
    )
    db.flush()
    places.keep(db, session.id, kept)
    db.refresh(session)
    return True


def _write(  # noqa: PLR0913, PLR0917
    db: Db,
    programme: Programme,
    session: Session,
    order: Order,
    conversation: Conversation,
    resident_id: str,
    now: datetime,
) -> DrawEntry:
    entry = DrawEntry(
        ticket=bookings.free(db, DrawEntry.ticket, _new_ticket),
        session_id=session.id,
        resident_id=resident_id,
        conversation_id=conversation.id,
        places=order.places,
        whom_id=bookings.keep_whom(db, order.whom, conversation, now=now),
        status=DrawStatus.ENTERED,
        entered_at=now,
        area_id=bookings.area_of(db, programme, session),
    )
    db.add(entry)
    db.flush()
    db.refresh(entry)
    return entry


def _new_ticket() -> str:
    return TICKET + "".join(secrets.choice(codes.DIGITS) for _ in range(DIGITS_IN_TICKET))


def _hold(db: Db, programme: Programme, session_id: int, now: datetime) -> bool:
    """Hold one draw, once; False when somebody else has."""
    session = stages.hold(db, session_id)
    draw = db.get_one(Draw, session_id)
    if draw.drawn_at is not None:
        return False
    entries = {entry.ticket: entry for entry in _without_place(db, session_id)}
    for entry in entries.values():
        entry.group = group_of(db, entry, now=now)
    chances = [Lot(e.ticket, e.group or 0, e.places) for e in entries.values()]
    draw.places, draw.drawn_at = session.left, now
    for line in lots.result(draw.seed, chances, draw.places):
        entry = entries[line["ticket"]]
        entry.rank = line["rank"]
        entry.status = DrawStatus.WON if line["won"] else DrawStatus.LOST
    db.flush()
    in_turn = sorted(entries.values(), key=lambda entry: entry.rank or 0)
    _book(db, programme, [e for e in in_turn if e.status == DrawStatus.WON], now)
    db.refresh(session)
    _console(db, programme, [e for e in in_turn if e.status == DrawStatus.LOST], now)
    return True


def _without_place(db: Db, session_id: int) -> Iterator[DrawEntry]:
    """Yield who is to be drawn; whoever has come by a place otherwise is taken out."""
    for entry in stages.entered(db, session_id):
        if bookings.active(db, session_id, entry.resident_id) is None:
            yield entry
        else:
            stages.take_out(db, entry)


def group_of(db: Db, entry: DrawEntry, *, now: datetime) -> int:
    """Return which group somebody is drawn with.

    First who has never had a place in this activity, then who has; after all of them who last
    stayed away without a word, for two months or until they come again. The file of the draw
    gives the number and not the reason.
    """
    theirs = (
        select(Booking.missed)
        .join(Booking.session)
        .where(Booking.resident_id == entry.resident_id, Booking.status == BookingStatus.BOOKED)
        .order_by(Session.starts_at.desc(), Booking.id.desc())
        .limit(1)
    )
    settled = theirs.where(
        Booking.missed | Booking.checked_in_at.is_not(None),
        Session.starts_at > now - MISSED_LATELY,
        Session.starts_at <= now,
    )
    if db.scalar(settled):
        return AFTER_ALL
    same = Session.activity_id == entry.session.activity_id
    return FIRST_TIME if db.scalar(theirs.where(same)) is None else BEFORE


def _book(db: Db, programme: Programme, won: Sequence[DrawEntry], now: datetime) -> None:
    """Make bookings of what was won, and tell."""
    hours = programme.pack.activity_rules.cancel_free_hours
    for entry in won:
        if not places.take(db, entry.session_id, entry.places):
            raise RuntimeError(f"the draw of session {entry.session_id} gave away too much")
        conversation = db.get_one(Conversation, entry.conversation_id)
        order = Order(entry.session_id, entry.places)
        booking = bookings.write(
            db,
            programme,
            entry.session,
            order,
            conversation,
            resident_id=entry.resident_id,
            now=now,
            whom_id=entry.whom_id,
        )
        told = values_of(programme, booking) | {"ticket": entry.ticket, "hours": hours}
        _tell(db, programme, entry, "utter_draw_won", told, now)


def _console(db: Db, programme: Programme, lost: Sequence[DrawEntry], now: datetime) -> None:
    """Tell those who did not win, with a tap for the line and other sessions."""
    for entry in lost:
        resident = db.get_one(Conversation, entry.conversation_id).resident
        told = to_json(stages.values_of(programme, entry))
        choices = _instead(db, programme, entry, resident.language, now)
        response = "utter_draw_lost" if choices else "utter_draw_lost_at_all"
        _tell(db, programme, entry, response, told, now, choices)


def _instead(
    db: Db, programme: Programme, entry: DrawEntry, language: str, now: datetime
) -> list[Choice]:
    session = entry.session
    choices = []
    if programme.pack.activities[session.activity_id].waitlist:
        name = programme.wording.render("utter_label_draw_wait", language=language).text
        acting_id = on_behalf.acting_of(db, entry)
        whom = bookings.for_whom(entry.whom_id, acting_id)
        wanted = f"{session.id}x{entry.places}{whom}"
        choices.append(Choice(name, "join_waitlist", wanted))
    return choices + [
        Choice(_label(programme, other, language, now), "book_activity", str(other.id))
        for other in service.instead_of(db, session, places=entry.places, now=now)
    ]


def _label(programme: Programme, session: Session, language: str, now: datetime) -> str:
    drawn = stages.is_to_be_drawn(programme, session, now)
    response = "utter_label_session_drawn" if drawn else "utter_label_session"
    told = described(programme, session)
    return programme.wording.render(response, language=language, values=told).text


def _tell(  # noqa: PLR0913, PLR0917
    db: Db,
    programme: Programme,
    entry: DrawEntry,
    response: str,
    values: dict[str, Any],
    now: datetime,
    choices: Sequence[Choice] = (),
) -> None:
    due_at = quiet.quiet_ends(now, programme.wording.zone)
    outbox.put(
        db,
        conversation_id=entry.conversation_id,
        response=response,
        due_at=due_at if due_at < entry.session.starts_at else now,
        stale_at=entry.session.starts_at,
        values=values,
        choices=choices,
        about=stages.about(entry),
        key=f"{stages.about(entry)}:{response}",
    )
