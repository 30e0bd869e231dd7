"""Whatever is done, in whatever order and at whatever hour: the books agree with `reference`.

`STEPS=60 EXAMPLES=500` looks longer.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from actions.booking import bookings, organising, service, waitlist
from actions.booking.bookings import Order
from actions.booking.model import (
    HOLDING,
    IN_LINE,
    Booking,
    EntryStatus,
    Session,
    WaitlistEntry,
)
from actions.booking.organising import Times
from actions.booking.programme import Programme
from actions.booking.schedule import write_sessions
from actions.db import Base, Db
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice, NoticeState
from bot.delivery import Delivery
from tests.actions.booking.conftest import ZONE, at, conversation_of, staff_of
from tests.actions.booking.reference import DONE, Dated, Model
from tests.conftest import StandingClock

T = TypeVar("T")

ACTIVITIES = ("club-dance", "club-calligraphy")  # three evenings a week, Saturdays at 14:00
TARGETS = 3  # sessions that everybody wants
RESIDENTS = ("a", "b", "c", "d", "e")
SHORT = settings(
    max_examples=int(os.getenv("EXAMPLES", "10")),
    stateful_step_count=int(os.getenv("STEPS", "30")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

whose = st.sampled_from(RESIDENTS)
which = st.integers(0, TARGETS - 1)
nth = st.integers(0, 9)
how_many = st.sampled_from([1, 1, 1, 2, 3])
later = st.sampled_from([timedelta(minutes=m) for m in (1, 10, 31, 60, 120, 720)])
hours = st.sampled_from([timedelta(hours=h) for h in (-24, -12, -3, -1, 1, 3, 12, 24)])


class Booked(RuleBasedStateMachine):
    """A few residents and an organiser, over the same few sessions, while time goes by."""

    def __init__(self, ground: Ground, clock: StandingClock) -> None:
        super().__init__()
        self.database, self.clock = ground.database, clock
        activities = {id: ground.pack.activities[id] for id in ACTIVITIES}
        self.programme = Programme(
            ground.pack.model_copy(update={"activities": activities}), ground.wording
        )
        never = timedelta(days=99)
        self.worker = Delivery(ground.database, clock, ground.wording, never)
        self.model = Model(ZONE)
        self.staff_id = staff_of(ground)
        self.conversations: dict[str, str] = {}
        self.targets: list[int] = []
        self.planned: dict[int, datetime] = {}
        self.sent: set[int] = set()

    @initialize(places=st.tuples(how_many, how_many), wanted=st.tuples(*[how_many] * 5))
    def open(self, places: tuple[int, int], wanted: tuple[int, ...]) -> None:
        self.clock.moment = self.latest = at(24, 10)
        for activity_id, number in zip(ACTIVITIES, places, strict=True):
            self._change_pack(activity_id, number)
        with self.database.transaction() as db:
            for who in RESIDENTS:
                self.conversations[who] = conversation_of(db, who).resident_id
            write_sessions(db, self.programme.pack, now=self.now)
        self._learn_sessions()
        soonest = sorted(self.model.sessions, key=lambda id: self.model.sessions[id].starts)
        self.targets = soonest[:TARGETS]
        for who, number in zip(RESIDENTS, wanted, strict=True):  # there is a line at once
            self.join(who, 0, number)

    @rule(who=whose, session=which, places=how_many)
    def book(self, who: str, session: int, places: int) -> None:
        id = self.targets[session]
        self._same(
            self.model.book(id, who, places, self.now),
            service.book,
            order=Order(id, places),
            conversation=who,
        )

    @rule(who=whose, session=which, places=how_many)
    def join(self, who: str, session: int, places: int) -> None:
        id = self.targets[session]
        self._same(
            self.model.join(id, who, places, self.now),
            service.join_waitlist,
            order=Order(id, places),
            conversation=who,
        )

    @rule(nth=nth)
    def cancel(self, nth: int) -> None:
        id, who = self._somebodys(nth)
        self._same(
            self.model.cancel(id, who, self.now),
            service.cancel,
            booking_id=self._booking(id, who),
            resident=who,
        )

    @rule(nth=nth, places=st.sampled_from([0, 1, 2, 3, 11]))
    def change_places(self, nth: int, places: int) -> None:
        id, who = self._somebodys(nth)
        self._same(
            self.model.change(id, who, places, self.now),
            service.change_places,
            booking_id=self._booking(id, who),
            resident=who,
            wanted=places,
        )

    @rule(nth=nth, to=which)
    def move_booking(self, nth: int, to: int) -> None:
        (id, who), to_id = self._somebodys(nth), self.targets[to]
        self._same(
            self.model.exchange(id, to_id, who, self.now),
            service.move_booking,
            booking_id=self._booking(id, who),
            to_session_id=to_id,
            conversation=who,
        )

    @rule(who=whose, session=which, deed=st.sampled_from(["accept", "decline", "leave"]))
    def answer(self, who: str, session: int, deed: str) -> None:
        id = self.targets[session]
        self._same(
            getattr(self.model, deed)(id, who, self.now),
            getattr(waitlist, deed),
            entry_id=self._entry(id, who),
            resident=who,
        )

    @precondition(lambda self: self._asked())
    @rule(nth=nth, deed=st.sampled_from(["accept", "decline", "leave"]))
    def answer_an_offer(self, nth: int, deed: str) -> None:
        asked = self._asked()
        id, who = asked[nth % len(asked)]
        self.answer(who, self.targets.index(id), deed)

    @precondition(lambda self: self._asked())
    @rule(nth=nth, places=how_many)
    def book_instead(self, nth: int, places: int) -> None:
        """Who is offered places books, maybe fewer."""
        asked = self._asked()
        id, who = asked[nth % len(asked)]
        self.book(who, self.targets.index(id), places)

    @rule(nth=nth, deed=st.sampled_from(["accept", "decline", "leave"]))
    def tap_what_is_over(self, nth: int, deed: str) -> None:
        """An old button changes nothing."""
        over = select(WaitlistEntry).where(WaitlistEntry.status.not_in(IN_LINE))
        with self.database.reading() as db:
            old = [(one.id, one.resident_id) for one in db.scalars(over)]
        if old:
            entry_id, resident_id = old[nth % len(old)]
            said = self._do(getattr(waitlist, deed), entry_id=entry_id, resident_id=resident_id)
            assert said != DONE

    @rule()
    def expire(self) -> None:
        expected = self.model.expire(self.now, self._unheard())
        self._same(expected, waitlist.expire_due)

    @rule(session=which, by=hours)
    def move(self, session: int, by: timedelta) -> None:
        id = self.targets[session]
        now = self.model.sessions[id]
        starts, ends = now.starts + by, now.ends + by
        self._same(
            self.model.move(id, starts, ends, self.now),
            organising.move,
            session_id=id,
            times=Times(starts, ends),
            staff_id=self.staff_id,
        )

    @precondition(lambda self: self.latest > at(25, 12))  # or too little happens before
    @rule(session=which)
    def call_off(self, session: int) -> None:
        id = self.targets[session]
        self._same(
            self.model.call_off(id, self.now),
            organising.call_off,
            session_id=id,
            reason="停电",
            staff_id=self.staff_id,
        )

    @rule(activity=st.sampled_from(ACTIVITIES), places=st.integers(1, 4))
    def write(self, activity: str, places: int) -> None:
        """The pack says other places, and the day's sessions are written."""
        self._change_pack(activity, places)
        with self.database.transaction() as db:
            write_sessions(db, self.programme.pack, now=self.now)
        to_come = [id for id in self.model.sessions if self.planned[id] > self.now]
        self.model.write(activity, places, to_come, self.now)
        self._learn_sessions()

    @rule(by=later)
    def time_goes_by(self, by: timedelta) -> None:
        self.clock.pass_by(by)
        self.latest = max(self.latest, self.now)

    @rule(by=st.sampled_from([timedelta(hours=-1), timedelta(hours=1)]))
    def the_clock_is_set(self, by: timedelta) -> None:
        self.clock.pass_by(by)
        self.latest = max(self.latest, self.now)

    @precondition(lambda self: self._asked())
    @rule()
    def an_offer_runs_out(self) -> None:
        ends = min(u for s in self.model.sessions.values() for u in _offers(s))
        self.clock.moment = max(self.now, ends)
        self.latest = max(self.latest, self.now)
        self.expire()

    @rule()
    def deliver(self) -> None:
        """What is sent is true the moment it is sent, and is sent once."""
        while self.worker.deliver_due():
            pass
        about = {
            **{f"booking:{b.id}": b.session.starts_at for b in self._held()},
            **{f"waitlist:{e.id}": e.session.starts_at for e in self._line() if e.offer_until},
        }
        for notice in self._notices():
            if notice.state == NoticeState.SENT and notice.id not in self.sent:
                self.sent.add(notice.id)
                if notice.about:
                    assert about[notice.about] == _when(notice) > self.now

    @invariant()
    def nothing_is_sold_twice(self) -> None:
        with self.database.reading() as db:
            sessions = {s.id: s for s in db.scalars(select(Session))}
        held, line = self._held(), self._line()
        for id in self.targets:
            booked = [b for b in held if b.session_id == id]
            asked = [e for e in line if e.session_id == id and e.status == EntryStatus.OFFERED]
            taken = sum(b.places for b in booked) + sum(e.places for e in asked)
            assert sessions[id].taken == taken <= sessions[id].places
            assert len({b.resident_id for b in booked}) == len(booked)

    @invariant()
    def the_books_agree(self) -> None:
        names = {resident_id: who for who, resident_id in self.conversations.items()}
        held, line = self._held(), self._line()
        for id in self.targets:
            session = self.model.sessions[id]
            assert [(names[b.resident_id], b.places) for b in held if b.session_id == id] == [
                (one.who, one.places) for one in session.held
            ]
            assert [
                (names[e.resident_id], e.places, e.offer_until)
                for e in line
                if e.session_id == id
            ] == [(one.who, one.places, one.until) for one in session.line]

    @invariant()
    def nobody_waits_for_what_is_free(self) -> None:
        for id in self.targets:
            session = self.model.sessions[id]
            if session.is_open and session.starts > self.latest:
                waiting = [one.places for one in session.line if one.until is None]
                assert not [places for places in waiting if places <= session.left]

    @invariant()
    def each_booking_has_its_reminders_and_nothing_else_has(self) -> None:
        names = {resident_id: who for who, resident_id in self.conversations.items()}
        waiting = [n for n in self._notices("utter_booking_reminder") if _waits(n)]
        for booking in self._held():
            session = self.model.sessions[booking.session_id]
            held = session.held_by(names[booking.resident_id])
            assert held is not None
            owed = [n for n in waiting if n.about == f"booking:{booking.id}"]
            due = self.model.reminders(session, held)
            assert len(owed) <= 2
            assert {n.due_at for n in owed} <= set(due)
            assert all(n.stale_at and n.due_at < n.stale_at <= session.starts for n in owed)
            assert all(_when(n) == session.starts for n in owed)
            assert set(due) <= self._ever_due(booking)
        about = {f"booking:{booking.id}" for booking in self._held()}
        assert {n.about for n in waiting} <= about

    @invariant()
    def each_offer_has_its_notice_and_only_one(self) -> None:
        notices = self._notices("utter_offer")
        keys = [notice.key.split(":")[1] for notice in notices]
        assert len(keys) == len(set(keys))
        asked = {str(e.id): e for e in self._line() if e.status == EntryStatus.OFFERED}
        assert asked.keys() <= set(keys)
        for notice in filter(_waits, notices):
            entry = asked[notice.key.split(":")[1]]
            assert notice.stale_at == entry.offer_until
            assert _when(notice) == entry.session.starts_at

    def teardown(self) -> None:
        with self.database.transaction() as db:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in ("areas", "staff"):
                    db.execute(table.delete())

    @property
    def now(self) -> datetime:
        return self.clock.moment

    def _same(self, expected: str, deed: Callable[..., Any], **facts: Any) -> None:
        """Do it in earnest, in a transaction of its own; it must end as in the model."""
        if (who := facts.pop("resident", None)) is not None:
            facts["resident_id"] = self.conversations[who]
        assert self._do(deed, **facts) == expected

    def _do(self, deed: Callable[..., Any], **facts: Any) -> str:
        try:
            with self.database.transaction() as db:
                if who := facts.get("conversation"):
                    facts["conversation"] = conversation_of(db, who)
                deed(db, self.programme, now=self.now, **facts)
        except Refusal as refusal:
            return refusal.response
        return DONE

    def _change_pack(self, activity_id: str, places: int) -> None:
        pack = self.programme.pack
        activity = pack.activities[activity_id].model_copy(update={"places": places})
        activities = {**pack.activities, activity_id: activity}
        self.programme = Programme(
            pack.model_copy(update={"activities": activities}), self.programme.wording
        )

    def _learn_sessions(self) -> None:
        with self.database.reading() as db:
            for row in db.scalars(select(Session)):
                if row.id not in self.model.sessions:
                    self.planned[row.id] = row.planned_at
                    self.model.sessions[row.id] = Dated(
                        row.activity_id, row.starts_at, row.ends_at, row.places
                    )

    def _asked(self) -> list[tuple[int, str]]:
        """Who is being asked, of which session."""
        return [
            (id, one.who)
            for id in self.targets
            for one in self.model.sessions[id].line
            if one.until
        ]

    def _somebodys(self, nth: int) -> tuple[int, str]:
        """Whose booking, of which session; now and then somebody's who may have none."""
        held = [(id, one.who) for id in self.targets for one in self.model.sessions[id].held]
        return held[nth % len(held)] if held and nth < 9 else (self.targets[0], RESIDENTS[-1])

    def _booking(self, session_id: int, who: str) -> int:
        with self.database.reading() as db:
            found = bookings.active(db, session_id, self.conversations[who])
            return found.id if found else 0

    def _entry(self, session_id: int, who: str) -> int:
        resident_id = self.conversations[who]
        found = [e for e in self._line() if e.session_id == session_id]
        return next((e.id for e in found if e.resident_id == resident_id), 0)

    def _held(self) -> Sequence[Booking]:
        holding = select(Booking).where(Booking.status.in_(HOLDING)).order_by(Booking.id)
        return self._read(lambda db: db.scalars(holding).all())

    def _line(self) -> Sequence[WaitlistEntry]:
        line = select(WaitlistEntry).where(WaitlistEntry.status.in_(IN_LINE))
        by_turn = line.order_by(WaitlistEntry.session_id, WaitlistEntry.position)
        return self._read(lambda db: db.scalars(by_turn).all())

    def _unheard(self) -> set[tuple[int, str]]:
        """Who is being asked and has not heard of it, by session and name."""
        names = {resident_id: who for who, resident_id in self.conversations.items()}
        untried = {
            notice.about
            for notice in self._notices("utter_offer")
            if notice.state in (NoticeState.WAITING, NoticeState.CANCELLED) and not notice.tries
        }
        return {
            (e.session_id, names[e.resident_id])
            for e in self._line()
            if f"waitlist:{e.id}" in untried
        }

    def _notices(self, *responses: str) -> Sequence[Notice]:
        notices = select(Notice).order_by(Notice.id)
        if responses:
            notices = notices.where(Notice.response.in_(responses))
        return self._read(lambda db: db.scalars(notices).all())

    def _ever_due(self, booking: Booking) -> set[datetime]:
        """When reminders of a session, as it is now, are due, were sent, or were too late."""
        key = f"booking:{booking.id}:{booking.session.revision}:"
        return {
            n.due_at
            for n in self._notices("utter_booking_reminder")
            if n.key.startswith(key)
            and (n.state != NoticeState.CANCELLED or (n.stale_at and n.stale_at <= self.latest))
        }

    def _read(self, look: Callable[[Db], T]) -> T:
        with self.database.reading() as db:
            return look(db)


def _offers(session: Dated) -> list[datetime]:
    return [one.until for one in session.line if one.until]


def _waits(notice: Notice) -> bool:
    return notice.state == NoticeState.WAITING


def _when(notice: Notice) -> datetime:
    return datetime.fromisoformat(notice.values["when"]["moment"])


def test_whatever_is_done_in_whatever_order_the_books_agree(
    ground: Ground, clock: StandingClock
) -> None:
    class OnThisStore(Booked):
        def __init__(self) -> None:
            super().__init__(ground, clock)

    run_state_machine_as_test(OnThisStore, settings=SHORT)
