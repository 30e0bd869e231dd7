"""What booking should do, once more: plain lists, one resident after the other, no database.

Every deed returns the response that refuses it, or `DONE`; refused, it has changed nothing.
"""

from collections.abc import Callable, Container, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Concatenate, ParamSpec

P = ParamSpec("P")

DONE = ""
OFFER_FOR = timedelta(minutes=30)
MOST = 10


class No(Exception):
    """A rule says no; carries the response."""


@dataclass
class Held:
    """Somebody's places in a session; `owed_at` is when its reminders were last owed."""

    who: str
    places: int
    owed_at: datetime


@dataclass
class Standing:
    """Somebody's turn in a line; `until` is set once they are asked."""

    who: str
    places: int
    until: datetime | None = None


@dataclass
class Dated:
    """A session with who has places in it and who waits, each in the order they came."""

    activity: str
    starts: datetime
    ends: datetime
    places: int
    is_open: bool = True
    by_staff: bool = False
    held: list[Held] = field(default_factory=list)
    line: list[Standing] = field(default_factory=list)

    @property
    def taken(self) -> int:
        asked = sum(one.places for one in self.line if one.until)
        return asked + sum(one.places for one in self.held)

    @property
    def left(self) -> int:
        return self.places - self.taken

    def held_by(self, who: str) -> Held | None:
        return next((one for one in self.held if one.who == who), None)

    def place_of(self, who: str) -> Standing | None:
        return next((one for one in self.line if one.who == who), None)


def whole(
    deed: Callable[Concatenate["Model", P], object],
) -> Callable[Concatenate["Model", P], str]:
    """Let a deed that is refused half way have changed nothing."""

    def done_or_refused(model: "Model", /, *args: P.args, **kwargs: P.kwargs) -> str:
        before = deepcopy(model.sessions)
        try:
            deed(model, *args, **kwargs)
        except No as no:
            model.sessions = before
            return str(no)
        return DONE

    return done_or_refused


