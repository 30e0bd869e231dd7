"""Changing a booking: which a message speaks of, what it wishes of it, whether that may be."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from actions import behalf
from actions.booking import codes, own, reading, service, showing, whose
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, Held, Session
from actions.booking.programme import VISIT
from actions.booking.reading import Window
from actions.booking.wishes import upcoming
from actions.dialogue import Turn
from actions.errors import Refusal

WHICH, WHAT, TO, CONFIRM = "change_which", "change_what", "change_to", "change_confirm"
OFFER = "change_offer"  # never asked for: what a yes to the read-back means
SAID = "change_said"  # never asked for: what was said of the new before it was clear of which
WITH = "change_with"  # never asked for: how many places in another session, if not as many
ACTING = "change_acting"  # never asked for: by what it is about somebody else's
CHANGE_SLOTS = (WHICH, WHAT, TO, CONFIRM, OFFER, SAID, WITH, ACTING)

SESSION, PLACES = "session", "places"
YES, WAIT, NO = "yes", "wait", "no"
NOTHING = "nothing"  # there is nothing to change

# What stands before the new: 把周六的改到周日 names the old one first.
NEW = re.compile(
    r"(?:改|换|挪|移|调|推迟|提前|延)(?:期|时间|一下)?(?:约|报)?(?:到|成|至|为|去)"
    r"|(?:改|换)(?:约|成)?(?=[下这本]{0,2}个?(?:周|星期|礼拜)|[明后]天|\d|下一?场)"
    r"|\bto\b(?! (?:change|move|switch|reschedule|go|come)\b)|\binstead of\b",
    re.IGNORECASE,
)
WEEK_LATER = re.compile(r"(?:后|晚|迟|推)\w{0,3}一个?(?:周|星期|礼拜)|\ba week later\b")
WEEKS = 5  # as far as sessions are written
NEXT = re.compile(r"下一[场次节]|\bnext (?:one|session)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Wish:
    """What is to become of a booking; `to` is a session's id or a number of places, if said.

    `places` is how many are wanted in another session, where that was said as well.
    """

    what: str
    to: int | None = None
    places: int | None = None


def split(text: str) -> tuple[str, str]:
    """Return what a message says of the old and of the new; the same where it cannot tell."""
    found = list(NEW.finditer(text))
    if not found:
        return text, text
    last = found[-1]
    if len(found) > 1 and reading.read_places(text[last.end() :]):  # 改到周日，改成三个人
        last = found[-2]
    return text[: last.start()], text[last.end() :]


def read_wish(turn: Turn, booking: Booking, text: str, offered: str = "") -> Wish | None:
    """Return what a text wishes of a booking; None when it says nothing of the kind.

    `offered` are the words that chose the sessions a resident was shown, if any.

    Raises:
        Refusal: there is no such day, no session then, or nobody may book as many places.
    """
    if words := reading.no_such_date(text, turn.now, turn.wording.zone):
        raise Refusal("utter_no_such_date", date=words)
    windows = windows_of(turn, booking, text)
    if windows:
        shown = within(turn, booking, offered)
        found = _then(windows, text, shown) or _then(windows, text, others(turn, booking))
        if not found:
            raise showing.none_then(turn, windows)
        only = found[0].id if len(found) == 1 else None
        return Wish(SESSION, only, places_said(booking, text))
    if NEXT.search(text):
        later = [s for s in others(turn, booking) if s.starts_at > booking.session.starts_at]
        return Wish(SESSION, later[0].id if later else None, places_said(booking, text))
    wanted = places_said(booking, text)
    return None if wanted is None else Wish(PLACES, checked(wanted))


def windows_of(turn: Turn, booking: Booking, text: str) -> tuple[Window, ...]:
    """Return the times a text speaks of; “a week later” is counted from the booking."""
    zone = turn.wording.zone
    if WEEK_LATER.search(text):
        starts = booking.session.starts_at.astimezone(zone) + timedelta(weeks=1)
        return (reading.day_of(Window(starts, starts)),)
    return reading.read_possible(text, turn.now, zone)


def others(turn: Turn, booking: Booking) -> list[Session]:
    """Return the other sessions of a booking's activity, soonest first."""
    activity = turn.pack.activities.get(booking.session.activity_id)
    found = upcoming(turn, [activity]) if activity else []
    return [session for session in found if session.id != booking.session_id]


def within(turn: Turn, booking: Booking, text: str) -> Sequence[Session]:
    """Return the other sessions at the times a text speaks of, all when there are none."""
    sessions = others(turn, booking)
    return reading.held(windows_of(turn, booking, text), sessions) or sessions


