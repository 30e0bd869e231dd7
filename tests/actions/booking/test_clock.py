"""Whatever the clock does, everything is told once, in its time, and of the right session.

The worker's rounds go by as the bot runs them, while the clock is set an hour ahead or back at
the worst moments: over an evening, a midnight, the end of a month, the end of an offer, a draw.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from actions import outbox
from actions.booking import actions as booking
from actions.booking import draw, waitlist
from actions.booking.bookings import Order
from actions.booking.model import (
    Booking,
    BookingStatus,
    Draw,
    DrawEntry,
    DrawStatus,
    EntryStatus,
    Session,
    WaitlistEntry,
)
from actions.booking.reminders import Preference, due_times
from actions.content.editions import Shelf
from actions.db import Db
from actions.dialogue import Ground
from actions.outbox import Notice, NoticeState
from actions.quiet import is_quiet
from bot.delivery import Delivery
from bot.upkeep import Draws, Offers, Upkeep
from knowledge.calendar import DayKind, published_kind
from knowledge.programme import first_day, occurrences
from tests.actions.booking.conftest import (
    ZONE,
    MakeSession,
    at,
    book,
    cancel,
    conversation_of,
    programme_of,
    session_of,
    wait,
)
from tests.actions.booking.test_schedule import changed, only
from tests.actions.conftest import Talk
from tests.conftest import StandingClock

ROUND = timedelta(minutes=20)
HOUR = timedelta(hours=1)
REMINDER = "utter_booking_reminder"

# When the clock is set, on the true time from the midnight before a session, and by how much.
Steps = tuple[tuple[timedelta, timedelta], ...]


def set_at(hours: int, minutes: int = 0, *, by: int) -> tuple[timedelta, timedelta]:
    return timedelta(hours=hours, minutes=minutes), by * HOUR


AWKWARD: dict[str, Steps] = {
    "right": (),
    "ahead over the evening, then right": (set_at(-7, 50, by=1), set_at(-5, by=-1)),
    "back when the evening was told": (set_at(-6, 10, by=-1), set_at(-3, by=1)),
    "ahead over midnight, then back over it": (set_at(-1, 30, by=1), set_at(0, 20, by=-1)),
    "back over midnight": (set_at(0, 10, by=-1), set_at(3, by=1)),
    "ahead over noon, then right": (set_at(11, 30, by=1), set_at(12, 10, by=-1)),
    "back when noon was told": (set_at(12, 10, by=-1), set_at(13, 20, by=1)),
    "back and on, again and again": tuple(
        set_at(hours, 20, by=1 if hours % 2 else -1) for hours in range(-8, 14)
    ),
}
# What becomes of these where a reminder is no row: it is told twice, or not at all.
DOUBLED = {
    "back when the evening was told",
    "back when noon was told",
    "back and on, again and again",
}
LOST = {"ahead over the evening, then right", "ahead over noon, then right"}


@dataclass
class Life:
    """The worker's rounds, by a clock that is now and then set wrong."""

    ground: Ground
    clock: StandingClock
    each_round: Callable[["Life"], object] = lambda _: None
    rounds: timedelta = ROUND
    time: datetime = field(default_factory=lambda: at(24, 10))

    def __post_init__(self) -> None:
        ground = self.ground
        shelf, never = Shelf(ground.pack, Path("nowhere")), timedelta(days=99)
        self.worker = Delivery(ground.database, self.clock, ground.wording, never)
        by_the_clock = (ground.database, shelf, ground.wording, self.clock)
        self.upkeep = (Draws(*by_the_clock), Offers(*by_the_clock))

    def goes_by(self, start: datetime, end: datetime, steps: Steps, midnight: datetime) -> None:
        """Live from one true moment to another."""
        to_come, wrong, self.time = list(steps), timedelta(), start
        while self.time < end:
            while to_come and midnight + to_come[0][0] <= self.time:
                wrong += to_come.pop(0)[1]
            self.clock.moment = self.time + wrong
            self.round()
            self.time += self.rounds

    def round(self) -> None:
        """One round of the worker: what is due is sent, then what is due is done."""
        while self.worker.deliver_due():
            pass
        for part in self.upkeep:
            part.run_due()
        self.each_round(self)


