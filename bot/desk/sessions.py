"""Sessions at the desk: what is on, one of them with who booked, and what staff do to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload
from starlette.responses import Response

from actions import callers
from actions.booking import bookings, organising, undrawn, waitlist
from actions.booking.model import (
    IN_LINE,
    Booking,
    Session,
    SessionChange,
    SessionStatus,
    WaitlistEntry,
)
from actions.booking.organising import Times
from actions.booking.programme import Programme, area_of, described
from actions.db import Db
from actions.errors import Refusal
from actions.people import scope
from actions.people.model import Caller, Staff
from bot.desk import lots
from bot.desk.visit import Missing, Visit, go
from bot.message import clean
from knowledge.pack import Activity

DAYS = 15  # today, and the coming two weeks
FAR = timedelta(days=2 * 366)  # nobody plans beyond
MOST_WEEKS = 26
LONGEST_ROOM, LONGEST_REASON = 60, 200


@dataclass(frozen=True)
class Row:
    """One session of the list, with how many stand in its line."""

    session: Session
    told: dict[str, Any]
    waiting: int
    marks: list[str]  # what is to be noticed about it, by the names of `labels.MARKS`


@dataclass(frozen=True)
class Person:
    """Somebody in a session's list or line; `caller` is who has no page of their own."""

    one: Booking | WaitlistEntry
    caller: Caller | None

    @property
    def name(self) -> str:
        """The name staff wrote down, empty for everybody else."""
        return self.caller.name.text if self.caller else ""

    @property
    def whom(self) -> str:
        """For whom it is, when not for who booked."""
        return self.one.whom.text if self.one.whom else ""

    @property
    def attendance(self) -> str:
        """Whether they came, by the names of `labels.ATTENDANCE`."""
        if not isinstance(self.one, Booking) or self.one.checked_in_at:
            return "here"
        return "missed" if self.one.missed else "not_yet"


def see(visit: Visit) -> Response:
    """Show two weeks of sessions by day, from today or the day that was asked for."""
    first = day_of(visit.sent.get("on", "")) or visit.today
    days: dict[date, list[Row]] = {}
    for row in _rows(visit, first):
        day = row.session.starts_at.astimezone(visit.pack.zone).date()
        days.setdefault(day, []).append(row)
    return visit.show("sessions.html", days=days, first=first, undrawn=_undrawn(visit))


def see_one(visit: Visit) -> Response:
    """Show a session: who is booked, who waits, and what was done to it."""
    session = find(visit)
    visit.note("read_session", f"session:{session.id}")
    return visit.show(
        "session.html",
        session=session,
        told=described(programme_of(visit), session),
        marks=marks_of(session, visit.now),
        draw=lots.of(visit, session),
        people=people(visit.db, bookings.of_session(visit.db, session.id)),
        line=people(visit.db, waitlist.in_line(visit.db, session.id)),
        history=_history(visit.db, session),
        begun=session.starts_at <= visit.now,
        typed=_typed(visit, session),
    )


def see_new(visit: Visit) -> Response:
    """Show the form for a session; what was typed stands in it again."""
    return visit.show("session_new.html", activities=_activities(visit), most_weeks=MOST_WEEKS)


def make(visit: Visit) -> Response:
    """Make a session, and the same in the weeks after.

    Raises:
        Refusal: a rule of `organising.make`, or something was not typed as it should be.
    """
    activity = _activities(visit).get(visit.sent.get("activity", ""))
    if activity is None:
        raise Refusal("utter_desk_no_activity")
    weeks = number(visit, "repeat", default=1)
    if weeks > MOST_WEEKS:
        raise Refusal("utter_desk_repeat", most=MOST_WEEKS)
    made = organising.make(
        visit.db,
        programme_of(visit),
        activity_id=activity.id,
        times=_times(visit),
        seats=number(visit, "places", default=activity.places),
        staff_id=visit.staff.id,
        now=visit.now,
        repeat=weeks,
    )
    for session in made:
        visit.note("made_session", f"session:{session.id}")
    return go(f"/sessions/{made[0].id}")


def move(visit: Visit) -> Response:
    """Move a session; everybody who booked or waits is told.

    Raises:
        Refusal: a rule of `organising.move`.
    """
    return _change(visit, organising.move, "moved_session", times=_times(visit))


def change_places(visit: Visit) -> Response:
    """Change how many places there are; more are offered to those who wait.

    Raises:
        Refusal: a rule of `organising.change_seats`.
    """
    seats = number(visit, "places", default=0)
    return _change(visit, organising.change_seats, "changed_places", seats=seats)


def call_off(visit: Visit) -> Response:
    """Cancel a session for all.

    Raises:
        Refusal: a rule of `organising.call_off`, no reason is given, or it is not confirmed.
    """
    reason = visit.words().strip()
    if not reason:
        raise Refusal("utter_desk_no_reason")
    if len(reason) > LONGEST_REASON:
        raise Refusal("utter_desk_reason_long", most=LONGEST_REASON)
    if not visit.sent.get("sure"):
        raise Refusal("utter_desk_not_sure")
    return _change(visit, organising.call_off, "called_off_session", reason=reason)


def programme_of(visit: Visit) -> Programme:
    """Return what is on, as residents are told it at this moment."""
    return Programme(visit.pack, visit.desk.wording)


def find(visit: Visit) -> Session:
    """Return the session of the address; unknown and forbidden look the same."""
    session = visit.db.get(Session, identity(visit.path["session_id"]))
    if session is None or not _is_ours(visit, session):
        raise Missing
    return session


