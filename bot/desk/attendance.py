"""Who came, on a phone at the door: a tap is here, another tap is not yet; or by code."""

from starlette.responses import Response

from actions.booking import attendance, bookings
from actions.booking.model import Booking, BookingStatus
from actions.booking.programme import described
from actions.errors import Refusal
from bot.desk.sessions import find, identity, people, programme_of
from bot.desk.visit import Visit, go


def see(visit: Visit) -> Response:
    """Show everybody who is booked, to be ticked off."""
    session = find(visit)
    visit.note("read_session", f"session:{session.id}")
    booked = [
        one
        for one in bookings.of_session(visit.db, session.id)
        if one.status == BookingStatus.BOOKED
    ]
    everybody = people(visit.db, booked)
    return visit.show(
        "attendance.html",
        session=session,
        told=described(programme_of(visit), session),
        people=everybody,
        here_places=sum(one.places for one in booked if one.checked_in_at),
        expected=sum(one.places for one in booked),
        begun=session.starts_at <= visit.now,
    )


def mark(visit: Visit) -> Response:
    """Tick somebody off, or take it back.

    Raises:
        Refusal: a rule of `attendance`, or it was not sent by our form.
    """
    deed = attendance.MARKS.get(visit.sent.get("mark", ""))
    if deed is None:
        raise Refusal("utter_desk_not_like_that")
    booking = deed(
        visit.db,
        programme_of(visit),
        session_id=find(visit).id,
        booking_id=identity(visit.sent.get("booking", "")),
        now=visit.now,
    )
    return _noted(visit, f"marked_{visit.sent['mark']}", booking)


def mark_by_code(visit: Visit) -> Response:
    """Tick off whoever says or shows a code.

    Raises:
        Refusal: a rule of `attendance.arrive_by_code`.
    """
    booking = attendance.arrive_by_code(
        visit.db,
        programme_of(visit),
        session_id=find(visit).id,
        said=visit.sent.get("code", ""),
        now=visit.now,
    )
    return _noted(visit, "marked_here", booking)


def close(visit: Visit) -> Response:
    """Close the list: who did not come has missed it.

    Raises:
        Refusal: the session has not begun.
    """
    session = find(visit)
    attendance.close_list(visit.db, programme_of(visit), session_id=session.id, now=visit.now)
    visit.note("closed_list", f"session:{session.id}")
    return go(f"/sessions/{session.id}/attendance")


def _noted(visit: Visit, deed: str, booking: Booking) -> Response:
    visit.note(deed, f"booking:{booking.id}")
    return go(f"/sessions/{booking.session_id}/attendance#b{booking.id}")