def sent(ground: Ground, who: str, response: str = REMINDER) -> list[Notice]:
    """What somebody was sent of a kind, in the order they got it."""
    with ground.database.transaction() as db:
        found = select(Notice).where(
            Notice.conversation_id == conversation_of(db, who).id,
            Notice.response == response,
            Notice.state == NoticeState.SENT,
        )
        return list(db.scalars(found.order_by(Notice.sent_at, Notice.id)))


def moments(notices: list[Notice]) -> list[str]:
    return [f"{one.due_at.astimezone(ZONE):%m-%d %H:%M}" for one in notices]


# Reminders.


@dataclass
class Rows:
    """As it is: each reminder is a row that is sent once."""

    ground: Ground

    def __call__(self, life: Life) -> None:
        """The worker has sent what was due."""

    def told(self, who: str) -> list[str]:
        return moments(sent(self.ground, who))


@dataclass
class ByTheHour(Rows):
    """The naive way: every round asks whether it is six now, or two hours before."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, life: Life) -> None:
        now = life.clock.now().astimezone(ZONE)
        day = now + timedelta(days=1) if now.hour >= 18 else now
        if (now.hour, now.minute) not in ((18, 0), (12, 0)):
            return
        with self.ground.database.reading() as db:
            for one in db.scalars(
                select(Booking).where(Booking.status == BookingStatus.BOOKED)
            ):
                if one.session.starts_at.astimezone(ZONE).date() == day.date():
                    self.said.append((one.resident_id, f"{now:%m-%d %H:%M}"))

    def told(self, who: str) -> list[str]:
        with self.ground.database.transaction() as db:
            resident_id = conversation_of(db, who).resident_id
        return [moment for whose, moment in self.said if whose == resident_id]


@pytest.mark.parametrize("day", [at(28, 0), at(1, 0, month=12)], ids=["28", "1 December"])
@pytest.mark.parametrize(
    ("way", "doubled", "lost"),
    [(Rows, set(), set()), (ByTheHour, DOUBLED, LOST)],
    ids=["rows", "negative control"],
)
def test_each_reminder_is_sent_once_whatever_the_clock_does(  # noqa: PLR0913, PLR0917
    ground: Ground,
    make_session: MakeSession,
    clock: StandingClock,
    day: datetime,
    way: type[Rows],
    doubled: set[str],
    lost: set[str],
) -> None:
    starts = day + timedelta(hours=14)
    session_id = make_session(20, starts_at=starts, ends_at=starts + HOUR)
    telling = way(ground)
    life = Life(ground, clock, telling)
    evening, noon = day - timedelta(hours=6), day + timedelta(hours=12)
    wanted = Counter(f"{moment:%m-%d %H:%M}" for moment in (evening, noon))
    too_many: Counter[str] = Counter()
    too_few: Counter[str] = Counter()
    for name, steps in AWKWARD.items():
        book(ground, session_id, who=name, now=at(24, 10))
        begin = day - timedelta(hours=9)
        life.goes_by(begin, starts - ROUND, steps, day)
        told = Counter(telling.told(name))
        too_many[name] += (told - wanted).total()
        too_few[name] += (wanted - told).total()
        cancel(ground, _held(ground, name), who=name)
    assert (set(+too_many), set(+too_few)) == (doubled, lost)


def test_a_reminder_is_sent_in_its_time_and_never_at_night(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    """One late, early, at dawn and after midnight; every round the clock is set once more."""
    days = [at(28, 6, 30), at(28, 9), at(28, 14), at(28, 22, 30), at(29, 0, 30)]
    for who, starts in zip("abcde", days, strict=True):
        session_id = make_session(starts_at=starts, ends_at=starts + HOUR)
        book(ground, session_id, who=who, now=at(24, 10))
    steps = tuple(ahead_or_back(hours) for hours in range(-8, 24))
    Life(ground, clock).goes_by(at(27, 16), at(29, 2), steps, at(28, 0))
    told = {who: sent(ground, who) for who in "abcde"}
    assert {who: moments(notices) for who, notices in told.items()} == {
        "a": ["11-27 18:00"],
        "b": ["11-27 18:00", "11-28 07:00"],
        "c": ["11-27 18:00", "11-28 12:00"],
        "d": ["11-27 18:00", "11-28 20:30"],
        "e": ["11-28 18:00"],
    }
    for notice in (one for notices in told.values() for one in notices):
        assert notice.sent_at is not None
        assert notice.stale_at is not None
        assert notice.due_at <= notice.sent_at < notice.stale_at
        assert not is_quiet(notice.sent_at, ZONE)


def ahead_or_back(hours: int) -> tuple[timedelta, timedelta]:
    """Set ahead before the odd hours and back after them."""
    return set_at(hours, 50, by=1) if hours % 2 else set_at(hours, 10, by=-1)


def test_a_booking_made_while_the_clock_is_ahead_is_still_reminded_of_once(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    """At half past five the clock says half past six: they have just booked, and know."""
    session_id = make_session()
    clock.moment = at(27, 18, 30)
    book(ground, session_id)
    Life(ground, clock).goes_by(at(27, 17, 40), at(28, 13), (), at(28, 0))
    assert moments(sent(ground, "a")) == ["11-28 12:00"]


def test_what_is_cancelled_while_the_clock_is_back_is_not_reminded_of(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    booking_id = book(ground, make_session())
    life = Life(ground, clock)
    life.goes_by(at(27, 17), at(27, 18, 20), (), at(28, 0))
    clock.moment = at(27, 17, 20)
    cancel(ground, booking_id)
    life.goes_by(at(27, 17, 20), at(28, 14), (), at(28, 0))
    assert moments(sent(ground, "a")) == ["11-27 18:00"]


def test_summer_time_moves_no_reminder(make_session: MakeSession, ground: Ground) -> None:
    """Here the clock is never put on; where it is, six in the evening stays six."""
    zone = ZoneInfo("Europe/Paris")  # put back on 25 October 2026
    starts = datetime(2026, 10, 25, 14, tzinfo=zone)
    session = session_of(ground, make_session(starts_at=starts, ends_at=starts + HOUR))
    due = due_times(session, zone=zone, preference=Preference.ALL, now=starts - 99 * HOUR)
    assert [f"{moment.astimezone(zone):%d %H:%M}" for _, moment in due] == [
        "24 18:00",
        "25 12:00",
    ]


def _held(ground: Ground, who: str) -> int:
    with ground.database.transaction() as db:
        mine = Booking.resident_id == conversation_of(db, who).resident_id
        return db.scalars(select(Booking.id).where(mine)).one()


# Offers of a place.

OFFER_STEPS: dict[str, Steps] = {
    "right": (),
    "ahead before the question is sent": (set_at(10, 5, by=1), set_at(11, 35, by=-1)),
    "ahead while it may be answered": (set_at(10, 15, by=1), set_at(10, 45, by=-1)),
    "back while it may be answered": (set_at(10, 15, by=-1), set_at(11, 45, by=1)),
    "back when it has run out": (set_at(10, 35, by=-1), set_at(12, by=1)),
    "ahead over the beginning": (set_at(13, 20, by=1), set_at(13, 50, by=-1)),
}


def heard(ground: Ground, who: str) -> list[str]:
    """What somebody was told of their turn in the line."""
    return [
        response
        for response in ("utter_offer", "utter_offer_expired")
        for _ in sent(ground, who, response)
    ]


@pytest.mark.parametrize(
    ("looks", "unheard"), [(True, False), (False, True)], ids=["as it is", "negative control"]
)
def test_everybody_in_a_line_is_asked_once_and_has_their_time(
    ground: Ground,
    make_session: MakeSession,
    clock: StandingClock,
    monkeypatch: pytest.MonkeyPatch,
    looks: bool,
    unheard: bool,
) -> None:
    """Nobody's time runs out before they could be asked; ended by the clock alone it does."""
    if not looks:
        monkeypatch.setattr(outbox, "is_untried", lambda _db, _key: False)
    never_asked: list[str] = []
    for n, steps in enumerate(OFFER_STEPS.values()):
        starts = at(28, 14) + timedelta(days=7 * n)
        midnight = starts - timedelta(hours=14)
        clock.moment = midnight + timedelta(hours=10)
        session_id = make_session(1, starts_at=starts, ends_at=starts + HOUR)
        line = [f"{who}{n}" for who in "bcd"]
        given_back = book(ground, session_id, who=f"a{n}")
        assert [wait(ground, session_id, who=who) for who in line] == [1, 2, 3]
        cancel(ground, given_back, who=f"a{n}")
        life = Life(ground, clock, partial(_is_kept_once, session_id))
        begin = midnight + timedelta(hours=10, minutes=10 if steps else 0)
        life.goes_by(begin, starts + 2 * HOUR, steps, midnight)
        told = [heard(ground, who) for who in line]
        assert all(len(what) == len(set(what)) for what in told)
        never_asked += [
            who for who, what in zip(line, told, strict=True) if what == ["utter_offer_expired"]
        ]
        assert _ended(ground, session_id) == [EntryStatus.EXPIRED] * 3
    assert bool(never_asked) == unheard


