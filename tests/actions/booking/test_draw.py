"""The draw of a session: opened and held in its time, once, and everybody is told."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from actions.booking import draw, lots, organising, service, stages, waitlist
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
from actions.booking.organising import Times
from actions.booking.published import published
from actions.booking.schedule import write_sessions
from actions.booking.stages import Stage
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    book,
    bring_back,
    conversation_of,
    programme_of,
    session_of,
    staff_of,
    take_offline,
)
from tests.conftest import StandingClock

SWIM = "class-swim-learn"
NOON = at(26, 12)  # two days before the session: it closes and is drawn
WORKERS = 8


def enter(ground: Ground, session_id: int, *, who: str = "a", places: int = 1) -> int:
    """Enter in a transaction of its own; returns the entry's id."""
    with ground.database.transaction() as db:
        entry = draw.enter(
            db,
            programme_of(ground),
            order=Order(session_id, places),
            conversation=conversation_of(db, who),
            now=ground.clock.now(),
        )
        return entry.id


def leave(ground: Ground, entry_id: int, *, who: str = "a") -> None:
    with ground.database.transaction() as db:
        resident_id = conversation_of(db, who).resident_id
        draw.leave(
            db,
            programme_of(ground),
            entry_id=entry_id,
            resident_id=resident_id,
            now=ground.clock.now(),
        )


def due(ground: Ground, deed: Callable[..., int], now: datetime | None = None) -> int:
    """What the worker does of one kind; returns how many were due."""
    with ground.database.transaction() as db:
        return deed(db, programme_of(ground), now=now or ground.clock.now())


def hold(ground: Ground, clock: StandingClock, *, now: datetime = NOON) -> int:
    clock.moment = now
    return due(ground, draw.hold_due)


def for_caller(ground: Ground, session_id: int, *, who: str, places: int = 1) -> int:
    """Staff book for somebody who phones; returns the booking's id."""
    staff_id = staff_of(ground)
    with ground.database.transaction() as db:
        return service.book(
            db,
            programme_of(ground),
            order=Order(session_id, places, staff_id=staff_id),
            conversation=conversation_of(db, who),
            now=ground.clock.now(),
        ).id


def stage(ground: Ground, session_id: int) -> Stage:
    with ground.database.reading() as db:
        session = db.get_one(Session, session_id)
        return stages.stage_of(programme_of(ground), session, ground.clock.now())


def entries(ground: Ground) -> list[DrawEntry]:
    with ground.database.reading() as db:
        return list(db.scalars(select(DrawEntry).order_by(DrawEntry.id)))


def statuses(ground: Ground) -> list[str]:
    return [entry.status for entry in entries(ground)]


def booked(ground: Ground) -> list[Booking]:
    with ground.database.reading() as db:
        rows = select(Booking).where(Booking.status == BookingStatus.BOOKED)
        return list(db.scalars(rows.order_by(Booking.id)))


def notices(ground: Ground, response: str) -> list[Notice]:
    with ground.database.reading() as db:
        return list(db.scalars(select(Notice).where(Notice.response == response)))


def file_of(ground: Ground, session_id: int) -> dict[str, Any] | None:
    with ground.database.reading() as db:
        return published(db, programme_of(ground), session_id)


@pytest.fixture
def swim(make_session: MakeSession) -> int:
    """Ten places on Saturday, of which two are kept; its draw is open."""
    return make_session(10, activity_id=SWIM, starts_at=at(28, 10, 30), ends_at=at(28, 11, 30))


# The window.


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(21, 11, 59), Stage.BEFORE),
        (at(21, 12), Stage.OPEN),
        (at(26, 11, 59), Stage.OPEN),
        (at(26, 12), Stage.CLOSED),
        (at(28, 10, 29), Stage.CLOSED),
    ],
)
def test_a_draw_opens_and_closes_at_noon_days_before(
    ground: Ground, swim: int, clock: StandingClock, now: datetime, expected: Stage
) -> None:
    due(ground, draw.open_due)
    clock.moment = now
    assert stage(ground, swim) == expected