def identity(text: str) -> int:
    """Return the number of a row that an address or a form names; none is like it if bad."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def number(visit: Visit, field: str, *, default: int) -> int:
    """Return a number of a form, the default where nothing is typed.

    Raises:
        Refusal: it is no number.
    """
    typed = visit.sent.get(field, "").strip()
    if not typed:
        return default
    if not (typed.isascii() and typed.isdigit() and len(typed) < 6):
        raise Refusal("utter_desk_no_time")
    return int(typed)


def people(db: Db, ones: Sequence[Booking] | Sequence[WaitlistEntry]) -> list[Person]:
    """Return them with who they are, as far as staff wrote it down."""
    known = callers.among(db, (one.resident_id for one in ones))
    return [Person(one, known.get(one.resident_id)) for one in ones]


def marks_of(session: Session, now: datetime) -> list[str]:
    """Return what is to be noticed about a session, by the names of `labels.MARKS`."""
    found = {
        "off": not session.is_open,
        "moved": session.is_open and session.revision > 0,
        "undrawn": undrawn.is_undrawn(session, now),
        "at_risk": session.is_at_risk,
        "full": session.is_open and session.left == 0,
    }
    return [mark for mark, holds in found.items() if holds]


def _change(visit: Visit, deed: Callable[..., Session], noted: str, **facts: Any) -> Response:
    """Do something to the session of the address; who is told may be of any area."""
    session = find(visit)
    with scope.unlimited(visit.db):
        deed(
            visit.db,
            programme_of(visit),
            session_id=session.id,
            staff_id=visit.staff.id,
            now=visit.now,
            **facts,
        )
    visit.note(noted, f"session:{session.id}")
    return go(f"/sessions/{session.id}")


def _is_ours(visit: Visit, session: Session) -> bool:
    return scope.reaches([visit.staff.area_id], area_of(visit.pack, session))


def _rows(visit: Visit, first: date) -> list[Row]:
    start = datetime.combine(first, time(), visit.pack.zone)
    found = visit.db.scalars(
        select(Session)
        .where(
            Session.starts_at >= start,
            Session.starts_at < start + timedelta(days=DAYS),
            or_(Session.places > 0, Session.status != SessionStatus.OPEN),
        )
        .options(joinedload(Session.draw))
        .order_by(Session.starts_at, Session.id)
    )
    sessions = [session for session in found if _is_ours(visit, session)]
    waiting = _waiting(visit.db, [session.id for session in sessions])
    programme = programme_of(visit)
    return [
        Row(one, described(programme, one), waiting.get(one.id, 0), marks_of(one, visit.now))
        for one in sessions
    ]


def _undrawn(visit: Visit) -> list[tuple[Session, dict[str, Any]]]:
    """Return the sessions whose draw is late or never came, and what they are."""
    programme = programme_of(visit)
    found = undrawn.lately(visit.db, now=visit.now)
    return [(one, described(programme, one)) for one in found if _is_ours(visit, one)]


def _waiting(db: Db, session_ids: Sequence[int]) -> dict[int, int]:
    found = db.execute(
        select(WaitlistEntry.session_id, func.count(WaitlistEntry.id))
        .where(WaitlistEntry.session_id.in_(session_ids), WaitlistEntry.status.in_(IN_LINE))
        .group_by(WaitlistEntry.session_id)
    )
    return {session_id: count for session_id, count in found}


def _history(db: Db, session: Session) -> list[tuple[SessionChange, str]]:
    names = {number: name for number, name in db.execute(select(Staff.id, Staff.username))}
    return [(made, names[made.staff_id]) for made in organising.history(db, session)]


def _activities(visit: Visit) -> dict[str, Activity]:
    """Return the activities whose venue is in the area of who looks, by id."""
    areas, pack = [visit.staff.area_id], visit.pack
    return {
        activity.id: activity
        for activity in pack.activities.values()
        if scope.reaches(areas, area_of(pack, Session(activity_id=activity.id)))
    }


def _times(visit: Visit) -> Times:
    """Read date, from, to and room of a form, on the community's clock.

    Raises:
        Refusal: a date or time is missing or cannot be.
    """
    on, zone = day_of(visit.sent.get("on", "")), visit.pack.zone
    if on is None:
        raise Refusal("utter_desk_no_time")
    if not visit.today <= on <= visit.today + FAR:
        raise Refusal("utter_session_impossible")
    starts, ends = (_clock(visit.sent.get(name, "")) for name in ("from", "to"))
    room = clean(visit.sent.get("room", "")).strip()[:LONGEST_ROOM] or None
    return Times(datetime.combine(on, starts, zone), datetime.combine(on, ends, zone), room)


def day_of(typed: str) -> date | None:
    """Read the date of a form; None when there is none."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _clock(typed: str) -> time:
    try:
        return time.fromisoformat(typed).replace(tzinfo=None)
    except ValueError:
        raise Refusal("utter_desk_no_time") from None


def _typed(visit: Visit, session: Session) -> dict[str, str]:
    """Return what stands in the forms: what was typed and refused, else how things are."""
    starts, ends = (
        at.astimezone(visit.pack.zone) for at in (session.starts_at, session.ends_at)
    )
    now = {
        "on": f"{starts:%Y-%m-%d}",
        "from": f"{starts:%H:%M}",
        "to": f"{ends:%H:%M}",
        "room": session.room or "",
        "places": str(session.places),
        "words": "",
    }
    return now | {name: visit.sent[name] for name in now if name in visit.sent}