def _is_kept_once(session_id: int, life: Life) -> None:
    """One place is kept for one: nobody else is asked meanwhile, and nobody sells it."""
    with life.ground.database.reading() as db:
        entries = select(WaitlistEntry).where(
            WaitlistEntry.session_id == session_id, WaitlistEntry.status == EntryStatus.OFFERED
        )
        asked = db.scalars(entries).all()
        assert db.get_one(Session, session_id).taken == len(asked) <= 1


def _ended(ground: Ground, session_id: int) -> list[str]:
    with ground.database.reading() as db:
        line = select(WaitlistEntry.status).where(WaitlistEntry.session_id == session_id)
        return list(db.scalars(line.order_by(WaitlistEntry.position)))


@pytest.mark.parametrize("by", [1, -1])
def test_an_offer_that_was_taken_is_taken_whatever_the_clock_says(
    ground: Ground, make_session: MakeSession, clock: StandingClock, by: int
) -> None:
    session_id = make_session(1)
    given_back = book(ground, session_id, who="a")
    wait(ground, session_id, who="b")
    wait(ground, session_id, who="c")
    cancel(ground, given_back, who="a")
    life = Life(ground, clock)
    life.round()
    with ground.database.transaction() as db:
        entry = db.scalars(select(WaitlistEntry).order_by(WaitlistEntry.position)).first()
        assert entry is not None
        waitlist.accept(
            db,
            programme_of(ground),
            entry_id=entry.id,
            resident_id=entry.resident_id,
            now=clock.now(),
        )
    for _ in range(3):
        clock.pass_by(by * HOUR)
        life.round()
    assert _ended(ground, session_id) == [EntryStatus.BOOKED, EntryStatus.WAITING]
    assert heard(ground, "b") == ["utter_offer"]
    assert heard(ground, "c") == []


