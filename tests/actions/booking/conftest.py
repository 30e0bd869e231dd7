"""A community with its sessions written, and residents who book them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from actions import changeover, conversations
from actions.booking import service
from actions.booking.bookings import Order
from actions.booking.model import Booking, Session
from actions.booking.programme import Programme
from actions.booking.schedule import write_sessions
from actions.content.model import Offline
from actions.conversations import Conversation
from actions.db import Db
from actions.dialogue import Ground
from actions.people import scope
from actions.people.model import Role, Staff
from bot.delivery import Delivery

ZONE = ZoneInfo("Asia/Shanghai")
MakeSession = Callable[..., int]


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A moment of 2026 on the community's clock."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def conversation_of(db: Db, name: str) -> Conversation:
    """The conversation of the resident with this name; somebody new is welcomed."""
    return conversations.at_address(db, channel="webchat", address=name, now=at(24, 9))


def book(
    ground: Ground,
    session_id: int,
    *,
    who: str = "a",
    places: int = 1,
    now: datetime | None = None,
) -> int:
    """Book in a transaction of its own; returns the booking's id."""
    with ground.database.transaction() as db:
        booking = service.book(
            db,
            programme_of(ground),
            order=Order(session_id, places),
            conversation=conversation_of(db, who),
            now=now or ground.clock.now(),
        )
        return booking.id


def wait(ground: Ground, session_id: int, *, who: str, places: int = 1) -> int:
    """Join the line in a transaction of its own; returns the position."""
    with ground.database.transaction() as db:
        entry = service.join_waitlist(
            db,
            programme_of(ground),
            order=Order(session_id, places),
            conversation=conversation_of(db, who),
            now=ground.clock.now(),
        )
        assert not isinstance(entry, Booking)
        return entry.position


def cancel(ground: Ground, booking_id: int, *, who: str = "a") -> None:
    """Cancel in a transaction of its own."""
    with ground.database.transaction() as db:
        service.cancel(
            db,
            programme_of(ground),
            booking_id=booking_id,
            resident_id=conversation_of(db, who).resident_id,
            now=ground.clock.now(),
        )


def deliver(ground: Ground) -> None:
    """The worker sends everything that is due."""
    never = timedelta(days=99)
    worker = Delivery(ground.database, ground.clock, ground.wording, never)
    while worker.deliver_due():
        pass


def take_offline(ground: Ground, *activity_ids: str) -> None:
    """Staff take activities offline."""
    now = ground.clock.now()
    with ground.database.transaction() as db:
        for activity_id in activity_ids:
            db.add(Offline(kind="activity", subject_id=activity_id, since_at=now))


def bring_back(ground: Ground, activity_id: str) -> None:
    """Staff of no area bring an activity back."""
    now, subject = ground.clock.now(), ("activity", activity_id)
    editor = staff_of(ground)
    with ground.database.transaction() as db:
        scope.limit(db, scope.Reach(()))
        changeover.bring_back(db, programme_of(ground), subject, staff_id=editor, now=now)


def staff_of(ground: Ground) -> int:
    """The id of the one member of staff there is."""
    with ground.database.transaction() as db:
        if found := db.scalar(select(Staff.id)):
            return int(found)
        colleague = Staff(username="editor", role=Role.EDITOR, password_hash="x")
        colleague.area_id, colleague.created_at = "guali/", ground.clock.now()
        db.add(colleague)
        db.flush()
        return colleague.id


def session_of(ground: Ground, session_id: int) -> Session:
    """The session as it stands now."""
    with ground.database.reading() as db:
        return db.get_one(Session, session_id)


def programme_of(ground: Ground) -> Programme:
    return Programme(ground.pack, ground.wording)


@pytest.fixture
def make_session(ground: Ground) -> MakeSession:
    """Write one session: of the calligraphy club, Saturday at 14:00, unless said otherwise."""

    def make(
        places: int = 2,
        *,
        activity_id: str = "club-calligraphy",
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> int:
        with ground.database.transaction() as db:
            session = Session(
                activity_id=activity_id,
                planned_at=starts_at or at(28, 14),
                starts_at=starts_at or at(28, 14),
                ends_at=ends_at or at(28, 15, 30),
                places=places,
                taken=0,
                waitlist_next=0,
            )
            db.add(session)
            db.flush()
            return session.id

    return make


@pytest.fixture
def on(ground: Ground) -> Callable[[str, datetime], int]:
    """The whole pack's sessions are written; returns the id of one by activity and time."""
    with ground.database.transaction() as db:
        write_sessions(db, ground.pack, now=ground.clock.now())

    def find(activity_id: str, starts_at: datetime) -> int:
        with ground.database.reading() as db:
            return db.scalars(
                select(Session.id).where(
                    Session.activity_id == activity_id, Session.starts_at == starts_at
                )
            ).one()

    return find
