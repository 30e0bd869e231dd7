"""What residents, organisers and the worker do in a race for places; and the naive ways.

Run in many processes at once, each with its own connection. Between any two statements a
process may fall asleep for a moment: whatever can come between, does.
"""

import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from threading import Barrier
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError, OperationalError, TimeoutError

from actions import conversations
from actions.booking import bookings, codes, service, waitlist
from actions.booking.bookings import Order
from actions.booking.model import (
    HOLDING,
    IN_LINE,
    Booking,
    BookingStatus,
    Session,
    WaitlistEntry,
)
from actions.booking.programme import Programme
from actions.booking.schedule import write_sessions
from actions.booking.taps import TAPS
from actions.conversations import Author, Conversation
from actions.db import Database, Db
from actions.errors import Refusal
from actions.taps import Tap
from bot.delivery import Delivery

OVER = timedelta(minutes=31)  # after so long an offer has run out
ASLEEP = 0.003  # seconds, at most, one time in
ONE_IN = 8


@dataclass(frozen=True)
class Request:
    """One thing asked for: by whom, of which session; so many places, or another session."""

    deed: str
    conversation_id: str
    session_id: int
    number: int = 1


@dataclass(frozen=True)
class Standing:
    """A clock that stands for the length of a trial."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass
class Racer:
    """One process in a race: does what it is asked, again while the store is busy."""

    database: Database
    programme: Programme
    now: datetime
    counted: Counter[str] = field(default_factory=Counter)

    def do(self, request: Request) -> None:
        """Do one request to its end; how it ended is counted by its kind."""
        while True:
            try:
                DEEDS[request.deed](self, request)
            except Refusal as refusal:
                self.counted[f"refused {refusal.response}"] += 1
            except (OperationalError, TimeoutError) as error:
                self.counted[f"busy {_kind(error)}"] += 1
                continue
            except IntegrityError:
                self.counted[f"broke {request.deed}"] += 1
            else:
                self.counted[f"done {request.deed}"] += 1
            return

    def conversation(self, db: Db, request: Request) -> Conversation:
        return db.get_one(Conversation, request.conversation_id)


def book(racer: Racer, request: Request) -> None:
    """Book places."""
    with racer.database.transaction() as db:
        service.book(
            db,
            racer.programme,
            order=Order(request.session_id, request.number),
            conversation=racer.conversation(db, request),
            now=racer.now,
        )


def join(racer: Racer, request: Request) -> None:
    """Stand in line, or book if there is room."""
    with racer.database.transaction() as db:
        service.join_waitlist(
            db,
            racer.programme,
            order=Order(request.session_id, request.number),
            conversation=racer.conversation(db, request),
            now=racer.now,
        )


def tap(racer: Racer, request: Request) -> None:
    """Claim by a button, as the gateway does it: deed and answer in one transaction."""
    with racer.database.transaction() as db:
        conversation = racer.conversation(db, request)
        conversations.hold(db, conversation.id)
        try:
            with db.begin_nested():
                wish = Tap(conversation, str(request.session_id), racer.now)
                said = TAPS["claim"](db, racer.programme, wish).response
        except Refusal as refusal:
            said = refusal.response
        conversations.say(db, conversation, said, author=Author.ASSISTANT, now=racer.now)


def cancel(racer: Racer, request: Request) -> None:
    """Give places back."""
    with racer.database.transaction() as db:
        resident_id = racer.conversation(db, request).resident_id
        service.cancel(
            db,
            racer.programme,
            booking_id=_booking(db, request.session_id, resident_id),
            resident_id=resident_id,
            now=racer.now,
        )


def change(racer: Racer, request: Request) -> None:
    """Change for how many a booking is."""
    with racer.database.transaction() as db:
        resident_id = racer.conversation(db, request).resident_id
        service.change_places(
            db,
            racer.programme,
            booking_id=_booking(db, request.session_id, resident_id),
            resident_id=resident_id,
            wanted=request.number,
            now=racer.now,
        )


def exchange(racer: Racer, request: Request) -> None:
    """Exchange a booking for one of another session, whose id is the number."""
    with racer.database.transaction() as db:
        conversation = racer.conversation(db, request)
        service.move_booking(
            db,
            racer.programme,
            booking_id=_booking(db, request.session_id, conversation.resident_id),
            to_session_id=request.number,
            conversation=conversation,
            now=racer.now,
        )


def answering(deed: Callable[..., object]) -> Callable[[Racer, Request], None]:
    """Return what answers an offer, or leaves the line."""

    def answer(racer: Racer, request: Request) -> None:
        with racer.database.transaction() as db:
            resident_id = racer.conversation(db, request).resident_id
            entry_id = db.scalar(
                select(WaitlistEntry.id).where(
                    WaitlistEntry.session_id == request.session_id,
                    WaitlistEntry.resident_id == resident_id,
                    WaitlistEntry.status.in_(IN_LINE),
                )
            )
            deed(
                db,
                racer.programme,
                entry_id=entry_id or 0,
                resident_id=resident_id,
                now=racer.now,
            )

    return answer


def expire(racer: Racer, _request: Request) -> None:
    """End the offers that have run out, as the worker does."""
    with racer.database.transaction() as db:
        waitlist.expire_due(db, racer.programme, now=racer.now + OVER)


def write(racer: Racer, _request: Request) -> None:
    """Write the day's sessions, as worker and publisher do."""
    with racer.database.transaction() as db:
        write_sessions(db, racer.programme.pack, now=racer.now)