# Draws.

SWIM = "class-swim-learn"
DRAW_STEPS: dict[str, Steps] = {
    "right": (),
    "ahead over the end, then back before it": (set_at(11, 30, by=1), set_at(12, 10, by=-1)),
    "back when it was drawn": (set_at(12, 10, by=-1), set_at(14, by=1)),
    "back over midnight": (set_at(0, 10, by=-1), set_at(5, by=1)),
    "back and on, again and again": tuple(
        set_at(hours, 20, by=1 if hours % 2 else -1) for hours in range(8, 16)
    ),
}


@pytest.mark.parametrize("steps", DRAW_STEPS.values(), ids=list(DRAW_STEPS))
def test_a_draw_is_held_once_and_everybody_is_told_once(
    ground: Ground, make_session: MakeSession, clock: StandingClock, steps: Steps
) -> None:
    """It closes on Thursday at noon; meanwhile somebody tries to get in every round."""
    swim = make_session(4, activity_id=SWIM, starts_at=at(28, 10, 30), ends_at=at(28, 11, 30))
    results: set[datetime] = set()
    entered = iter(range(1000))

    def comes(life: Life) -> None:
        with ground.database.transaction() as db:
            results.update(filter(None, db.scalars(select(Draw.drawn_at))))
            if not results:
                _enter(ground, db, swim, f"r{next(entered)}", clock.now())

    life = Life(ground, clock, comes)
    life.goes_by(at(25, 22), at(26, 18), steps, at(26, 0))
    assert len(results) == 1
    with ground.database.reading() as db:
        lots = db.scalars(select(DrawEntry)).all()
        told = Counter(
            db.scalars(select(Notice.about).where(Notice.response.startswith("utter_draw_")))
        )
        session = db.get_one(Session, swim)
    assert {lot.status for lot in lots} == {DrawStatus.WON, DrawStatus.LOST}
    won = sum(lot.status == DrawStatus.WON for lot in lots)
    assert (won, session.taken, session.kept) == (4, 4, 0)
    assert told == dict.fromkeys((f"draw:{lot.id}" for lot in lots), 1)