def checked(wanted: int) -> int:
    """Return a number of places one may book.

    Raises:
        Refusal: it is none.
    """
    if not 1 <= wanted <= service.MOST_PLACES:
        raise Refusal("utter_places_too_many", most=service.MOST_PLACES)
    return wanted


def changeable(turn: Turn) -> list[Booking]:
    """Return the bookings a resident may change alone, of those a message is about."""
    return _changeable(turn, whose.asked_for(turn, ACTING))


def _changeable(turn: Turn, among: Sequence[Held]) -> list[Booking]:
    """Leave out what is over, and visits, which are settled with staff."""
    return [
        one
        for one in among
        if isinstance(one, Booking)
        and one.session.starts_at > turn.now
        and not by_staff(turn, one)
    ]


def by_staff(turn: Turn, booking: Booking) -> bool:
    """Whether staff alone may change it: a visit, or what they have not said yes to."""
    activity = turn.pack.activities.get(booking.session.activity_id)
    visit = activity is not None and activity.kind == VISIT
    return visit or booking.status != BookingStatus.BOOKED


def which(turn: Turn, everything: list[Booking], about: str) -> tuple[Booking | None, bool]:
    """Return the one booking a first message speaks of, and whether its time says so.

    Raises:
        Refusal: it speaks of one that is not theirs.
    """
    meant = own.meant(turn, everything, about)
    if turn.choice or codes.read_code(about):
        if not meant:
            raise Refusal("utter_no_such_booking")
        return _only(meant), False
    timed = bool(meant and reading.read_windows(about, turn.now, turn.wording.zone))
    meant = meant or own.by_name(turn, everything, about)
    if not meant:
        raise Refusal("utter_no_such_booking")
    return _only(meant), timed


def _only(meant: list[Held]) -> Booking | None:
    (first, *more) = meant
    return first if isinstance(first, Booking) and not more else None


def chosen(turn: Turn, which: object = None) -> Booking | None:
    """Return the booking the form has come to, or comes to now."""
    wanted = which or turn.slots.get(WHICH)
    within = _changeable(turn, whose.within_reach(turn))
    return next((one for one in within if str(one.id) == wanted), None)


def check_places(turn: Turn, booking: Booking, wanted: int) -> str:
    """Guard another number of places; what a yes then means.

    Raises:
        Refusal: it is the same, or not so many are free.
    """
    more = wanted - booking.places
    if more == 0:
        raise Refusal("utter_change_same", **showing.held_told(turn, booking))
    if more > booking.session.left:
        told = {**showing.told(turn, booking.session), "places": more}
        raise Refusal("utter_no_more_places", **told)
    return YES


def check_session(turn: Turn, booking: Booking, session_id: int, places: int) -> str:
    """Guard places in another session; a yes then means the move, or the line when it is full.

    Raises:
        Refusal: as `service.check`, or it is full and has no line.
    """
    programme = showing.programme(turn)
    theirs = behalf.lasting(turn.db, turn.resident_id, booking.resident_id)
    order = Order(session_id, places, acting_id=theirs.id if theirs else None)
    session = service.check(
        turn.db, programme, order=order, resident_id=booking.resident_id, now=turn.now
    )
    if session.left >= places:
        return YES
    if turn.pack.activities[session.activity_id].waitlist:
        return WAIT
    raise Refusal("utter_session_full_no_waitlist", **showing.told(turn, session))


def places_in(slots: Mapping[str, Any], booking: Booking) -> int:
    """Return how many places another session is wanted with."""
    return int(slots.get(WITH) or booking.places)


def before(turn: Turn, booking: Booking) -> dict[str, Any]:
    """Return what is said of a booking as it was."""
    told = showing.told(turn, booking.session)
    return {
        "before": told["when"],
        "until_before": told["until"],
        "venue_before": told["venue"],
        "places_before": booking.places,
    }


def _then(windows: Sequence[Window], text: str, sessions: Sequence[Session]) -> list[Session]:
    """Return the sessions then; of a bare weekday, those of the first week that has one."""
    weeks = WEEKS if reading.is_bare_weekday(text) else 1
    for ahead in (timedelta(weeks=n) for n in range(weeks)):
        later = [Window(w.start + ahead, w.end + ahead, w.exact) for w in windows]
        if found := reading.held(later, sessions):
            return found
    return []


def places_said(booking: Booking, text: str) -> int | None:
    """Return how many places a text wants for a booking, all together; None if it says none."""
    more = reading.read_more(text)
    return reading.read_places(text) if more is None else booking.places + more