def deliver(racer: Racer, _request: Request) -> None:
    """Send what is due, as the worker does."""
    Delivery(
        racer.database,
        Standing(racer.now),
        racer.programme.wording,
        timedelta(days=1),
    ).deliver_due()


def check_then_insert(racer: Racer, request: Request) -> None:
    """The naive way: count, and insert as if the count still held."""
    with racer.database.reading() as db:
        _count_or_refuse(db, request)
    with racer.database.transaction() as db:
        _insert(db, racer, request)


def repeatable_read(racer: Racer, request: Request) -> None:
    """The naive way with a lock: what is counted behind it is what was before it."""
    with racer.database.transaction() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        db.scalar(select(Session.id).where(Session.id == request.session_id).with_for_update())
        _count_or_refuse(db, request)
        _insert(db, racer, request)


DEEDS: Mapping[str, Callable[[Racer, Request], None]] = {
    "book": book,
    "join": join,
    "tap": tap,
    "cancel": cancel,
    "change": change,
    "exchange": exchange,
    "accept": answering(waitlist.accept),
    "decline": answering(waitlist.decline),
    "leave": answering(waitlist.leave),
    "expire": expire,
    "write": write,
    "deliver": deliver,
    "check_then_insert": check_then_insert,
    "repeatable_read": repeatable_read,
}


def race(url: str, programme: Programme, start: Barrier, parent: Connection, seed: int) -> None:
    """Do the share of one trial after another, until told None: a process's whole life."""
    chance = random.Random(seed)
    database = Database(url)
    event.listen(database.engine, "before_cursor_execute", doze(chance))
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", hurry)
    while (share := parent.recv()) is not None:
        now, requests = share
        racer = Racer(database, programme, now)
        start.wait()
        for request in requests:
            racer.do(request)
        parent.send(racer.counted)
    database.close()


def doze(chance: random.Random) -> Callable[..., None]:
    """Return what falls asleep now and then, to be called before every statement."""

    def now_and_then(*_statement: Any) -> None:
        if chance.randrange(ONE_IN) == 0:
            time.sleep(chance.uniform(0, ASLEEP))

    return now_and_then


def hurry(connection: Any, _record: Any) -> None:
    """Do not wait for the disk: nothing is killed here."""
    connection.execute("PRAGMA synchronous=OFF")


def _booking(db: Db, session_id: int, resident_id: str) -> int:
    found = bookings.active(db, session_id, resident_id)
    return found.id if found else 0


def _count_or_refuse(db: Db, request: Request) -> None:
    places = db.get_one(Session, request.session_id).places
    taken = select(func.count()).select_from(Booking)
    booked = db.scalar(
        taken.where(Booking.session_id == request.session_id, Booking.status.in_(HOLDING))
    )
    if (booked or 0) >= places:
        raise Refusal("utter_session_full")


def _insert(db: Db, racer: Racer, request: Request) -> None:
    conversation = racer.conversation(db, request)
    db.add(
        Booking(
            code=codes.new_code(),
            token=secrets.token_urlsafe(16),
            session_id=request.session_id,
            resident_id=conversation.resident_id,
            conversation_id=conversation.id,
            places=1,
            status=BookingStatus.BOOKED,
            booked_at=racer.now,
        )
    )
    db.flush()


def _kind(error: Exception) -> str:
    """Return what kept the store busy: a kind of PostgreSQL's error, or SQLite's words."""
    cause = getattr(error, "orig", None)
    return str(getattr(cause, "sqlstate", None) or cause or type(error).__name__)