def _enter(ground: Ground, db: Db, session_id: int, who: str, now: datetime) -> None:
    draw.enter(
        db,
        programme_of(ground),
        order=Order(session_id),
        conversation=conversation_of(db, who),
        now=now,
    )


# Which session: the programme over holidays, and what a message means at midnight.


def midnights(first: date, last: date) -> Iterator[tuple[timedelta, timedelta]]:
    """Set the clock ahead before every midnight, back over it, and right in the morning."""
    for day in range((last - first).days):
        yield set_at(24 * day - 1, 30, by=1)
        yield set_at(24 * day, 40, by=-2)
        yield set_at(24 * day + 3, by=1)


def test_holidays_make_up_workdays_and_month_ends_make_no_wrong_session(
    ground: Ground, clock: StandingClock
) -> None:
    """From 20 September, a Sunday that is worked, over the National Day to 11 October."""
    begin, end = at(19, 9, month=9), at(11, 23, month=10)
    assert published_kind(date(2026, 9, 20)) == DayKind.MAKEUP_WORKDAY
    assert published_kind(date(2026, 10, 1)) == DayKind.HOLIDAY
    kept, left_out = "club-tea", "club-calligraphy"
    pack = changed(only(ground.pack, kept, left_out), left_out, on_holidays=False)
    life = Life(ground, clock, rounds=HOUR)
    upkeep = Upkeep(ground.database, Shelf(pack, Path("nowhere")), clock)
    life.each_round = lambda _: upkeep.run_due()
    steps = tuple(midnights(begin.date(), end.date()))
    life.goes_by(begin, end, steps, at(19, 0, month=9))
    expected = {
        (activity.id, starts)
        for activity in pack.activities.values()
        for starts, _ in _until(occurrences(activity, first_day(activity, begin.date()), ZONE))
        if starts > begin
    }
    with ground.database.reading() as db:
        written = [
            (s.activity_id, s.starts_at)
            for s in db.scalars(select(Session))
            if s.starts_at < end
        ]
    assert Counter(written) == Counter(expected)
    saturdays = [moment.date() for name, moment in expected if name == left_out]
    assert date(2026, 10, 10) in saturdays  # worked, and yet the Saturday it is
    assert date(2026, 10, 3) not in saturdays


def _until(spans: Iterator[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    for span in spans:
        if span[0] >= at(11, 23, month=10):
            return
        yield span


@pytest.mark.parametrize(
    ("said_at", "confirmed_at"),
    [
        (at(27, 23, 50), at(28, 0, 10)),  # it is Saturday now, and no longer “tomorrow”
        (at(27, 23, 50), at(27, 22, 50)),
        (at(27, 0, 20), at(26, 23, 20)),  # Thursday again
    ],
)
def test_what_was_read_back_is_booked_whatever_day_it_has_become(
    ground: Ground,
    on: Callable[[str, datetime], int],
    clock: StandingClock,
    said_at: datetime,
    confirmed_at: datetime,
) -> None:
    meant = on("club-calligraphy", at(28, 14))
    talk = Talk(ground, booking.actions)
    clock.moment = said_at
    text = "我想约明天的书法社"
    heard = talk.begin(
        "book_activity_form", "action_book_activity", text, intent="book_activity"
    )
    assert "11月28日（周六）14:00" in heard.text
    clock.moment = confirmed_at
    assert "11月28日（周六）14:00" in talk.told(talk.say("对", intent="affirm"))
    with ground.database.reading() as db:
        assert db.scalars(select(Booking.session_id)).all() == [meant]