def test_opening_says_the_commitment_and_keeps_a_share_once(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    assert file_of(ground, swim) is None
    assert due(ground, draw.open_due, at(21, 11, 59)) == 0
    assert due(ground, draw.open_due, at(21, 12)) == 1
    before = file_of(ground, swim)
    assert before
    assert due(ground, draw.open_due, at(21, 12)) == 0
    assert file_of(ground, swim) == before
    assert (before["places"], before["kept"], before["entries"]) == (8, 2, 0)
    assert "seed" not in before
    with ground.database.reading() as db:
        seed = db.get_one(Draw, swim).seed
    assert lots.commitment_of(seed) == before["commitment"]
    assert seed not in str(before)
    assert list(lots.differences(before)) == []


def test_every_draw_has_a_seed_of_its_own(ground: Ground, make_session: MakeSession) -> None:
    for hour in (8, 14):
        make_session(5, activity_id=SWIM, starts_at=at(28, hour), ends_at=at(28, hour + 1))
    assert due(ground, draw.open_due) == 2
    with ground.database.reading() as db:
        seeds = db.scalars(select(Draw.seed)).all()
    assert len({*seeds}) == 2
    assert all(len(seed) == 64 for seed in seeds)


def test_what_is_not_drawn_is_never_opened(ground: Ground, make_session: MakeSession) -> None:
    session_id = make_session(2)
    assert due(ground, draw.open_due) == 0
    assert stage(ground, session_id) == Stage.NONE
    with pytest.raises(Refusal, match="utter_draw_over"):
        enter(ground, session_id)


def test_a_session_made_too_late_for_a_draw_is_booked_as_any_other(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    clock.moment = NOON
    assert due(ground, draw.open_due) == 0
    book(ground, swim)
    assert session_of(ground, swim).taken == 1


@pytest.mark.parametrize(
    ("now", "response"),
    [(at(21, 11, 59), "utter_draw_not_open"), (at(26, 12), "utter_draw_closed")],
)
def test_who_comes_too_early_or_too_late_is_told_when(
    ground: Ground, swim: int, clock: StandingClock, now: datetime, response: str
) -> None:
    due(ground, draw.open_due)
    clock.moment = now
    with pytest.raises(Refusal, match=response) as caught:
        enter(ground, swim)
    said = ground.wording.render(response, values=caught.value.details).text
    assert ("11月21日（周六）12:00开始登记" in said) == (response == "utter_draw_not_open")
    with pytest.raises(Refusal, match=response):
        book(ground, swim)
    assert entries(ground) == []


def test_what_was_published_holds_though_the_rules_change(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    due(ground, draw.open_due)
    later = ground.pack.activity_rules.model_copy(update={"draw_closes_days": 1})
    pack = ground.pack.model_copy(update={"activity_rules": later})
    programme = programme_of(Ground(ground.database, clock, ground.wording, pack))
    with ground.database.reading() as db:
        window = stages.window_of(programme, db.get_one(Session, swim))
    assert window.closes_at == NOON


# Entering and leaving.


def test_a_lot_has_a_ticket_and_takes_no_place(ground: Ground, swim: int) -> None:
    enter(ground, swim, places=3)
    (entry,) = entries(ground)
    assert entry.ticket[0] == "Q"
    assert entry.status == DrawStatus.ENTERED
    assert session_of(ground, swim).taken == 0
    told = file_of(ground, swim)
    assert told
    assert told["entries"] == 1
    assert entry.ticket not in str(told)


def test_nobody_is_in_a_draw_twice_but_may_come_again(ground: Ground, swim: int) -> None:
    first = enter(ground, swim)
    with pytest.raises(Refusal, match="utter_draw_already"):
        enter(ground, swim)
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        leave(ground, first, who="b")
    leave(ground, first)
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        leave(ground, first)
    enter(ground, swim)
    assert statuses(ground) == [DrawStatus.LEFT, DrawStatus.ENTERED]


def test_more_places_than_are_drawn_cannot_be_entered_for(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(5, activity_id=SWIM, starts_at=at(28, 10))
    with pytest.raises(Refusal, match="utter_draw_too_many"):
        enter(ground, session_id, places=5)
    enter(ground, session_id, places=4)


def test_what_is_drawn_is_neither_booked_nor_waited_for(ground: Ground, swim: int) -> None:
    for deed in (service.book, service.join_waitlist):
        with (
            pytest.raises(Refusal, match="utter_draw_first"),
            ground.database.transaction() as db,
        ):
            deed(
                db,
                programme_of(ground),
                order=Order(swim),
                conversation=conversation_of(db, "a"),
                now=ground.clock.now(),
            )


# Kept places.


def test_while_it_is_drawn_staff_have_what_is_kept_and_no_more(
    ground: Ground, swim: int
) -> None:
    due(ground, draw.open_due)
    enter(ground, swim, who="p1")
    for_caller(ground, swim, who="p1")
    for_caller(ground, swim, who="p2")
    assert statuses(ground) == [DrawStatus.LEFT]  # who has a place needs no lot
    with pytest.raises(Refusal, match="utter_draw_kept_gone"):
        for_caller(ground, swim, who="p3")
    session = session_of(ground, swim)
    assert (session.taken, session.kept, session.left) == (2, 0, 8)
    told = file_of(ground, swim)
    assert told
    assert told["places"] == 8


def test_before_its_window_not_even_staff_book(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    clock.moment = at(20, 9)
    with pytest.raises(Refusal, match="utter_draw_not_open"):
        for_caller(ground, swim, who="p")


def test_kept_places_are_for_callers_until_the_day_before_then_for_all(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    for n in range(8):
        enter(ground, swim, who=f"r{n}")
    enter(ground, swim, who="unlucky", places=8)
    assert hold(ground, clock) == 1
    left = session_of(ground, swim).left
    for n in range(left):
        book(ground, swim, who=f"later {n}")
    with pytest.raises(Refusal, match="utter_session_full"):
        book(ground, swim, who="z")
    for_caller(ground, swim, who="p")
    with ground.database.transaction() as db:
        service.join_waitlist(
            db,
            programme_of(ground),
            order=Order(swim),
            conversation=conversation_of(db, "w"),
            now=clock.now(),
        )
    assert due(ground, draw.release_due, at(27, 10, 29)) == 0
    assert session_of(ground, swim).kept == 1
    assert due(ground, draw.release_due, at(27, 10, 30)) == 1
    assert due(ground, draw.release_due, at(27, 10, 30)) == 0
    session = session_of(ground, swim)
    assert (session.kept, session.taken) == (0, 10)  # offered to who waits
    with ground.database.reading() as db:
        assert db.scalars(select(WaitlistEntry.status)).all() == [EntryStatus.OFFERED]


def test_staff_take_what_is_kept_first_and_then_what_is_free(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim)
    hold(ground, clock)
    for_caller(ground, swim, who="family", places=5)
    session = session_of(ground, swim)
    assert (session.taken, session.kept, session.left) == (6, 0, 4)


def test_more_places_are_not_had_by_changing_a_booking_while_it_is_drawn(
    ground: Ground, swim: int
) -> None:
    due(ground, draw.open_due)
    booking_id = for_caller(ground, swim, who="p")
    with pytest.raises(Refusal, match="utter_draw_first"), ground.database.transaction() as db:
        service.change_places(
            db,
            programme_of(ground),
            booking_id=booking_id,
            resident_id=conversation_of(db, "p").resident_id,
            wanted=4,
            now=ground.clock.now(),
        )


# The draw.


def test_winners_are_booked_losers_told_and_anybody_can_recompute_it(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    for n in range(12):
        enter(ground, swim, who=f"r{n}")
    before = file_of(ground, swim)
    assert before
    assert hold(ground, clock) == 1
    assert sorted(statuses(ground)) == [DrawStatus.LOST] * 4 + [DrawStatus.WON] * 8
    won = [entry for entry in entries(ground) if entry.status == DrawStatus.WON]
    assert {b.resident_id for b in booked(ground)} == {e.resident_id for e in won}
    session = session_of(ground, swim)
    assert (session.taken, session.kept) == (8, 2)
    after = file_of(ground, swim)
    assert after
    assert list(lots.differences(after)) == []
    assert after["commitment"] == before["commitment"]
    assert {t["ticket"] for t in after["tickets"]} == {e.ticket for e in entries(ground)}
    assert [line["ticket"] for line in after["order"]] == [
        e.ticket for e in sorted(entries(ground), key=lambda e: e.rank or 0)
    ]
    assert not {e.resident_id for e in entries(ground)} & set(str(after).split("'"))


def test_what_is_told_of_a_draw_and_that_a_winner_is_reminded(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    for n in range(9):
        enter(ground, swim, who=f"r{n}")
    hold(ground, clock)
    won, lost = notices(ground, "utter_draw_won"), notices(ground, "utter_draw_lost")
    assert (len(won), len(lost)) == (8, 1)
    assert all(notice.due_at == NOON for notice in [*won, *lost])
    said = ground.wording.render(won[0].response, values=won[0].values)
    assert said.text.startswith("抽中了！给您约好了：学游泳(儿童)，11月28日（周六）10:30–11:30")
    assert [c.intent for c in said.choices] == ["cancel_booking"]
    assert len(notices(ground, "utter_booking_reminder")) == 8 * 2
    (choice, *_) = lost[0].choices
    assert (choice["label"], choice["intent"]) == ("排候补", "join_waitlist")
    assert choice["value"] == f"{swim}x1"
    assert "没有抽中" in ground.wording.render(lost[0].response, values=lost[0].values).text


def test_who_did_not_win_is_shown_other_sessions_with_places(
    ground: Ground, swim: int, make_session: MakeSession, clock: StandingClock
) -> None:
    other = make_session(5, activity_id=SWIM, starts_at=at(5, 10, month=12))
    for n in range(9):
        enter(ground, swim, who=f"r{n}")
    hold(ground, clock)
    (lost,) = notices(ground, "utter_draw_lost")
    assert [(c["intent"], c["value"]) for c in lost.choices] == [
        ("join_waitlist", f"{swim}x1"),
        ("book_activity", str(other)),
    ]
    assert lost.choices[1]["label"].endswith("（要抽签）")


def test_who_has_come_by_a_place_otherwise_is_not_drawn(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim, who="a")
    enter(ground, swim, who="b")
    with ground.database.transaction() as db:  # of a line from before it was drawn
        conversation = conversation_of(db, "a")
        waiting = WaitlistEntry(
            session_id=swim,
            resident_id=conversation.resident_id,
            conversation_id=conversation.id,
            places=1,
            position=1,
            status=EntryStatus.WAITING,
            joined_at=clock.now(),
        )
        db.add(waiting)
        db.flush()
        waitlist.offer(db, programme_of(ground), session_id=swim, now=clock.now())
        waitlist.accept(
            db,
            programme_of(ground),
            entry_id=waiting.id,
            resident_id=conversation.resident_id,
            now=clock.now(),
        )
    assert hold(ground, clock) == 1
    assert statuses(ground) == [DrawStatus.LEFT, DrawStatus.WON]
    assert session_of(ground, swim).taken == 2


def test_a_party_that_does_not_fit_is_passed_over_whole(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    for n, places in enumerate([5, 5, 3, 3, 2]):
        enter(ground, swim, who=f"r{n}", places=places)
    hold(ground, clock)
    won = [e.places for e in entries(ground) if e.status == DrawStatus.WON]
    assert session_of(ground, swim).taken == sum(won) <= 8
    lost = [e.places for e in entries(ground) if e.status == DrawStatus.LOST]
    assert min(lost) > 8 - sum(won)


def test_after_the_draw_what_is_free_is_booked_as_usual(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim)
    hold(ground, clock)
    assert stage(ground, swim) == Stage.DRAWN
    book(ground, swim, who="b", places=7)
    with pytest.raises(Refusal, match="utter_session_full"):
        book(ground, swim, who="c")
    with pytest.raises(Refusal, match="utter_draw_over"):
        enter(ground, swim, who="c")


def test_a_draw_nobody_entered_leaves_its_places_to_all(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    due(ground, draw.open_due)
    assert hold(ground, clock) == 1
    after = file_of(ground, swim)
    assert after
    assert (after["order"], after["tickets"]) == ([], [])
    assert list(lots.differences(after)) == []
    book(ground, swim, places=8)


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_clock_that_steps_draws_nothing_twice(
    ground: Ground, swim: int, clock: StandingClock, step: timedelta
) -> None:
    for n in range(9):
        enter(ground, swim, who=f"r{n}")
    assert hold(ground, clock) == 1
    drawn = file_of(ground, swim)
    for _ in range(3):
        clock.pass_by(step)
        assert due(ground, draw.open_due) == due(ground, draw.hold_due) == 0
        assert stage(ground, swim) == Stage.DRAWN
    assert file_of(ground, swim) == drawn
    assert len(notices(ground, "utter_draw_won")) == 8


def test_a_clock_that_steps_back_closes_the_window_again(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    clock.moment = at(21, 12)
    due(ground, draw.open_due)
    clock.pass_by(timedelta(hours=-1))
    with pytest.raises(Refusal, match="utter_draw_not_open"):
        enter(ground, swim)


def test_a_draw_is_held_at_noon_and_not_a_second_before(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim)
    assert hold(ground, clock, now=NOON - timedelta(seconds=1)) == 0
    assert statuses(ground) == [DrawStatus.ENTERED]
    assert hold(ground, clock, now=NOON) == 1


def test_a_draw_that_is_late_is_held_before_its_session_and_never_after(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim)
    assert hold(ground, clock, now=at(28, 10, 30)) == 0
    assert hold(ground, clock, now=at(28, 10, 29)) == 1


def test_nobody_is_woken_by_a_draw(ground: Ground, swim: int, clock: StandingClock) -> None:
    enter(ground, swim)
    hold(ground, clock, now=at(26, 23))
    (won,) = notices(ground, "utter_draw_won")
    assert won.due_at == at(27, 7)
    assert won.stale_at == at(28, 10, 30)


def test_what_is_offline_is_drawn_when_it_is_back(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim)
    take_offline(ground, SWIM)
    assert hold(ground, clock) == 0
    bring_back(ground, SWIM)
    assert hold(ground, clock) == 1


# Who goes first.


def been(ground: Ground, make_session: MakeSession, who: str, day: int, **facts: Any) -> None:
    """Somebody had a place in a session of an activity, on a day of November."""
    activity_id = str(facts.pop("activity_id", SWIM))
    month = facts.pop("month", 11)
    starts_at = at(day, 8, month=month)
    session_id = make_session(
        5, activity_id=activity_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1)
    )
    with ground.database.transaction() as db:
        conversation = conversation_of(db, who)
        booking = Booking(
            code=f"A{session_id:05}",
            token=f"{who}{session_id}",
            session_id=session_id,
            resident_id=conversation.resident_id,
            conversation_id=conversation.id,
            places=1,
            status=BookingStatus.BOOKED,
            booked_at=starts_at - timedelta(days=3),
            missed=False,
        )
        for name, value in facts.items():
            setattr(booking, name, value)
        db.add(booking)


def groups(ground: Ground) -> list[int | None]:
    return [entry.group for entry in entries(ground)]


def test_who_was_never_there_goes_first_and_who_stayed_away_last(
    ground: Ground, swim: int, make_session: MakeSession, clock: StandingClock
) -> None:
    been(ground, make_session, "regular", 14, checked_in_at=at(14, 8))
    been(ground, make_session, "elsewhere", 15, activity_id="class-kids-code")
    been(ground, make_session, "missed", 16, missed=True)
    been(ground, make_session, "forgiven", 12, missed=True)
    been(ground, make_session, "forgiven", 17, checked_in_at=at(17, 8))
    been(ground, make_session, "long ago", 1, month=9, missed=True)
    been(ground, make_session, "cancelled", 18, status=BookingStatus.CANCELLED)
    who = ("new", "regular", "elsewhere", "missed", "forgiven", "long ago", "cancelled")
    for name in who:
        enter(ground, swim, who=name)
    hold(ground, clock)
    assert dict(zip(who, groups(ground), strict=True)) == {
        "new": 0,
        "regular": 1,
        "elsewhere": 0,
        "missed": 2,
        "forgiven": 1,
        "long ago": 1,
        "cancelled": 0,
    }


def test_groups_are_drawn_in_their_order(
    ground: Ground, swim: int, make_session: MakeSession, clock: StandingClock
) -> None:
    for n in range(4):
        been(ground, make_session, f"old {n}", 10 + n)
        enter(ground, swim, who=f"old {n}")
    for n in range(8):
        enter(ground, swim, who=f"new {n}")
    hold(ground, clock)
    assert statuses(ground) == [DrawStatus.LOST] * 4 + [DrawStatus.WON] * 8


def test_nothing_told_or_published_says_why_somebody_goes_last(
    ground: Ground, swim: int, make_session: MakeSession, clock: StandingClock
) -> None:
    been(ground, make_session, "missed", 16, missed=True)
    enter(ground, swim, who="missed")
    hold(ground, clock)
    (won,) = notices(ground, "utter_draw_won")
    for said in (file_of(ground, swim), won.values):
        assert not re.search(r"miss|stay|absent|AFTER", str(said))


# What an organiser does meanwhile.


def test_when_the_session_moves_everybody_in_its_draw_is_told_and_the_end_comes_forward(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim)
    editor = staff_of(ground)

    def move(times: Times) -> datetime:
        with ground.database.transaction() as db:
            organising.move(
                db,
                programme_of(ground),
                session_id=swim,
                times=times,
                staff_id=editor,
                now=clock.now(),
            )
        with ground.database.reading() as db:
            return db.get_one(Draw, swim).closes_at

    assert move(Times(at(30, 10), at(30, 11))) == NOON  # never put off
    assert move(Times(at(27, 10), at(27, 11))) == at(25, 12)
    assert move(Times(at(25, 10), at(25, 11))) == clock.now()
    told = notices(ground, "utter_draw_moved")
    assert len(told) == 3
    assert "还在抽签里" in ground.wording.render(told[0].response, values=told[0].values).text
    assert due(ground, draw.hold_due) == 1


def test_when_the_session_is_called_off_its_draw_is_over_and_everybody_told_once(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    enter(ground, swim)
    editor = staff_of(ground)
    with ground.database.transaction() as db:
        organising.call_off(
            db,
            programme_of(ground),
            session_id=swim,
            reason="停水",
            staff_id=editor,
            now=clock.now(),
        )
    assert statuses(ground) == [DrawStatus.LEFT]
    assert len(notices(ground, "utter_session_called_off")) == 1
    assert hold(ground, clock) == 0


def test_a_session_somebody_is_in_the_draw_of_stays_when_the_pack_drops_it(
    ground: Ground, make_session: MakeSession, clock: StandingClock
) -> None:
    starts_at = at(28, 9)  # no time of the pack's
    kept = make_session(10, activity_id=SWIM, starts_at=starts_at)
    dropped = make_session(10, activity_id=SWIM, starts_at=at(28, 8))
    enter(ground, kept)
    with ground.database.transaction() as db:
        write_sessions(db, ground.pack, now=clock.now())
    assert session_of(ground, kept).places == 10
    assert session_of(ground, dropped).places == 0


# Many at once.


def at_once(deed: Callable[[int], Any], times: int) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(deed, range(times)))


@pytest.mark.both_stores
def test_many_who_hold_a_draw_at_once_hold_it_once(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    for n in range(10):
        enter(ground, swim, who=f"r{n}")
    clock.moment = NOON
    meet = Barrier(WORKERS)

    def held(_n: int) -> int:
        meet.wait()
        return due(ground, draw.hold_due)

    assert sum(at_once(held, WORKERS)) == 1
    assert session_of(ground, swim).taken == len(booked(ground)) == 8
    assert len(notices(ground, "utter_draw_won")) == 8
    assert len(notices(ground, "utter_draw_lost")) == 2


@pytest.mark.both_stores
def test_looking_before_holding_holds_it_several_times(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    """Negative control."""
    enter(ground, swim)
    clock.moment = NOON
    meet = Barrier(4)

    def look_then_hold(_n: int) -> bool:
        with ground.database.reading() as db:
            open_still = db.get_one(Draw, swim).drawn_at is None
        meet.wait()
        with ground.database.transaction() as db:
            db.execute(update(Draw).values(drawn_at=clock.now()))
        return open_still

    assert sum(at_once(look_then_hold, 4)) == 4


@pytest.mark.both_stores
def test_who_enters_while_it_is_held_is_in_it_or_is_told(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    with ground.database.transaction() as db:
        for n in range(WORKERS):
            conversation_of(db, f"r{n}")
    early = clock.now()

    def come(n: int) -> bool:
        if n == WORKERS - 1:
            time.sleep(0.02)
            due(ground, draw.hold_due, NOON)
            return False
        with ground.database.transaction() as db:
            try:
                draw.enter(
                    db,
                    programme_of(ground),
                    order=Order(swim),
                    conversation=conversation_of(db, f"r{n}"),
                    now=early,
                )
            except Refusal:
                return False
        return True

    due(ground, draw.open_due)
    came = sum(at_once(come, WORKERS))
    after = file_of(ground, swim)
    assert after
    assert after["entries"] == came == len(after["order"])
    assert DrawStatus.ENTERED not in statuses(ground)


@pytest.mark.both_stores
def test_the_same_wish_many_times_is_entered_once(ground: Ground, swim: int) -> None:
    with ground.database.transaction() as db:
        conversation_of(db, "a")

    def come(_n: int) -> bool:
        try:
            return bool(enter(ground, swim))
        except Refusal:
            return False

    assert sum(at_once(come, WORKERS)) == 1
    assert statuses(ground) == [DrawStatus.ENTERED]