@dataclass
class Model:
    """The sessions by id, and who holds and waits for what in them."""

    zone: Any
    sessions: dict[int, Dated] = field(default_factory=dict)

    @whole
    def book(self, session_id: int, who: str, places: int, now: datetime) -> None:
        self._book(session_id, who, places, now)

    @whole
    def join(self, session_id: int, who: str, places: int, now: datetime) -> None:
        session = self._bookable(session_id, who, places, now)
        if session.left >= places:
            self._book(session_id, who, places, now)
            return
        _no_if(session.place_of(who) is not None, "utter_already_waiting")
        session.line.append(Standing(who, places))

    @whole
    def cancel(self, session_id: int, who: str, now: datetime) -> None:
        self._cancel(session_id, who, now)

    @whole
    def change(self, session_id: int, who: str, places: int, now: datetime) -> None:
        session, held = self._own(session_id, who)
        _no_if(session.starts <= now, "utter_session_past")
        _no_if(not 1 <= places <= MOST, "utter_places_too_many")
        _no_if(places - held.places > session.left, "utter_no_more_places")
        fewer = places < held.places
        held.places, held.owed_at = places, now
        if fewer:
            self._offer(session, now)

    @whole
    def exchange(self, session_id: int, to_id: int, who: str, now: datetime) -> None:
        _, held = self._own(session_id, who)
        _no_if(session_id == to_id, "utter_already_booked")
        self._cancel(session_id, who, now)
        self._book(to_id, who, held.places, now)

    @whole
    def accept(self, session_id: int, who: str, now: datetime) -> None:
        session, one = self._place(session_id, who)
        in_time = one.until is not None and one.until > now < session.starts
        _no_if(not in_time, "utter_offer_over")
        session.line.remove(one)
        session.held.append(Held(who, one.places, now))

    @whole
    def decline(self, session_id: int, who: str, now: datetime) -> None:
        session, one = self._place(session_id, who)
        _no_if(one.until is None, "utter_offer_over")
        session.line.remove(one)
        self._offer(session, now)

    @whole
    def leave(self, session_id: int, who: str, now: datetime) -> None:
        session, one = self._place(session_id, who)
        session.line.remove(one)
        if one.until:
            self._offer(session, now)

    @whole
    def expire(self, now: datetime, unheard: Container[tuple[int, str]] = ()) -> None:
        """Who could not be asked in time, by session and name, is asked anew."""
        due = [
            (session_id, session, one)
            for session_id, session in sorted(self.sessions.items())
            for one in session.line
            if one.until and one.until <= now
        ]
        for session_id, session, one in due:
            if (session_id, one.who) in unheard and session.starts > now:
                one.until = self._until(session, now)
                continue
            session.line.remove(one)
            self._offer(session, now)

    @whole
    def move(self, session_id: int, starts: datetime, ends: datetime, now: datetime) -> None:
        session = self._changeable(session_id, now)
        _no_if(starts <= now, "utter_session_impossible")
        others = (s for i, s in self.sessions.items() if i != session_id)
        _no_if(any(_clash(s, session, starts, ends) for s in others), "utter_room_taken")
        session.starts, session.ends, session.by_staff = starts, ends, True
        for held in session.held:
            held.owed_at = now
        for one in session.line:
            one.until = min(one.until, starts) if one.until else None

    @whole
    def call_off(self, session_id: int, now: datetime) -> None:
        session = self._changeable(session_id, now)
        session.is_open, session.by_staff = False, True
        session.held.clear()
        session.line.clear()

    @whole
    def write(self, activity: str, places: int, planned: Iterable[int], now: datetime) -> None:
        """The pack says another number of places for its sessions still to come."""
        for session_id in planned:
            session = self.sessions[session_id]
            ours = session.activity == activity and not session.by_staff
            if ours and session.places != places:
                session.places = max(session.taken, places)
                self._offer(session, now)

    def reminders(self, session: Dated, held: Held) -> list[datetime]:
        """When somebody is to be reminded, of what was still to come when it was owed."""
        starts = session.starts.astimezone(self.zone)
        evening = datetime.combine(starts - timedelta(days=1), time(18), self.zone)
        due = (evening, starts - timedelta(hours=2))
        return [when for when in due if when > held.owed_at and 7 <= when.hour < 21]

    def _book(self, session_id: int, who: str, places: int, now: datetime) -> None:
        session = self._bookable(session_id, who, places, now)
        one = session.place_of(who)
        if one:
            session.line.remove(one)
        _no_if(session.left < places, "utter_session_full")
        session.held.append(Held(who, places, now))
        if one and one.until:
            self._offer(session, now)

    def _cancel(self, session_id: int, who: str, now: datetime) -> None:
        session, held = self._own(session_id, who)
        _no_if(session.starts <= now, "utter_session_past")
        session.held.remove(held)
        self._offer(session, now)

    def _offer(self, session: Dated, now: datetime) -> None:
        if session.starts <= now or not session.is_open:
            return
        for one in session.line:
            if one.until is None and one.places <= session.left:
                one.until = self._until(session, now)

    def _until(self, session: Dated, now: datetime) -> datetime:
        """Until when somebody may answer who is asked now, or after the night."""
        local = now.astimezone(self.zone)
        night = timedelta(days=1) if local.hour >= 21 else timedelta()
        asked = local.replace(hour=7, minute=0, second=0, microsecond=0) + night
        if 7 <= local.hour < 21 or asked >= session.starts:
            asked = now
        return min(asked + OFFER_FOR, session.starts)

    def _bookable(self, session_id: int, who: str, places: int, now: datetime) -> Dated:
        session = self.sessions[session_id]
        _no_if(not session.is_open, "utter_session_off")
        _no_if(session.starts <= now, "utter_session_past")
        _no_if(not 1 <= places <= MOST, "utter_places_too_many")
        _no_if(session.held_by(who) is not None, "utter_already_booked")
        return session

    def _changeable(self, session_id: int, now: datetime) -> Dated:
        session = self.sessions[session_id]
        _no_if(not session.is_open, "utter_session_off")
        _no_if(session.starts <= now, "utter_session_past")
        return session

    def _own(self, session_id: int, who: str) -> tuple[Dated, Held]:
        session = self.sessions[session_id]
        held = session.held_by(who)
        if held is None:
            raise No("utter_no_such_booking")
        return session, held

    def _place(self, session_id: int, who: str) -> tuple[Dated, Standing]:
        session = self.sessions[session_id]
        one = session.place_of(who)
        if one is None:
            raise No("utter_no_such_booking")
        return session, one


def _no_if(wrong: bool, response: str) -> None:
    if wrong:
        raise No(response)


def _clash(other: Dated, session: Dated, starts: datetime, ends: datetime) -> bool:
    same_room = other.activity == session.activity
    return same_room and other.is_open and other.starts < ends and starts < other.ends
